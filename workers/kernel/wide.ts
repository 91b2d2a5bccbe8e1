/**
 * The visited set of states of two to eight words: an index of 64-bit slots, 8 to a line, into the
 * level log, where the rows themselves lie and never move.
 *
 *   slot:  63 ............ 35  34 ................. d  d-1 ........ 0     0 = empty
 *          [ row address >> 3 | remainder            | displacement+1 ]    d = 3..8
 *
 * Line and remainder come from 40 bits of hash, cut like a narrow state (table.ts). Remainder and
 * displacement are a tag: on an equal tag the rows are compared word by word, so the set is exact.
 *
 * The argument is that of narrow32.ts with "its own value" read as "a slot whose row equals
 * mine": slots are written once; every search for a state visits the same slots in the same
 * order; it passes a slot only after seeing a row there that differs. What is new is that a slot
 * points to a row:
 *   writer: row into the log first, then the compare-and-swap of the slot (sequentially consistent,
 *           hence a release of the row);
 *   reader: the slot once more by an atomic load (an acquire), then the row.
 * A row whose compare-and-swap lost is not kept: the next new row overwrites it. Nobody has its
 * address.
 *
 * Any worker, any time outside of the growth barrier.
 */
import {
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  SCRATCH_ENTRY_BYTES,
  WIDE_ADDRESS_BITS,
} from '../../src/store/control-slots'
import { logPosition, rowBytes, setLogPosition } from './log'
import { lanesEqual64 } from './narrow64'
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

/** Bit position of the row address in a slot. */
const ADDRESS_SHIFT: u64 = 64 - WIDE_ADDRESS_BITS
/** Ones over the tag of a slot. */
const TAG_MASK: u64 = ((<u64>1) << ADDRESS_SHIFT) - 1

/** True if the rows at `a` and `b` are equal. */
export function rowsEqual(a: usize, b: usize, bytes: usize): bool {
  for (let i: usize = 0; i < bytes; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false
  }
  return true
}

/** Bits 2i and 2i+1 are set if the tag of slot i of `a`, `b`, `c`, `d` equals `tag`. */
function tagsEqual(a: v128, b: v128, c: v128, d: v128, tag: u64): u32 {
  const mask = i64x2.splat(TAG_MASK)
  return lanesEqual64(
    v128.and(a, mask),
    v128.and(b, mask),
    v128.and(c, mask),
    v128.and(d, mask),
    i64x2.splat(tag),
  )
}

/** Second pass: tag and line address of the rows whose hashes are in `scratch`. */
function locate(count: u32, scratch: usize): void {
  const start = tableStart
  const shift = tableShift
  const divisor = tableDivisor
  const reciprocal = tableReciprocal
  const displacementBits = tableDisplacementBits
  const low = ((<u64>1) << shift) - 1
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (; scratch < end; scratch += SCRATCH_ENTRY_BYTES) {
    const hash = load<u64>(scratch)
    const x = hash >> shift
    const home = (x * reciprocal) >> RECIPROCAL_SHIFT
    const remainder = ((x - home * divisor) << shift) | (hash & low)
    const line = start + <usize>home * LINE_BYTES
    store<u64>(scratch, (remainder << displacementBits) | 1, 8)
    store<u32>(scratch, line, 16)
  }
}

/**
 * Fourth pass: touches the row behind the first equal tag of each line, so those misses overlap
 * too.
 */
function touchRows(count: u32, scratch: usize): u32 {
  let touched: u32 = 0
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (; scratch < end; scratch += SCRATCH_ENTRY_BYTES) {
    const line: usize = load<u32>(scratch, 16)
    const a = v128.load(line)
    const b = v128.load(line, 16)
    const c = v128.load(line, 32)
    const d = v128.load(line, 48)
    const same = tagsEqual(a, b, c, d, load<u64>(scratch, 8))
    if (same == 0) continue
    touched |= load<u32>((<usize>(load<u64>(line + ctz(same) * 4) >> ADDRESS_SHIFT)) << 3)
  }
  return touched
}

/** True if one of the slots of `line` in `same` points to a row equal to that at `row`. */
function findRow(line: usize, same: u32, row: usize, bytes: usize): bool {
  while (same != 0) {
    const slot = atomic.load<u64>(line + ctz(same) * 4)
    if (rowsEqual((<usize>(slot >> ADDRESS_SHIFT)) << 3, row, bytes)) return true
    same &= same - 1
    same &= same - 1
  }
  return false
}

/**
 * As insertNarrow32, for the rows of `rowBytes` bytes from `rows` on that `scratch` names by
 * index.
 */
export function insertWide(rows: usize, count: u32, scratch: usize): u32 {
  locate(count, scratch)
  touchLines(count, scratch)
  store<u32>(scratch + count * SCRATCH_ENTRY_BYTES, touchRows(count, scratch))
  const slotMask = ((<u64>1) << tableDisplacementBits) - 1
  const start = tableStart
  const end = tableEnd
  const bytes = rowBytes
  const zero = i64x2.splat(0)
  let position = logPosition
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    const row = rows + <usize>load<u32>(scratch, 20) * bytes
    let tag = load<u64>(scratch, 8)
    let line: usize = load<u32>(scratch, 16)
    while (true) {
      const a = v128.load(line)
      const b = v128.load(line, 16)
      const c = v128.load(line, 32)
      const d = v128.load(line, 48)
      const same = tagsEqual(a, b, c, d, tag)
      if (same != 0 && findRow(line, same, row, bytes)) break
      const empty = lanesEqual64(a, b, c, d, zero)
      if (empty != 0) {
        memory.copy(position, row, bytes)
        const slot = (((<u64>position) >> 3) << ADDRESS_SHIFT) | tag
        const witness = atomic.cmpxchg<u64>(line + ctz(empty) * 4, 0, slot)
        if (witness == 0) {
          position += bytes
          break
        }
        // Somebody was faster: search the line again, where the row behind the slot is looked at.
        continue
      }
      if ((tag & slotMask) == slotMask) {
        setLogPosition(position)
        return i
      }
      line = nextLine(line, stepBytes(tag >> tableDisplacementBits, tableStepShift), start, end)
      tag += 1
    }
  }
  setLogPosition(position)
  return count
}
