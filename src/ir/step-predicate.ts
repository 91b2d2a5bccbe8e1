/**
 * Step properties per action: what is left of the predicate once it is known which variables the
 * action leaves alone. Most actions cannot violate most step properties, and need no code for them.
 */
import { writtenVariables } from './effects.js'
import { FALSE, TRUE, and, canFail, compare, mapChildren, not, or } from './expression.js'
import type { Expression } from './expression.js'
import type { Model, Property } from './model.js'
import { printExpression } from './print.js'

/** The predicate of a step property for one action; TRUE if the action cannot violate it. */
export function relevantStepPredicate(
  property: Property & { readonly kind: 'step' },
  action: number,
  model: Model,
): Expression {
  const written = new Set(writtenVariables(model.actions[action]!.updates))
  const settle = (e: Expression): Expression => {
    if (e.kind === 'next' && !e.location.elements.some(v => written.has(v)))
      return mapChildren({ kind: 'read', location: e.location }, settle)
    return simplify(mapChildren(e, settle), model)
  }
  return settle(property.predicates[action]!)
}

/** Folds what is decided: x = x, a & !a, a | !a, and constants. */
function simplify(e: Expression, model: Model): Expression {
  const text = (x: Expression): string => printExpression(x, model.variables)
  if (e.kind === 'not') return not(e.operand)
  if (e.kind === 'compare') {
    // An expression that can fail would fail on both sides of the step property's other parts too.
    if (text(e.left) === text(e.right))
      return e.operator === 'eq' || e.operator === 'le' ? TRUE : FALSE
    return compare(e.operator, e.left, e.right)
  }
  if (e.kind !== 'and' && e.kind !== 'or') return e
  const folded = e.kind === 'and' ? and(...e.operands) : or(...e.operands)
  if (folded.kind !== 'and' && folded.kind !== 'or') return folded
  const texts = new Set(folded.operands.map(text))
  const isDecided = folded.operands.some(o => texts.has(text(not(o))))
  if (!isDecided || canFail(folded)) return folded
  return folded.kind === 'and' ? FALSE : TRUE
}
