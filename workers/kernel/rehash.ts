/**
 * Growth: moves the rows of the table in use (TABLE) into the new one (TABLE_NEXT).
 *
 * Runs between two barriers of all workers, so nobody inserts meanwhile. Old lines are handed out in
 * runs of REHASH_LINES through an atomic cursor. A slot and its position give the mixed value back, so
 * neither states nor rows are read: home line i of the old table goes near i * growth in the new one,
 * both are walked in order and the caches stay warm.
 *
 * Rows are distinct, so a row takes the first empty slot on its way. The compare-and-swap is needed
 * as neighbours of another worker's run may overflow into this one's lines. The order in which rows
 * arrive decides their slots, but not the set, and the searches of narrow32.ts hold for any order: a
 * row at displacement k has full lines before it, as it had when it was inserted.
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
  TABLE_RECIPROCAL,
  TABLE_SHIFT,
  TABLE_SLOT_BYTES,
  WIDE_ADDRESS_BITS,
} from '../../src/store/control-slots'
import {
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableShift,
  tableSlotBytes,
  tableStart,
} from './table'

/** Bits of a slot below the row address. */
const TAG_BITS: u64 = 64 - WIDE_ADDRESS_BITS

/** Puts a 32-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place32(line: usize, value: u32, slotMask: u32, start: usize, end: usize): bool {
  while (true) {
    for (let slot = line; slot < line + LINE_BYTES; slot += 4) {
      if (load<u32>(slot) == 0 && atomic.cmpxchg<u32>(slot, 0, value) == 0) return true
    }
    if ((value & slotMask) == slotMask) return false
    value += 1
    line += LINE_BYTES
    if (line == end) line = start
  }
}

/** Puts a 64-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place64(line: usize, value: u64, slotMask: u64, start: usize, end: usize): bool {
  while (true) {
    for (let slot = line; slot < line + LINE_BYTES; slot += 8) {
      if (load<u64>(slot) == 0 && atomic.cmpxchg<u64>(slot, 0, value) == 0) return true
    }
    if ((value & slotMask) == slotMask) return false
    value += 1
    line += LINE_BYTES
    if (line == end) line = start
  }
}

/** Moves the rows of old lines `first` to `last` - 1. False if some row found no slot. */
function rehashLines(first: u32, last: u32, wide: bool): bool {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  const oldBytes = tableSlotBytes
  const oldMask = ((<u64>1) << tableDisplacementBits) - 1
  const oldLow = ((<u64>1) << tableShift) - 1
  const start: usize = load<u32>(TABLE_NEXT + TABLE_ADDRESS)
  const end = start + load<u32>(TABLE_NEXT + TABLE_LINES) * LINE_BYTES
  const shift: u64 = load<u32>(TABLE_NEXT + TABLE_SHIFT)
  const divisor: u64 = load<u32>(TABLE_NEXT + TABLE_DIVISOR)
  const reciprocal = load<u64>(TABLE_NEXT + TABLE_RECIPROCAL)
  const displacementBits: u64 = load<u32>(TABLE_NEXT + TABLE_DISPLACEMENT_BITS)
  const small = load<u32>(TABLE_NEXT + TABLE_SLOT_BYTES) == 4
  const mask = ((<u64>1) << displacementBits) - 1
  const low = ((<u64>1) << shift) - 1
  const tagMask = wide ? ((<u64>1) << TAG_BITS) - 1 : ~(<u64>0)
  for (let i = first; i < last; i++) {
    const line = tableStart + i * LINE_BYTES
    for (let slot = line; slot < line + LINE_BYTES; slot += oldBytes) {
      const value = oldBytes == 4 ? <u64>load<u32>(slot) : load<u64>(slot)
      if (value == 0) break
      const displacement = <u32>((value & oldMask) - 1)
      const home = i >= displacement ? i - displacement : i + lines - displacement
      const remainder = (value & tagMask) >> tableDisplacementBits
      const high = <u64>home * tableDivisor + (remainder >> tableShift)
      const mixed = (high << tableShift) | (remainder & oldLow)
      const x = mixed >> shift
      const newHome = (x * reciprocal) >> RECIPROCAL_SHIFT
      const newRemainder = ((x - newHome * divisor) << shift) | (mixed & low)
      const tag = (newRemainder << displacementBits) | 1
      const target = start + <usize>newHome * LINE_BYTES
      const placed = small
        ? place32(target, <u32>tag, <u32>mask, start, end)
        : place64(target, (value & ~tagMask) | tag, mask, start, end)
      if (!placed) return false
    }
  }
  return true
}

/** Moves rows until all old lines are handed out. Every worker calls it between the two barriers. */
export function rehash(wide: bool): void {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  while (true) {
    const first: u32 = atomic.add<u32>(REHASH_CURSOR, REHASH_LINES)
    if (first >= lines) return
    if (!rehashLines(first, min<u32>(first + REHASH_LINES, lines), wide)) {
      atomic.store<u32>(REHASH_FAILED, 1)
      return
    }
  }
}
