/**
 * Where everything of fixed size lies in the shared memory. Computed once by the main thread
 * before the workers start, and handed to them as plain data. The table and the blocks of the
 * level log come after it and are allocated by the kernel (`workers/kernel/memory.ts`).
 *
 *   0       control slots (control-slots.ts), directories of the level log
 *   71680   one area per worker, and one for the main thread (trace building):
 *             result line | statistics line | context | fired bytes |
 *             scratch | filter | run from disk | partition, if there are shards |
 *             fold area and states, if states are folded | successor buffer
 *   end     table, blocks
 */
import {
  DESCRIPTOR_ROWS_MAX,
  FILTER_BYTES,
  FIXED_BYTES,
  FOLD_COLUMN_BYTES,
  FOLD_OWN_BYTES,
  LOG_ROW_BYTES,
  PARTITION_BYTES,
  PENDING_BYTES,
  SCRATCH_BYTES,
} from './control-slots.js'
import { foldTree } from './fold-tree.js'

/**
 * Areas of one worker; all byte addresses are multiples of 64. What is counted, from `statistics`
 * to `scratch`, lies in one piece: checkpoints copy it as such.
 */
export interface WorkerArea {
  /** Index of the worker; the main thread's is the number of workers. */
  readonly worker: number
  /** What the kernel reports after `insert` (RESULT_ offsets). */
  readonly result: number
  /** What the worker counts (STATISTIC_ offsets), for progress and the final result. */
  readonly statistics: number
  /** Context of the compiled model. */
  readonly context: number
  /** What the compiled model marks or counts. */
  readonly fired: number
  /** The kernel's scratch. */
  readonly scratch: number
  /** The kernel's filter of recent rows. */
  readonly filter: number
  /** A run of rows that was read from disk. */
  readonly run: number
  /** What the kernel folds states with. */
  readonly fold: number
  /** Room for the states of a run of the level log, where they are unfolded to. */
  readonly states: number
  /** The same for states that were new in a shard; 0 if there are no shards. */
  readonly fresh: number
  /** Successors written by the compiled model. */
  readonly buffer: number
  /** First byte after the buffer. */
  readonly bufferEnd: number
  /** Keys sorted by shard (PARTITION_BYTES); 0 if there are no shards. */
  readonly partition: number
}

/** The plan: see the head of this file. */
export interface MemoryPlan {
  /** One area per worker, then one for the main thread. */
  readonly areas: readonly WorkerArea[]
  /** First byte after the areas. */
  readonly end: number
}

/** Sizes that decide the plan. */
export interface PlanSizes {
  readonly workers: number
  readonly strideWords: number
  readonly stateBits: number
  /** Bytes of one context of the compiled model. */
  readonly contextBytes: number
  /** Bytes of what the compiled model marks or counts. */
  readonly firedBytes: number
  /** Most successors of one state. */
  readonly maxFanout: number
  /** True if the visited set may spread over shards. */
  readonly sharded: boolean
}

/** Successors that a buffer takes at least, before a row's worst case is kept free. */
const BUFFER_ROWS_MIN = 4096

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}

/** Lays out the areas. Deterministic: equal sizes give equal plans. */
export function planMemory(sizes: PlanSizes): MemoryPlan {
  const bufferRows = Math.max(BUFFER_ROWS_MIN, 2 * sizes.maxFanout) + sizes.maxFanout
  const foldNodes = foldTree(sizes)?.nodes.length ?? 0
  const foldBytes = PENDING_BYTES + foldNodes * (FOLD_COLUMN_BYTES + FOLD_OWN_BYTES)
  const statesBytes = DESCRIPTOR_ROWS_MAX * sizes.strideWords * 8
  const areas: WorkerArea[] = []
  let next = FIXED_BYTES
  const take = (bytes: number): number => {
    const start = next
    next += aligned(bytes)
    return start
  }
  for (let worker = 0; worker <= sizes.workers; worker++) {
    const result = take(64)
    const statistics = take(64)
    const context = take(sizes.contextBytes)
    const fired = take(sizes.firedBytes)
    const scratch = take(SCRATCH_BYTES)
    const filter = take(FILTER_BYTES)
    const run = take(DESCRIPTOR_ROWS_MAX * LOG_ROW_BYTES)
    const partition = sizes.sharded ? take(PARTITION_BYTES) : 0
    const fold = foldNodes === 0 ? 0 : take(foldBytes)
    const states = foldNodes === 0 ? 0 : take(statesBytes)
    const fresh = foldNodes === 0 || !sizes.sharded ? 0 : take(statesBytes)
    const buffer = take(bufferRows * sizes.strideWords * 8)
    const forKernel = { result, scratch, filter, run, partition, fold, states, fresh }
    areas.push({ worker, ...forKernel, statistics, context, fired, buffer, bufferEnd: next })
  }
  return { areas, end: next }
}
