/**
 * The interesting part of a predicate: where it says something, so that a property which holds is
 * more than a property that never had to.
 *
 *   implies(a, b)                 where `a` is true
 *   not(and(a, b, ...))           where `a` is true: it reads as implies(a, not(and(b, ...)))
 *   and(p, q, ...), all(n, ...)   where one of the parts is interesting
 *   ite(c, p, q)                  where the chosen one is
 *   true                          nowhere
 *   anything else                 everywhere
 *
 * The result is evaluated only where the predicate evaluates the same parts, in the same order. So
 * it can fail (an index outside its array) only where the predicate fails.
 */
import { FALSE, TRUE, and, isTrue, ite, not, or } from './expression.js'
import type { Expression } from './expression.js'

/** The condition under which `predicate` is interesting; see the head of this file. */
export function premiseOf(predicate: Expression): Expression {
  if (isTrue(predicate)) return FALSE
  switch (predicate.kind) {
    case 'or':
      return and(...predicate.operands.slice(0, predicate.premiseCount ?? 0).map(not))
    case 'and':
      return premiseOfAll(predicate.operands)
    case 'not':
      return predicate.operand.kind === 'and' ? predicate.operand.operands[0]! : TRUE
    case 'ite': {
      const { condition, then, otherwise } = predicate
      return ite(condition, premiseOf(then), premiseOf(otherwise))
    }
    default:
      return TRUE
  }
}

/**
 * One of the parts of a conjunction is interesting. A part that is everywhere so decides, unless
 * one before it can be false and hide it; then the conjunction is false, and interesting anyway.
 */
function premiseOfAll(parts: readonly Expression[]): Expression {
  const premises = parts.map(premiseOf)
  return premises.some(isTrue) ? TRUE : or(...premises)
}
