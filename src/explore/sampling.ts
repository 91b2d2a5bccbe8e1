/**
 * Sampling searches, for models that are too large to exhaust: random walks, and swarms of lossy
 * depth-first runs. They find violations, and can never say that there is none. The main thread
 * sets up the memory, starts the workers, and finds a way to what they met. A walk or run depends
 * on seed and number alone, so a walk that decided a property is made again. How it works:
 * `docs/search-modes.md`.
 */
import { readFile } from 'node:fs/promises'
import { assert, defined } from '../base/assert.js'
import { CONTEXT_DEADLOCKS, type CompiledModel } from '../compile/compiled-model.js'
import {
  BEST_OMITTED,
  BEST_STATES,
  MOST_STATES,
  REGISTERS,
  RUNS_COMPLETE,
  SAMPLED_DEPTH,
  SAMPLED_STATES,
  SAMPLED_STEPS,
  SAMPLED_TASKS,
  SAMPLED_TRANSITIONS,
  SAMPLING_BOUND,
  SAMPLING_STOP,
} from '../store/sampling-slots.js'
import { createMemory } from '../store/kernel.js'
import { STOP_ABORT, STOP_INTERRUPTED, STOP_TIME } from './protocol.js'
import { Sampler } from './sampler.js'
import { planSampling, swarmSizes, WALKS_PER_TASK } from './sampling-plan.js'
import type { Finding, SamplingKind, SamplingSetup } from './sampling-plan.js'
import { wayTo } from './sampling-path.js'
import type { SampledCandidate } from './sampling-path.js'
import type { LimitName } from './search-result.js'
import { builtSampler } from './worker-url.js'
import { ExplorerThreads } from './worker-threads.js'

export type { SampledCandidate } from './sampling-path.js'
export type { SamplingKind } from './sampling-plan.js'

/** Walks and runs go no deeper unless the caller says so. */
export const SAMPLING_DEPTH_DEFAULT = 10_000

const PROGRESS_INTERVAL_MS = 500
/** Tasks are numbered by 32-bit signed slots. */
const TASKS_MAX = 2 ** 31 - 1

/** How to sample. */
export interface SamplingOptions {
  readonly kind: SamplingKind
  /** A whole number from 0 on. */
  readonly seed: number
  readonly workers: number
  /** Threads that were started before, one per worker; the search ends them. */
  readonly threads?: ExplorerThreads
  /** Number of walks; only of `random`. @defaultValue no end */
  readonly walks?: number
  /** Number of runs; only of `swarm`. For tests. @defaultValue no end */
  readonly runs?: number
  /** @defaultValue SAMPLING_DEPTH_DEFAULT */
  readonly depthMax?: number
  /** Longest time, milliseconds from the call on. @defaultValue no end */
  readonly timeMs?: number
  /** Memory for the sets and stacks of a swarm. @defaultValue some MiB for each worker */
  readonly memoryBytes?: number
  /** Go on although a violation was found. */
  readonly keepGoing?: boolean
  readonly signal?: AbortSignal
  /** Called about every half second. */
  readonly onProgress?: (progress: SamplingProgress) => void
}

/** Where a sampling search stands; numbers are a moment old. */
export interface SamplingProgress {
  readonly kind: SamplingKind
  /** Walks or runs that were begun; a limit may have cut the last ones short. */
  readonly tasks: number
  /** States expanded, each as often as it was. */
  readonly steps: number
  readonly transitions: number
  /** Greatest depth of a state that a walk went to or a run found. */
  readonly depth: number
  /** About how many distinct states were seen; the standard error is 0.8 %. */
  readonly distinctEstimate: number
  readonly elapsedMs: number
}

/** What the runs of a swarm did. */
export interface SwarmNumbers {
  /** States that the runs found, added up. */
  readonly states: number
  /** Most states of one run. */
  readonly statesMost: number
  /** Runs that left nothing out but what their sets took for known. */
  readonly complete: number
  /** Of these the one with the fewest omissions; null if there is none. */
  readonly best: { readonly states: number; readonly omitted: number } | null
  /** Bytes of the set of one run. */
  readonly setBytes: number
}

/** What a sampling search found. */
export interface SamplingResult extends SamplingProgress {
  readonly seed: number
  readonly depthMax: number
  /** What ended it; null: a violation or a model error did. */
  readonly limit: LimitName | null
  /** Per property: the candidate of the first walk or run with one, null if none has. */
  readonly candidates: readonly (SampledCandidate | null)[]
  readonly modelError: SampledCandidate | null
  /** How often a state without an enabled action was met. */
  readonly deadlocks: number
  /** Per action instance: 1 if it fired, else 0. */
  readonly fired: Uint8Array
  /** Null for walks. */
  readonly swarm: SwarmNumbers | null
  readonly seconds: number
  readonly workers: number
}

async function prepare(
  model: CompiledModel,
  options: SamplingOptions,
): Promise<readonly SamplingSetup[]> {
  const { kind, workers, walks = Infinity, runs = Infinity, timeMs } = options
  const { depthMax = SAMPLING_DEPTH_DEFAULT } = options
  const [sampler, module] = await Promise.all([
    readFile(builtSampler()).then(bytes => WebAssembly.compile(bytes)),
    WebAssembly.compile(Uint8Array.from(model.wasm)),
  ])
  const swarm = swarmSizes({
    strideWords: model.strideWords,
    workers,
    memoryBytes: options.memoryBytes,
    fixedBytes: planSampling(model, workers, null).end,
  })
  const plan = planSampling(model, workers, kind === 'swarm' ? swarm : null)
  const memory = createMemory(plan.end)
  const tasks = kind === 'swarm' ? runs : Math.ceil(walks / WALKS_PER_TASK)
  const view = new DataView(memory.buffer)
  view.setInt32(SAMPLING_BOUND, Math.min(TASKS_MAX, tasks), true)
  const deadline = timeMs === undefined ? Infinity : Date.now() + timeMs
  return plan.areas.map((area, index) => ({
    index,
    kind,
    memory,
    sampler,
    model: module,
    area,
    strideWords: model.strideWords,
    initial: model.initial,
    violations: model.properties.map(property => property.isViolation),
    keepGoing: options.keepGoing ?? false,
    seed: options.seed,
    depthMax,
    walks,
    swarm,
    deadline,
  }))
}

/**
 * Samples `model`. The main thread stays free while workers run.
 * @throws InternalError if a worker died or failed, or the package is not built.
 */
export async function sample(
  model: CompiledModel,
  options: SamplingOptions,
): Promise<SamplingResult> {
  const { workers, signal, onProgress } = options
  const started = performance.now()
  const setups = await prepare(model, options)
  const { memory } = defined(setups[0], 'a search has a worker')
  const slots = new Int32Array(memory.buffer)
  const stop = (reason: number): void =>
    void Atomics.compareExchange(slots, SAMPLING_STOP >> 2, 0, reason)
  const interrupt = (): void => stop(STOP_INTERRUPTED)
  if (signal?.aborted === true) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  const report = (): void => onProgress?.(progressOf(setups, performance.now() - started))
  const timer = onProgress === undefined ? undefined : setInterval(report, PROGRESS_INTERVAL_MS)
  const threads = options.threads ?? new ExplorerThreads(workers)
  try {
    assert(threads.count === workers, 'there is a thread for each worker')
    const found = await threads.sample(setups, () => stop(STOP_ABORT))
    return collect(model, setups, found.flat(), performance.now() - started)
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', interrupt)
    await threads.close()
  }
}

function statistics(setups: readonly SamplingSetup[], offset: number): number[] {
  return setups.map(({ memory, area }) =>
    new DataView(memory.buffer).getFloat64(area.statistics + offset, true),
  )
}

function sum(setups: readonly SamplingSetup[], offset: number): number {
  return statistics(setups, offset).reduce((total, value) => total + value, 0)
}

function progressOf(setups: readonly SamplingSetup[], elapsedMs: number): SamplingProgress {
  return {
    kind: defined(setups[0]).kind,
    tasks: sum(setups, SAMPLED_TASKS),
    steps: sum(setups, SAMPLED_STEPS),
    transitions: sum(setups, SAMPLED_TRANSITIONS),
    depth: Math.max(...statistics(setups, SAMPLED_DEPTH)),
    distinctEstimate: estimateDistinct(setups),
    elapsedMs,
  }
}

/** HyperLogLog's estimate, from the registers of all workers; see workers/kernel/sampling.ts. */
function estimateDistinct(setups: readonly SamplingSetup[]): number {
  const areas = setups.map(
    ({ memory, area }) => new Uint8Array(memory.buffer, area.registers, REGISTERS),
  )
  let reciprocals = 0
  let empty = 0
  for (let register = 0; register < REGISTERS; register++) {
    const rank = Math.max(...areas.map(registers => registers[register]!))
    reciprocals += 2 ** -rank
    if (rank === 0) empty++
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS ** 2) / reciprocals
  const isSmall = raw <= 2.5 * REGISTERS && empty > 0
  return Math.round(isSmall ? REGISTERS * Math.log(REGISTERS / empty) : raw)
}

/** What the first walk or run met that decided property `index`, null if none did. */
function firstOf(findings: readonly Finding[], index: number): Finding | null {
  const ofProperty = findings.filter(finding => finding.index === index)
  return ofProperty.toSorted((a, b) => a.number - b.number)[0] ?? null
}

function swarmNumbers(setups: readonly SamplingSetup[]): SwarmNumbers {
  const complete = statistics(setups, RUNS_COMPLETE)
  const states = statistics(setups, BEST_STATES)
  const best = statistics(setups, BEST_OMITTED)
    .map((omitted, worker) => ({ omitted, states: defined(states[worker]) }))
    .filter((_, worker) => complete[worker] !== 0)
    .toSorted((a, b) => a.omitted - b.omitted)
  return {
    states: sum(setups, SAMPLED_STATES),
    statesMost: Math.max(...statistics(setups, MOST_STATES)),
    complete: complete.reduce((total, value) => total + value, 0),
    best: best[0] ?? null,
    setBytes: defined(setups[0]).swarm.setBytes,
  }
}

function collect(
  model: CompiledModel,
  setups: readonly SamplingSetup[],
  findings: readonly Finding[],
  elapsedMs: number,
): SamplingResult {
  const first = defined(setups[0])
  const { memory, violations, keepGoing, kind, walks } = first
  const fired = new Uint8Array(model.actionCount)
  for (const { area } of setups)
    new Uint8Array(memory.buffer, area.fired, model.actionCount).forEach((byte, action) => {
      fired[action] = defined(fired[action]) | byte
    })
  const progress = progressOf(setups, elapsedMs)
  const view = new DataView(memory.buffer)
  const deadlocks = setups.reduce(
    (total, { area }) => total + Number(view.getBigUint64(area.context + CONTEXT_DEADLOCKS, true)),
    0,
  )
  const firsts = [...violations, true].map((_, index) => firstOf(findings, index))
  const ends = firsts.filter(
    (_, index) => index === violations.length || (violations[index] === true && !keepGoing),
  )
  // What later walks found than the one that ended the search depends on timing.
  const last = Math.min(Infinity, ...ends.flatMap(finding => finding?.number ?? []))
  const swarm = kind === 'swarm' ? swarmNumbers(setups) : null
  const sampler = new Sampler(first)
  const candidates = firsts.map(finding =>
    finding === null || finding.number > last ? null : wayTo(sampler, first, finding),
  )
  const reason = Atomics.load(new Int32Array(memory.buffer), SAMPLING_STOP >> 2)
  return {
    ...progress,
    seed: first.seed,
    depthMax: first.depthMax,
    limit: last < Infinity ? null : limitOf(reason, walks),
    candidates: candidates.slice(0, -1),
    modelError: candidates.at(-1) ?? null,
    deadlocks,
    fired,
    swarm,
    seconds: elapsedMs / 1000,
    workers: setups.length,
  }
}

function limitOf(reason: number, walks: number): LimitName | null {
  if (reason === STOP_TIME) return 'time'
  if (reason === STOP_INTERRUPTED) return 'interrupted'
  return walks < Infinity ? 'walks' : null
}
