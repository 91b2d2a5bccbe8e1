/**
 * Breadth-first search by the reference semantics, reduced by stubborn sets: what the reduction is
 * measured by in tests, before any compiled code.
 */
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import type { State } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { Transition } from '../../src/interpret/interpreter.js'
import type { Model } from '../../src/ir/model.js'
import { enabledMembers, originsOf, stubbornSubset } from '../../src/reduce/stubborn.js'
import type { StubbornTables } from '../../src/reduce/stubborn-tables.js'

/** What a reduced search decides. */
export interface ReducedResult {
  readonly states: number
  readonly transitions: number
  readonly deadlocks: number
  /** By property: a violation (a witness) was found. */
  readonly found: readonly boolean[]
  /** A model error was met, which ended the search. */
  readonly failed: boolean
}

/** Explores the reduced space. */
export function reducedSearch(model: Model, tables: StubbornTables): ReducedResult {
  const interpreter = new Interpreter(model)
  const found = model.properties.map(() => false)
  const visited = new Set<string>()
  const left: State[] = []
  let transitions = 0
  let deadlocks = 0
  const reach = (state: State): void => {
    const key = state.join()
    if (visited.has(key)) return
    visited.add(key)
    left.push(state)
    model.properties.forEach((p, i) => {
      if (p.kind !== 'invariant' && p.kind !== 'reachable') return
      if (interpreter.isTrueIn(p, state) === (p.kind === 'reachable')) found[i] = true
    })
  }
  const judge = (state: State, transition: Transition): void => {
    for (const property of transition.failedAssertions) found[property] = true
    model.properties.forEach((p, i) => {
      if (p.kind === 'step' && !interpreter.isTrueOf(p, state, transition)) found[i] = true
    })
  }
  const expand = (state: State): void => {
    const all = interpreter.transitions(state)
    for (const transition of all) judge(state, transition)
    if (all.length === 0) {
      deadlocks++
      model.properties.forEach((p, i) => {
        if (p.kind === 'deadlock' && evaluate(p.allowed, state) === 0) found[i] = true
      })
    }
    const enabled = enabledMembers(tables, interpreter, state)
    const chosen = new Set(originsOf(tables, stubbornSubset(tables, state, enabled)))
    for (const { action, successor } of all) {
      if (!chosen.has(action)) continue
      transitions++
      reach(successor)
    }
  }
  let failed = false
  try {
    reach(interpreter.initial())
    for (const state of left) expand(state)
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    failed = true
  }
  return { states: visited.size, transitions, deadlocks, found, failed }
}
