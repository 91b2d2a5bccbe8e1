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
  /** The first level with a model error; the search ends with that level. */
  readonly modelErrorDepth: number | null
  /** By action instance: it was enabled somewhere. */
  readonly fired: readonly boolean[]
}

/** Explores the whole space (or the levels up to the first model error); states as a JS Set. */
export function search(model: Model): SearchResult {
  const run = new Search(model)
  return run.explore()
}

class Search {
  private readonly interpreter: Interpreter
  private readonly visited = new Set<string>()
  private readonly depths: (number | null)[]
  private readonly fired: boolean[]
  private next: State[] = []
  private transitions = 0
  private deadlocks = 0

  constructor(private readonly model: Model) {
    this.interpreter = new Interpreter(model)
    this.depths = model.properties.map(() => null)
    this.fired = model.actions.map(() => false)
  }

  explore(): SearchResult {
    this.reach(this.interpreter.initial(), 0)
    let depth = 0
    let modelErrorDepth: number | null = null
    for (let level = this.next; level.length > 0 && modelErrorDepth === null; level = this.next) {
      this.next = []
      for (const state of level) if (!this.expand(state, depth)) modelErrorDepth = depth + 1
      if (this.next.length > 0) depth++
    }
    const { transitions, deadlocks, depths, fired } = this
    const states = this.visited.size
    return { states, transitions, depth, deadlocks, depths, modelErrorDepth, fired }
  }

  private found(property: number, depth: number): void {
    const known = this.depths[property]
    if (known === null || known === undefined || depth < known) this.depths[property] = depth
  }

  /** Visits a state unless it is known; evaluates the properties of states. */
  private reach(state: State, depth: number): void {
    const key = state.join()
    if (this.visited.has(key)) return
    this.visited.add(key)
    this.next.push(state)
    this.model.properties.forEach((p, i) => {
      if (p.kind === 'invariant' && !this.interpreter.isTrueIn(p, state)) this.found(i, depth)
      if (p.kind === 'reachable' && this.interpreter.isTrueIn(p, state)) this.found(i, depth)
    })
  }

  /** Takes every transition of a state. False if an action met a model error; the others count. */
  private expand(state: State, depth: number): boolean {
    let isSound = true
    let isStuck = true
    this.model.actions.forEach((_, action) => {
      try {
        if (!this.interpreter.isEnabled(action, state)) return
        isStuck = false
        this.fired[action] = true
        this.follow(state, action, depth)
      } catch (error) {
        if (!(error instanceof ModelError)) throw error
        isSound = false
      }
    })
    if (isStuck && isSound) this.stuck(state, depth)
    return isSound
  }

  private follow(state: State, action: number, depth: number): void {
    const outcome = this.interpreter.take(action, state)
    this.transitions++
    for (const property of outcome.failedAssertions) this.found(property, depth + 1)
    this.model.properties.forEach((p, i) => {
      if (p.kind === 'step' && !this.interpreter.isTrueOf(p, state, { action, ...outcome }))
        this.found(i, depth + 1)
    })
    this.reach(outcome.successor, depth + 1)
  }

  private stuck(state: State, depth: number): void {
    this.deadlocks++
    this.model.properties.forEach((p, i) => {
      if (p.kind === 'deadlock' && evaluate(p.allowed, state) === 0) this.found(i, depth)
    })
  }
}
