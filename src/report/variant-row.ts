/**
 * Checks one variant of a model against its expectation: a row of the suite. Every violation and
 * every witness is rebuilt and confirmed by the interpreter before the row counts as found.
 */
import { defined } from '../base/assert.js'
import { compile, successorOrder } from '../compile/compile.js'
import { explore } from '../explore/explore.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import type { ExploreOptions, ExploreResult } from '../explore/explore.js'
import type { Model } from '../ir/model.js'
import type { Expectation, ModelDefinition, Variant } from '../lang/definition.js'
import { layoutOf } from '../layout/layout.js'
import { prepareReduction, seesAllStates } from '../reduce/reduction.js'
import { rebuildTrace } from '../trace/rebuild.js'
import { isVacuous } from './coverage.js'
import type { PropertyCoverage } from './coverage.js'
import { deadActions, reportOf, withModelError } from './check-report.js'
import type { CheckReport } from './check-report.js'
import { compareWithExpectation } from './expectation.js'

/** A row of the suite. Plain data: it crosses threads and is printed by `--json`. */
export interface VariantRow extends Omit<
  CheckReport,
  'trace' | 'variant' | 'differences' | 'deadActions' | 'coverage'
> {
  readonly variant: string
  /** True if the run was not cut short and nothing differs from the expectation. */
  readonly matches: boolean
  readonly differences: readonly string[]
  /** Names of the model's actions that happened, and of those that did not. */
  readonly firedActions: readonly string[]
  readonly deadActions: readonly string[]
  /** Names of the properties that were put to the test, and of those that were not. */
  readonly exercisedProperties: readonly string[]
  readonly vacuousProperties: readonly string[]
  /** By property: the names of the actions of its trace, for those that were asked for. */
  readonly traces: Readonly<Record<string, readonly string[]>>
}

/** What the suite's caller chooses. */
export interface VariantRowOptions {
  readonly explore: Pick<ExploreOptions, 'workers' | 'inline' | 'timeMs' | 'memoryBytes'>
  readonly version: string
  /** Properties that have to be decided, also if others are violated before. */
  readonly decides?: readonly string[]
  /** Properties whose trace is asked for, if there is one. */
  readonly traces?: readonly string[]
  readonly peakRssBytes: () => number
}

/**
 * Explores as far as the expectation reaches. A seeded bug can make a space many times larger, so
 * the first run ends with the level of the first violation; the whole space is explored if counts
 * are expected, or something is still open by then: an expected violation, or what the caller asks.
 */
async function decide(
  model: Model,
  compiled: CompiledModel,
  { states, transitions, depth, reduced = {}, properties = {} }: Expectation,
  { explore: options, decides = [] }: VariantRowOptions,
): Promise<ExploreResult> {
  const counts = [states, transitions, depth, reduced.states, reduced.transitions]
  const wantsCounts = counts.some(count => count !== undefined)
  const result = await explore(compiled, { ...options, keepGoing: wantsCounts })
  if (wantsCounts || result.exhaustive || result.limit !== null) return result
  const isDecided = model.properties.every((property, i) => {
    const expected = properties[property.name] ?? 'holds'
    const verdict = typeof expected === 'string' ? expected : expected.verdict
    if (property.kind === 'reachable' && verdict === 'violated') return false
    const isAsked = decides.includes(property.name)
    const isOpen = verdict === 'violated' || property.kind === 'reachable' || isAsked
    return !isOpen || result.candidates[i] !== null
  })
  if (isDecided || result.modelError !== null) return result
  result.levels.close()
  return explore(compiled, { ...options, keepGoing: true })
}

/**
 * The properties that were put to the test and those that were not; some cannot be. A search that
 * leaves states out, unless `seesAll`, calls none vacuous.
 */
function testedProperties(
  properties: readonly PropertyCoverage[],
  seesAll: boolean,
): Pick<VariantRow, 'exercisedProperties' | 'vacuousProperties'> {
  const vacuous = properties.filter(isVacuous)
  const others = properties.filter(p => !isVacuous(p) && p.kind !== 'deadlock')
  return {
    exercisedProperties: others.map(p => p.name),
    vacuousProperties: seesAll ? vacuous.map(p => p.name) : [],
  }
}

/** Explores the variant and compares. @throws Diagnostic for mistakes of the model */
export async function checkVariant(
  definition: ModelDefinition,
  variant: Variant,
  options: VariantRowOptions,
): Promise<VariantRow> {
  const model = definition.instantiate(
    variant.params as Parameters<typeof definition.instantiate>[0],
  )
  const reduction = prepareReduction(model, variant.reduce ?? definition.reduce, successorOrder)
  const { group, stubborn } = reduction
  const compiled = compile(model, layoutOf(model), group, { coverage: 'witnesses', stubborn })
  const result = await decide(model, compiled, variant.expect, options)
  const origin = { zapcheck: options.version, file: null }
  const evidence = { model, compiled, levels: result.levels, group: reduction.group }
  const traces: Record<string, readonly string[]> = {}
  for (const [property, candidate] of result.candidates.entries()) {
    if (candidate === null) continue
    const subject = { kind: 'property', property } as const
    const trace = await rebuildTrace({ ...evidence, candidate, subject }, origin)
    const { name } = defined(model.properties[property])
    if (options.traces?.includes(name) === true) traces[name] = trace.steps.map(s => s.action)
  }
  let report = reportOf({
    model,
    stateBits: compiled.stateBits,
    result,
    reduction: reduction.applied,
    peakRssBytes: options.peakRssBytes(),
    version: options.version,
  })
  if (result.modelError !== null) {
    const { action, depth } = result.modelError
    const subject = { kind: 'error', action } as const
    const trace = await rebuildTrace({ ...evidence, candidate: result.modelError, subject }, origin)
    report = withModelError(report, trace, depth)
  }
  result.levels.close()
  const { trace: _, coverage, ...rest } = report
  const differences = compareWithExpectation(variant.expect, report)
  const fired = model.actions.filter((_, i) => defined(result.fired[i]) !== 0).map(a => a.name)
  const dead = deadActions(model, result.fired)
  return {
    ...rest,
    variant: variant.name,
    matches: differences.length === 0 && (report.exhaustive || report.limit === null),
    differences,
    firedActions: [...new Set(fired)],
    deadActions: dead,
    ...testedProperties(coverage?.properties ?? [], seesAllStates(report.reduction)),
    traces,
  }
}
