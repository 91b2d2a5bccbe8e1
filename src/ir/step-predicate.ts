/**
 * Step properties per action: what is left of the predicate once it is known which variables the
 * action leaves alone. Most actions cannot violate most step properties, and need no code for them.
 */
import { writtenVariables } from './effects.js'
import {
  FALSE,
  TRUE,
  and,
  canFail,
  childrenOf,
  compare,
  mapChildren,
  not,
  or,
} from './expression.js'
import type { Expression, VariableIndex } from './expression.js'
import type { Model, Property } from './model.js'
import { premiseOf } from './premise.js'
import { isSame } from './same-expression.js'

/** The predicate of a step property for one action; TRUE if the action cannot violate it. */
export function relevantStepPredicate(
  property: Property & { readonly kind: 'step' },
  action: number,
  model: Model,
): Expression {
  return settled(property.predicates[action]!, action, model)
}

/** Where a step property is interesting, for one action; FALSE if it never is. */
export function relevantStepPremise(
  property: Property & { readonly kind: 'step' },
  action: number,
  model: Model,
): Expression {
  return settled(premiseOf(property.predicates[action]!), action, model)
}

/** What was left of an expression for actions that write these of the variables it compares. */
const settledBefore = new WeakMap<Expression, Map<string, Expression>>()

/** What is left of an expression once it is known which variables the action leaves alone. */
function settled(predicate: Expression, action: number, model: Model): Expression {
  const updates = new Set(writtenVariables(model.actions[action]!.updates))
  const written = new Set(nextVariables(predicate).filter(v => updates.has(v)))
  const before = settledBefore.get(predicate) ?? new Map<string, Expression>()
  settledBefore.set(predicate, before)
  const key = [...written].join()
  const rest = before.get(key) ?? settle(predicate, written)
  before.set(key, rest)
  return rest
}

function settle(predicate: Expression, written: ReadonlySet<VariableIndex>): Expression {
  const inner = (e: Expression): Expression => {
    if (nextVariables(e).length === 0) return e
    if (e.kind === 'next' && !e.location.elements.some(v => written.has(v)))
      return mapChildren({ kind: 'read', location: e.location }, inner)
    return simplify(mapChildren(e, inner))
  }
  return inner(predicate)
}

const variablesRead = new WeakMap<Expression, readonly VariableIndex[]>()

/** The variables that an expression reads after the action, in order. */
function nextVariables(e: Expression): readonly VariableIndex[] {
  const before = variablesRead.get(e)
  if (before !== undefined) return before
  const own = e.kind === 'next' ? e.location.elements : []
  const found = new Set([...own, ...childrenOf(e).flatMap(nextVariables)])
  const sorted = [...found].sort((a, b) => a - b)
  variablesRead.set(e, sorted)
  return sorted
}

/** Folds what is decided: x = x, a & !a, a | !a, and constants. */
function simplify(e: Expression): Expression {
  if (e.kind === 'not') return not(e.operand)
  if (e.kind === 'compare') {
    // An expression that can fail would fail on both sides of the step property's other parts too.
    if (isSame(e.left, e.right)) return e.operator === 'eq' || e.operator === 'le' ? TRUE : FALSE
    return compare(e.operator, e.left, e.right)
  }
  if (e.kind !== 'and' && e.kind !== 'or') return e
  const folded = e.kind === 'and' ? and(...e.operands) : or(...e.operands)
  if (folded.kind !== 'and' && folded.kind !== 'or') return folded
  const negated = folded.operands.map(o => not(o))
  const isDecided = negated.some(n => folded.operands.some(o => isSame(n, o)))
  if (!isDecided || canFail(folded)) return folded
  return folded.kind === 'and' ? FALSE : TRUE
}
