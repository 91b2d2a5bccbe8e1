/** The part of a model that `--property` asks for. */
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { Model, Update } from '../ir/model.js'

/**
 * The model with these properties only, in the model's order; the states are the same.
 * @throws Diagnostic ZC105 for a name that the model does not have
 */
export function selectProperties(model: Model, names: readonly string[]): Model {
  if (names.length === 0) return model
  const known = model.properties.map(p => p.name)
  for (const name of names)
    if (!known.includes(name))
      throw new Diagnostic('ZC105', `model ${model.name} has no property '${name}'`, {
        hint:
          known.length === 0 ? 'it has no properties' : `did you mean '${nearest(name, known)}'?`,
      })
  const properties = model.properties.filter(p => names.includes(p.name))
  const positions = model.properties.map(p => properties.indexOf(p))
  const actions = model.actions.map(action => {
    return { ...action, updates: selectAssertions(action.updates, positions) }
  })
  return { ...model, properties, actions }
}

/** Renumbers the assertions; drops those of properties without a position. */
function selectAssertions(updates: readonly Update[], positions: readonly number[]): Update[] {
  return updates.flatMap((update): Update[] => {
    if (update.kind === 'assign') return [update]
    if (update.kind === 'assert') {
      const property = positions[update.property] ?? -1
      return property < 0 ? [] : [{ ...update, property }]
    }
    const then = selectAssertions(update.then, positions)
    const otherwise = selectAssertions(update.otherwise, positions)
    return [{ ...update, then, otherwise }]
  })
}
