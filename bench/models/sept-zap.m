-- The reference workload sept-zap in Murphi's language; see sept-zap.pml beside this file. V vCPUs
-- and G guest frames are set by the benchmark. One rule is one atomic step.
const
  V: 2;
  G: 2;

type
  vcpu_t: 0 .. V - 1;
  gfn_t: 0 .. G - 1;
  seq_t: 0 .. 3;
  holder_t: 0 .. V + 1; -- 0: nobody; v + 1: vCPU v; V + 1: the zapper
  position_t: 0 .. G;
  sept_t: enum { FREE, MAPPED, BLOCKED };
  pc_t: enum { RUN, SNAP, LOCK };
  zpc_t: enum { IDLE, BLOCKING, TRACK, REMOVING };

var
  slot: boolean;
  inval: boolean;
  seq: seq_t;
  lock: holder_t;
  sept: array[gfn_t] of sept_t;
  acc: array[gfn_t] of boolean;
  tlb: array[vcpu_t] of array[gfn_t] of boolean;
  pc: array[vcpu_t] of pc_t;
  fg: array[vcpu_t] of gfn_t;
  fs: array[vcpu_t] of seq_t;
  zpc: zpc_t;
  zi: position_t;

procedure back_to_run(v: vcpu_t);
begin
  lock := 0;
  pc[v] := RUN;
  fg[v] := 0;
  fs[v] := 0;
end;

startstate begin
  slot := true;
  inval := false;
  seq := 0;
  lock := 0;
  zpc := IDLE;
  zi := 0;
  for g: gfn_t do
    sept[g] := FREE;
    acc[g] := false;
  end;
  for v: vcpu_t do
    pc[v] := RUN;
    fg[v] := 0;
    fs[v] := 0;
    for g: gfn_t do
      tlb[v][g] := false;
    end;
  end;
end;

ruleset v: vcpu_t do
  ruleset g: gfn_t do
    rule "access" pc[v] = RUN & sept[g] = MAPPED & !tlb[v][g] ==> begin
      tlb[v][g] := true;
    end;

    rule "accept" pc[v] = RUN & sept[g] = MAPPED & !acc[g] ==> begin
      acc[g] := true;
    end;

    rule "fault" pc[v] = RUN & slot & sept[g] = FREE ==> begin
      pc[v] := SNAP;
      fg[v] := g;
      fs[v] := seq;
    end;
  end;

  rule "lock" pc[v] = SNAP & lock = 0 ==> begin
    lock := v + 1;
    pc[v] := LOCK;
  end;

  rule "retry" pc[v] = LOCK & (inval | fs[v] != seq) ==> begin
    back_to_run(v);
  end;

  rule "map" pc[v] = LOCK & !inval & fs[v] = seq ==> begin
    if sept[fg[v]] = FREE then
      sept[fg[v]] := MAPPED;
    end;
    back_to_run(v);
  end;
end;

rule "begin" zpc = IDLE & slot & lock = 0 ==> begin
  lock := V + 1;
  inval := true;
  zpc := BLOCKING;
  zi := 0;
end;

rule "block" zpc = BLOCKING & zi < G ==> begin
  if sept[zi] = MAPPED then
    sept[zi] := BLOCKED;
  end;
  zi := zi + 1;
end;

rule "blocked" zpc = BLOCKING & zi = G ==> begin
  zpc := TRACK;
  zi := 0;
end;

rule "track" zpc = TRACK ==> begin
  for v: vcpu_t do
    for g: gfn_t do
      tlb[v][g] := false;
    end;
  end;
  zpc := REMOVING;
end;

rule "remove" zpc = REMOVING & zi < G ==> begin
  if sept[zi] = BLOCKED then
    sept[zi] := FREE;
    acc[zi] := false;
  end;
  zi := zi + 1;
end;

rule "end" zpc = REMOVING & zi = G ==> begin
  inval := false;
  seq := (seq + 1) % 4;
  lock := 0;
  slot := false;
  zpc := IDLE;
  zi := 0;
end;

rule "recreate" zpc = IDLE & !slot & lock = 0 ==> begin
  slot := true;
end;

invariant "no stale translation"
  forall v: vcpu_t do forall g: gfn_t do
    !tlb[v][g] | sept[g] != FREE
  end end;
