/**
 * Step properties per action: what is left of the predicate once it is known which variables the
 * action leaves alone. Most actions cannot violate most step properties, and need no code for them.
 */
import { unreachable } from '../base/assert.js'
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
import type { Expression, Location } from './expression.js'
import type { Model, Property } from './model.js'
import { premiseOf } from './premise.js'

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

/** What is left of an expression once it is known which variables the action leaves alone. */
function settled(predicate: Expression, action: number, model: Model): Expression {
  const written = new Set(writtenVariables(model.actions[action]!.updates))
  const settle = (e: Expression): Expression => {
    if (!readsNext(e)) return e
    if (e.kind === 'next' && !e.location.elements.some(v => written.has(v)))
      return mapChildren({ kind: 'read', location: e.location }, settle)
    return simplify(mapChildren(e, settle))
  }
  return settle(predicate)
}

/** Whether each expression met so far reads the state after the action. */
const known = new WeakMap<Expression, boolean>()

function readsNext(e: Expression): boolean {
  const before = known.get(e)
  if (before !== undefined) return before
  const found = e.kind === 'next' || childrenOf(e).some(readsNext)
  known.set(e, found)
  return found
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

/** True for expressions that are written alike. Most pairs differ at the first look. */
function isSame(a: Expression, b: Expression): boolean {
  if (a === b) return true
  switch (a.kind) {
    case 'constant':
      return b.kind === a.kind && a.value === b.value
    case 'read':
    case 'next':
      return b.kind === a.kind && isSameLocation(a.location, b.location)
    case 'not':
      return b.kind === a.kind && isSame(a.operand, b.operand)
    case 'and':
    case 'or':
      return b.kind === a.kind && areSame(a.operands, b.operands)
    case 'compare':
    case 'arithmetic':
    case 'bits':
      if (b.kind !== a.kind || b.operator !== a.operator) return false
      return isSame(a.left, b.left) && isSame(a.right, b.right)
    case 'modulo':
      return b.kind === a.kind && b.modulus === a.modulus && isSame(a.operand, b.operand)
    case 'ite':
      if (b.kind !== a.kind || !isSame(a.condition, b.condition)) return false
      return isSame(a.then, b.then) && isSame(a.otherwise, b.otherwise)
    case 'singleton':
      return b.kind === a.kind && b.size === a.size && isSame(a.member, b.member)
    case 'member':
      if (b.kind !== a.kind || b.size !== a.size) return false
      return isSame(a.member, b.member) && isSame(a.set, b.set)
    case 'cardinality':
      return b.kind === a.kind && isSame(a.set, b.set)
    default:
      return unreachable(a)
  }
}

function areSame(a: readonly Expression[], b: readonly Expression[]): boolean {
  return a.length === b.length && a.every((e, i) => isSame(e, b[i]!))
}

function isSameLocation(a: Location, b: Location): boolean {
  if (a.elements.length !== b.elements.length || a.indices.length !== b.indices.length) return false
  if (a.elements.some((element, i) => element !== b.elements[i])) return false
  const expressions = (l: Location): Expression[] => l.indices.map(i => i.expression)
  return areSame(expressions(a), expressions(b))
}
