/**
 * What main thread and workers agree on: the messages of the control plane (comlink carries them)
 * and the named slots of the shared control area through which a running search is steered. No
 * logic.
 *
 * Slots are byte addresses of 32-bit numbers unless said otherwise; Int32Array index = address / 4.
 * `Rendezvous` (rendezvous.ts) is the only reader and writer, but for the main thread's progress.
 */
import type { CheckpointHead, Cut } from '../store/checkpoint-manifest.js'
import type { LevelPlace } from '../store/checkpoint-rows.js'
import type { MemoryPlan } from '../store/memory-plan.js'
import type { ShardMemories } from '../store/shards.js'
import { SEARCH_SLOTS } from '../store/control-slots.js'
import type { SpillFile } from '../store/spill-file.js'
import type { Finding, SamplingSetup } from './sampling-plan.js'

/** Bumped after every event that a waiting worker must look at; what Atomics.wait waits on. */
export const SLOT_SIGNAL = SEARCH_SLOTS
/**
 * 0, or the STOP_ reason for which the search ends. The first reason stays, but STOP_ABORT wins.
 */
export const SLOT_STOP = SEARCH_SLOTS + 64
/** 1 while some worker asks for a larger table. */
export const SLOT_GROWTH_WANTED = SEARCH_SLOTS + 68
/** The last two as one 64-bit number: not 0 while all workers are asked for something. */
export const SLOT_REQUESTS = SLOT_STOP
/** Workers that have arrived in the growth barrier. */
export const SLOT_GROWTH_ARRIVED = SEARCH_SLOTS + 128
/** Bumped whenever the growth barrier opens. */
export const SLOT_GROWTH_PHASE = SEARCH_SLOTS + 132
/** A GROWTH_ outcome: what the last arriver found. Stays until all have read it. */
export const SLOT_GROWTH_OUTCOME = SEARCH_SLOTS + 136
/** Workers that have arrived in the level barrier. */
export const SLOT_LEVEL_ARRIVED = SEARCH_SLOTS + 140
/** Workers that have joined the search, present or not. */
export const SLOT_JOINED = SEARCH_SLOTS + 144
/**
 * Workers that take part in the level being expanded: both barriers wait for so many. Written by
 * main before the workers start, then by the last arriver in the level barrier.
 */
export const SLOT_PRESENT = SEARCH_SLOTS + 148
/** 1 once the level barrier has opened after the last level: nobody has anything left to do. */
export const SLOT_OVER = SEARCH_SLOTS + 152
/** Runs that workers have taken, each adding its own at the end of the level. */
export const SLOT_LEVEL_TAKEN = SEARCH_SLOTS + 192
/** Bumped whenever the level barrier opens. */
export const SLOT_LEVEL_GENERATION = SEARCH_SLOTS + 256
/** Depth of the level being expanded, -1 before the first. */
export const SLOT_LEVEL_DEPTH = SEARCH_SLOTS + 260
/** First descriptor of the level being expanded. */
export const SLOT_LEVEL_FIRST = SEARCH_SLOTS + 284
/** First descriptor after the level being expanded. */
export const SLOT_LEVEL_END = SEARCH_SLOTS + 264
/** 1 when no further level will be expanded. */
export const SLOT_FINISHED = SEARCH_SLOTS + 268
/** 1 if some worker dropped work that it had taken. */
export const SLOT_ABANDONED = SEARCH_SLOTS + 272
/** 1 if every reachable state was found and expanded. */
export const SLOT_EXHAUSTIVE = SEARCH_SLOTS + 276
/** Depth of the deepest level that has a state. */
export const SLOT_DEPTH = SEARCH_SLOTS + 280
/** 64-bit: bit p set: property p is still to be evaluated. */
export const SLOT_ACTIVE = SEARCH_SLOTS + 288
/** Per property, then for model errors: 0, or 1 + the depth at which a candidate was found. */
export const SLOT_FOUND = SEARCH_SLOTS + 320

/** The time limit was reached. */
export const STOP_TIME = 1
/** No memory for a block or a larger table. */
export const STOP_MEMORY = 2
/** More states than allowed were found. */
export const STOP_STATES = 3
/** The greatest depth was reached, and it has states. */
export const STOP_DEPTH = 4
/** The caller asked for the end. */
export const STOP_INTERRUPTED = 5
/** Another worker has died: give up at once, nothing will be reported. */
export const STOP_ABORT = 6
/** Rows of the level log could not be read from disk. */
export const STOP_DISK = 7
/** The states of a checkpoint are not what they have to be: nothing will be reported. */
export const STOP_DAMAGED = 8

/** A larger table was allocated: move the rows (`Kernel.rehash`). */
export const GROWTH_REHASH = 1
/** Tables of shards were allocated: move the keys (`ShardedSet.move`). */
export const GROWTH_MOVE = 2
/** No memory for a larger table; the search stops. */
export const GROWTH_REFUSED = 3
/** Every table has room. */
export const GROWTH_DONE = 4

/** What a worker needs of a property; the rest stays on the main thread. */
export interface PropertyKind {
  readonly isViolation: boolean
  readonly isStateProperty: boolean
  readonly hasAction: boolean
}

/** Where checkpoints go, and what the search goes on from. The same for every worker. */
export interface CheckpointSetup {
  readonly folder: string
  /** The open rows file; whoever opened it closes it. */
  readonly rowsFd: number
  /** Shortest time between two checkpoints. */
  readonly everyMs: number
  readonly head: CheckpointHead
  /** When the run began, milliseconds since 1970, and how long those before it took. */
  readonly startedMs: number
  readonly secondsBefore: number
  /** What was counted at the last cut, and the last checkpoint (`checkpoint-record.ts`). */
  readonly record: SharedArrayBuffer
  /** Levels to begin with; null: with the initial state. */
  readonly resume: { readonly cut: Cut; readonly levels: readonly LevelPlace[] } | null
}

/** Everything that a worker gets when it starts. Structured-cloneable; the memory is shared. */
export interface WorkerSetup {
  readonly index: number
  readonly workers: number
  /** The search begins with so many workers, 1 or more; the others join at a later level. */
  readonly workersFirst: number
  readonly memory: WebAssembly.Memory
  readonly kernel: WebAssembly.Module
  /** The loop over a level (level-loop.ts). */
  readonly level: WebAssembly.Module
  readonly model: WebAssembly.Module
  readonly plan: MemoryPlan
  /** Where the visited set goes when the first memory is too small; null: nowhere. */
  readonly shards: ShardMemories | null
  readonly strideWords: number
  readonly stateBits: number
  readonly initial: BigUint64Array
  readonly properties: readonly PropertyKind[]
  /** Counters of coverage; 0 if the model has none. */
  readonly counters: number
  /** Bytes in which a worker's model marks what fired. */
  readonly firedBytes: number
  readonly keepGoing: boolean
  /** Limits; Infinity where there is none. `deadline` in milliseconds since 1970. */
  readonly statesMax: number
  readonly depthMax: number
  readonly deadline: number
  /** Most bytes of level log in memory, null for a share of the visited set. */
  readonly logBytesMemory: number | null
  /** Null if the level log stays in memory. */
  readonly spill: SpillFile | null
  /** Null if no checkpoints are taken. */
  readonly checkpoint: CheckpointSetup | null
}

/** What a worker thread gets when it is started. */
export interface ExplorerData {
  /** Paths of the built modules that it has the engine optimize (built-modules.ts). */
  readonly modules: readonly string[]
}

/** What a worker thread offers over comlink. */
export interface ExplorerApi {
  /** Takes part in a search until it is over. What was found lies in the shared memory. */
  run(setup: WorkerSetup): void
  /** Takes part in a sampling search until it is over. Gives what it found. */
  sample(setup: SamplingSetup): Finding[]
}
