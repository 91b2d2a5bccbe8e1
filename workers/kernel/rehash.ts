/**
 * Growth by copying: moves the rows of the table in use (TABLE) into the new one (TABLE_NEXT),
 * which lies elsewhere. For tables with 64-bit slots, and for longer keys; others are stretched
 * (stretch.ts).
 *
 * Runs between two barriers of all workers, so nobody inserts meanwhile. Old lines are handed out
 * in long runs through an atomic cursor. A slot and its position give the mixed value
 * back, so neither states nor rows are read: home line i of the old table goes near i * growth in
 * the new one, both are walked in order and the caches stay warm.
 *
 * Rows are distinct, so a row takes the first empty slot on its way. The compare-and-swap is
 * needed as neighbours of another worker's run may overflow into this one's lines. The order in
 * which rows arrive decides their slots, but not the set, and the searches of narrow32.ts hold
 * for any order: a row at displacement k has full lines before it, as it had when it was
 * inserted.
 *
 * When an index of folded states needs more bits, keys become wider (mix.ts). Then each row is
 * unmixed and mixed anew, which takes it to any line of the new table: slower, but rare.
 */
import {
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  REHASH_CURSOR,
  REHASH_FAILED,
  REHASH_LINES,
  REHASH_RUNS,
} from '../../src/store/control-slots'
import { commitPage, commitPages } from './memory'
import { keyLeftBits, keyOf, mixMask, mixWith, rowOf, unmix } from './mix'
import { firstEmpty } from './narrow32'
import { firstEmpty64 } from './narrow64'
import {
  nextDisplacementBits,
  nextDivisor,
  nextEnd,
  nextKeyBits,
  nextKeyLeftBits,
  nextOverflowEnd,
  nextReciprocal,
  nextShift,
  nextSlotBytes,
  nextStart,
  nextStepShift,
  readNextTable,
} from './next-table'
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

/** Of the new table's mixed values (mix.ts). */
let nextMixHalf: u64 = 0
let nextMixMask: u64 = 0
/** True if the new table's keys have other widths than those of the old one. */
let rekeyed: bool = false

function readNext(): void {
  readNextTable()
  nextMixHalf = (nextKeyBits + 1) >> 1
  nextMixMask = nextKeyBits >= 64 ? ~0 : ((<u64>1) << nextKeyBits) - 1
  rekeyed = nextMixMask != mixMask || nextKeyLeftBits != keyLeftBits
}

/** Puts a 32-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place32(line: usize, value: u32, step: usize): bool {
  const mask = ((<u32>1) << (<u32>nextDisplacementBits)) - 1
  while (true) {
    const slot = firstEmpty(line)
    if (slot != 0) {
      if (atomic.cmpxchg<u32>(slot, 0, value) == 0) return true
      continue
    }
    if ((value & mask) == mask) return false
    value += 1
    line = nextLine(line, step, nextStart, nextEnd)
    commitPage(line)
  }
}

/** Puts a 64-bit slot value into the first empty slot from `line` on. False if none is in reach. */
function place64(line: usize, value: u64, step: usize): bool {
  const mask = ((<u64>1) << nextDisplacementBits) - 1
  while (true) {
    const slot = firstEmpty64(line)
    if (slot != 0) {
      if (atomic.cmpxchg<u64>(slot, 0, value) == 0) return true
      continue
    }
    if ((value & mask) == mask) return false
    value += 1
    line = nextLine(line, step, nextStart, nextEnd)
    commitPage(line)
  }
}

/** The mixed value in the new table of a row whose mixed value in the old one is `mixed`. */
function remixed(mixed: u64): u64 {
  const key = keyOf(rowOf(unmix(mixed), keyLeftBits), nextKeyLeftBits)
  return mixWith(key, nextMixHalf, nextMixMask)
}

/**
 * Puts a row, known by its mixed value in the old table, into the new one. With `isFar` its new
 * home may lie in a page that is not committed.
 */
function place(known: u64, isFar: bool): bool {
  const mixed = rekeyed ? remixed(known) : known
  const x = mixed >> nextShift
  const home = (x * nextReciprocal) >> RECIPROCAL_SHIFT
  const low = ((<u64>1) << nextShift) - 1
  const remainder = ((x - home * nextDivisor) << nextShift) | (mixed & low)
  const value = (remainder << nextDisplacementBits) | 1
  const line = nextStart + <usize>home * LINE_BYTES
  if (isFar) commitPage(line)
  const step = stepBytes(remainder, nextStepShift)
  if (nextSlotBytes != 4) return place64(line, value, step)
  return place32(line, <u32>value, step) || insertOverflow(mixed, nextEnd, nextOverflowEnd) >= 0
}

/** Moves the rows of old lines `first` to `last` - 1. False if some row found no slot. */
function rehashLines(first: u32, last: u32): bool {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  const slotBytes = tableSlotBytes
  const displacementMask = ((<u64>1) << tableDisplacementBits) - 1
  const low = ((<u64>1) << tableShift) - 1
  for (let i = first; i < last; i++) {
    const line = tableStart + i * LINE_BYTES
    for (let slot = line; slot < line + LINE_BYTES; slot += slotBytes) {
      const value = slotBytes == 4 ? <u64>load<u32>(slot) : load<u64>(slot)
      if (value == 0) break
      const remainder = value >> tableDisplacementBits
      const displacement = <u32>((value & displacementMask) - 1)
      let home = i
      if (displacement != 0) {
        const step = <u32>stepBytes(remainder, tableStepShift) / LINE_BYTES
        const moved = (displacement * step) % lines
        home = i >= moved ? i - moved : i + lines - moved
      }
      const high = <u64>home * tableDivisor + (remainder >> tableShift)
      const mixed = (high << tableShift) | (remainder & low)
      if (!place(mixed, rekeyed || displacement != 0)) return false
    }
  }
  return true
}

/**
 * Moves the rows of the overflow that the old lines `first` to `last` - 1 have for their share.
 * False if some row found no slot.
 */
function rehashOverflow(first: u64, last: u64, lines: u64): bool {
  const slots = <u64>((overflowEnd - tableEnd) >> 3)
  const end = tableEnd + ((<usize>((slots * last) / lines)) << 3)
  for (let slot = tableEnd + ((<usize>((slots * first) / lines)) << 3); slot < end; slot += 8) {
    const value = load<u64>(slot)
    if (value != 0 && !place(value - 1, true)) return false
  }
  return true
}

/** Commits the pages of lines `start` to `end`, from `first` to `last` if `whole` is all. */
function commitPart(first: u64, last: u64, whole: u64, start: usize, end: usize): void {
  const lines = <u64>((end - start) / LINE_BYTES)
  const partStart = start + <usize>((lines * first) / whole) * LINE_BYTES
  commitPages(partStart, start + <usize>((lines * last) / whole) * LINE_BYTES)
}

/** Old lines of the run at hand that are still to be moved. */
let runNext: u32 = 0
let runEnd: u32 = 0

/**
 * Takes part in a growth, between the two barriers (Kernel.rehash): moves the next few old lines
 * of this worker's run. Or takes a new run, commits the pages that it fills, and does its share of
 * the overflow. False if nothing is left, or some row found no slot. Runs are long, so that rows
 * which overflow into neighbouring lines seldom meet another worker there. Calls are short, since
 * the engine replaces its first, slow code for a function only when it is called again.
 */
export function copyRows(): bool {
  const lines: u32 = <u32>((tableEnd - tableStart) / LINE_BYTES)
  let placed = true
  if (runNext == runEnd) {
    const runLines = max<u32>(REHASH_LINES, lines / REHASH_RUNS)
    runNext = atomic.add<u32>(REHASH_CURSOR, runLines)
    runEnd = min<u32>(runNext + runLines, lines)
    if (runNext >= lines) {
      runNext = runEnd
      return false
    }
    readNext()
    commitPart(runNext, runEnd, lines, nextStart, nextEnd)
    commitPart(runNext, runEnd, lines, nextEnd, nextOverflowEnd)
    placed = rehashOverflow(runNext, runEnd, lines)
  }
  const first = runNext
  runNext = min<u32>(first + REHASH_LINES, runEnd)
  if (placed && rehashLines(first, runNext)) return true
  runNext = runEnd
  atomic.store<u32>(REHASH_FAILED, 1)
  return false
}
