/**
 * The result of one check as data: the object that `--json` prints. Its form is a promise to
 * scripts; `docs/cli.md` describes it. The text for people is made from the same data.
 */
import type { Trace } from '../trace/trace.js'
import type { CheckpointOutcome, ExploreResult, LimitName } from '../explore/explore.js'
import type { Model, ParameterValue, PropertyKind } from '../ir/model.js'
import type { DiagnosticCode } from '../base/diagnostic.js'
import { unreduced } from '../reduce/reduction.js'
import type { AppliedReduction } from '../reduce/reduction.js'
import { coverageOf } from './coverage.js'
import type { CoverageReport } from './coverage.js'
import { defined } from '../base/assert.js'

/** The verdict on one property. */
export interface PropertyReport {
  readonly name: string
  readonly kind: PropertyKind
  /** `unknown`: the run ended before it was decided. A reachability holds when it is witnessed. */
  readonly verdict: 'holds' | 'violated' | 'unknown'
  /** Length of the shortest trace that decides it, null if none was found. */
  readonly depth: number | null
}

/** A write, an index or an update without a meaning, reached by the model. */
export interface ModelErrorReport {
  readonly code: DiagnosticCode
  readonly message: string
  /** Steps to it, the failing action included. */
  readonly depth: number
}

/** What a lossy visited set is expected to have left out. */
export interface Omission {
  /** Probability that any state was taken for another one, 0..1. */
  readonly omissionProbability: number
  /** How many states were, on average; those that only these lead to are not in the number. */
  readonly omittedExpected: number
}

/** One check. The optional members are there only when they have something to say. */
export interface CheckReport {
  readonly model: string
  readonly params: Readonly<Record<string, ParameterValue>>
  readonly verdict: 'holds' | 'violated' | 'incomplete'
  /** True if every reachable state was explored. */
  readonly exhaustive: boolean
  /** Distinct reachable states found. */
  readonly states: number
  /** Pairs of a state and an action instance enabled in it, stutters included. */
  readonly transitions: number
  /** Of the deepest level; the initial state has depth 0. */
  readonly depth: number
  readonly deadlocks: number
  readonly workers: number
  readonly seconds: number
  readonly statesPerSecond: number
  readonly memory: {
    readonly stateBits: number
    readonly visitedBytes: number
    readonly bytesPerState: number
    readonly peakRssBytes: number
    /** States that were written to disk, bytes; only if there are any. */
    readonly spilledBytes?: number
  }
  /** Whether the visited set may have confused two states. */
  readonly exactness: 'exact' | Omission
  /** What the search was reduced by, and so what is counted. */
  readonly reduction: AppliedReduction
  readonly properties: readonly PropertyReport[]
  /** The limit that ended the run, null if none did. */
  readonly limit: LimitName | null
  /** Where the trace was saved, null if none was. */
  readonly trace: string | null
  readonly version: string
  /** Of the variant that was asked for. */
  readonly variant?: string
  /** What differs from the variant's expectation; empty if nothing does. */
  readonly differences?: readonly string[]
  /** Actions that never happened although every state was explored. */
  readonly deadActions?: readonly string[]
  /** With `--coverage`. */
  readonly coverage?: CoverageReport
  readonly error?: ModelErrorReport
  /** With `--checkpoint` and `resume`. */
  readonly checkpoint?: CheckpointReport
}

/** The checkpoint that a run has left. */
export interface CheckpointReport extends CheckpointOutcome {
  readonly folder: string
}

/** What a report is made from. */
export interface ReportInput {
  readonly model: Model
  readonly stateBits: number
  /** Without levels if the search kept none. */
  readonly result: ExploreResult | Omit<ExploreResult, 'levels'>
  /** @defaultValue none */
  readonly reduction?: AppliedReduction
  /** The process's peak of resident memory, bytes. */
  readonly peakRssBytes: number
  readonly version: string
}

/** The report of a run; trace, variant and differences are added by who knows them. */
export function reportOf({
  model,
  stateBits,
  result,
  reduction = unreduced,
  peakRssBytes,
  version,
}: ReportInput): CheckReport {
  const exhaustive = result.exhaustive && result.modelError === null
  const properties = model.properties.map((property, i): PropertyReport => {
    const depth = result.candidates[i]?.depth ?? null
    const verdict = verdictOf(property.kind === 'reachable', depth !== null, exhaustive)
    return { name: property.name, kind: property.kind, verdict, depth }
  })
  const coverage = 'levels' in result ? coverageOf(model, result) : null
  const dead = exhaustive ? deadActions(model, result.fired) : []
  return {
    model: model.name,
    params: model.parameters,
    verdict: overallVerdict(properties, exhaustive),
    exhaustive,
    states: result.states,
    transitions: result.transitions,
    depth: result.depth,
    deadlocks: result.deadlocks,
    workers: result.workers,
    seconds: rounded(result.seconds, 3),
    statesPerSecond: result.seconds > 0 ? Math.round(result.states / result.seconds) : 0,
    memory: {
      stateBits,
      visitedBytes: result.visitedBytes,
      bytesPerState: result.states > 0 ? rounded(result.visitedBytes / result.states, 2) : 0,
      peakRssBytes,
      ...(result.spilledBytes > 0 && { spilledBytes: result.spilledBytes }),
    },
    exactness: exactnessOf(result.omitted),
    reduction,
    properties,
    limit: result.limit,
    trace: null,
    version,
    ...(dead.length > 0 && { deadActions: dead }),
    ...(coverage !== null && { coverage }),
  }
}

function exactnessOf(omitted: number | null): CheckReport['exactness'] {
  if (omitted === null) return 'exact'
  return {
    omissionProbability: Number((-Math.expm1(-omitted)).toPrecision(3)),
    omittedExpected: Number(omitted.toPrecision(3)),
  }
}

function verdictOf(
  isReachable: boolean,
  isFound: boolean,
  exhaustive: boolean,
): PropertyReport['verdict'] {
  if (isFound) return isReachable ? 'holds' : 'violated'
  if (!exhaustive) return 'unknown'
  return isReachable ? 'violated' : 'holds'
}

function overallVerdict(
  properties: readonly PropertyReport[],
  exhaustive: boolean,
): CheckReport['verdict'] {
  if (properties.some(p => p.verdict === 'violated')) return 'violated'
  return exhaustive ? 'holds' : 'incomplete'
}

/** Names of the actions none of whose instances fired, in order of declaration. */
export function deadActions(model: Model, fired: Uint8Array): string[] {
  const names = new Set(model.actions.map(action => action.name))
  model.actions.forEach((action, i) => {
    if (fired[i] !== 0) names.delete(action.name)
  })
  return [...names]
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** The report of a run that ended with a model error. */
export function withModelError(report: CheckReport, trace: Trace, depth: number): CheckReport {
  const { code, message } = defined(trace.error ?? undefined, 'the trace is one to a model error')
  return { ...report, error: { code, message, depth } }
}
