/**
 * The visited set from outside: its first table and its size; its growth is in table-growth.ts.
 * What is done per state is in the kernel (`workers/kernel/narrow32.ts`, `narrow64.ts`, `fold.ts`),
 * described in `docs/internals/visited-set.md` and `folding.md`.
 *
 * `createVisitedSet` runs on the main thread before the workers start.
 */
import {
  MEMORY_END,
  MEMORY_LIMIT,
  MEMORY_NEXT,
  MEMORY_TOP,
  PAGE_BYTES,
  TABLE,
  TABLE_USED,
} from './control-slots.js'
import { foldTree, type FoldTree, type RowFormat } from './fold-tree.js'
import { createInternTables, indexBits, internBytes } from './intern-tables.js'
import type { Kernel } from './kernel.js'
import { END_MAX } from './memory-bytes.js'
import {
  initialShape,
  readTableRecord,
  slotCount,
  tableBytes,
  writeTableRecord,
  type KeyFormat,
} from './table-shape.js'

/** The rest of a full memory is kept for descriptors of the level log. */
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
export const INDEX_BITS_SPARE = 2

/** Size of the table, bytes and load. */
export interface VisitedSetSize {
  /** Bytes of the table in use. */
  readonly bytes: number
  /** Share of its slots that are filled, 0..1. */
  readonly load: number
}

/** A view of the control area; valid for ever, since the memory does not grow. */
export function controlView(memory: WebAssembly.Memory): DataView {
  return new DataView(memory.buffer)
}

/** Bits of the keys to begin with; folded ones have room for the table's first doublings. */
function initialKeys(tree: FoldTree | null, stateBits: number, bytes: number): KeyFormat {
  if (tree === null) return { bits: Math.max(1, stateBits), leftBits: 32 }
  const leftBits = Math.min(INDEX_BITS_FIRST_MAX, Math.ceil(Math.log2(bytes)) + INDEX_BITS_SPARE)
  return { bits: 2 * leftBits, leftBits }
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
  const end = Math.min(memory.buffer.byteLength, END_MAX)
  view.setUint32(MEMORY_NEXT, options.planEnd, true)
  view.setUint32(MEMORY_TOP, end, true)
  view.setUint32(MEMORY_END, end, true)
  view.setUint32(MEMORY_LIMIT, LIMIT_MAX, true)
  const address = kernel.allocateTable(tableBytes(shape)) >>> 0
  // Pages that are read first cost twice as much; see commitPage in workers/kernel/memory.ts.
  for (let page = 0; page < tableBytes(shape); page += PAGE_BYTES) view.setUint8(address + page, 0)
  const internSlots = Math.min(INTERN_SLOTS_FIRST_MAX, options.tableBytes / BYTES_PER_INTERN_SLOT)
  if (tree !== null) createInternTables(view, kernel, tree, internSlots)
  view.setUint32(MEMORY_LIMIT, Math.min(LIMIT_MAX, Math.floor(options.memoryBytes)), true)
  writeTableRecord(view, TABLE, { shape, address, keys })
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
