/** The table that a growth fills: what its record (TABLE_NEXT) says. As table.ts for the other. */
import {
  LINE_BYTES,
  TABLE_ADDRESS,
  TABLE_DISPLACEMENT_BITS,
  TABLE_DIVISOR,
  TABLE_KEY_BITS,
  TABLE_KEY_LEFT_BITS,
  TABLE_LINES,
  TABLE_NEXT,
  TABLE_OVERFLOW_LINES,
  TABLE_RECIPROCAL,
  TABLE_SHIFT,
  TABLE_SLOT_BYTES,
  TABLE_STEP_SHIFT,
} from '../../src/store/control-slots'

export let nextStart: usize = 0
export let nextEnd: usize = 0
export let nextOverflowEnd: usize = 0
export let nextShift: u64 = 0
export let nextDivisor: u64 = 0
export let nextReciprocal: u64 = 0
export let nextDisplacementBits: u64 = 0
export let nextStepShift: u64 = 0
export let nextSlotBytes: u32 = 0
export let nextKeyBits: u32 = 0
export let nextKeyLeftBits: u32 = 0

/** Reads the record. The barrier before a phase of a growth orders the reads. */
export function readNextTable(): void {
  nextStart = load<u32>(TABLE_NEXT + TABLE_ADDRESS)
  nextEnd = nextStart + load<u32>(TABLE_NEXT + TABLE_LINES) * LINE_BYTES
  nextOverflowEnd = nextEnd + load<u32>(TABLE_NEXT + TABLE_OVERFLOW_LINES) * LINE_BYTES
  nextShift = load<u32>(TABLE_NEXT + TABLE_SHIFT)
  nextDivisor = load<u32>(TABLE_NEXT + TABLE_DIVISOR)
  nextReciprocal = load<u64>(TABLE_NEXT + TABLE_RECIPROCAL)
  nextDisplacementBits = load<u32>(TABLE_NEXT + TABLE_DISPLACEMENT_BITS)
  nextStepShift = load<u32>(TABLE_NEXT + TABLE_STEP_SHIFT)
  nextSlotBytes = load<u32>(TABLE_NEXT + TABLE_SLOT_BYTES)
  nextKeyBits = load<u32>(TABLE_NEXT + TABLE_KEY_BITS)
  nextKeyLeftBits = load<u32>(TABLE_NEXT + TABLE_KEY_LEFT_BITS)
}
