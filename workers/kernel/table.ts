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
 * The globals here belong to one worker (each has its own kernel instance). They are copied from the
 * control area by `refreshTable`, when the worker starts and before it leaves the growth barrier.
 */
import {
  LINE_BYTES,
  TABLE,
  TABLE_ADDRESS,
  TABLE_DISPLACEMENT_BITS,
  TABLE_DIVISOR,
  TABLE_LINES,
  TABLE_RECIPROCAL,
  TABLE_ROWS_MAX,
  TABLE_SHIFT,
  TABLE_SLOT_BYTES,
} from '../../src/store/control-slots'

export let tableStart: usize = 0
export let tableEnd: usize = 0
export let tableShift: u64 = 0
export let tableDivisor: u64 = 0
export let tableReciprocal: u64 = 0
export let tableDisplacementBits: u64 = 0
export let tableSlotBytes: u32 = 0
export let tableRowsMax: u32 = 0

/** Reads the record of the table in use. The barrier before it orders the reads. */
export function refreshTable(): void {
  tableStart = load<u32>(TABLE + TABLE_ADDRESS)
  tableEnd = tableStart + load<u32>(TABLE + TABLE_LINES) * LINE_BYTES
  tableShift = load<u32>(TABLE + TABLE_SHIFT)
  tableDivisor = load<u32>(TABLE + TABLE_DIVISOR)
  tableReciprocal = load<u64>(TABLE + TABLE_RECIPROCAL)
  tableDisplacementBits = load<u32>(TABLE + TABLE_DISPLACEMENT_BITS)
  tableSlotBytes = load<u32>(TABLE + TABLE_SLOT_BYTES)
  tableRowsMax = load<u32>(TABLE + TABLE_ROWS_MAX)
}
