/**
 * The visited set, slots of 32 bits: 16 to a line.
 *
 *   slot:  31 ............................. d  d-1 ........ 0      d = displacement bits, 3..8
 *          [ remainder                       | displacement+1 ]     0 = empty
 *
 * Displacement counts steps from the home line (table.ts). Slot value and position give home line
 * and remainder, hence the mixed value, hence key and state (mix.ts, fold.ts): a slot *is* the
 * state, and equality is exact.
 *
 * Why no state is lost or counted twice, with any number of workers and no lock:
 *   1. A slot is written once, by a compare-and-swap from 0, and never again.
 *   2. Every search for a state looks at the same slots in the same order (the home line from left
 *      to right, then the line one step on, and so on), with the same slot value in each line.
 *   3. A search goes past a slot only after seeing a value there that is neither 0 nor its own. By
 *      (1) that is the slot's final value. A search ends at its own value, or by writing it into a
 *      slot that it found to be 0.
 *
 * Suppose two searches for one state both wrote, into slots i and j, i before j. The second went
 * past i, so i's final value is not the state's: a contradiction. So exactly one reports "new".
 *
 * A row whose displacement would not fit goes to the overflow (overflow.ts), which then continues
 * the sequence of slots of (2). The argument needs no order between different slots: all that
 * there is to know is in the one slot, so the SIMD loads may be stale. A stale 0 is corrected by
 * the compare-and-swap, whose witness is looked at; a match is loaded once more by a scalar load
 * before it is trusted. Assumed of the engine: a load does not tear an aligned 32-bit lane (true
 * of every processor V8 runs on).
 *
 * Any worker, any time outside of the growth barrier.
 */
import { ROW_IS_KNOWN, ROW_IS_NEW, appendNew, locate, pendingRows, touchPending } from './batch'
import { keyLeftBits, keyOf, mix } from './mix'
import { insertOverflow } from './overflow'
import {
  nextLine,
  overflowEnd,
  stepBytes,
  tableDisplacementBits,
  tableEnd,
  tableStart,
  tableStepShift,
} from './table'

/** Bit i is set if lane i of the sixteen lanes of `a`, `b`, `c`, `d` equals that of `value`. */
function lanesEqual(a: v128, b: v128, c: v128, d: v128, value: v128): u32 {
  const ab = i16x8.narrow_i32x4_s(i32x4.eq(a, value), i32x4.eq(b, value))
  const cd = i16x8.narrow_i32x4_s(i32x4.eq(c, value), i32x4.eq(d, value))
  return i8x16.bitmask(i8x16.narrow_i16x8_s(ab, cd))
}

/** Address of the first empty slot of the line, 0 if it is full. */
export function firstEmpty(line: usize): usize {
  const zero = i32x4.splat(0)
  const a = v128.load(line)
  const b = v128.load(line, 16)
  const c = v128.load(line, 32)
  const d = v128.load(line, 48)
  const empty = lanesEqual(a, b, c, d, zero)
  return empty == 0 ? 0 : line + ctz(empty) * 4
}

/** True if some row of the round found no slot within reach, and the overflow was full. */
let isStuck: bool = false

/**
 * One round: looks for each pending row in its line, puts it there if it is new and a slot is
 * empty, and takes it on to its next line if the line is full. Returns how many go on.
 */
function searchLines(count: u32, pending: usize): u32 {
  const slotMask = ((<u32>1) << (<u32>tableDisplacementBits)) - 1
  const start = tableStart
  const end = tableEnd
  const zero = i32x4.splat(0)
  let onward = pending
  const pendingEnd = pending + count * 4
  for (; pending < pendingEnd; pending += 4) {
    const entry: usize = load<u32>(pending)
    const value = load<u32>(entry, 8)
    const line: usize = load<u32>(entry, 16)
    while (true) {
      // One snapshot of the line for both questions: a slot that fills in between must count as
      // empty.
      const a = v128.load(line)
      const b = v128.load(line, 16)
      const c = v128.load(line, 32)
      const d = v128.load(line, 48)
      const same = lanesEqual(a, b, c, d, i32x4.splat(value))
      if (same != 0 && load<u32>(line + ctz(same) * 4) == value) {
        store<u32>(entry, ROW_IS_KNOWN, 16)
        break
      }
      const empty = lanesEqual(a, b, c, d, zero)
      if (empty != 0) {
        const witness = atomic.cmpxchg<u32>(line + ctz(empty) * 4, 0, value)
        if (witness != 0 && witness != value) continue
        store<u32>(entry, witness == 0 ? ROW_IS_NEW : ROW_IS_KNOWN, 16)
        break
      }
      if ((value & slotMask) == slotMask) {
        const mixed = mix(keyOf(load<u64>(entry), keyLeftBits))
        const inserted = insertOverflow(mixed, end, overflowEnd)
        if (inserted < 0) {
          isStuck = true
          store<u32>(onward, <u32>entry)
          onward += 4
        } else store<u32>(entry, inserted, 16)
        break
      }
      const step = stepBytes(<u64>(value >> (<u32>tableDisplacementBits)), tableStepShift)
      store<u32>(entry, value + 1, 8)
      store<u32>(entry, <u32>nextLine(line, step, start, end), 16)
      store<u32>(onward, <u32>entry)
      onward += 4
      break
    }
  }
  return <u32>((onward - (pendingEnd - count * 4)) >> 2)
}

/**
 * Inserts the `count` rows in `scratch`, at most BATCH_ROWS; new ones are appended to the log, in
 * their order there, which must have room for all. Returns how many are left in the list of
 * pending rows (batch.ts): 0, unless one of them has no slot within reach and the overflow is full.
 */
export function insertNarrow32(count: u32, scratch: usize): u32 {
  locate(count, scratch)
  isStuck = false
  let left = searchLines(count, pendingRows(scratch))
  while (left != 0 && !isStuck) {
    touchPending(left, scratch)
    left = searchLines(left, pendingRows(scratch))
  }
  appendNew(count, left, scratch)
  return left
}
