/**
 * The overflow of a table with 32-bit slots: a small table of 64-bit slots right after its lines,
 * for the few rows in a thousand whose displacement would not fit their slot. With it a table can
 * be filled to 0.95 though only 3 bits are left for the displacement.
 *
 *   slot:  63 ........................................ 0
 *          [ mixed value + 1, below 2 ** 56             ]     0 = empty
 *
 * Plain linear probing, at most PROBES_MAX slots. The rules of narrow32.ts hold: slots are
 * written once, and a search that comes here has gone past every line on its way, as every search
 * for that state.
 */

/** Slots that a search looks at before it gives up. */
const PROBES_MAX: u32 = 256

/**
 * Inserts a mixed value into the slots from `start` to `end`: 1 new, 0 there already, -1 no room.
 */
export function insertOverflow(mixed: u64, start: usize, end: usize): i32 {
  const slots = (end - start) >> 3
  if (slots == 0) return -1
  const value = mixed + 1
  let slot = start + ((<usize>(mixed ^ (mixed >> 29)) * 0x9e3779b1) % slots) * 8
  for (let probe: u32 = 0; probe < PROBES_MAX; probe++) {
    let found = load<u64>(slot)
    if (found == 0) {
      found = atomic.cmpxchg<u64>(slot, 0, value)
      if (found == 0) return 1
    }
    if (found == value) return 0
    slot += 8
    if (slot == end) slot = start
  }
  return -1
}
