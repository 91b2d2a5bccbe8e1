/**
 * How much memory the level log may hold before its blocks go to disk, and what it leaves for the
 * visited set to grow. The kernel keeps to it (`workers/kernel/log-blocks.ts`); it is set before
 * the workers start, and after each growth by one worker while all others stand in the growth
 * barrier.
 */
import { BLOCK_BYTES, LOG_BLOCKS_HELD_MAX, LOG_LIMIT, MEMORY_LIMIT } from './control-slots.js'
import { shardGrowthBytes } from './shard-growth.js'
import { committedBytes, isSharded, shardedSize, type ShardMemories } from './shards.js'
import type { RowFormat } from './fold-tree.js'
import { nextGrowthBytes } from './table-growth.js'
import { shardKeys, visitedSetSize } from './visited-set.js'

/** A log of so many bytes stays in memory however small the visited set is. */
const BYTES_MIN = 2 ** 26
/** Bytes of log per byte of visited set. */
const SHARE = 0.5
/** The log takes at most this share of the memory that the run may use. */
const SHARE_OF_LIMIT = 1 / 8

/** What the budget is made from. */
export interface LogBudget {
  readonly view: DataView
  readonly format: RowFormat
  readonly shards: ShardMemories | null
  readonly workers: number
  /** Most bytes of log in memory, null for a share of the visited set. */
  readonly bytesMemory: number | null
}

/** Sets the budget for the visited set as it is. */
export function planLogMemory({ view, format, shards, workers, bytesMemory }: LogBudget): void {
  const limit = view.getUint32(MEMORY_LIMIT, true)
  const runBytes = shards?.memoryBytes ?? limit
  let visitedBytes = visitedSetSize(view).bytes
  let logLimit = limit
  if (shards !== null && isSharded(view)) {
    visitedBytes = shardedSize(view, shards).bytes
    const growth = shardGrowthBytes({ view, shards, workers, keys: shardKeys(format) })
    logLimit = Math.min(limit, shards.memoryBytes - committedBytes(shards) - growth)
  } else logLimit = limit - nextGrowthBytes(view)
  const share = Math.min(Math.max(BYTES_MIN, SHARE * visitedBytes), SHARE_OF_LIMIT * runBytes)
  const bytes = bytesMemory ?? share
  view.setUint32(LOG_BLOCKS_HELD_MAX, Math.floor(bytes / BLOCK_BYTES), true)
  view.setUint32(LOG_LIMIT, Math.max(0, logLimit), true)
}
