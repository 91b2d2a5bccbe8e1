/**
 * A worker's loop over a level as TypeScript sees it: typed exports of `dist/level.wasm`, whose
 * source is `workers/kernel/level.ts`. It calls the kernel and the compiled model without any
 * JavaScript between, so it is instantiated with both. Per run of states there is no JavaScript at
 * all, so none gets hot, and the engine's compiler leaves the processors to the workers.
 */
import { InternalError, defined } from '../base/assert.js'
import { foldTree } from '../store/fold-tree.js'
import type { Kernel } from '../store/kernel.js'
import type { ModelCode } from './model-code.js'
import { SLOT_REQUESTS, type WorkerSetup } from './protocol.js'

/** Exports of one instance. An instance belongs to one thread. */
export interface LevelLoop {
  /**
   * Goes on: inserts what is left in the buffer, expands what is left of the run at hand, then up
   * to `runs` further runs of the level. Counts states, transitions and expanded states in the
   * worker's statistics line. Returns a status: STATUS_OK: call again, unless someone asks for a
   * growth or the end; STATUS_END: no run is left; STATUS_ON_DISK: read the run that the result
   * line names, then `beginRun`; else what `Kernel.insert` or `Kernel.partition` ended with.
   */
  explore(runs: number): number
  /** The run that was taken last has been read; its rows are at `address`. */
  beginRun(address: number): void
  /** Goes on with `count` packed states, from the start of the successor buffer on. */
  beginRows(count: number): void
  /** 1 if a run was taken and not dealt with to its end, or rows are left to be inserted. */
  isAmidRun(): number
  /** Number of runs taken since the last call. */
  takenRuns(): number
}

/** The exports that are not for callers. */
interface LevelLoopCode extends LevelLoop {
  attach(
    rowBytes: number,
    isFolded: boolean,
    isReduced: boolean,
    result: number,
    statistics: number,
    context: number,
    states: number,
    buffer: number,
    bufferEnd: number,
    requests: number,
  ): void
}

/** In place of the import that only a search reduced by symmetry calls. */
function notReduced(): never {
  throw new InternalError('a search that is not reduced canonicalizes nothing')
}

/** The loop of the worker with this setup, over its instances of kernel and model. */
export function instantiateLevelLoop(
  setup: WorkerSetup,
  kernel: Kernel,
  model: ModelCode,
): LevelLoop {
  const { memory, plan, index, strideWords } = setup
  const { result, statistics, context, states, buffer, bufferEnd } = defined(plan.areas[index])
  const { expand, check, canonicalize } = model
  const { insert, partition, takeRun, readDescriptor, unfold } = kernel
  const instance = new WebAssembly.Instance(setup.level, {
    env: { memory },
    model: { expand, check, canonicalize: canonicalize ?? notReduced },
    store: { insert, partition, takeRun, readDescriptor, unfold },
  })
  const code = instance.exports as unknown as LevelLoopCode
  const isReduced = canonicalize !== undefined
  const isFolded = foldTree(setup) !== null
  const areas = [result, statistics, context, states, buffer, bufferEnd] as const
  code.attach(strideWords * 8, isFolded, isReduced, ...areas, SLOT_REQUESTS)
  return code
}
