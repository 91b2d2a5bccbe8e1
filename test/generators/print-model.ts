/** A whole model as text, for failures of property tests. */
import { formatAction, walkUpdates } from '../../src/ir/model.js'
import type { Model, Property } from '../../src/ir/model.js'
import { printExpression, printUpdate } from '../../src/ir/print.js'
import { formatType, formatValue } from '../../src/ir/type.js'

/** Variables, actions and properties, one line each. */
export function printModel(model: Model): string {
  const { variables } = model
  const lines = [`model ${model.name}`]
  for (const { name, type, initial } of variables)
    lines.push(`  var ${name}: ${formatType(type)} = ${formatValue(type, initial)}`)
  for (const action of model.actions) {
    const guard = action.guard.map(e => printExpression(e, variables)).join(' && ') || 'true'
    const updates = action.updates.map(u => printUpdate(u, variables)).join('; ')
    lines.push(`  action ${formatAction(action)}: ${guard} -> ${updates || 'nothing'}`)
  }
  for (const property of model.properties) lines.push(`  ${printProperty(property, model)}`)
  return lines.join('\n')
}

function printProperty(property: Property, model: Model): string {
  const head = `${property.kind} ${property.name}`
  const print = (e: Parameters<typeof printExpression>[0]): string =>
    printExpression(e, model.variables)
  switch (property.kind) {
    case 'assertion': {
      let uses = 0
      for (const { updates } of model.actions)
        walkUpdates(updates, u => {
          if (u.kind === 'assert' && model.properties[u.property] === property) uses++
        })
      return `${head}: used ${uses} times`
    }
    case 'deadlock':
      return `${head}: allowed where ${print(property.allowed)}`
    case 'step':
      return `${head}: ${property.predicates.map((e, i) => `#${i} ${print(e)}`).join('; ')}`
    default:
      return `${head}: ${print(property.predicate)}`
  }
}
