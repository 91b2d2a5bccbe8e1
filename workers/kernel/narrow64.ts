/**
 * The visited set, slots of 64 bits: 8 to a line. Used while the remainder and a displacement do
 * not fit 32 bits, that is for long keys in small tables.
 *
 *   slot:  63 ............................. d  d-1 ........ 0      d = displacement bits, 3..8
 *          [ remainder                       | displacement+1 ]     0 = empty
 *
 * Everything else is as in narrow32.ts, its argument of exactness included.
 */
import { LINE_BYTES, RECIPROCAL_SHIFT, SCRATCH_ENTRY_BYTES } from '../../src/store/control-slots'
import { logPosition, setLogPosition } from './log'
import { keyLeftBits, keyOf, mixHalf, mixMask, mixWith } from './mix'
import { touchLines } from './touch'
import {
  nextLine,
  stepBytes,
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableReciprocal,
  tableShift,
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

/** As insertNarrow32; there is no overflow, as 8 bits of displacement suffice. */
export function insertNarrow64(count: u32, scratch: usize): u32 {
  locate(count, scratch)
  touchLines(count, scratch)
  const slotMask = ((<u64>1) << tableDisplacementBits) - 1
  const start = tableStart
  const end = tableEnd
  const zero = i64x2.splat(0)
  let position = logPosition
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    let value = load<u64>(scratch, 8)
    let line: usize = load<u32>(scratch, 16)
    while (true) {
      const a = v128.load(line)
      const b = v128.load(line, 16)
      const c = v128.load(line, 32)
      const d = v128.load(line, 48)
      const same = lanesEqual64(a, b, c, d, i64x2.splat(value))
      if (same != 0 && load<u64>(line + ctz(same) * 4) == value) break
      const empty = lanesEqual64(a, b, c, d, zero)
      if (empty != 0) {
        const witness = atomic.cmpxchg<u64>(line + ctz(empty) * 4, 0, value)
        if (witness == value) break
        if (witness != 0) continue
        store<u64>(position, load<u64>(scratch))
        position += 8
        break
      }
      if ((value & slotMask) == slotMask) {
        setLogPosition(position)
        return i
      }
      const step = stepBytes(value >> tableDisplacementBits, tableStepShift)
      line = nextLine(line, step, start, end)
      value += 1
    }
  }
  setLogPosition(position)
  return count
}
