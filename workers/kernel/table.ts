/**
 * The table in use, and how a mixed value is cut into home line and remainder.
 *
 *   mixed value, b bits:   [ x = value >> shift            | low: shift bits ]
 *   home line            = x / divisor
 *   remainder            = (x % divisor) << shift | low
 *
 * Division by 4..7 instead of a mere shift lets the table grow in steps smaller than 2. Lines and
 * remainders are in one-to-one correspondence with mixed values, and ordered as they are: line i of
 * a table goes near line i * (new lines / old lines) of the next, so a growth is sequential.
 *
 * A row that finds its home line full goes on by a step that its remainder chooses, so that full
 * lines do not grow into long runs (a few displacement bits then suffice for a load of 0.95):
 *
 *   line at displacement k = (home line + k * step) mod lines,   step = 1, 3, 5 ... 127
 *
 * Steps are short, so the next line lies on the same or a neighbouring page.
 *
 * The globals here belong to one worker (each has its own kernel instance). They are copied from
 * the control area by `refreshTable`, when the worker starts and before it leaves the growth
 * barrier.
 */
import {
  LINE_BYTES,
  STEP_BITS,
  TABLE,
  TABLE_ADDRESS,
  TABLE_DISPLACEMENT_BITS,
  TABLE_DIVISOR,
  TABLE_KEY_BITS,
  TABLE_KEY_LEFT_BITS,
  TABLE_LINES,
  TABLE_OVERFLOW_LINES,
  TABLE_RECIPROCAL,
  TABLE_ROWS_MAX,
  TABLE_SHIFT,
  TABLE_SLOT_BYTES,
  TABLE_STEP_SHIFT,
} from '../../src/store/control-slots'
import { setKeyLeftBits, setMixBits, setMixIdentity } from './mix'

export let tableStart: usize = 0
/** First byte after the lines; the overflow begins here. */
export let tableEnd: usize = 0
/** First byte after the overflow. */
export let overflowEnd: usize = 0
export let tableShift: u64 = 0
export let tableDivisor: u64 = 0
export let tableReciprocal: u64 = 0
export let tableDisplacementBits: u64 = 0
export let tableSlotBytes: u32 = 0
export let tableRowsMax: u32 = 0
export let tableStepShift: u64 = 0

/** Reads the record of the table in use. The barrier before it orders the reads. */
export function refreshTable(): void {
  tableStart = load<u32>(TABLE + TABLE_ADDRESS)
  tableEnd = tableStart + load<u32>(TABLE + TABLE_LINES) * LINE_BYTES
  overflowEnd = tableEnd + load<u32>(TABLE + TABLE_OVERFLOW_LINES) * LINE_BYTES
  tableShift = load<u32>(TABLE + TABLE_SHIFT)
  tableDivisor = load<u32>(TABLE + TABLE_DIVISOR)
  tableReciprocal = load<u64>(TABLE + TABLE_RECIPROCAL)
  tableDisplacementBits = load<u32>(TABLE + TABLE_DISPLACEMENT_BITS)
  tableSlotBytes = load<u32>(TABLE + TABLE_SLOT_BYTES)
  tableStepShift = load<u32>(TABLE + TABLE_STEP_SHIFT)
  tableRowsMax = load<u32>(TABLE + TABLE_ROWS_MAX)
  const keyBits = load<u32>(TABLE + TABLE_KEY_BITS)
  if (keyBits == 0) setMixIdentity()
  else setMixBits(keyBits)
  setKeyLeftBits(load<u32>(TABLE + TABLE_KEY_LEFT_BITS))
}

/** Bytes from one line to the next on the way of a row with this remainder. */
export function stepBytes(remainder: u64, stepShift: u64): usize {
  const bits = (<usize>(remainder >> stepShift)) & ((1 << STEP_BITS) - 1)
  return (2 * bits + 1) * LINE_BYTES
}

/** The line `step` bytes after `line`, around the end of a table from `start` to `end`. */
export function nextLine(line: usize, step: usize, start: usize, end: usize): usize {
  line += step
  while (line >= end) line -= end - start
  return line
}
