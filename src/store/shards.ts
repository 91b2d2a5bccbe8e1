/**
 * The memories of a visited set that has outgrown one: SHARDS tables, each in a WebAssembly memory
 * of its own of up to 4 GiB, and a spare memory into which a shard grows (shard-growth.ts).
 *
 *   0        control slots: the record of the table (control-slots.ts)
 *   4096     one area per worker: result line | scratch | inbox
 *   end      the table
 *
 * The memories are reserved when a run begins, and get their size when the set is spread: some
 * engines (V8 14) collect garbage for each large memory that a thread is given, 10 ms each. The
 * operating system commits a page when it is first written.
 */
import { defined } from '../base/assert.js'
import {
  BLOCK_BYTES,
  MEMORY_END,
  MEMORY_TOP,
  PARTITION_KEYS,
  SCRATCH_BYTES,
  SHARDED,
  SHARDS,
  SHARD_LOSSY,
  SHARD_MEMORY,
  TABLE,
  TABLE_USED,
} from './control-slots.js'
import { createMemory, pagesFor } from './kernel.js'
import { allocatedBytes, END_MAX } from './memory-bytes.js'
import { isGrowing } from './table-growth.js'
import { readTableRecord, slotCount, tableBytes, type TableShape } from './table-shape.js'

/** The memories of the shards, and when and how far they may be used. */
export interface ShardMemories {
  /** SHARDS + 1 shared memories, with room for the control slots until `enlarge`. */
  readonly memories: readonly WebAssembly.Memory[]
  /** Size of each from then on, pages. */
  readonly pages: number
  /** The first table is spread over the shards when it would pass this, bytes. */
  readonly spreadBytes: number
  /** Most bytes of all memories together, the first one included. */
  readonly memoryBytes: number
  /** True if a shard that has no memory to grow may become lossy. */
  readonly lossy: boolean
}

/** Areas of one worker in the memory of a shard; byte addresses. */
export interface ShardArea {
  /** What the kernel reports (RESULT_ offsets). */
  readonly result: number
  readonly scratch: number
  /** Keys on their way in, and those of them that were new on their way out. */
  readonly inbox: number
}

/** Size of the first table from which on it is spread over shards. */
export const SPREAD_BYTES = 2 ** 31

const AREAS_START = 4096
const AREA_BYTES = 64 + SCRATCH_BYTES + PARTITION_KEYS * 8

/** Areas of worker `index` in every shard's memory. */
export function shardArea(index: number): ShardArea {
  const result = AREAS_START + index * AREA_BYTES
  return { result, scratch: result + 64, inbox: result + 64 + SCRATCH_BYTES }
}

/** Where the table lies in every shard's memory. */
export function shardTableStart(workers: number): number {
  return shardArea(workers).result
}

/**
 * Reserves the memories. Throws Diagnostic ZC501 if the process may not reserve the address space.
 */
export function createShardMemories(
  workers: number,
  limits: Pick<ShardMemories, 'spreadBytes' | 'memoryBytes' | 'lossy'>,
): ShardMemories {
  const pages = pagesFor(shardTableStart(workers) + limits.memoryBytes)
  const memories = Array.from({ length: SHARDS + 1 }, () => createMemory(AREAS_START))
  for (const memory of memories) {
    const end = Math.min(pages * BLOCK_BYTES, END_MAX)
    controlOf(memory).setUint32(MEMORY_TOP, end, true)
    controlOf(memory).setUint32(MEMORY_END, end, true)
  }
  return { memories, pages, ...limits }
}

/**
 * Gives the memories their size, if they have not got it. False if the system does not promise so
 * much to one process. One worker, with all others in the growth barrier.
 */
export function enlarge({ memories, pages }: ShardMemories): boolean {
  try {
    for (const memory of memories) memory.grow(pages - memory.grow(0))
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The bytes of a memory, in the size that it has now, whichever thread has enlarged it. */
export function bufferOf(memory: WebAssembly.Memory): ArrayBufferLike {
  // What `memory.buffer` gives is brought up to date in the thread that grows the memory.
  memory.grow(0)
  return memory.buffer
}

/** A view of the control slots of one memory. */
export function controlOf(memory: WebAssembly.Memory): DataView {
  return new DataView(memory.buffer, 0, AREAS_START)
}

/** The memory of a shard, or with SHARDS the spare one. `view` is that of the first memory. */
export function shardMemory(
  view: DataView,
  { memories }: ShardMemories,
  shard: number,
): WebAssembly.Memory {
  return defined(memories[view.getUint8(SHARD_MEMORY + shard)])
}

/** The table of a shard, and how many keys it holds. */
export function shardTable(
  view: DataView,
  shards: ShardMemories,
  shard: number,
): { shape: TableShape; used: number } {
  const control = controlOf(shardMemory(view, shards, shard))
  const { shape } = readTableRecord(control, TABLE)
  return { shape, used: control.getUint32(TABLE_USED, true) }
}

/** True once the visited set is spread over shards. `view` is that of the first memory. */
export function isSharded(view: DataView): boolean {
  return view.getUint32(SHARDED, true) !== 0
}

/** True while the table of a shard is being stretched where it lies. */
export function isStretching(view: DataView, shards: ShardMemories, shard: number): boolean {
  return isGrowing(controlOf(shardMemory(view, shards, shard)))
}

/** Bytes of the tables of all shards, and the share of their slots that is filled, 0..1. */
export function shardedSize(
  view: DataView,
  shards: ShardMemories,
): { bytes: number; load: number } {
  let [bytes, used, slots] = [0, 0, 0]
  for (let shard = 0; shard < SHARDS; shard++) {
    const table = shardTable(view, shards, shard)
    bytes += tableBytes(table.shape)
    used += table.used
    // Bits have no slots: what is filled is what is there.
    slots += table.shape.slotBytes === 0 ? table.used : slotCount(table.shape)
  }
  return { bytes, load: Math.min(1, used / Math.max(1, slots)) }
}

/** True once some shard is lossy: states may have been omitted. */
export function isLossy(view: DataView): boolean {
  return view.getUint32(SHARD_LOSSY, true) !== 0
}

/** Bytes that all these memories use or have used: their pages stay committed. */
export function committedBytes({ memories }: ShardMemories): number {
  return memories.reduce((sum, memory) => sum + allocatedBytes(controlOf(memory)), 0)
}
