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
import { LINE_BYTES, RECIPROCAL_SHIFT, SCRATCH_ENTRY_BYTES } from '../../src/store/control-slots'
import { logPosition, setLogPosition } from './log'
import { keyLeftBits, keyOf, mix, mixHalf, mixMask, mixWith } from './mix'
import { insertOverflow } from './overflow'
import { touchLines } from './touch'
import {
  nextLine,
  overflowEnd,
  stepBytes,
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableReciprocal,
  tableShift,
  tableStart,
  tableStepShift,
} from './table'

/** Bit i is set if lane i of the sixteen lanes of `a`, `b`, `c`, `d` equals that of `value`. */
function lanesEqual(a: v128, b: v128, c: v128, d: v128, value: v128): u32 {
  const ab = i16x8.narrow_i32x4_s(i32x4.eq(a, value), i32x4.eq(b, value))
  const cd = i16x8.narrow_i32x4_s(i32x4.eq(c, value), i32x4.eq(d, value))
  return i8x16.bitmask(i8x16.narrow_i16x8_s(ab, cd))
}

/** Second pass: slot value and line address of the rows in `scratch`. */
function locate(count: u32, scratch: usize): void {
  const start = tableStart
  const shift = tableShift
  const divisor = tableDivisor
  const reciprocal = tableReciprocal
  const displacementBits = tableDisplacementBits
  const low = ((<u64>1) << shift) - 1
  const half = mixHalf
  const mask = mixMask
  const leftBits = keyLeftBits
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (; scratch < end; scratch += SCRATCH_ENTRY_BYTES) {
    const row = load<u64>(scratch)
    const mixed = mixWith(leftBits == 32 ? row : keyOf(row, leftBits), half, mask)
    const x = mixed >> shift
    const home = (x * reciprocal) >> RECIPROCAL_SHIFT
    const remainder = ((x - home * divisor) << shift) | (mixed & low)
    const line = start + <usize>home * LINE_BYTES
    store<u64>(scratch, (remainder << displacementBits) | 1, 8)
    store<u32>(scratch, line, 16)
  }
}

/**
 * Inserts the `count` rows in `scratch`, at most BATCH_ROWS; new ones are appended to the log,
 * which must have room for all. Returns how many were dealt with; fewer than `count` if one has
 * no slot within reach and the overflow is full.
 */
export function insertNarrow32(count: u32, scratch: usize): u32 {
  locate(count, scratch)
  touchLines(count, scratch)
  const slotMask = ((<u32>1) << (<u32>tableDisplacementBits)) - 1
  const start = tableStart
  const end = tableEnd
  const zero = i32x4.splat(0)
  let position = logPosition
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    let value = load<u32>(scratch, 8)
    let line: usize = load<u32>(scratch, 16)
    while (true) {
      // One snapshot of the line for both questions: a slot that fills in between must count as
      // empty.
      const a = v128.load(line)
      const b = v128.load(line, 16)
      const c = v128.load(line, 32)
      const d = v128.load(line, 48)
      const same = lanesEqual(a, b, c, d, i32x4.splat(value))
      if (same != 0 && load<u32>(line + ctz(same) * 4) == value) break
      const empty = lanesEqual(a, b, c, d, zero)
      if (empty != 0) {
        const witness = atomic.cmpxchg<u32>(line + ctz(empty) * 4, 0, value)
        if (witness == value) break
        if (witness != 0) continue
        store<u64>(position, load<u64>(scratch))
        position += 8
        break
      }
      if ((value & slotMask) == slotMask) {
        const row = load<u64>(scratch)
        const inserted = insertOverflow(mix(keyOf(row, keyLeftBits)), end, overflowEnd)
        if (inserted < 0) {
          setLogPosition(position)
          return i
        }
        store<u64>(position, row)
        position += <usize>inserted * 8
        break
      }
      const step = stepBytes(<u64>(value >> (<u32>tableDisplacementBits)), tableStepShift)
      line = nextLine(line, step, start, end)
      value += 1
    }
  }
  setLogPosition(position)
  return count
}
