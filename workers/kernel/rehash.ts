/**
 * Growth: moves the rows of the table in use (TABLE) into the new one (TABLE_NEXT).
 *
 * Runs between two barriers of all workers, so nobody inserts meanwhile. Old lines are handed out
 * in runs of REHASH_LINES through an atomic cursor. A slot and its position give the mixed value
 * back, so neither states nor rows are read: home line i of the old table goes near i * growth in
 * the new one, both are walked in order and the caches stay warm.
 *
 * Rows are distinct, so a row takes the first empty slot on its way. The compare-and-swap is
 * needed as neighbours of another worker's run may overflow into this one's lines. The order in
 * which rows arrive decides their slots, but not the set, and the searches of narrow32.ts hold
 * for any order: a row at displacement k has full lines before it, as it had when it was
 * inserted.
 */
import {
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  REHASH_CURSOR,
  REHASH_FAILED,
  REHASH_LINES,
  TABLE_ADDRESS,
  TABLE_DISPLACEMENT_BITS,
  TABLE_DIVISOR,
  TABLE_LINES,
  TABLE_NEXT,
  TABLE_OVERFLOW_LINES,
  TABLE_RECIPROCAL,
  TABLE_SHIFT,
  TABLE_SLOT_BYTES,
  TABLE_STEP_SHIFT,
  WIDE_ADDRESS_BITS,
} from '../../src/store/control-slots'
import { insertOverflow } from './overflow'
import {
  nextLine,
  overflowEnd,
  stepBytes,
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableShift,
  tableSlotBytes,
  tableStart,
  tableStepShift,
} from './table'

/** Bits of a slot below the row address. */
const TAG_BITS: u64 = 64 - WIDE_ADDRESS_BITS

/** The new table, read from its record by `rehash`. */
let nextStart: usize = 0
let nextEnd: usize = 0
let nextOverflowEnd: usize = 0
let nextShift: u64 = 0
let nextDivisor: u64 = 0
let nextReciprocal: u64 = 0
let nextDisplacementBits: u64 = 0
let nextStepShift: u64 = 0
let nextIsSmall: bool = false

function readNextTable(): void {
  nextStart = load<u32>(TABLE_NEXT + TABLE_ADDRESS)
  nextEnd = nextStart + load<u32>(TABLE_NEXT + TABLE_LINES) * LINE_BYTES
  nextOverflowEnd = nextEnd + load<u32>(TABLE_NEXT + TABLE_OVERFLOW_LINES) * LINE_BYTES
  nextShift = load<u32>(TABLE_NEXT + TABLE_SHIFT)
  nextDivisor = load<u32>(TABLE_NEXT + TABLE_DIVISOR)
  nextReciprocal = load<u64>(TABLE_NEXT + TABLE_RECIPROCAL)
  nextDisplacementBits = load<u32>(TABLE_NEXT + TABLE_DISPLACEMENT_BITS)
  nextStepShift = load<u32>(TABLE_NEXT + TABLE_STEP_SHIFT)
  nextIsSmall = load<u32>(TABLE_NEXT + TABLE_SLOT_BYTES) == 4
}

/** Puts a 32-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place32(line: usize, value: u32, step: usize): bool {
  const mask = ((<u32>1) << (<u32>nextDisplacementBits)) - 1
  while (true) {
    for (let slot = line; slot < line + LINE_BYTES; slot += 4) {
      if (load<u32>(slot) == 0 && atomic.cmpxchg<u32>(slot, 0, value) == 0) return true
    }
    if ((value & mask) == mask) return false
    value += 1
    line = nextLine(line, step, nextStart, nextEnd)
  }
}

/** Puts a 64-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place64(line: usize, value: u64, step: usize): bool {
  const mask = ((<u64>1) << nextDisplacementBits) - 1
  while (true) {
    for (let slot = line; slot < line + LINE_BYTES; slot += 8) {
      if (load<u64>(slot) == 0 && atomic.cmpxchg<u64>(slot, 0, value) == 0) return true
    }
    if ((value & mask) == mask) return false
    value += 1
    line = nextLine(line, step, nextStart, nextEnd)
  }
}

/**
 * Puts a row, known by its mixed value and the row address bits of its slot, into the new table.
 */
function place(mixed: u64, addressBits: u64): bool {
  const x = mixed >> nextShift
  const home = (x * nextReciprocal) >> RECIPROCAL_SHIFT
  const low = ((<u64>1) << nextShift) - 1
  const remainder = ((x - home * nextDivisor) << nextShift) | (mixed & low)
  const value = (remainder << nextDisplacementBits) | 1
  const line = nextStart + <usize>home * LINE_BYTES
  const step = stepBytes(remainder, nextStepShift)
  if (!nextIsSmall) return place64(line, addressBits | value, step)
  return place32(line, <u32>value, step) || insertOverflow(mixed, nextEnd, nextOverflowEnd) >= 0
}

/** Moves the rows of old lines `first` to `last` - 1. False if some row found no slot. */
function rehashLines(first: u32, last: u32, wide: bool): bool {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  const slotBytes = tableSlotBytes
  const displacementMask = ((<u64>1) << tableDisplacementBits) - 1
  const low = ((<u64>1) << tableShift) - 1
  const tagMask = wide ? ((<u64>1) << TAG_BITS) - 1 : ~(<u64>0)
  for (let i = first; i < last; i++) {
    const line = tableStart + i * LINE_BYTES
    for (let slot = line; slot < line + LINE_BYTES; slot += slotBytes) {
      const value = slotBytes == 4 ? <u64>load<u32>(slot) : load<u64>(slot)
      if (value == 0) break
      const remainder = (value & tagMask) >> tableDisplacementBits
      const step = <u32>stepBytes(remainder, tableStepShift) / LINE_BYTES
      const moved = (<u32>((value & displacementMask) - 1) * step) % lines
      const home = i >= moved ? i - moved : i + lines - moved
      const high = <u64>home * tableDivisor + (remainder >> tableShift)
      if (!place((high << tableShift) | (remainder & low), value & ~tagMask)) return false
    }
  }
  return true
}

/** Moves the overflow. False if some row found no slot. */
function rehashOverflow(): bool {
  for (let slot = tableEnd; slot < overflowEnd; slot += 8) {
    const value = load<u64>(slot)
    if (value != 0 && !place(value - 1, 0)) return false
  }
  return true
}

/**
 * Moves rows until all old lines are handed out. Every worker calls it between the two barriers.
 */
export function rehash(wide: bool): void {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  readNextTable()
  while (true) {
    const first: u32 = atomic.add<u32>(REHASH_CURSOR, REHASH_LINES)
    if (first >= lines) return
    // Who takes the first lines moves the overflow too.
    const placed = rehashLines(first, min<u32>(first + REHASH_LINES, lines), wide)
    if (!placed || (first == 0 && !rehashOverflow())) {
      atomic.store<u32>(REHASH_FAILED, 1)
      return
    }
  }
}
