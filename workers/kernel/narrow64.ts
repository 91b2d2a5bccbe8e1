/**
 * The visited set, slots of 64 bits: 8 to a line. Used while the remainder and a displacement do
 * not fit 32 bits, that is for long keys in small tables.
 *
 *   slot:  63 ............................. d  d-1 ........ 0      d = displacement bits, 3..8
 *          [ remainder                       | displacement+1 ]     0 = empty
 *
 * Everything else is as in narrow32.ts, its argument of exactness included.
 */
import { ROW_IS_KNOWN, ROW_IS_NEW, appendNew, locate, pendingRows, touchPending } from './batch'
import {
  nextLine,
  stepBytes,
  tableDisplacementBits,
  tableEnd,
  tableStart,
  tableStepShift,
} from './table'

/**
 * Bits 2i and 2i+1 are set if lane i of the eight lanes of `a`, `b`, `c`, `d` equals that of
 * `value`. So the byte offset of the first equal slot is 4 * ctz.
 */
export function lanesEqual64(a: v128, b: v128, c: v128, d: v128, value: v128): u32 {
  const ab = i16x8.narrow_i32x4_s(i64x2.eq(a, value), i64x2.eq(b, value))
  const cd = i16x8.narrow_i32x4_s(i64x2.eq(c, value), i64x2.eq(d, value))
  return i8x16.bitmask(i8x16.narrow_i16x8_s(ab, cd))
}

/** Address of the first empty slot of the line, 0 if it is full. */
export function firstEmpty64(line: usize): usize {
  const zero = i64x2.splat(0)
  const a = v128.load(line)
  const b = v128.load(line, 16)
  const c = v128.load(line, 32)
  const d = v128.load(line, 48)
  const empty = lanesEqual64(a, b, c, d, zero)
  return empty == 0 ? 0 : line + ctz(empty) * 4
}

/** True if some row of the round found no slot within reach. */
let isStuck: bool = false

/** As searchLines in narrow32.ts; there is no overflow, as 8 bits of displacement suffice. */
function searchLines64(count: u32, pending: usize): u32 {
  const slotMask = ((<u64>1) << tableDisplacementBits) - 1
  const start = tableStart
  const end = tableEnd
  const zero = i64x2.splat(0)
  let onward = pending
  const pendingEnd = pending + count * 4
  for (; pending < pendingEnd; pending += 4) {
    const entry: usize = load<u32>(pending)
    const value = load<u64>(entry, 8)
    const line: usize = load<u32>(entry, 16)
    while (true) {
      const a = v128.load(line)
      const b = v128.load(line, 16)
      const c = v128.load(line, 32)
      const d = v128.load(line, 48)
      const same = lanesEqual64(a, b, c, d, i64x2.splat(value))
      if (same != 0 && load<u64>(line + ctz(same) * 4) == value) {
        store<u32>(entry, ROW_IS_KNOWN, 16)
        break
      }
      const empty = lanesEqual64(a, b, c, d, zero)
      if (empty != 0) {
        const witness = atomic.cmpxchg<u64>(line + ctz(empty) * 4, 0, value)
        if (witness != 0 && witness != value) continue
        store<u32>(entry, witness == 0 ? ROW_IS_NEW : ROW_IS_KNOWN, 16)
        break
      }
      if ((value & slotMask) == slotMask) isStuck = true
      else {
        const step = stepBytes(value >> tableDisplacementBits, tableStepShift)
        store<u64>(entry, value + 1, 8)
        store<u32>(entry, <u32>nextLine(line, step, start, end), 16)
      }
      store<u32>(onward, <u32>entry)
      onward += 4
      break
    }
  }
  return <u32>((onward - (pendingEnd - count * 4)) >> 2)
}

/** As insertNarrow32. */
export function insertNarrow64(count: u32, scratch: usize): u32 {
  locate(count, scratch)
  isStuck = false
  let left = searchLines64(count, pendingRows(scratch))
  while (left != 0 && !isStuck) {
    touchPending(left, scratch)
    left = searchLines64(left, pendingRows(scratch))
  }
  appendNew(count, left, scratch)
  return left
}
