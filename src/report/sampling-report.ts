/**
 * The result of a sampling search (random walks, a swarm) as data: the object that `--json` prints.
 * It is a check's report, with what the search did in `search`. Its verdict is never `holds`.
 */
import type { Candidate } from '../explore/explore.js'
import type { SampledCandidate, SamplingResult } from '../explore/sampling.js'
import type { Model } from '../ir/model.js'
import { deadActions, reportOf } from './check-report.js'
import type { CheckReport } from './check-report.js'

/** What a sampling search did, and how much it saw. */
export interface SearchReport {
  readonly kind: 'random' | 'swarm'
  readonly seed: number
  readonly maxDepth: number
  /** Walks or runs that were begun; a limit may have cut the last ones short. */
  readonly walks?: number
  readonly walksPerSecond?: number
  readonly runs?: number
  /** States expanded, each as often as it was. */
  readonly steps: number
  readonly stepsPerSecond: number
  /** Distinct states whose properties were evaluated: an estimate, standard error 0.8 %. */
  readonly distinctEstimate: number
  /** Action instances that fired, and all that there are. */
  readonly actionsFired: number
  readonly actions: number
  /** Names of actions that never fired; they may fire in states that were not reached. */
  readonly neverFired: readonly string[]
  /** The first walk or run, counted from 1, that met a violation or model error; null if none. */
  readonly foundBy: number | null
  /** Of a swarm. */
  readonly statesPerRun?: number
  readonly statesMost?: number
  /** Runs that left nothing out but what their sets took for known. */
  readonly completeRuns?: number
  /** Of these the one with the fewest omissions. */
  readonly bestRun?: { readonly states: number; readonly omittedExpected: number } | null
  readonly setBytes?: number
}

/** A check's report, of a sampling search. */
export interface SamplingReport extends Omit<CheckReport, 'exactness'> {
  readonly exactness: 'sampled'
  readonly search: SearchReport
}

/** What a report is made from. */
export interface SamplingReportInput {
  readonly model: Model
  readonly stateBits: number
  readonly result: SamplingResult
  readonly peakRssBytes: number
  readonly version: string
}

/** The candidate as searches give it; its depth is the length of the way that was found to it. */
export function candidateOf({ rows, action }: SampledCandidate): Candidate {
  const state = rows.at(-1) ?? new BigUint64Array()
  return { depth: rows.length - (action === null ? 1 : 0), state, action }
}

/** The report of a sampling search; trace, variant and differences are added by who knows them. */
export function samplingReportOf(input: SamplingReportInput): SamplingReport {
  const { result } = input
  const { fired, seconds, limit, deadlocks, workers, transitions, depth } = result
  const report = reportOf({
    ...input,
    result: {
      states: result.distinctEstimate,
      transitions,
      depth,
      deadlocks,
      exhaustive: false,
      omitted: null,
      limit,
      candidates: result.candidates.map(found => found && candidateOf(found)),
      modelError: result.modelError && candidateOf(result.modelError),
      fired,
      coverage: null,
      visitedBytes: result.swarm === null ? 0 : result.swarm.setBytes * workers,
      spilledBytes: 0,
      checkpoint: null,
      seconds,
      workers,
    },
  })
  return { ...report, exactness: 'sampled', search: searchOf(input) }
}

function searchOf({ model, result }: SamplingReportInput): SearchReport {
  const { kind, seed, depthMax, tasks, steps, seconds, distinctEstimate, fired, swarm } = result
  const rate = (count: number): number => (seconds > 0 ? Math.round(count / seconds) : 0)
  const ends = model.properties.map((p, i) =>
    p.kind === 'reachable' ? null : result.candidates[i],
  )
  const numbers = [...ends, result.modelError].flatMap(found => found?.number ?? [])
  return {
    kind,
    seed,
    maxDepth: depthMax,
    ...(kind === 'random' ? { walks: tasks, walksPerSecond: rate(tasks) } : { runs: tasks }),
    steps,
    stepsPerSecond: rate(steps),
    distinctEstimate,
    actionsFired: fired.reduce((sum, byte) => sum + byte, 0),
    actions: model.actions.length,
    neverFired: deadActions(model, fired),
    foundBy: numbers.length === 0 ? null : 1 + Math.min(...numbers),
    ...(swarm !== null && {
      statesPerRun: Math.round(swarm.states / Math.max(1, tasks)),
      statesMost: swarm.statesMost,
      completeRuns: swarm.complete,
      bestRun: swarm.best && {
        states: swarm.best.states,
        omittedExpected: Number(swarm.best.omitted.toPrecision(3)),
      },
      setBytes: swarm.setBytes,
    }),
  }
}
