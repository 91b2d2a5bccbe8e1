/**
 * The visited set from outside: its first table, its growth, its size. What is done per state is in
 * the kernel (`workers/kernel/narrow32.ts`, `narrow64.ts`, `fold.ts`), described in
 * `docs/internals/visited-set.md` and `folding.md`.
 *
 * `create` runs on the main thread before the workers start. `beginGrowth` and `endGrowth` run on
 * one worker while all others stand in the growth barrier, which orders every access to the
 * records.
 */
import { defined } from '../base/assert.js'
import {
  MEMORY_LIMIT,
  MEMORY_NEXT,
  REGIONS,
  REGION_COUNT,
  REHASH_CURSOR,
  REHASH_FAILED,
  TABLE,
  TABLE_ADDRESS,
  TABLE_FULL,
  TABLE_NEXT,
  TABLE_RECORD_BYTES,
  TABLE_USED,
} from './control-slots.js'
import { foldTree, type FoldTree, type RowFormat } from './fold-tree.js'
import { createInternTables, indexBits, internBytes } from './intern-tables.js'
import type { Kernel } from './kernel.js'
import {
  grownShapes,
  initialShape,
  readTableRecord,
  rekeyedShapes,
  slotCount,
  tableBytes,
  writeTableRecord,
  type KeyFormat,
  type TableShape,
} from './table-shape.js'

/** Addresses from here on are kept for descriptors of the level log. */
const LIMIT_MAX = 2 ** 32 - 2 ** 24
/** An intern table begins with one slot for so many bytes of the first table. */
const BYTES_PER_INTERN_SLOT = 16
const INTERN_SLOTS_FIRST_MAX = 65536
/** Most bits of an index to begin with. */
const INDEX_BITS_FIRST_MAX = 24
/**
 * Bits of an index once the visited set is in shards, where keys do not get longer: as many as
 * leave shards of 64 MiB and more with 32-bit slots. A memory has no room for more indices.
 */
const SHARD_INDEX_BITS = 26
/** An index that needs more bits gets so many to spare, as longer keys cost a new table. */
const INDEX_BITS_SPARE = 2

/** Size of the table, bytes and load. */
export interface VisitedSetSize {
  /** Bytes of the table in use. */
  readonly bytes: number
  /** Share of its slots that are filled, 0..1. */
  readonly load: number
}

/** A view of the control area; valid for ever, since the memory only grows. */
export function controlView(memory: WebAssembly.Memory): DataView {
  return new DataView(memory.buffer)
}

/** Bits of the keys to begin with; folded ones have room for the table's first doublings. */
function initialKeys(tree: FoldTree | null, stateBits: number, bytes: number): KeyFormat {
  if (tree === null) return { bits: Math.max(1, stateBits), leftBits: 32 }
  const leftBits = Math.min(INDEX_BITS_FIRST_MAX, Math.ceil(Math.log2(bytes)) + INDEX_BITS_SPARE)
  return { bits: 2 * leftBits, leftBits }
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

/** The keys of a visited set in shards, for good: they do not get longer there. */
export function shardKeys(format: RowFormat): KeyFormat {
  if (foldTree(format) === null) return { bits: Math.max(1, format.stateBits), leftBits: 32 }
  return { bits: 2 * SHARD_INDEX_BITS, leftBits: SHARD_INDEX_BITS }
}

/** True if the keys of a visited set in shards are long enough for the intern tables. */
export function fitsShards(view: DataView, format: RowFormat): boolean {
  const tree = foldTree(format)
  if (tree === null) return true
  return [tree.left, tree.right].every(node => indexBits(view, node) <= SHARD_INDEX_BITS)
}

/**
 * Allocates the first tables. `kernel` is an attached instance, `planEnd` the first free byte, and
 * `memoryBytes` the most bytes that may be allocated in all; the first table is always granted.
 */
export function createVisitedSet(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  options: { format: RowFormat; planEnd: number; tableBytes: number; memoryBytes: number },
): void {
  const view = controlView(memory)
  const tree = foldTree(options.format)
  const keys = initialKeys(tree, options.format.stateBits, options.tableBytes)
  const shape = initialShape(keys.bits, options.tableBytes)
  view.setUint32(MEMORY_NEXT, options.planEnd, true)
  view.setUint32(MEMORY_LIMIT, LIMIT_MAX, true)
  const address = kernel.allocateTable(tableBytes(shape)) >>> 0
  const internSlots = Math.min(INTERN_SLOTS_FIRST_MAX, options.tableBytes / BYTES_PER_INTERN_SLOT)
  if (tree !== null) createInternTables(view, kernel, tree, internSlots)
  view.setUint32(MEMORY_LIMIT, Math.min(LIMIT_MAX, Math.floor(options.memoryBytes)), true)
  writeTableRecord(view, TABLE, { shape, address, keys })
}

/** True from `beginGrowth` to an `endGrowth` that succeeds. */
export function isGrowing(view: DataView): boolean {
  return view.getUint32(TABLE_NEXT + TABLE_ADDRESS, true) !== 0
}

/** What comes after the table in use: its keys, and the shapes to try in this order. */
interface NextTable {
  readonly keys: KeyFormat
  readonly shapes: readonly TableShape[]
}

/** The next table; null if the one in use is neither full nor are its keys too short. */
function nextTable(view: DataView, format: RowFormat): NextTable | null {
  // After a failed growth the next record holds the table that was too small; go on from there.
  const failed = view.getUint32(REHASH_FAILED, true) !== 0
  const isFull = failed || view.getUint32(TABLE_FULL, true) !== 0
  const { shape, keys } = readTableRecord(view, failed ? TABLE_NEXT : TABLE)
  const tree = foldTree(format)
  const next = tree === null ? keys : neededKeys(view, tree, keys)
  if (isFull) return { keys: next, shapes: grownShapes(next.bits, shape) }
  return next.bits === keys.bits ? null : { keys: next, shapes: rekeyedShapes(next.bits, shape) }
}

/** True if rows must move to another table, since the one in use is full or its keys too short. */
export function needsNextTable(view: DataView, format: RowFormat): boolean {
  return nextTable(view, format) !== null
}

/** Bytes of the table that `beginGrowth` tries first; Infinity if there is none. */
export function nextTableBytes(view: DataView, format: RowFormat): number {
  const shape = nextTable(view, format)?.shapes[0]
  return shape === undefined ? Infinity : tableBytes(shape)
}

/**
 * Allocates the next table, which is needed. False if the memory limit leaves no room for it. One
 * worker, with all others in the barrier.
 */
export function beginGrowth(view: DataView, kernel: Kernel, format: RowFormat): boolean {
  const { keys, shapes } = defined(nextTable(view, format) ?? undefined)
  if (view.getUint32(REHASH_FAILED, true) !== 0) {
    const { shape, address } = readTableRecord(view, TABLE_NEXT)
    kernel.releaseTable(address, tableBytes(shape))
  }
  view.setUint32(TABLE_NEXT + TABLE_ADDRESS, 0, true)
  view.setUint32(REHASH_CURSOR, 0, true)
  view.setUint32(REHASH_FAILED, 0, true)
  for (const shape of shapes) {
    const address = kernel.allocateTable(tableBytes(shape)) >>> 0
    if (address === 0) continue
    writeTableRecord(view, TABLE_NEXT, { shape, address, keys })
    return true
  }
  return false
}

/**
 * Puts the next table in place of the one in use, after all workers have left `rehash`. False if
 * some row found no slot: then `beginGrowth` again. One worker, with all others in the barrier.
 */
export function endGrowth(view: DataView, kernel: Kernel): boolean {
  if (view.getUint32(REHASH_FAILED, true) !== 0) return false
  const { shape, address } = readTableRecord(view, TABLE)
  for (let offset = 0; offset < TABLE_RECORD_BYTES; offset += 4) {
    view.setUint32(TABLE + offset, view.getUint32(TABLE_NEXT + offset, true), true)
  }
  view.setUint32(TABLE_NEXT + TABLE_ADDRESS, 0, true)
  view.setUint32(TABLE_FULL, 0, true)
  kernel.releaseTable(address, tableBytes(shape))
  return true
}

/** Where the table that `beginGrowth` would choose now would lie. */
export interface TableRoom {
  readonly bytes: number
  /** In a free region, else behind all that was allocated. */
  readonly inRegion: boolean
}

/**
 * The room for the next table, null if there is none. Keys are taken to stay as long as they are.
 * Main before the workers start, or one worker with all others in the barrier.
 */
export function nextTableRoom(view: DataView): TableRoom | null {
  const rest = view.getUint32(MEMORY_LIMIT, true) - view.getUint32(MEMORY_NEXT, true)
  let region = 0
  for (let i = 0; i < view.getUint32(REGION_COUNT, true); i++) {
    const start = view.getUint32(REGIONS + 8 * i, true)
    region = Math.max(region, view.getUint32(REGIONS + 8 * i + 4, true) - start)
  }
  const { shape: current, keys } = readTableRecord(view, TABLE)
  for (const shape of grownShapes(keys.bits, current)) {
    const bytes = tableBytes(shape)
    if (bytes <= Math.max(rest, region)) return { bytes, inRegion: bytes <= region }
  }
  return null
}

/** Size of the table in use. Any thread, any time; exact when no worker runs. */
export function visitedSetSize(view: DataView): VisitedSetSize {
  const { shape } = readTableRecord(view, TABLE)
  const used = view.getUint32(TABLE_USED, true)
  return { bytes: tableBytes(shape), load: Math.min(1, used / Math.max(1, slotCount(shape))) }
}

/** Bytes of the intern tables, 0 unless states are folded. As visitedSetSize. */
export function foldingBytes(view: DataView, format: RowFormat): number {
  const tree = foldTree(format)
  return tree === null ? 0 : internBytes(view, tree)
}

/** Bytes allocated in the shared memory, table and level log included. Any thread, any time. */
export function allocatedBytes(view: DataView): number {
  return view.getUint32(MEMORY_NEXT, true)
}
