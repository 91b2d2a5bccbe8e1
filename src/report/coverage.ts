/**
 * What a check covered, as data: how often each action happened, how often each property was put
 * to the test, and how many states each level has. `docs/coverage.md` says what it means.
 */
import { defined } from '../base/assert.js'
import type { Count, ExploreResult } from '../explore/explore.js'
import type { Model, PropertyKind } from '../ir/model.js'

/** All instances of one action. */
export interface ActionCoverage {
  readonly name: string
  readonly instances: number
  /** How many of the instances never happened. */
  readonly deadInstances: number
  /** Transitions by one of the instances, stutters included. */
  readonly fired: number
  /** Steps of the shortest trace that has the action; null if it never happened. */
  readonly depth: number | null
}

/** How much a property was put to the test. */
export interface PropertyCoverage {
  readonly name: string
  readonly kind: PropertyKind
  /**
   * In how many states (invariant, reachability) or transitions (step property, assertion) its
   * interesting part was true; null for deadlock freedom, which has none.
   */
  readonly exercised: number | null
  /** Steps of the shortest trace to one; null if there is none. */
  readonly depth: number | null
}

/** What a check covered. */
export interface CoverageReport {
  /** In the order of declaration. */
  readonly actions: readonly ActionCoverage[]
  readonly properties: readonly PropertyCoverage[]
  /** Distinct states by depth. */
  readonly levels: readonly number[]
}

/** The coverage of a run; null if the model was compiled without. */
export function coverageOf(model: Model, result: ExploreResult): CoverageReport | null {
  const { coverage, levels } = result
  if (coverage === null) return null
  return {
    actions: actionsOf(model, coverage.actions),
    properties: model.properties.map(({ name, kind }, i): PropertyCoverage => {
      const { count, depth } = defined(coverage.properties[i])
      return { name, kind, exercised: kind === 'deadlock' ? null : count, depth }
    }),
    levels: Array.from({ length: levels.levelCount }, (_, depth) => levels.rowCount(depth)),
  }
}

function actionsOf(model: Model, counts: readonly Count[]): ActionCoverage[] {
  const byName = new Map<string, Count[]>()
  model.actions.forEach(({ name }, i) => {
    const own = byName.get(name) ?? []
    own.push(defined(counts[i]))
    byName.set(name, own)
  })
  return [...byName].map(([name, own]) => {
    const depths = own.flatMap(({ depth }) => depth ?? [])
    return {
      name,
      instances: own.length,
      deadInstances: own.filter(({ count }) => count === 0).length,
      fired: own.reduce((sum, { count }) => sum + count, 0),
      depth: depths.length === 0 ? null : depths.reduce((a, b) => Math.min(a, b)),
    }
  })
}

/**
 * True if a property was never put to the test: nothing could have violated it. A reachability is
 * a test itself, and deadlock freedom is about every state.
 */
export function isVacuous({ kind, exercised }: PropertyCoverage): boolean {
  return kind !== 'reachable' && exercised === 0
}
