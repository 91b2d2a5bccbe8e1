/**
 * What a search is asked and what it answers: plain data, used by the floors above. The search
 * itself starts in `explore.ts`. Main thread.
 */
import type { CheckpointHead, CheckpointManifest } from '../store/checkpoint-manifest.js'
import type { ExplorerThreads } from './worker-threads.js'
import type { Coverage } from './coverage.js'
import type { LevelLog } from '../store/level-log.js'

/** Where checkpoints of a run go, and how often. */
export interface CheckpointOptions {
  /** An existing folder. */
  readonly folder: string
  /** Shortest time from one checkpoint to the next. */
  readonly everyMs: number
  /** Which run it is. */
  readonly head: CheckpointHead
  /** The checkpoint in `folder` from which to go on; null: from the initial state. */
  readonly from: CheckpointManifest | null
}

/** What became of the checkpoints of a run. */
export interface CheckpointOutcome {
  /** Depth at which the one in the folder goes on; null if there is none. */
  readonly depth: number | null
  /** Why the last one that was due was not written; null if it was. */
  readonly failure: string | null
}

/** How to explore. */
export interface ExploreOptions {
  /** Number of workers, 1..WORKERS_MAX. */
  readonly workers: number
  /**
   * The search begins as soon as so many workers are there; the others join it when they come, at
   * the end of a level. @defaultValue all
   */
  readonly workersFirst?: number
  /** Run in the calling thread, which blocks meanwhile. Needs `workers: 1`. */
  readonly inline?: boolean
  /** Threads that were started before, one per worker; the run ends them. */
  readonly threads?: ExplorerThreads
  /**
   * Most bytes of shared memory to allocate. With more than 4 GiB the visited set may spread over
   * several memories. @defaultValue 4 GiB
   */
  readonly memoryBytes?: number
  /** Go on with a lossy visited set when memory is short, instead of ending the run. */
  readonly lossy?: boolean
  /** Longest time, milliseconds from the call on. */
  readonly timeMs?: number
  /** The run ends once more states than this were found. */
  readonly statesMax?: number
  /** States at this depth are found and checked, but not expanded. */
  readonly depthMax?: number
  /** Explore to the end although a violation was found. */
  readonly keepGoing?: boolean
  /** Ends the run in order, as 'interrupted'. */
  readonly signal?: AbortSignal
  /** Called about every `progressIntervalMs` while workers run. */
  readonly onProgress?: (progress: ExploreProgress) => void
  /** @defaultValue 500 */
  readonly progressIntervalMs?: number
  /**
   * Folder of the file to which the level log goes past its budget of memory.
   * @defaultValue the system's folder for temporary files; the log stays in memory if that cannot
   * be written to
   */
  readonly spillFolder?: string
  /** That budget, bytes. For tests. @defaultValue a share of the visited set */
  readonly logBytesMemory?: number
  /** Rows in a block of the level log, so that small models have many. For tests. */
  readonly logBlockRows?: number
  /** Take checkpoints; not together with `lossy`. */
  readonly checkpoint?: CheckpointOptions
  /** Size of the first table; it grows as needed. For tests. @defaultValue 1 MiB */
  readonly tableBytesInitial?: number
  /** Spread the visited set over shards when its table would pass this. For tests. */
  readonly spreadBytes?: number
}

/** Where a run stands; numbers are a moment old. */
export interface ExploreProgress {
  /** Distinct states found. */
  readonly states: number
  readonly transitions: number
  /** Depth of the level being expanded. */
  readonly depth: number
  /** States found and not yet expanded. */
  readonly frontier: number
  /** Bytes of the visited set's table. */
  readonly visitedBytes: number
  /** Share of the table's slots that are filled, 0..1. */
  readonly visitedLoad: number
  /** Bytes allocated in the shared memory. */
  readonly memoryBytes: number
  readonly elapsedMs: number
}

/** A state at which a property was decided. */
export interface Candidate {
  /**
   * Length of the shortest trace to it: depth of the state for state properties and deadlock,
   * depth of the state plus 1 where the action is part of it, and for model errors.
   */
  readonly depth: number
  /** The packed state; before the action, where there is one. */
  readonly state: BigUint64Array
  /** The action instance taken from the state; null where the state alone decides. */
  readonly action: number | null
}

/** The limit that ended a run before it was exhaustive. */
export type LimitName = 'time' | 'memory' | 'disk' | 'states' | 'depth' | 'walks' | 'interrupted'

/** What a run found. */
export interface ExploreResult {
  /** Distinct states, the initial one included. */
  readonly states: number
  /** Pairs of an expanded state and an action instance enabled in it, stutters included. */
  readonly transitions: number
  /** Depth of the deepest level that has a state. */
  readonly depth: number
  /** Expanded states in which no action instance is enabled. */
  readonly deadlocks: number
  /** True if every reachable state was found and expanded. */
  readonly exhaustive: boolean
  /**
   * States that are expected to have been taken for others, and left out, once memory had run out;
   * null if no state was. Those that can be reached through them only are not in the number.
   */
  readonly omitted: number | null
  /** The limit that was hit, null if none was or the run was exhaustive all the same. */
  readonly limit: LimitName | null
  /** Per property: the least candidate at the least depth, null if none was found. */
  readonly candidates: readonly (Candidate | null)[]
  /** The least model error at the least depth, null if there was none. */
  readonly modelError: Candidate | null
  /** Per action instance: 1 if it fired, else 0. */
  readonly fired: Uint8Array
  /** Null unless the model was compiled with coverage. */
  readonly coverage: Coverage | null
  /** Bytes of the visited set's table at the end. */
  readonly visitedBytes: number
  /** Bytes of the level log that were written to disk. */
  readonly spilledBytes: number
  /** With the runs whose checkpoints it went on from. */
  readonly seconds: number
  readonly workers: number
  /** Null if no checkpoints were taken. */
  readonly checkpoint: CheckpointOutcome | null
  /**
   * Every state by depth; keeps the shared memory of the run alive. `close` it when no more traces
   * are to be built, so that its disk space is given back.
   */
  readonly levels: LevelLog
}
