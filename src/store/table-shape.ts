/**
 * The shape of a visited set's table: how many lines, and how a mixed key is cut into home line and
 * remainder. Pure arithmetic; the kernel (`workers/kernel/table.ts`) does the cutting.
 *
 *   mixed value, b bits:   [ x = value >> shift            | low: shift bits ]
 *   home line            = x / divisor,      lines = ceil(2 ** (b - shift) / divisor)
 *   remainder            = (x % divisor) << shift | low
 *
 * With divisors 16 to 31 there are sixteen sizes in every octave, so a table can grow in small
 * steps.
 */
import { assert, defined } from '../base/assert.js'
import {
  LINE_BYTES,
  RECIPROCAL_SHIFT,
  STEP_BITS,
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
} from './control-slots.js'

/** What the table must hold: rows of the level log, moved together to keys (kernel's mix.ts). */
export interface KeyFormat {
  /** Bits of a key, 1..64; 0 if it is not to be mixed (shards.ts). */
  readonly bits: number
  /** Bits of a key for the left half of a row; 32 if a row is its own key. */
  readonly leftBits: number
}

/** Shape of a table; see the head of this file. */
export interface TableShape {
  readonly lines: number
  /** Lines of 64-bit overflow slots after the others; none with 64-bit slots. */
  readonly overflowLines: number
  readonly shift: number
  readonly divisor: number
  readonly remainderBits: number
  /** Bits of a slot for displacement + 1, 3..8. */
  readonly displacementBits: number
  /** 4 or 8; 0 for an array of bits. */
  readonly slotBytes: number
  /** Rows at which the table grows. */
  readonly rowsMax: number
}

/** Fewest bits for displacement + 1: a row may lie up to 6 steps from home. */
const DISPLACEMENT_BITS_MIN = 3
const DISPLACEMENT_BITS_MAX = 8
/** A divisor is at least this, and less than twice as much, unless no bits are left. */
const DIVISOR_MIN = 16
/** Share of the slots that are filled before the table grows. */
const LOAD_MAX = 0.97
/** One line of overflow per so many lines, with 32-bit slots. */
const OVERFLOW_SHARE = 64
/** Tables may not reach further than a memory does. */
const LINES_MAX = 2 ** 26 - 2 ** 12
/** Keys of any width have a table of at most so many lines. */
const LINES_LEAST = 16
/**
 * A growth takes so many times the lines, up to LARGE_BYTES. Fewer growths cost less time, and
 * lines that are not almost full are searched faster.
 */
const SMALL_FACTOR = 4
/** It takes up to so many times the lines, and bytes, if that is what slots of 32 bits need. */
const NARROW_FACTOR = 32
const NARROW_BYTES = 2 ** 23
/** From this size on a growth takes small steps, since the bytes matter more than the time. */
export const LARGE_BYTES = 2 ** 25
/** Any growth takes at least so many times the slots. */
const FACTOR_MIN = 1.05
/** At most so many times the lines: 4 / 0.97 * 1.19 * 65 / 64 = 5 bytes a state. */
const LARGE_FACTOR_32 = 1.19
/** At most 8 / 0.97 * 1.3 = 10.7 bytes a state, 9.4 on average. */
const LARGE_FACTOR_64 = 1.3

/** Bytes of the visited set of a table. */
export function tableBytes(shape: TableShape): number {
  return (shape.lines + shape.overflowLines) * LINE_BYTES
}

/** Number of slots, overflow not counted. */
export function slotCount(shape: TableShape): number {
  return (shape.lines * LINE_BYTES) / shape.slotBytes
}

/** Bits of a number below `divisor`. */
function divisorBits(divisor: number): number {
  return 32 - Math.clz32(divisor - 1)
}

function shapeOf(bits: number, shift: number, divisor: number): TableShape | undefined {
  const lines = Math.ceil(2 ** (bits - shift) / divisor)
  const remainderBits = shift + divisorBits(divisor)
  const slotBits = remainderBits + DISPLACEMENT_BITS_MIN <= 32 ? 32 : 64
  if (lines > LINES_MAX || remainderBits + DISPLACEMENT_BITS_MIN > slotBits) return undefined
  const slotBytes = slotBits / 8
  return {
    lines,
    overflowLines: slotBytes === 4 ? Math.ceil(lines / OVERFLOW_SHARE) : 0,
    shift,
    divisor,
    remainderBits,
    displacementBits: Math.min(DISPLACEMENT_BITS_MAX, slotBits - remainderBits),
    slotBytes,
    rowsMax: Math.floor(((lines * LINE_BYTES) / slotBytes) * LOAD_MAX),
  }
}

/** The shape of an array of bits of a lossy shard, `lines` lines long; it never grows. */
export function bitsShape(lines: number): TableShape {
  return {
    lines,
    overflowLines: 0,
    shift: 0,
    divisor: DIVISOR_MIN,
    remainderBits: divisorBits(DIVISOR_MIN),
    displacementBits: 0,
    slotBytes: 0,
    rowsMax: 2 ** 32 - 1,
  }
}

/**
 * The shapes for keys of `bits` bits, smallest first, of `linesMin` to `linesMax` lines, or to 16
 * if that is more. At most sixteen to an octave.
 */
export function tableShapes(bits: number, linesMin = 0, linesMax = LINES_MAX): TableShape[] {
  assert(bits >= 1 && bits <= 64, `a key has 1 to 64 bits, not ${bits}`)
  const most = Math.max(LINES_LEAST, linesMax)
  const shapes: TableShape[] = []
  for (let shift = bits; shift >= 0; shift--) {
    // The last bits can be divided by less: so even a set of all keys is not full.
    const least = shift === 0 ? DIVISOR_MIN / 4 : DIVISOR_MIN
    const quotients = 2 ** (bits - shift)
    if (Math.ceil(quotients / least) < linesMin) continue
    if (quotients / (2 * DIVISOR_MIN) > most) break
    for (let divisor = 2 * DIVISOR_MIN - 1; divisor >= least; divisor--) {
      const shape = shapeOf(bits, shift, divisor)
      if (shape === undefined || shape.lines < linesMin || shape.lines > most) continue
      const last = shapes.at(-1)
      if (last === undefined || shape.lines > last.lines) shapes.push(shape)
    }
  }
  return shapes
}

/** The largest shape of at most `bytes`, or the smallest there is. */
export function initialShape(bits: number, bytes: number): TableShape {
  const lines = bytes / LINE_BYTES
  const fits = (shape: TableShape): boolean => tableBytes(shape) <= bytes
  const near = tableShapes(bits, lines / 2, lines).findLast(fits)
  if (near !== undefined) return near
  const shapes = tableShapes(bits)
  return defined(shapes.findLast(fits) ?? shapes[0], 'every width of keys has a table shape')
}

/**
 * What to try, in this order, when the table `current` is full and keys have `bits` bits from now
 * on: the shape with the lines that its size asks for, then smaller and smaller ones down to the
 * next larger than `current`. Empty if the table is the largest possible.
 * @param largeBytes  size from which on steps are small, and to which a large step leads at most.
 */
export function grownShapes(
  bits: number,
  current: TableShape,
  largeBytes = LARGE_BYTES,
): TableShape[] {
  const isNarrow = current.slotBytes === 4
  const least = isNarrow ? LARGE_FACTOR_32 : LARGE_FACTOR_64
  const slots = slotCount(current)
  const reach = isNarrow ? SMALL_FACTOR : NARROW_FACTOR
  const shapes = tableShapes(bits, current.lines / 2, current.lines * reach * 1.001)
  const larger = shapes.filter(shape => slotCount(shape) > slots * FACTOR_MIN)
  // By lines, as the first table with 32-bit slots has twice the slots in the same lines.
  const step = Math.min(current.lines * SMALL_FACTOR, Math.floor(largeBytes / LINE_BYTES))
  const asked = Math.max(current.lines * least, step) * 1.001
  const narrow = isNarrow ? undefined : larger.find(shape => shape.slotBytes === 4)
  const isNear = narrow !== undefined && narrow.lines * LINE_BYTES <= NARROW_BYTES
  const most = isNear ? Math.max(asked, narrow.lines) : asked
  const within = larger.filter(shape => shape.lines <= most)
  return (within.length === 0 ? larger.slice(0, 1) : within).reverse()
}

/** What to try when `current` is not full, but keys have `bits` bits from now on. */
export function rekeyedShapes(bits: number, current: TableShape): TableShape[] {
  const shapes = tableShapes(bits, current.lines / 2, current.lines * 4)
  const shape = shapes.find(({ rowsMax }) => rowsMax >= current.rowsMax)
  return shape === undefined ? [] : [shape]
}

/** A table: its shape, where it lies, and what it holds. */
export interface Table {
  readonly shape: TableShape
  readonly address: number
  readonly keys: KeyFormat
}

/** Writes the record of a table (control-slots.ts) at byte `record`. */
export function writeTableRecord(view: DataView, record: number, table: Table): void {
  const { shape, address, keys } = table
  view.setUint32(record + TABLE_ADDRESS, address, true)
  view.setUint32(record + TABLE_LINES, shape.lines, true)
  view.setUint32(record + TABLE_OVERFLOW_LINES, shape.overflowLines, true)
  view.setUint32(record + TABLE_SHIFT, shape.shift, true)
  view.setUint32(record + TABLE_DIVISOR, shape.divisor, true)
  view.setUint32(record + TABLE_DISPLACEMENT_BITS, shape.displacementBits, true)
  view.setUint32(record + TABLE_SLOT_BYTES, shape.slotBytes, true)
  view.setUint32(record + TABLE_ROWS_MAX, shape.rowsMax, true)
  view.setUint32(record + TABLE_STEP_SHIFT, Math.max(0, shape.remainderBits - STEP_BITS), true)
  writeKeys(view, record, keys)
  view.setBigUint64(record + TABLE_RECIPROCAL, reciprocal(shape.divisor), true)
}

/** Writes that part of the record of a table that says what its keys are. */
export function writeKeys(view: DataView, record: number, keys: KeyFormat): void {
  view.setUint32(record + TABLE_KEY_BITS, keys.bits, true)
  view.setUint32(record + TABLE_KEY_LEFT_BITS, keys.leftBits, true)
}

/** Reads the record of a table at byte `record`; the inverse of writeTableRecord. */
export function readTableRecord(view: DataView, record: number): Table {
  const divisor = view.getUint32(record + TABLE_DIVISOR, true)
  const shift = view.getUint32(record + TABLE_SHIFT, true)
  return {
    address: view.getUint32(record + TABLE_ADDRESS, true),
    keys: {
      bits: view.getUint32(record + TABLE_KEY_BITS, true),
      leftBits: view.getUint32(record + TABLE_KEY_LEFT_BITS, true),
    },
    shape: {
      lines: view.getUint32(record + TABLE_LINES, true),
      overflowLines: view.getUint32(record + TABLE_OVERFLOW_LINES, true),
      shift,
      divisor,
      remainderBits: shift + divisorBits(divisor),
      displacementBits: view.getUint32(record + TABLE_DISPLACEMENT_BITS, true),
      slotBytes: view.getUint32(record + TABLE_SLOT_BYTES, true),
      rowsMax: view.getUint32(record + TABLE_ROWS_MAX, true),
    },
  }
}

/**
 * ceil(2 ** RECIPROCAL_SHIFT / divisor). (x * reciprocal) >> RECIPROCAL_SHIFT is x / divisor for
 * all x below 2 ** RECIPROCAL_SHIFT / divisor, since the error x * (divisor - 1) stays below 2 **
 * 35.
 */
export function reciprocal(divisor: number): bigint {
  const d = BigInt(divisor)
  return ((1n << BigInt(RECIPROCAL_SHIFT)) + d - 1n) / d
}
