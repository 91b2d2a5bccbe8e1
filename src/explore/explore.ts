/**
 * Explores all reachable states of a compiled model, breadth first, level by level, with any
 * number of workers. The main thread sets up the shared memory, starts the workers, shows
 * progress, and collects what they leave in the shared memory. How it works:
 * `docs/internals/exploration.md`.
 *
 * Counts, depths, verdicts and candidates do not depend on the number of workers nor on timing,
 * unless a limit ended the run.
 */
import { tmpdir } from 'node:os'
import { assert, defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import {
  contextBytes,
  counterCount,
  firedBytes,
  type CompiledModel,
} from '../compile/compiled-model.js'
import {
  BLOCK_BYTES,
  LOG_BLOCK_BYTES,
  LOG_BLOCKS_NEEDED,
  LOG_ROW_BYTES,
  LOG_SPILLS,
  SHARD_BITS,
  SPILLS,
  SPILLS_NOT,
} from '../store/control-slots.js'
import { attachKernel, createFirstMemory, instantiateKernel } from '../store/kernel.js'
import type { Workspace } from '../store/level-log.js'
import { planLogMemory } from '../store/log-budget.js'
import { planMemory } from '../store/memory-plan.js'
import { createShardMemories, SPREAD_BYTES, type ShardMemories } from '../store/shards.js'
import { closeSpillFile, openSpillFile, type SpillFile } from '../store/spill-file.js'
import { controlView, createVisitedSet, shardKeys } from '../store/visited-set.js'
import { builtModule } from './built-modules.js'
import {
  checkpointSetup,
  checkReplay,
  closeCheckpoint,
  openCheckpoint,
  type OpenCheckpoint,
} from './checkpoint.js'
import { collectResult, readProgress } from './collect.js'
import {
  SLOT_ACTIVE,
  SLOT_LEVEL_DEPTH,
  SLOT_PRESENT,
  STOP_INTERRUPTED,
  type WorkerSetup,
} from './protocol.js'
import { Rendezvous } from './rendezvous.js'
import type { ExploreOptions, ExploreResult } from './search-result.js'
import { SearchWorker } from './search-worker.js'
import { builtFiles, type BuiltFiles } from './worker-url.js'
import { ExplorerThreads } from './worker-threads.js'

export type { Count, Coverage } from './coverage.js'
export type {
  Candidate,
  CheckpointOptions,
  CheckpointOutcome,
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
  LimitName,
} from './search-result.js'

/** Most workers of a run. */
export const WORKERS_MAX = 256

const TABLE_BYTES_INITIAL = 2 ** 18
const MEMORY_BYTES_MAX = 2 ** 32
const PROGRESS_INTERVAL_MS = 500
/** Share of the memory that the first table may take before it is spread. */
const SPREAD_SHARE = 1 / 3
const LOSSY_SPREAD_SHARE = 1 / 8
/**
 * Memory beyond the plan, the first table and what the user allows: for descriptors, and for rows
 * that a growth sets aside.
 */
const MEMORY_SPARE_BYTES = 2 ** 24

/** Bytes that may be allocated, but for the blocks that the log of each worker may need beyond. */
function allowedBytes({ memoryBytes = MEMORY_BYTES_MAX, workers }: ExploreOptions): number {
  return Math.max(0, memoryBytes - workers * LOG_BLOCKS_NEEDED * BLOCK_BYTES)
}

/** Reserves memories for a visited set of more than 4 GiB, or a lossy one, if one may be used. */
function shardsFor(model: CompiledModel, options: ExploreOptions): ShardMemories | null {
  const { workers, memoryBytes = MEMORY_BYTES_MAX, lossy = false } = options
  if (options.inline === true && options.spreadBytes === undefined) return null
  if (shardKeys(model).bits <= SHARD_BITS) return null
  const isNeeded = lossy || memoryBytes > MEMORY_BYTES_MAX || options.spreadBytes !== undefined
  if (!isNeeded) return null
  // Spreading takes as much memory again, and a lossy search begins with it when memory is short.
  const share = lossy ? LOSSY_SPREAD_SHARE : SPREAD_SHARE
  const spreadBytes = options.spreadBytes ?? Math.min(SPREAD_BYTES, memoryBytes * share)
  try {
    return createShardMemories(workers, { spreadBytes, memoryBytes: allowedBytes(options), lossy })
  } catch (error) {
    // The process may not reserve so much address space: the first memory has to do.
    if (error instanceof Diagnostic && !lossy) return null
    throw error
  }
}

/** The file for the level log; null if the system has no folder for temporary files. */
function openSpill(options: ExploreOptions): SpillFile | null {
  try {
    return openSpillFile(options.spillFolder ?? tmpdir())
  } catch (error) {
    if (options.spillFolder !== undefined) throw error
    return null
  }
}

/**
 * Lays out and fills the shared memory of a run; the setup is that of worker 0, the workspace
 * main's.
 */
function prepare(
  model: CompiledModel,
  options: ExploreOptions,
  modules: Pick<WorkerSetup, 'kernel' | 'level' | 'model'>,
  spill: SpillFile | null,
): { setup: WorkerSetup; workspace: Workspace } {
  const { workers } = options
  const { strideWords, stateBits, maxFanout } = model
  const format = { strideWords, stateBits }
  const tableBytes = options.tableBytesInitial ?? TABLE_BYTES_INITIAL
  const shards = shardsFor(model, options)
  const plan = planMemory({
    ...format,
    workers,
    contextBytes: contextBytes(model),
    firedBytes: firedBytes(model),
    maxFanout,
    sharded: shards !== null,
  })
  const memoryBytes = Math.min(MEMORY_BYTES_MAX, allowedBytes(options))
  const bytesMin = plan.end + tableBytes + MEMORY_SPARE_BYTES
  const memory = createFirstMemory(bytesMin + memoryBytes, bytesMin)
  const kernel = instantiateKernel(modules.kernel, memory)
  const area = defined(plan.areas[workers])
  attachKernel(kernel, format, area)
  createVisitedSet(memory, kernel, { format, planEnd: plan.end, tableBytes, memoryBytes })
  const view = controlView(memory)
  const logBytesMemory = options.logBytesMemory ?? null
  planLogMemory({ view, format, shards, workers, bytesMemory: logBytesMemory })
  view.setUint32(LOG_BLOCK_BYTES, LOG_ROW_BYTES * (options.logBlockRows ?? 0), true)
  view.setUint32(LOG_SPILLS, spill === null ? SPILLS_NOT : SPILLS, true)
  view.setInt32(SLOT_LEVEL_DEPTH, -1, true)
  const { workersFirst = workers } = options
  view.setInt32(SLOT_PRESENT, workersFirst, true)
  view.setBigUint64(SLOT_ACTIVE, (1n << BigInt(model.properties.length)) - 1n, true)
  const setup = {
    index: 0,
    workers,
    workersFirst,
    memory,
    ...modules,
    plan,
    shards,
    strideWords,
    stateBits,
    initial: model.initial,
    properties: model.properties,
    firedBytes: firedBytes(model),
    logBytesMemory,
    spill,
    counters: counterCount(model),
    keepGoing: options.keepGoing ?? false,
    statesMax: options.statesMax ?? Infinity,
    depthMax: options.depthMax ?? Infinity,
    deadline: options.timeMs === undefined ? Infinity : Date.now() + options.timeMs,
    checkpoint: null,
  }
  return { setup, workspace: { kernel, area } }
}

/** Runs the only worker in this thread, with progress reports between runs of states. */
function runInline(setup: WorkerSetup, options: ExploreOptions, report: () => void): void {
  const interval = options.progressIntervalMs ?? PROGRESS_INTERVAL_MS
  let last = performance.now()
  const poll = (): void => {
    if (performance.now() - last < interval) return
    last = performance.now()
    report()
  }
  new SearchWorker(setup, options.onProgress === undefined ? undefined : poll).run()
}

/** Explores with the level log in memory and in `spill`. */
async function search(
  model: CompiledModel,
  options: ExploreOptions,
  files: BuiltFiles,
  { spill, checkpoint }: { spill: SpillFile | null; checkpoint: OpenCheckpoint | null },
): Promise<ExploreResult> {
  const { workers, signal } = options
  const started = performance.now()
  const modules = {
    kernel: builtModule(files.kernel),
    level: builtModule(files.level),
    model: new WebAssembly.Module(Uint8Array.from(model.wasm)),
  }
  const prepared = prepare(model, options, modules, spill)
  const { workspace } = prepared
  const setup: WorkerSetup = {
    ...prepared.setup,
    checkpoint: checkpoint === null ? null : checkpointSetup(checkpoint, prepared.setup),
  }
  const meeting = new Rendezvous(setup.memory)
  const report = (): void => options.onProgress?.(readProgress(setup, performance.now() - started))
  const interrupt = (): void => meeting.requestStop(STOP_INTERRUPTED)
  if (signal?.aborted === true) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  const interval = options.progressIntervalMs ?? PROGRESS_INTERVAL_MS
  const timer = options.onProgress === undefined ? undefined : setInterval(report, interval)
  const threads =
    options.inline === true ? null : (options.threads ?? new ExplorerThreads(workers, files.worker))
  try {
    if (threads === null) runInline(setup, options, report)
    else {
      assert(threads.count === workers, 'there is a thread for each worker')
      const setups = Array.from({ length: workers }, (_, index) => ({ ...setup, index }))
      await threads.run(setups, () => meeting.abort())
    }
    checkReplay(controlView(setup.memory), setup)
    const seconds = (performance.now() - started) / 1000
    return collectResult(model, setup, workspace, seconds)
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', interrupt)
    await threads?.close()
  }
}

/**
 * Explores `model`. The main thread stays free while workers run, unless `inline`.
 * @param files  the built worker and kernel; for tests.
 * @throws InternalError if a worker died or failed, or the package is not built; the system's error
 * if no file can be made in `spillFolder`; Diagnostic ZC201, ZC207, ZC104 for a checkpoint, ZC501
 * if the process may not reserve address space.
 */
export async function explore(
  model: CompiledModel,
  options: ExploreOptions,
  files: BuiltFiles = builtFiles(),
): Promise<ExploreResult> {
  const { workers, workersFirst = workers } = options
  const inRange = Number.isInteger(workers) && workers >= 1 && workers <= WORKERS_MAX
  assert(inRange, `workers must be 1 to ${WORKERS_MAX}`)
  const isFirstInRange =
    Number.isInteger(workersFirst) && workersFirst >= 1 && workersFirst <= workers
  assert(isFirstInRange, 'a search begins with 1 to all of its workers')
  assert(options.inline !== true || workers === 1, 'an inline run has one worker')
  assert(options.checkpoint === undefined || options.lossy !== true, 'checkpoints are exact')
  const spill = openSpill(options)
  let checkpoint: OpenCheckpoint | null = null
  let isKept = false
  try {
    if (options.checkpoint !== undefined) checkpoint = await openCheckpoint(options.checkpoint)
    const result = await search(model, options, files, { spill, checkpoint })
    isKept = result.spilledBytes > 0
    return result
  } finally {
    // Threads that were handed over wait for a search that may not have begun.
    await options.threads?.close()
    if (checkpoint !== null) closeCheckpoint(checkpoint)
    if (spill !== null && !isKept) closeSpillFile(spill)
  }
}
