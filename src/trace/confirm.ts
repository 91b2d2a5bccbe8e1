/**
 * Judges paths by the reference semantics: takes actions from the initial state, and says whether
 * what the path should show is really there.
 */
import { assert, defined } from '../base/assert.js'
import type { Model, Property } from '../ir/model.js'
import { ModelError, evaluate } from '../interpret/evaluate.js'
import type { State } from '../interpret/evaluate.js'
import { locating } from '../interpret/interpreter.js'
import type { Interpreter } from '../interpret/interpreter.js'

/** What a trace is about: a property by its position in the model, or a model error. */
export type Subject =
  | { readonly kind: 'property'; readonly property: number }
  /** `action` fails in the last state; null if a property cannot be evaluated there. */
  | { readonly kind: 'error'; readonly action: number | null }

/** Actions taken one after the other from the initial state, and the states passed. */
export interface Path {
  readonly actions: readonly number[]
  /** One more than actions; the first is the initial state. */
  readonly states: readonly State[]
}

/** True if two states are equal. */
export function isSameState(a: State, b: State): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** The successor by `action`, or null if it is not enabled or fails. */
export function successorBy(interpreter: Interpreter, action: number, state: State): State | null {
  try {
    return interpreter.isEnabled(action, state) ? interpreter.take(action, state).successor : null
  } catch (error) {
    if (error instanceof ModelError) return null
    throw error
  }
}

/** True if the last state (or the last transition) of the path is what the property is about. */
export function isConfirmed(interpreter: Interpreter, path: Path, position: number): boolean {
  const property = defined(interpreter.model.properties[position], 'the property exists')
  const state = defined(path.states.at(-1))
  switch (property.kind) {
    case 'invariant':
      return !interpreter.isTrueIn(property, state)
    case 'reachable':
      return interpreter.isTrueIn(property, state)
    case 'deadlock':
      return isStuck(interpreter, state) && evaluate(property.allowed, state) === 0
    case 'step':
    case 'assertion': {
      const action = path.actions.at(-1)
      const before = path.states.at(-2)
      if (action === undefined || before === undefined) return false
      const outcome = interpreter.take(action, before)
      if (property.kind === 'assertion') return outcome.failedAssertions.includes(position)
      return !interpreter.isTrueOf(property, before, { action, ...outcome })
    }
  }
}

function isStuck(interpreter: Interpreter, state: State): boolean {
  return interpreter.model.actions.every((_, action) => !interpreter.isEnabled(action, state))
}

/** The model error in `state`, or null if there is none. */
export function modelErrorIn(
  interpreter: Interpreter,
  state: State,
  action: number | null,
): ModelError | null {
  try {
    if (action === null) evaluateProperties(interpreter, state)
    else evaluateAction(interpreter, action, state)
    return null
  } catch (error) {
    if (error instanceof ModelError) return error
    throw error
  }
}

function evaluateAction(interpreter: Interpreter, action: number, state: State): void {
  if (!interpreter.isEnabled(action, state)) return
  const outcome = interpreter.take(action, state)
  for (const property of interpreter.model.properties)
    if (property.kind === 'step')
      inProperty(interpreter.model, property, () =>
        interpreter.isTrueOf(property, state, { action, ...outcome }),
      )
}

function evaluateProperties(interpreter: Interpreter, state: State): void {
  for (const property of interpreter.model.properties)
    inProperty(interpreter.model, property, () => {
      if (property.kind === 'invariant' || property.kind === 'reachable')
        interpreter.isTrueIn(property, state)
      else if (property.kind === 'deadlock') evaluate(property.allowed, state)
    })
}

/** Adds the property's name and line to a model error. */
function inProperty(model: Model, { name, site }: Property, run: () => void): void {
  locating(site, `model ${model.name}, property '${name}': `, run)
}

/** Takes `actions` from the initial state. Throws InternalError where one is not enabled. */
export function follow(interpreter: Interpreter, actions: readonly number[]): Path {
  const states: State[] = [interpreter.initial()]
  for (const action of actions) {
    const successor = successorBy(interpreter, action, defined(states.at(-1)))
    assert(successor !== null, `step ${states.length} of a trace is not enabled in the reference`)
    states.push(successor)
  }
  return { actions, states }
}
