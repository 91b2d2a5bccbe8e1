/**
 * Paths through a model by the reference semantics: the shortest one to a violation, and a given
 * one, replayed action by action. For tests that compare traces with the kernel's story.
 */
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { State } from '../../src/interpret/evaluate.js'
import { formatAction } from '../../src/ir/model.js'
import type { Model, Property } from '../../src/ir/model.js'
import type { ModelDefinition } from '../../src/lang/definition.js'

/** The model of a variant. @throws Error if there is no variant of that name */
export function modelOf(
  { variants, instantiate }: Pick<ModelDefinition, 'variants' | 'instantiate'>,
  name: string,
): Model {
  const variant = variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return instantiate(variant.params)
}

interface Visit {
  readonly from: string | null
  readonly action: number
  readonly state: State
}

/** The actions of a shortest path to a violation of the property, by name; null if it holds. */
export function shortestViolation(model: Model, property: string): readonly string[] | null {
  const interpreter = new Interpreter(model)
  const judged = propertyOf(model, property)
  const initial = interpreter.initial()
  const visited = new Map<string, Visit>([
    [initial.join(), { from: null, action: -1, state: initial }],
  ])
  const isBad = (state: State): boolean =>
    judged.kind === 'invariant' && !interpreter.isTrueIn(judged, state)
  const pathTo = (key: string | null): string[] => {
    const names: string[] = []
    for (let at = key; at !== null;) {
      const visit: Visit = visited.get(at)!
      if (visit.action >= 0) names.unshift(nameOf(model, visit.action))
      at = visit.from
    }
    return names
  }
  for (const [key, { state }] of visited)
    for (const transition of interpreter.transitions(state)) {
      const { action, successor } = transition
      const name = nameOf(model, action)
      if (judged.kind === 'step' && !interpreter.isTrueOf(judged, state, transition))
        return [...pathTo(key), name]
      if (isBad(successor)) return [...pathTo(key), name]
      const failed = transition.failedAssertions.map(i => model.properties[i])
      if (failed.includes(judged)) return [...pathTo(key), name]
      const next = successor.join()
      if (!visited.has(next)) visited.set(next, { from: key, action, state: successor })
    }
  return null
}

/**
 * Takes the actions in turn, each named as `vcpu.V15(v=0)` or by its beginning.
 * @returns the properties and assertions that are violated on the way, with the first step
 * @throws Error where no action of that name is enabled, or several are
 */
export function replay(model: Model, names: readonly string[]): ReadonlyMap<string, number> {
  const interpreter = new Interpreter(model)
  const violated = new Map<string, number>()
  let state = interpreter.initial()
  names.forEach((name, i) => {
    const enabled = interpreter.transitions(state)
    const fitting = enabled.filter(({ action }) => nameOf(model, action).startsWith(name))
    const [transition] = fitting
    if (transition === undefined || fitting.length > 1) {
      const choices = enabled.map(({ action }) => nameOf(model, action)).join(', ')
      throw new Error(`step ${i + 1}: ${fitting.length} actions fit ${name} of ${choices}`)
    }
    const failed = transition.failedAssertions.map(index => model.properties[index])
    for (const property of model.properties) {
      const isBad =
        failed.includes(property) ||
        (property.kind === 'invariant' && !interpreter.isTrueIn(property, transition.successor)) ||
        (property.kind === 'step' && !interpreter.isTrueOf(property, state, transition))
      if (isBad && !violated.has(property.name)) violated.set(property.name, i + 1)
    }
    state = transition.successor
  })
  return violated
}

/** `vcpu.V4_ept_violation(v=0, choice=A)`. */
function nameOf(model: Model, action: number): string {
  return formatAction(model.actions[action]!)
}

function propertyOf(model: Model, name: string): Property {
  const found = model.properties.find(p => p.name === name)
  if (found === undefined) throw new Error(`no property '${name}'`)
  return found
}
