/**
 * How a table of the visited set grows, phase by phase: that of the first memory, or that of a
 * shard (shard-growth.ts). Between two phases all workers meet; the last to arrive runs
 * `stepTableGrowth`, and all take part in what it begins (`Kernel.rehash`).
 *
 *   copy       rows go to a table elsewhere: 64-bit slots, longer keys
 *   aside      the overflow is emptied of a table that will get longer over it
 *   stretch    the table gets longer where it lies, round by round (workers/kernel/stretch.ts)
 *   place      rows that stretching has set aside get their slots
 *
 * A copy that finds no slot for some row begins again with a larger table; the old one is never
 * written. A stretched table has no old one: then it is stretched once more, and the rows stay
 * aside meanwhile.
 */
import {
  GROWTH_ASIDE,
  GROWTH_COPY,
  GROWTH_NONE,
  GROWTH_PHASE,
  GROWTH_PLACE,
  GROWTH_STRETCH,
  MEMORY_LIMIT,
  MEMORY_NEXT,
  MEMORY_TOP,
  REHASH_CURSOR,
  REHASH_FAILED,
  STRETCH_COMPLETE,
  STRETCH_FIRST,
  STRETCH_LAST,
  STRETCH_LINES,
  TABLE,
  TABLE_FULL,
  TABLE_NEXT,
  TABLE_RECORD_BYTES,
} from './control-slots.js'
import { foldTree, type FoldTree, type RowFormat } from './fold-tree.js'
import { indexBits } from './intern-tables.js'
import type { Kernel } from './kernel.js'
import {
  grownShapes,
  LARGE_BYTES,
  readTableRecord,
  rekeyedShapes,
  tableBytes,
  writeTableRecord,
  type KeyFormat,
  type Table,
  type TableShape,
} from './table-shape.js'
import { allocatedBytes } from './memory-bytes.js'
import { INDEX_BITS_SPARE } from './visited-set.js'

/** What comes next: all workers call `rehash`, or the growth is over, or memory is. */
export type TableGrowthStep = 'rehash' | 'done' | 'refused'

/** The table that grows, and by whose hand. */
export interface GrowingTable {
  /** Control slots of the table's memory. */
  readonly view: DataView
  /** The caller's instance over that memory. */
  readonly kernel: Kernel
  /** What comes after the table in use, which is too small. */
  readonly next: () => NextTable
  /** Whether rows may be copied to a table elsewhere in the memory. */
  readonly mayCopy: boolean
}

/** A round of fewer lines than this is the last, and one worker's. */
const LAST_ROUND_LINES = 4096
/**
 * Old lines of a piece, at most. Its new ones are up to 512 KiB, so that few pages lie in tables of
 * pages which another worker fills at the same time: the system is slower then.
 */
const PIECE_LINES = 2048
/** A table is stretched to at most so many times its lines (the kernel's buffers are for that). */
const STRETCH_MAX = 4
/**
 * Share of a table's bytes that rows which are set aside may take: those of a round, a few in a
 * hundred, and the overflow, each in 8 bytes instead of 4.
 */
const ASIDE_SHARE = 1 / 8

/** True from the first step of a growth to the last. */
export function isGrowing(view: DataView): boolean {
  return view.getUint32(GROWTH_PHASE, true) !== GROWTH_NONE
}

/** The keys that the two top intern tables need at their present size; `keys` if it has room. */
function neededKeys(view: DataView, tree: FoldTree, keys: KeyFormat): KeyFormat {
  const widen = (bits: number, node: number): number => {
    const needed = indexBits(view, node)
    return needed <= bits ? bits : needed + INDEX_BITS_SPARE
  }
  const leftBits = widen(keys.leftBits, tree.left)
  return { bits: leftBits + widen(keys.bits - keys.leftBits, tree.right), leftBits }
}

/** What comes after the table in use: its keys, and the shapes to try in this order. */
export interface NextTable {
  readonly keys: KeyFormat
  readonly shapes: readonly TableShape[]
}

/** The table in use, or that which was too small for a copy of it, and the keys to come. */
function formerTable(view: DataView, format: RowFormat): { table: Table; keys: KeyFormat } {
  const failed = view.getUint32(REHASH_FAILED, true) !== 0
  const table = readTableRecord(view, failed ? TABLE_NEXT : TABLE)
  const tree = foldTree(format)
  return { table, keys: tree === null ? table.keys : neededKeys(view, tree, table.keys) }
}

/** True if some row has found the table in use, or a copy of it, too full. */
function isFull(view: DataView): boolean {
  return view.getUint32(REHASH_FAILED, true) !== 0 || view.getUint32(TABLE_FULL, true) !== 0
}

/** The next table, for one that needs it. */
function nextTable(view: DataView, format: RowFormat, largeBytes: number): NextTable {
  const { table, keys } = formerTable(view, format)
  const shapes = isFull(view)
    ? grownShapes(keys.bits, table.shape, largeBytes)
    : rekeyedShapes(keys.bits, table.shape)
  return { keys, shapes }
}

/** The table in the first memory, which needs a next one; from `largeBytes` on steps are small. */
export function firstTable(
  view: DataView,
  kernel: Kernel,
  format: RowFormat,
  largeBytes = LARGE_BYTES,
): GrowingTable {
  return { view, kernel, next: () => nextTable(view, format, largeBytes), mayCopy: true }
}

/** True if rows must move to another table, since the one in use is full or its keys too short. */
export function needsNextTable(view: DataView, format: RowFormat): boolean {
  if (isFull(view)) return true
  const { table, keys } = formerTable(view, format)
  return keys.bits !== table.keys.bits
}

/** Bytes of the table that a growth tries first; Infinity if there is none. */
export function nextTableBytes(view: DataView, format: RowFormat): number {
  const [shape] = nextTable(view, format, LARGE_BYTES).shapes
  return shape === undefined ? Infinity : tableBytes(shape)
}

/** Old lines to one new line, times the new divisor. */
function stretchedDivisor(shape: TableShape, next: TableShape): number {
  return shape.divisor * 2 ** (shape.shift - next.shift)
}

/** True if `table`, the last thing at its end of memory, can be stretched to the shape `next`. */
function canStretch(view: DataView, table: Table, keys: KeyFormat, next: TableShape): boolean {
  const { shape, address } = table
  if (shape.slotBytes !== 4 || keys.bits !== table.keys.bits) return false
  const isLast = address + tableBytes(shape) === view.getUint32(MEMORY_NEXT, true)
  return isLast && stretchedDivisor(shape, next) <= STRETCH_MAX * next.divisor
}

/** Bytes that a growth from `table` to the shape `next` takes. */
function growthBytes(view: DataView, table: Table, keys: KeyFormat, next: TableShape): number {
  const bytes = tableBytes(next)
  if (!canStretch(view, table, keys, next)) return bytes
  return bytes - tableBytes(table.shape) + ASIDE_SHARE * bytes
}

/** Makes room for a table of shape `next` in place of `table`. Returns its address, 0 if none. */
function placeNext(view: DataView, table: Table, next: TableShape): number {
  const { keys } = table
  if (!canStretch(view, table, keys, next)) return 0
  const bytes = growthBytes(view, table, keys, next)
  const end = view.getUint32(MEMORY_NEXT, true)
  if (allocatedBytes(view) + bytes > view.getUint32(MEMORY_LIMIT, true)) return 0
  if (end + bytes > view.getUint32(MEMORY_TOP, true)) return 0
  view.setUint32(MEMORY_NEXT, table.address + tableBytes(next), true)
  return table.address
}

/** Begins to fill `next`, and sets all slots for it. */
function begin(view: DataView, phase: number, next: Table): void {
  writeTableRecord(view, TABLE_NEXT, next)
  view.setUint32(GROWTH_PHASE, phase, true)
  view.setUint32(REHASH_CURSOR, 0, true)
  view.setUint32(REHASH_FAILED, 0, true)
}

/** Sets the slots for the next round of stretching. False if there is none. */
function beginRound(view: DataView): boolean {
  const { shape } = readTableRecord(view, TABLE)
  const { shape: next } = readTableRecord(view, TABLE_NEXT)
  const last = view.getUint32(STRETCH_FIRST, true)
  if (last === 0) return false
  const divisor = stretchedDivisor(shape, next)
  // New lines of the round begin at or above `last`.
  const whole = Math.ceil(last / divisor) * next.divisor
  const first = last <= LAST_ROUND_LINES ? 0 : whole
  const lines = first === 0 ? last : Math.floor(PIECE_LINES / next.divisor) * next.divisor
  const complete = last === shape.lines ? next.lines : (last * divisor) / next.divisor
  view.setUint32(STRETCH_FIRST, first, true)
  view.setUint32(STRETCH_LAST, last, true)
  view.setUint32(STRETCH_LINES, lines, true)
  view.setUint32(STRETCH_COMPLETE, complete, true)
  view.setUint32(REHASH_CURSOR, 0, true)
  return true
}

/** Begins a growth. 'refused' if the memory limit leaves no room for a larger table. */
function beginGrowth({ view, kernel, next, mayCopy }: GrowingTable): TableGrowthStep {
  const { keys, shapes } = next()
  const table = readTableRecord(view, TABLE)
  for (const shape of shapes) {
    const isLonger = keys.bits !== table.keys.bits
    const stretched = isLonger ? 0 : placeNext(view, table, shape)
    if (stretched !== 0) {
      begin(view, GROWTH_ASIDE, { shape, address: stretched, keys })
      view.setUint32(STRETCH_FIRST, table.shape.lines, true)
      return 'rehash'
    }
    const address = mayCopy ? kernel.allocateTable(tableBytes(shape)) >>> 0 : 0
    if (address === 0) continue
    begin(view, GROWTH_COPY, { shape, address, keys })
    return 'rehash'
  }
  return 'refused'
}

/** Puts the next table in place of the one in use. */
function endGrowth(view: DataView): void {
  for (let offset = 0; offset < TABLE_RECORD_BYTES; offset += 4) {
    view.setUint32(TABLE + offset, view.getUint32(TABLE_NEXT + offset, true), true)
  }
  view.setUint32(GROWTH_PHASE, GROWTH_NONE, true)
  view.setUint32(TABLE_FULL, 0, true)
}

/** Goes on after a copy. */
function endCopy(growing: GrowingTable): TableGrowthStep {
  const { view, kernel } = growing
  const isFailed = view.getUint32(REHASH_FAILED, true) !== 0
  const { shape, address } = readTableRecord(view, isFailed ? TABLE_NEXT : TABLE)
  if (isFailed) {
    const step = beginGrowth(growing)
    kernel.releaseTable(address, tableBytes(shape))
    return step
  }
  endGrowth(view)
  kernel.releaseTable(address, tableBytes(shape))
  return 'done'
}

/** Goes on after the rows that were set aside have got their slots, unless some have none. */
function endPlacing(growing: GrowingTable): TableGrowthStep {
  const { view } = growing
  const isFailed = view.getUint32(REHASH_FAILED, true) !== 0
  view.setUint32(REHASH_FAILED, 0, true)
  endGrowth(view)
  if (!isFailed) return 'done'
  view.setUint32(TABLE_FULL, 1, true)
  return beginGrowth({ ...growing, mayCopy: false })
}

/**
 * Ends the phase that all workers have taken part in, if there was one, and begins the next. One
 * worker, with all others in the growth barrier; after 'refused' the table in use is as it was,
 * but rows may be missing from it, so nothing more can be inserted.
 */
export function stepTableGrowth(growing: GrowingTable): TableGrowthStep {
  const { view } = growing
  const phase = view.getUint32(GROWTH_PHASE, true)
  if (phase === GROWTH_COPY) return endCopy(growing)
  if (phase === GROWTH_PLACE) return endPlacing(growing)
  if (phase === GROWTH_NONE) return beginGrowth(growing)
  view.setUint32(GROWTH_PHASE, beginRound(view) ? GROWTH_STRETCH : GROWTH_PLACE, true)
  return 'rehash'
}

/** Bytes that the next growth will take, if keys stay `bits` long; `largeBytes` as grownShapes. */
export function nextGrowthBytes(view: DataView, bits?: number, largeBytes?: number): number {
  const table = readTableRecord(view, TABLE)
  const shape = grownShapes(bits ?? table.keys.bits, table.shape, largeBytes)[0]
  return shape === undefined ? 0 : growthBytes(view, table, table.keys, shape)
}
