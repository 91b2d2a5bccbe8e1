/**
 * Where the named slots of a sampling search (random walks, swarms) lie in its shared memory: byte
 * addresses and offsets. Such a search has a memory of its own and none of the slots of the store.
 *
 * The sampler (AssemblyScript, `workers/kernel/sampler.ts`) and TypeScript both import this file,
 * so it holds plain number constants only.
 *
 *   64    SAMPLING_STOP    why the search ends
 *   128   SAMPLING_NEXT    next task to be handed out
 *   192   SAMPLING_BOUND   tasks from this one on are not begun any more
 *   256   per-worker areas (src/explore/sampling-plan.ts)
 */

/** i32: 0, or the reason for which the search ends; the first one stays. Any thread. */
export const SAMPLING_STOP = 64
/** i32: next task (a block of walks, or a run of a swarm). Atomic adds by every worker. */
export const SAMPLING_NEXT = 128
/** i32: the first task that is not to be begun. Lowered by a worker that finds a violation. */
export const SAMPLING_BOUND = 192
/** First byte of the areas. */
export const SAMPLING_AREAS = 256

/** Bytes of a worker's statistics: float64 numbers that the worker alone writes. */
export const STATISTICS_BYTES = 128
/** Walks or runs that were begun. */
export const SAMPLED_TASKS = 0
/** States expanded. */
export const SAMPLED_STEPS = 8
/** Successors of these. */
export const SAMPLED_TRANSITIONS = 16
/** Greatest depth of a state that a walk went to or a run found. */
export const SAMPLED_DEPTH = 24
/** Number of the walk or run at hand. */
export const SAMPLED_NUMBER = 32
/** States that the run at hand found new. */
export const RUN_STATES = 40
/** States that the run at hand is expected to have taken for others. */
export const RUN_OMITTED = 48
/** 1 if the run at hand left states out, since they were too deep, too many or had no room. */
export const RUN_CUT = 56
/** States of all runs that have ended, or were ended, each run for itself. By the worker. */
export const SAMPLED_STATES = 64
/** Most states that a run found. By the worker. */
export const MOST_STATES = 72
/** Runs that left nothing out but what their sets took for known. By the worker. */
export const RUNS_COMPLETE = 80
/** Of these the one with the fewest omissions: its states, and the omissions expected. */
export const BEST_STATES = 88
export const BEST_OMITTED = 96

/** Registers of the estimate of distinct states: bytes, a power of two. */
export const REGISTERS = 16384

/** `walk` or `dive` used up its budget of steps. */
export const SAMPLING_BUDGET = 0
/** `walk` or `dive` finished what was begun. */
export const SAMPLING_DONE = 1
/** A candidate was recorded; call again to go on. */
export const SAMPLING_FOUND = 2
