-- German's directory cache protocol in Murphi's language; see german.ts. N is set by the benchmark.
const
  N: 3;

type
  client_t: 0 .. N - 1;
  value_t: 0 .. 1;
  mode_t: enum { INVALID, SHARED, EXCLUSIVE }; -- of a cache; INVALID: nothing is asked for
  answer_t: enum { NOTHING, INVALIDATE, GIVE_SHARED, GIVE_EXCLUSIVE };

var
  cache: array[client_t] of mode_t;
  cache_value: array[client_t] of value_t;
  request: array[client_t] of mode_t;
  answer: array[client_t] of answer_t;
  answer_value: array[client_t] of value_t;
  acknowledged: array[client_t] of boolean;
  acknowledged_value: array[client_t] of value_t;
  to_invalidate: array[client_t] of boolean;
  has_copy: array[client_t] of boolean;
  is_exclusive: boolean;
  home_value: value_t;
  command: mode_t;
  current: client_t;
  latest: value_t;

startstate begin
  for i: client_t do
    cache[i] := INVALID;
    cache_value[i] := 0;
    request[i] := INVALID;
    answer[i] := NOTHING;
    answer_value[i] := 0;
    acknowledged[i] := false;
    acknowledged_value[i] := 0;
    to_invalidate[i] := false;
    has_copy[i] := false;
  end;
  is_exclusive := false;
  home_value := 0;
  command := INVALID;
  current := 0;
  latest := 0;
end;

ruleset i: client_t do
  ruleset d: value_t do
    rule "store" cache[i] = EXCLUSIVE ==> begin
      cache_value[i] := d;
      latest := d;
    end;
  end;

  rule "ask for shared" request[i] = INVALID & cache[i] = INVALID ==> begin
    request[i] := SHARED;
  end;

  rule "ask for exclusive" request[i] = INVALID & cache[i] != EXCLUSIVE ==> begin
    request[i] := EXCLUSIVE;
  end;

  rule "take request" command = INVALID & request[i] != INVALID ==> begin
    command := request[i];
    current := i;
    request[i] := INVALID;
    for k: client_t do
      to_invalidate[k] := has_copy[k];
    end;
  end;

  rule "invalidate"
    answer[i] = NOTHING & to_invalidate[i] &
    (command = EXCLUSIVE | command = SHARED & is_exclusive)
  ==> begin
    answer[i] := INVALIDATE;
    to_invalidate[i] := false;
  end;

  rule "acknowledge" answer[i] = INVALIDATE & !acknowledged[i] ==> begin
    answer[i] := NOTHING;
    acknowledged[i] := true;
    if cache[i] = EXCLUSIVE then
      acknowledged_value[i] := cache_value[i];
    end;
    cache[i] := INVALID;
    cache_value[i] := 0;
  end;

  rule "take acknowledgement" acknowledged[i] & command != INVALID ==> begin
    acknowledged[i] := false;
    has_copy[i] := false;
    if is_exclusive then
      is_exclusive := false;
      home_value := acknowledged_value[i];
    end;
    acknowledged_value[i] := 0;
  end;

  rule "grant shared"
    command = SHARED & current = i & answer[i] = NOTHING & !is_exclusive
  ==> begin
    answer[i] := GIVE_SHARED;
    answer_value[i] := home_value;
    has_copy[i] := true;
    command := INVALID;
    current := 0;
  end;

  rule "grant exclusive"
    command = EXCLUSIVE & current = i & answer[i] = NOTHING & !is_exclusive &
    forall k: client_t do !has_copy[k] end
  ==> begin
    answer[i] := GIVE_EXCLUSIVE;
    answer_value[i] := home_value;
    has_copy[i] := true;
    is_exclusive := true;
    command := INVALID;
    current := 0;
  end;

  rule "take grant" answer[i] = GIVE_SHARED | answer[i] = GIVE_EXCLUSIVE ==> begin
    if answer[i] = GIVE_SHARED then
      cache[i] := SHARED;
    else
      cache[i] := EXCLUSIVE;
    end;
    cache_value[i] := answer_value[i];
    answer[i] := NOTHING;
    answer_value[i] := 0;
  end;
end;

invariant "one writer or any readers"
  forall i: client_t do forall k: client_t do
    i = k | cache[i] != EXCLUSIVE | cache[k] = INVALID
  end end;

invariant "every copy is the latest"
  (is_exclusive | home_value = latest) &
  forall i: client_t do cache[i] = INVALID | cache_value[i] = latest end;
