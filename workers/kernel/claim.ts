/**
 * Writing a slot of the table: the one atomic step of an insertion.
 *
 * Sequentially consistent, though only `wide.ts` needs an order: there it releases the row that the
 * slot points to. A worker that is alone stores without a lock prefix, which costs a fifth of the
 * time of a search less; nobody else can write in between.
 */

/** True if no other worker shares the table. */
export let alone: bool = false

/** Says whether this worker is the only one of its search. */
export function setAlone(value: bool): void {
  alone = value
}

/** Writes `value` into a slot if it is empty. Returns what was there: 0 means it is ours. */
export function claim32(slot: usize, value: u32): u32 {
  if (!alone) return atomic.cmpxchg<u32>(slot, 0, value)
  const found = load<u32>(slot)
  if (found == 0) store<u32>(slot, value)
  return found
}

/** As claim32, for a slot of 64 bits. */
export function claim64(slot: usize, value: u64): u64 {
  if (!alone) return atomic.cmpxchg<u64>(slot, 0, value)
  const found = load<u64>(slot)
  if (found == 0) store<u64>(slot, value)
  return found
}
