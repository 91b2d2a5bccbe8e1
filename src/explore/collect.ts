/**
 * Reads what the workers of a search left in the shared memory: progress while they run, the result
 * when all have ended. Main thread.
 *
 * After the end everything is read without atomics: the end of each worker's `run` was awaited.
 */
import {
  CONTEXT_CANDIDATES,
  CONTEXT_DEADLOCKS,
  candidateBytes,
  type CompiledModel,
} from '../compile/compiled-model.js'
import {
  BLOCK_BYTES,
  LOG_BLOCKS_SPILLED,
  LOG_SPILLS,
  SPILLS_FAILED,
  STATISTIC_EXPANDED,
  STATISTIC_OMITTED,
  STATISTIC_STATES,
  STATISTIC_TRANSITIONS,
} from '../store/control-slots.js'
import { compareRows, LevelLog, type Workspace } from '../store/level-log.js'
import { allocatedBytes } from '../store/memory-bytes.js'
import type { WorkerArea } from '../store/memory-plan.js'
import { committedBytes, isLossy, isSharded, shardedSize } from '../store/shards.js'
import {
  controlView,
  foldingBytes,
  visitedSetSize,
  type VisitedSetSize,
} from '../store/visited-set.js'
import { checkpointOutcome } from './checkpoint-record.js'
import {
  SLOT_DEPTH,
  SLOT_EXHAUSTIVE,
  SLOT_FOUND,
  SLOT_LEVEL_DEPTH,
  SLOT_STOP,
  STOP_DEPTH,
  STOP_DISK,
  STOP_INTERRUPTED,
  STOP_MEMORY,
  STOP_STATES,
  STOP_TIME,
  type WorkerSetup,
} from './protocol.js'
import { collectCoverage, type Coverage } from './coverage.js'
import type { Candidate, ExploreProgress, ExploreResult, LimitName } from './search-result.js'

const LIMIT_NAMES = new Map<number, LimitName>([
  [STOP_TIME, 'time'],
  [STOP_MEMORY, 'memory'],
  [STOP_DISK, 'disk'],
  [STOP_STATES, 'states'],
  [STOP_DEPTH, 'depth'],
  [STOP_INTERRUPTED, 'interrupted'],
])

/** Adds up one statistic of all workers. */
export function total(view: DataView, setup: WorkerSetup, statistic: number): number {
  const areas = setup.plan.areas.slice(0, setup.workers)
  return areas.reduce((sum, area) => sum + view.getFloat64(area.statistics + statistic, true), 0)
}

/** Size of the visited set, in whichever memories it is, intern tables included. */
function sizeOf(view: DataView, setup: WorkerSetup): VisitedSetSize {
  const { shards } = setup
  const { bytes, load } =
    shards !== null && isSharded(view) ? shardedSize(view, shards) : visitedSetSize(view)
  return { bytes: bytes + foldingBytes(view, setup), load }
}

/** Where a running search stands. Any time; the numbers of different workers may be a run apart. */
export function readProgress(setup: WorkerSetup, elapsedMs: number): ExploreProgress {
  const view = controlView(setup.memory)
  const states = total(view, setup, STATISTIC_STATES)
  const visited = sizeOf(view, setup)
  return {
    states,
    transitions: total(view, setup, STATISTIC_TRANSITIONS),
    depth: Math.max(0, view.getInt32(SLOT_LEVEL_DEPTH, true)),
    frontier: Math.max(0, states - total(view, setup, STATISTIC_EXPANDED)),
    visitedBytes: visited.bytes,
    visitedLoad: visited.load,
    memoryBytes: allocatedBytes(view) + (setup.shards === null ? 0 : committedBytes(setup.shards)),
    elapsedMs,
  }
}

/** Actions are unsigned in the order of candidates: -1, no action, comes last. */
function isLess(a: Candidate, b: Candidate): boolean {
  const order = compareRows(a.state, b.state)
  return order < 0 || (order === 0 && (a.action ?? Infinity) < (b.action ?? Infinity))
}

/** The least candidate that any worker recorded for property `index`. */
export function mergeCandidates(
  view: DataView,
  setup: WorkerSetup,
  index: number,
): Candidate | null {
  const { strideWords, plan, workers } = setup
  const found = view.getInt32(SLOT_FOUND + 4 * index, true)
  if (found === 0) return null
  let least: Candidate | null = null
  for (const area of plan.areas.slice(0, workers)) {
    const record = area.context + CONTEXT_CANDIDATES + index * candidateBytes(strideWords)
    if (view.getInt32(record, true) === 0) continue
    const action = view.getInt32(record + 4, true)
    const state = new BigUint64Array(strideWords)
    for (let word = 0; word < strideWords; word++) {
      state[word] = view.getBigUint64(record + 8 + 8 * word, true)
    }
    const candidate = { depth: found - 1, state, action: action < 0 ? null : action }
    if (least === null || isLess(candidate, least)) least = candidate
  }
  return least
}

/** The limit that ended the run. Memory that ran out since the disk has failed counts as disk. */
function limitOf(view: DataView): LimitName | null {
  const name = LIMIT_NAMES.get(view.getInt32(SLOT_STOP, true)) ?? null
  const lacksDisk = view.getUint32(LOG_SPILLS, true) === SPILLS_FAILED
  return name === 'memory' && lacksDisk ? 'disk' : name
}

/** Per action instance: 1 if it fired in some worker. */
function firedOf(
  view: DataView,
  { actionCount }: CompiledModel,
  areas: readonly WorkerArea[],
  coverage: Coverage | null,
): Uint8Array {
  if (coverage !== null) return Uint8Array.from(coverage.actions, a => Number(a.count > 0))
  const hasFired = (action: number): boolean =>
    areas.some(area => view.getUint8(area.fired + action) !== 0)
  return Uint8Array.from({ length: actionCount }, (_, action) => Number(hasFired(action)))
}

/** The result of a search whose workers have all ended. Its log takes over a file in use. */
export function collectResult(
  model: CompiledModel,
  setup: WorkerSetup,
  workspace: Workspace,
  seconds: number,
): ExploreResult {
  const view = controlView(setup.memory)
  const areas = setup.plan.areas.slice(0, setup.workers)
  const deadlocks = areas.reduce(
    (sum, area) => sum + Number(view.getBigUint64(area.context + CONTEXT_DEADLOCKS, true)),
    0,
  )
  const coverage = collectCoverage(view, model, areas)
  const lossy = setup.shards !== null && isLossy(view)
  const finished = view.getInt32(SLOT_EXHAUSTIVE, true) !== 0
  const spilledBytes = view.getUint32(LOG_BLOCKS_SPILLED, true) * BLOCK_BYTES
  const spill = spilledBytes > 0 ? setup.spill : null
  return {
    states: total(view, setup, STATISTIC_STATES),
    transitions: total(view, setup, STATISTIC_TRANSITIONS),
    depth: view.getInt32(SLOT_DEPTH, true),
    deadlocks,
    exhaustive: finished && !lossy,
    omitted: lossy ? total(view, setup, STATISTIC_OMITTED) : null,
    limit: finished ? null : limitOf(view),
    candidates: model.properties.map((_, index) => mergeCandidates(view, setup, index)),
    modelError: mergeCandidates(view, setup, model.properties.length),
    fired: firedOf(view, model, areas, coverage),
    coverage,
    visitedBytes: sizeOf(view, setup).bytes,
    spilledBytes,
    seconds: (setup.checkpoint?.secondsBefore ?? 0) + seconds,
    workers: setup.workers,
    checkpoint: checkpointOutcome(setup),
    levels: new LevelLog(setup.memory, setup, workspace, spill),
  }
}
