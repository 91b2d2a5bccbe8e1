-- Peterson's lock for N processes in Murphi's language; see peterson.ts. N is set by the benchmark.
const
  N: 4;

type
  process_t: 0 .. N - 1;
  level_t: 0 .. N - 1;
  rank_t: 1 .. N - 1;
  pc_t: enum { IDLE, ENTER, WAIT, CRITICAL };

var
  pc: array[process_t] of pc_t;
  level: array[process_t] of level_t;
  last: array[rank_t] of process_t;

startstate begin
  for i: process_t do
    pc[i] := IDLE;
    level[i] := 0;
  end;
  for k: rank_t do
    last[k] := 0;
  end;
end;

ruleset i: process_t do
  rule "start" pc[i] = IDLE ==> begin
    level[i] := 1;
    pc[i] := ENTER;
  end;

  rule "enter" pc[i] = ENTER ==> begin
    last[level[i]] := i;
    pc[i] := WAIT;
  end;

  rule "pass"
    pc[i] = WAIT &
    (last[level[i]] != i | forall k: process_t do k = i | level[k] < level[i] end)
  ==> begin
    if level[i] = N - 1 then
      pc[i] := CRITICAL;
    else
      level[i] := level[i] + 1;
      pc[i] := ENTER;
    end;
  end;

  rule "leave" pc[i] = CRITICAL ==> begin
    level[i] := 0;
    pc[i] := IDLE;
  end;
end;

invariant "mutual exclusion"
  forall i: process_t do forall k: process_t do
    i = k | pc[i] != CRITICAL | pc[k] != CRITICAL
  end end;
