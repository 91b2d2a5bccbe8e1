-- Leader election in a ring of N nodes in Murphi's language; see leader.ts. N is set by the
-- benchmark. Node i is called N - 1 - i; to[i] is the channel that leads to node i.
const
  N: 4;

type
  node_t: 0 .. N - 1;
  name_t: 0 .. N - 1;
  length_t: 0 .. N;
  inbox_t: -1 .. N - 1;
  mode_t: enum { IDLE, ACTIVE, PASSIVE, LEADER };

var
  mode: array[node_t] of mode_t;
  length: array[node_t] of length_t;
  queue: array[node_t] of array[name_t] of name_t;
  inbox: array[node_t] of inbox_t;

procedure send(i: node_t; name: name_t);
begin
  queue[i][length[i]] := name;
  length[i] := length[i] + 1;
end;

startstate begin
  for i: node_t do
    mode[i] := IDLE;
    length[i] := 0;
    inbox[i] := -1;
    for k: name_t do
      queue[i][k] := 0;
    end;
  end;
end;

ruleset i: node_t do
  rule "start" mode[i] = IDLE ==> begin
    mode[i] := ACTIVE;
    send((i + 1) % N, N - 1 - i);
  end;

  rule "receive" length[i] > 0 & inbox[i] = -1 ==> begin
    inbox[i] := queue[i][0];
    for k: name_t do
      if k = N - 1 then
        queue[i][k] := 0;
      else
        queue[i][k] := queue[i][k + 1];
      end;
    end;
    length[i] := length[i] - 1;
  end;

  rule "handle" inbox[i] >= 0 ==> begin
    if inbox[i] > N - 1 - i then
      mode[i] := PASSIVE;
      send((i + 1) % N, inbox[i]);
    elsif inbox[i] = N - 1 - i then
      mode[i] := LEADER;
    elsif mode[i] = IDLE then
      mode[i] := ACTIVE;
      send((i + 1) % N, N - 1 - i);
    end;
    inbox[i] := -1;
  end;
end;

invariant "only the greatest name leads"
  forall i: node_t do i = 0 | mode[i] != LEADER end;
