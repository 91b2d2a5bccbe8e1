/** Explores a model of one component by the reference semantics. */
import type { ModelDefinition } from 'zapcheck'
import { search } from '../../../src/interpret/search.js'

/** The names of the properties that a model violates, and its number of states. */
export function explore(definition: ModelDefinition) {
  const model = definition.instantiate({})
  const { depths, states } = search(model)
  const violated = model.properties.flatMap((p, i) =>
    (p.kind === 'reachable') === (depths[i] === null) ? [p.name] : [],
  )
  return { states, violated }
}
