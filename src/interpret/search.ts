/**
 * Breadth-first search by the reference semantics, for small models: the oracle of the differential
 * tests. Counts, depths and verdicts are defined here in the most direct way.
 */
import type { Model } from '../ir/model.js'
import { ModelError, evaluate } from './evaluate.js'
import type { State } from './evaluate.js'
import { Interpreter } from './interpreter.js'

/** What a complete search found. */
export interface SearchResult {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly deadlocks: number
  /** First depth at which each property was violated (or witnessed), null if never. */
  readonly depths: readonly (number | null)[]
  /**
   * Length of the shortest trace to a model error, null if there is none: the depth of the state
   * for a property of states, one more for actions, step properties and deadlocks. The search
   * ends with that level.
   */
  readonly modelErrorDepth: number | null
  /** By action instance: it was enabled somewhere. */
  readonly fired: readonly boolean[]
}

/**
 * Explores the whole space, or the levels up to the first model error; states as a JS Set. With
 * `statesMax`, the result is null if there are more states than that.
 */
export function search(model: Model): SearchResult
export function search(model: Model, statesMax: number): SearchResult | null
export function search(model: Model, statesMax = Infinity): SearchResult | null {
  const run = new Search(model)
  return run.explore(statesMax)
}

class Search {
  private readonly interpreter: Interpreter
  private readonly visited = new Set<string>()
  private readonly depths: (number | null)[]
  private readonly fired: boolean[]
  private next: State[] = []
  private transitions = 0
  private deadlocks = 0
  private modelErrorDepth: number | null = null

  constructor(private readonly model: Model) {
    this.interpreter = new Interpreter(model)
    this.depths = model.properties.map(() => null)
    this.fired = model.actions.map(() => false)
  }

  explore(statesMax: number): SearchResult | null {
    this.reach(this.interpreter.initial(), 0)
    let depth = 0
    for (
      let level = this.next;
      level.length > 0 && this.modelErrorDepth === null;
      level = this.next
    ) {
      this.next = []
      for (const state of level) {
        this.expand(state, depth)
        if (this.visited.size > statesMax) return null
      }
      if (this.next.length > 0) depth++
    }
    const { transitions, deadlocks, depths, modelErrorDepth, fired } = this
    const states = this.visited.size
    return { states, transitions, depth, deadlocks, depths, modelErrorDepth, fired }
  }

  private found(property: number, depth: number): void {
    const known = this.depths[property]
    if (known === null || known === undefined || depth < known) this.depths[property] = depth
  }

  /** Runs `attempt`; false if it met a model error, which then belongs to `depth`. */
  private succeeds(depth: number, attempt: () => void): boolean {
    try {
      attempt()
      return true
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      this.modelErrorDepth ??= depth
      return false
    }
  }

  /** Visits a state unless it is known; evaluates the properties of states. */
  private reach(state: State, depth: number): void {
    const key = state.join()
    if (this.visited.has(key)) return
    this.visited.add(key)
    this.next.push(state)
    this.model.properties.forEach((p, i) => {
      if (p.kind !== 'invariant' && p.kind !== 'reachable') return
      this.succeeds(depth, () => {
        if (this.interpreter.isTrueIn(p, state) === (p.kind === 'reachable')) this.found(i, depth)
      })
    })
  }

  /** Takes every transition of a state. One that meets a model error does not count. */
  private expand(state: State, depth: number): void {
    let isSound = true
    let isStuck = true
    this.model.actions.forEach((_, action) => {
      const succeeded = this.succeeds(depth + 1, () => {
        if (!this.interpreter.isEnabled(action, state)) return
        isStuck = false
        this.fired[action] = true
        this.follow(state, action, depth)
      })
      if (!succeeded) isSound = false
    })
    if (isStuck && isSound) this.stuck(state, depth)
  }

  private follow(state: State, action: number, depth: number): void {
    const outcome = this.interpreter.take(action, state)
    for (const property of outcome.failedAssertions) this.found(property, depth + 1)
    this.model.properties.forEach((p, i) => {
      if (p.kind === 'step' && !this.interpreter.isTrueOf(p, state, { action, ...outcome }))
        this.found(i, depth + 1)
    })
    this.transitions++
    this.reach(outcome.successor, depth + 1)
  }

  private stuck(state: State, depth: number): void {
    this.deadlocks++
    this.model.properties.forEach((p, i) => {
      if (p.kind !== 'deadlock') return
      this.succeeds(depth + 1, () => {
        if (evaluate(p.allowed, state) === 0) this.found(i, depth)
      })
    })
  }
}
