/**
 * Growth of a table with 32-bit slots where it lies: it gets longer at its end, and its rows move
 * up. Lines are ordered as mixed values are, so the rows at home in old line i go to one run of new
 * lines, and to none below line i:
 *
 *   mixed value = i * width + remainder = t * nextWidth + next remainder        width > nextWidth
 *
 * Old lines are taken from the last to the first. What is at home in the line is cut anew by
 * additions and comparisons, four rows at a time and without a branch, and collected in a buffer
 * for each new line. When nothing more can come, the buffer is written: 16 slots, the rest zeros.
 * So no slot is looked at or cleared before, and no more memory is needed than the table gets.
 *
 * Rows away from home, rows beyond 16 in a line, and the overflow are set aside (set-aside.ts).
 * They get their slots when all lines on their way are complete. Until then a line may not count as
 * full, nor may anything be put into it; what is full stays so, as searches (narrow32.ts) rely on.
 *
 * Several workers go on in rounds, with a barrier between (src/store/table-growth.ts):
 *
 *   old lines   |          first ........ last |                    the workers share these,
 *   new lines   |                              | ......... |        all new ones at or above `last`
 *
 * Old lines of a round are read, and new ones written, by one worker each: it takes a piece that
 * begins where an old and a new line begin with the same mixed value. The last round, of a few
 * lines at the front, is one piece, since there new lines lie among those not yet read.
 */
import {
  GROWTH_ASIDE,
  GROWTH_PHASE,
  GROWTH_PLACE,
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  REHASH_CURSOR,
  REHASH_FAILED,
  STRETCH_COMPLETE,
  STRETCH_FIRST,
  STRETCH_LAST,
  STRETCH_LINES,
} from '../../src/store/control-slots'
import { firstEmpty } from './narrow32'
import {
  nextDisplacementBits,
  nextDivisor,
  nextEnd,
  nextOverflowEnd,
  nextReciprocal,
  nextShift,
  nextStart,
  nextStepShift,
  readNextTable,
} from './next-table'
import { insertOverflow } from './overflow'
import {
  beginPiece,
  beginTaking,
  hasMore,
  pieceEnd,
  pieceStart,
  setAside,
  setAsideInPiece,
  takeRow,
} from './set-aside'
import {
  nextLine,
  overflowEnd,
  refreshTable,
  stepBytes,
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableShift,
  tableStart,
  tableStepShift,
} from './table'

/** Bytes of a buffer: the rows of two old lines at most, and a line of zeros after them. */
const BUFFER_BYTES: usize = 192

/** Writes new line `line`, whose rows are from `buffer` to `end`; the 17th and later go aside. */
function writeLine(line: u64, buffer: usize, end: usize): void {
  const zero = i64x2.splat(0)
  v128.store(end, zero)
  v128.store(end, zero, 16)
  v128.store(end, zero, 32)
  v128.store(end, zero, 48)
  const to = nextStart + <usize>line * LINE_BYTES
  // The last old lines may reach beyond the last new one; no row does.
  if (to >= nextEnd) return
  v128.store(to, v128.load(buffer))
  v128.store(to, v128.load(buffer, 16), 16)
  v128.store(to, v128.load(buffer, 32), 32)
  v128.store(to, v128.load(buffer, 48), 48)
  const width = nextDivisor << nextShift
  for (let slot = buffer + LINE_BYTES; slot < end; slot += 4) {
    setAsideInPiece(line * width + <u64>(load<u32>(slot) >> (<u32>nextDisplacementBits)))
  }
}

/** Sets the rows from `slot` to `end` aside, which lie in old line `line` away from home. */
function setDisplacedAside(line: u32, slot: usize, end: usize): void {
  const lines = <u32>((tableEnd - tableStart) / LINE_BYTES)
  const mask = ((<u32>1) << (<u32>tableDisplacementBits)) - 1
  for (; slot < end; slot += 4) {
    const value = load<u32>(slot)
    // What is empty looks as if it were away from home.
    if (value == 0) continue
    const remainder = <u64>(value >> (<u32>tableDisplacementBits))
    const step = <u32>stepBytes(remainder, tableStepShift) / LINE_BYTES
    const moved = (((value & mask) - 1) * step) % lines
    const home = line >= moved ? line - moved : line + lines - moved
    setAsideInPiece(((<u64>home * tableDivisor) << tableShift) + remainder)
  }
}

/**
 * For each set of four lanes the bytes that bring these lanes to the front; at `table`. As there is
 * no instruction in WebAssembly that compresses a vector.
 */
function writeCompressions(table: usize): void {
  for (let lanes: u32 = 0; lanes < 16; lanes++) {
    let to = table + lanes * 16
    v128.store(to, i64x2.splat(0))
    for (let lane: u32 = 0; lane < 4; lane++) {
      if ((lanes & (1 << lane)) == 0) continue
      store<u32>(to, 0x03020100 + lane * 0x04040404)
      to += 4
    }
  }
}

/** Stores the lanes of `slots` that are in the set `lanes` at `to`. Returns where the next go. */
function storeLanes(to: usize, slots: v128, lanes: u32, compressions: usize): usize {
  v128.store(to, i8x16.swizzle(slots, v128.load(compressions + ((<usize>lanes) << 4))))
  return to + ((<usize>popcnt(lanes)) << 2)
}

/** Where the next slots of the line at hand go: to up to five new lines, or aside. */
let end0: usize = 0
let end1: usize = 0
let end2: usize = 0
let end3: usize = 0
let end4: usize = 0
let endAside: usize = 0

/** Distributes the rows of the old line at `from` over up to three new lines, four at a time. */
function distribute(from: usize, shift: u32, nextWidth: u32, compressions: usize): void {
  const bits = <i32>tableDisplacementBits
  const nextBits = <i32>nextDisplacementBits
  const one = i32x4.splat(1)
  const mask = i32x4.splat((1 << bits) - 1)
  const shifts = i32x4.splat(shift)
  const width1 = i32x4.splat(nextWidth)
  const width2 = i32x4.splat(2 * nextWidth)
  let to0 = end0
  let to1 = end1
  let to2 = end2
  let aside = endAside
  for (let at = from; at < from + LINE_BYTES; at += 16) {
    const slots = v128.load(at)
    const home = i32x4.bitmask(i32x4.eq(v128.and(slots, mask), one))
    const remainders = i32x4.add(i32x4.shr_u(slots, bits), shifts)
    const is1 = i32x4.ge_u(remainders, width1)
    const is2 = i32x4.ge_u(remainders, width2)
    const nearer = i32x4.sub(remainders, v128.and(is1, width1))
    const next = i32x4.sub(nearer, v128.and(is2, width1))
    const nextSlots = v128.or(i32x4.shl(next, nextBits), one)
    const above1 = home & i32x4.bitmask(is1)
    const above2 = home & i32x4.bitmask(is2)
    to0 = storeLanes(to0, nextSlots, home ^ above1, compressions)
    to1 = storeLanes(to1, nextSlots, above1 ^ above2, compressions)
    to2 = storeLanes(to2, nextSlots, above2, compressions)
    aside = storeLanes(aside, slots, home ^ 15, compressions)
  }
  end0 = to0
  end1 = to1
  end2 = to2
  endAside = aside
}

/** As distribute, over up to five new lines. */
function distributeFar(from: usize, shift: u32, nextWidth: u32, compressions: usize): void {
  const bits = <i32>tableDisplacementBits
  const nextBits = <i32>nextDisplacementBits
  const one = i32x4.splat(1)
  const mask = i32x4.splat((1 << bits) - 1)
  const shifts = i32x4.splat(shift)
  const width1 = i32x4.splat(nextWidth)
  const width2 = i32x4.splat(2 * nextWidth)
  const width3 = i32x4.splat(3 * nextWidth)
  const width4 = i32x4.splat(4 * nextWidth)
  let to0 = end0
  let to1 = end1
  let to2 = end2
  let to3 = end3
  let to4 = end4
  let aside = endAside
  for (let at = from; at < from + LINE_BYTES; at += 16) {
    const slots = v128.load(at)
    const home = i32x4.bitmask(i32x4.eq(v128.and(slots, mask), one))
    const remainders = i32x4.add(i32x4.shr_u(slots, bits), shifts)
    const is1 = i32x4.ge_u(remainders, width1)
    const is2 = i32x4.ge_u(remainders, width2)
    const is3 = i32x4.ge_u(remainders, width3)
    const is4 = i32x4.ge_u(remainders, width4)
    // What is true is -1.
    const below = i32x4.add(i32x4.add(is1, is2), i32x4.add(is3, is4))
    const next = i32x4.add(remainders, i32x4.mul(below, width1))
    const nextSlots = v128.or(i32x4.shl(next, nextBits), one)
    const above1 = home & i32x4.bitmask(is1)
    const above2 = home & i32x4.bitmask(is2)
    const above3 = home & i32x4.bitmask(is3)
    const above4 = home & i32x4.bitmask(is4)
    to0 = storeLanes(to0, nextSlots, home ^ above1, compressions)
    to1 = storeLanes(to1, nextSlots, above1 ^ above2, compressions)
    to2 = storeLanes(to2, nextSlots, above2 ^ above3, compressions)
    to3 = storeLanes(to3, nextSlots, above3 ^ above4, compressions)
    to4 = storeLanes(to4, nextSlots, above4, compressions)
    aside = storeLanes(aside, slots, home ^ 15, compressions)
  }
  end0 = to0
  end1 = to1
  end2 = to2
  end3 = to3
  end4 = to4
  endAside = aside
}

/**
 * Moves the rows of old lines `first` to `last` - 1. At `buffers` there is room for those of six
 * new lines, of rows that go aside, and a table.
 */
function stretchLines(first: u32, last: u32, buffers: usize): void {
  const width = <i64>(tableDivisor << tableShift)
  const nextWidth = <u32>(nextDivisor << nextShift)
  const isFar = width > 2 * <i64>nextWidth
  const to1 = buffers
  const to2 = to1 + BUFFER_BYTES
  const to3 = to2 + BUFFER_BYTES
  const to4 = to3 + BUFFER_BYTES
  const aside = to4 + BUFFER_BYTES
  let low = aside + BUFFER_BYTES
  let open = low + BUFFER_BYTES
  const compressions = open + BUFFER_BYTES
  writeCompressions(compressions)
  // The lowest new line so far, what it has got, and where the old line before it begins there.
  let target = (<u64>last * <u64>width) / nextWidth
  let offset = <i64>(<u64>last * <u64>width - target * nextWidth)
  let openEnd = open
  for (let line = last; line-- > first;) {
    const top = offset != 0 ? target : target - 1
    offset -= width
    while (offset < 0) {
      offset += nextWidth
      target--
    }
    // The new line that the old line before has begun is the last of those that this one goes to.
    const above = top - target
    end0 = low
    end1 = above == 1 ? openEnd : to1
    end2 = above == 2 ? openEnd : to2
    end3 = above == 3 ? openEnd : to3
    end4 = above == 4 ? openEnd : to4
    endAside = aside
    const from = tableStart + line * LINE_BYTES
    if (isFar) distributeFar(from, <u32>offset, nextWidth, compressions)
    else distribute(from, <u32>offset, nextWidth, compressions)
    writeLine(target + 1, above == 1 ? open : to1, end1)
    if (above >= 2) writeLine(target + 2, above == 2 ? open : to2, end2)
    if (above >= 3) writeLine(target + 3, above == 3 ? open : to3, end3)
    if (above >= 4) writeLine(target + 4, open, end4)
    setDisplacedAside(line, aside, endAside)
    const written = open
    open = low
    openEnd = end0
    low = written
    if (offset == 0) {
      writeLine(target, open, openEnd)
      openEnd = open
    }
  }
}

/**
 * Gives a row that was set aside its slot, if all lines on its way are between `low` and `high`.
 * With `alone`, no other worker is there.
 */
function placeAside(mixed: u64, low: usize, high: usize, alone: bool): bool {
  const x = mixed >> nextShift
  const home = (x * nextReciprocal) >> RECIPROCAL_SHIFT
  const lowBits = ((<u64>1) << nextShift) - 1
  const remainder = ((x - home * nextDivisor) << nextShift) | (mixed & lowBits)
  const step = stepBytes(remainder, nextStepShift)
  const mask = ((<u32>1) << (<u32>nextDisplacementBits)) - 1
  let value = <u32>((remainder << nextDisplacementBits) | 1)
  let line = nextStart + <usize>home * LINE_BYTES
  while (line >= low && line < high) {
    const slot = firstEmpty(line)
    if (slot != 0) {
      if (alone) store<u32>(slot, value)
      else if (atomic.cmpxchg<u32>(slot, 0, value) != 0) continue
      return true
    }
    if ((value & mask) == mask) return insertOverflow(mixed, nextEnd, nextOverflowEnd) >= 0
    value += 1
    line = nextLine(line, step, nextStart, nextEnd)
  }
  return false
}

/** Gives those rows their slots that this worker has set aside and that can have one now. */
function placeAll(low: usize): bool {
  let placed = true
  beginTaking()
  while (hasMore()) {
    const mixed = takeRow()
    if (placeAside(mixed, low, nextEnd, false)) continue
    setAside(mixed)
    placed = false
  }
  return placed
}

/**
 * Moves a piece of the round. What it sets aside gets its slots at once where the way there is
 * within the piece's own new lines, which are still in the cache.
 */
function stretchPiece(first: u32, last: u32, buffers: usize): void {
  beginPiece()
  stretchLines(first, last, buffers)
  const divisor = tableDivisor << (tableShift - nextShift)
  const low = nextStart + <usize>((first * divisor) / nextDivisor) * LINE_BYTES
  const high = nextStart + <usize>((last * divisor) / nextDivisor) * LINE_BYTES
  for (let place = pieceStart; place < pieceEnd; place += 8) {
    const mixed = load<u64>(place)
    if (!placeAside(mixed, low, min(high, nextEnd), true)) setAside(mixed)
  }
}

/** Bytes of the overflow that a worker takes at a time. */
const ASIDE_BYTES: usize = 16384

/** Sets a piece of the overflow aside; the table gets longer over it. False if none is left. */
function setOverflowAside(): bool {
  const first = tableEnd + <usize>atomic.add<u32>(REHASH_CURSOR, 1) * ASIDE_BYTES
  if (first >= overflowEnd) return false
  for (let slot = first; slot < min(first + ASIDE_BYTES, overflowEnd); slot += 8) {
    const value = load<u64>(slot)
    if (value == 0) continue
    setAside(value - 1)
    store<u64>(slot, 0)
  }
  return true
}

/** Takes part in the phase at hand; see Kernel.rehash. */
export function stretch(buffers: usize): bool {
  // The table in use may be one that was stretched a moment ago, and has to be once more.
  refreshTable()
  readNextTable()
  if (load<u32>(GROWTH_PHASE) == GROWTH_ASIDE) return setOverflowAside()
  if (load<u32>(GROWTH_PHASE) == GROWTH_PLACE) {
    if (!placeAll(0)) atomic.store<u32>(REHASH_FAILED, 1)
    return false
  }
  const lines = load<u32>(STRETCH_LINES)
  const first = load<u32>(STRETCH_FIRST) + atomic.add<u32>(REHASH_CURSOR, 1) * lines
  const last = load<u32>(STRETCH_LAST)
  if (first < last) {
    stretchPiece(first, min(last, first + lines), buffers)
    return true
  }
  placeAll(nextStart + load<u32>(STRETCH_COMPLETE) * LINE_BYTES)
  return false
}
