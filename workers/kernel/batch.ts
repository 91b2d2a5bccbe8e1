/**
 * What a batch of rows goes through on its way into the table, whatever the width of slots:
 *
 *   locate      slot value and home line of each row
 *   rounds      touch the lines of all pending rows, then search them (narrow32.ts, narrow64.ts);
 *               a row whose line is full stays pending, with its next line
 *   appendNew   the rows that were new go to the log, in the order of the batch
 *
 * Rounds instead of following each row to its end: in a table that is nearly full a third of all
 * rows go on to a second line, and each of these would be a cache miss that nothing overlaps.
 *
 * The scratch of a worker: BATCH_ROWS entries, then the list of pending rows. An entry:
 *
 *   0   u64  row
 *   8   u64  slot value
 *   16  u32  line to search next; at the end ROW_IS_KNOWN or ROW_IS_NEW
 *   20  u32  where the row was among those submitted
 */
import {
  BATCH_ROWS,
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  SCRATCH_ENTRY_BYTES,
} from '../../src/store/control-slots'
import { logPosition, setLogPosition } from './log'
import { keyLeftBits, keyOf, mixHalf, mixMask, mixWith } from './mix'
import {
  tableDisplacementBits,
  tableDivisor,
  tableReciprocal,
  tableShift,
  tableStart,
} from './table'
import { touchLines } from './touch'

/** Instead of a line: the row was in the table. */
export const ROW_IS_KNOWN: u32 = 0
/** Instead of a line: the row has been put into the table. */
export const ROW_IS_NEW: u32 = 1

/** The list of pending rows: addresses of their entries, u32 each, in the order of the batch. */
export function pendingRows(scratch: usize): usize {
  return scratch + BATCH_ROWS * SCRATCH_ENTRY_BYTES + 64
}

/** Finds slot value and home line of rows in `scratch`, makes all pending, touches the lines. */
export function locate(count: u32, scratch: usize): void {
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
  let pending = pendingRows(scratch)
  for (let entry = scratch; entry < end; entry += SCRATCH_ENTRY_BYTES, pending += 4) {
    const row = load<u64>(entry)
    const mixed = mixWith(leftBits == 32 ? row : keyOf(row, leftBits), half, mask)
    const x = mixed >> shift
    const home = (x * reciprocal) >> RECIPROCAL_SHIFT
    const remainder = ((x - home * divisor) << shift) | (mixed & low)
    store<u64>(entry, (remainder << displacementBits) | 1, 8)
    store<u32>(entry, start + <usize>home * LINE_BYTES, 16)
    store<u32>(pending, <u32>entry)
  }
  touchLines(count, scratch)
}

/** Touches the lines of the `count` rows that are pending; see touchLines. */
export function touchPending(count: u32, scratch: usize): void {
  let touched: u32 = 0
  let pending = pendingRows(scratch)
  const end = pending + count * 4
  for (; pending < end; pending += 4) touched |= load<u32>(load<u32>(load<u32>(pending), 16))
  store<u32>(end, touched)
}

/**
 * Appends the rows of the batch that were new to the log. The `left` that are still pending are
 * not: they have no slot.
 */
export function appendNew(count: u32, left: u32, scratch: usize): void {
  const pending = pendingRows(scratch)
  for (let i: u32 = 0; i < left; i++) store<u32>(load<u32>(pending + i * 4), ROW_IS_KNOWN, 16)
  let position = logPosition
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (let entry = scratch; entry < end; entry += SCRATCH_ENTRY_BYTES) {
    store<u64>(position, load<u64>(entry))
    position += (<usize>load<u32>(entry, 16)) << 3
  }
  setLogPosition(position)
}
