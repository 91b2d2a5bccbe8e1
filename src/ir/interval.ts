/**
 * Interval analysis: which values an expression can take, and whether it can fail. Sound and not
 * complete: the true set of values is always inside the interval.
 */
import { defined, unreachable } from '../base/assert.js'
import { canFail, childrenOf, isTrue, not } from './expression.js'
import type { CompareOperator, Expression, Location, VariableIndex } from './expression.js'
import type { Interval } from './type.js'

/**
 * What is known of each variable at some point: its interval in the state before the action, or, if
 * `isNext`, in the state after it.
 */
export type Ranges = (variable: VariableIndex, isNext?: boolean) => Interval

const BIT: Interval = { lo: 0, hi: 1 }
const ONE: Interval = { lo: 1, hi: 1 }
const ZERO: Interval = { lo: 0, hi: 0 }

/** The values that `e` can take where `ranges` holds. */
export function intervalOf(e: Expression, ranges: Ranges): Interval {
  switch (e.kind) {
    case 'constant':
      return { lo: e.value, hi: e.value }
    case 'read':
      return e.location.elements.map(v => ranges(v)).reduce(hull)
    case 'next':
      return e.location.elements.map(v => ranges(v, true)).reduce(hull)
    case 'not':
      return negation(intervalOf(e.operand, ranges))
    case 'and':
      return conjunction(e.operands.map(o => intervalOf(o, ranges)))
    case 'or':
      return negation(conjunction(e.operands.map(o => negation(intervalOf(o, ranges)))))
    case 'compare':
      return comparisonInterval(e.operator, intervalOf(e.left, ranges), intervalOf(e.right, ranges))
    case 'member':
      return BIT
    case 'arithmetic':
      return arithmeticInterval(e.operator, intervalOf(e.left, ranges), intervalOf(e.right, ranges))
    case 'modulo': {
      const inner = intervalOf(e.operand, ranges)
      return inner.lo >= 0 && inner.hi < e.modulus ? inner : { lo: 0, hi: e.modulus - 1 }
    }
    case 'ite': {
      const condition = intervalOf(e.condition, ranges)
      if (isNever(condition)) return intervalOf(e.otherwise, ranges)
      if (isAlways(condition)) return intervalOf(e.then, ranges)
      return hull(intervalOf(e.then, ranges), intervalOf(e.otherwise, ranges))
    }
    case 'bits':
      return bitsInterval(e.operator, intervalOf(e.left, ranges), intervalOf(e.right, ranges))
    case 'singleton':
      return { lo: 1, hi: 2 ** (e.size - 1) }
    case 'cardinality':
      return { lo: 0, hi: bitLength(intervalOf(e.set, ranges).hi) }
    default:
      return unreachable(e)
  }
}

/** True if an expression with these values is false wherever it has a value. */
export function isNever({ lo, hi }: Interval): boolean {
  return lo === 0 && hi === 0
}

/** True if an expression with these values is true wherever it has a value. */
export function isAlways({ lo, hi }: Interval): boolean {
  return lo > 0 || hi < 0
}

function negation(a: Interval): Interval {
  return isAlways(a) ? ZERO : isNever(a) ? ONE : BIT
}

function conjunction(operands: readonly Interval[]): Interval {
  return operands.some(isNever) ? ZERO : operands.every(isAlways) ? ONE : BIT
}

function comparisonInterval(operator: CompareOperator, a: Interval, b: Interval): Interval {
  switch (operator) {
    case 'eq':
      if (a.hi < b.lo || a.lo > b.hi) return ZERO
      return a.lo === a.hi && b.lo === b.hi ? ONE : BIT
    case 'ne':
      return negation(comparisonInterval('eq', a, b))
    case 'lt':
      return a.hi < b.lo ? ONE : a.lo >= b.hi ? ZERO : BIT
    case 'le':
      return negation(comparisonInterval('lt', b, a))
    default:
      return unreachable(operator)
  }
}

function arithmeticInterval(operator: 'add' | 'sub' | 'mul', a: Interval, b: Interval): Interval {
  if (operator === 'add') return { lo: a.lo + b.lo, hi: a.hi + b.hi }
  if (operator === 'sub') return { lo: a.lo - b.hi, hi: a.hi - b.lo }
  const products = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
  return { lo: Math.min(...products), hi: Math.max(...products) }
}

function bitsInterval(operator: 'and' | 'or' | 'andnot', a: Interval, b: Interval): Interval {
  if (operator === 'or') return { lo: 0, hi: 2 ** bitLength(Math.max(a.hi, b.hi)) - 1 }
  return { lo: 0, hi: operator === 'and' ? Math.min(a.hi, b.hi) : a.hi }
}

/** Number of bits that a non-negative value needs: 0 for 0. */
export function bitLength(value: number): number {
  return value <= 0 ? 0 : Math.floor(Math.log2(value)) + 1
}

function hull(a: Interval, b: Interval): Interval {
  return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) }
}

/** True if every value of `inner` lies in `outer`. */
export function isWithin(inner: Interval, outer: Interval): boolean {
  return inner.lo >= outer.lo && inner.hi <= outer.hi
}

/** True if `e` can be evaluated wherever `ranges` holds: no index or member can be out of range. */
export function isTotal(e: Expression, ranges: Ranges): boolean {
  if (!canFail(e)) return true
  switch (e.kind) {
    case 'read':
    case 'next':
      if (!isLocationTotal(e.location, ranges)) return false
      break
    case 'singleton':
    case 'member':
      if (!isWithin(intervalOf(e.member, ranges), { lo: 0, hi: e.size - 1 })) return false
      break
    case 'and': {
      // An operand is only evaluated where the ones before it are true.
      let known = ranges
      for (const operand of e.operands) {
        if (!isTotal(operand, known)) return false
        known = assume(operand, known)
      }
      return true
    }
    case 'or': {
      let known = ranges
      for (const operand of e.operands) {
        if (!isTotal(operand, known)) return false
        known = assume(not(operand), known)
      }
      return true
    }
    case 'ite':
      return (
        isTotal(e.condition, ranges) &&
        isTotal(e.then, assume(e.condition, ranges)) &&
        isTotal(e.otherwise, assume(not(e.condition), ranges))
      )
    default:
  }
  return childrenOf(e).every(child => isTotal(child, ranges))
}

/** True if no index of the location itself can be out of range (its index expressions aside). */
export function isLocationTotal(location: Location, ranges: Ranges): boolean {
  return location.indices.every(({ expression, size }) =>
    isWithin(intervalOf(expression, ranges), { lo: 0, hi: size - 1 }),
  )
}

/** What is known where `condition` is true as well: a comparison narrows a variable's interval. */
export function assume(condition: Expression, ranges: Ranges): Ranges {
  const conditions = condition.kind === 'and' ? condition.operands : [condition]
  const narrowed = new Map<VariableIndex, Interval>()
  const known: Ranges = (variable, isNext = false) =>
    (isNext ? undefined : narrowed.get(variable)) ?? ranges(variable, isNext)
  for (const c of conditions) {
    if (c.kind === 'read' && isScalarRead(c)) narrow(narrowed, known, c, ONE)
    else if (c.kind === 'not' && isScalarRead(c.operand)) narrow(narrowed, known, c.operand, ZERO)
    else if (c.kind === 'compare') assumeComparison(c.operator, c.left, c.right, narrowed, known)
  }
  return narrowed.size === 0 ? ranges : known
}

function assumeComparison(
  operator: CompareOperator,
  left: Expression,
  right: Expression,
  narrowed: Map<VariableIndex, Interval>,
  known: Ranges,
): void {
  const l = intervalOf(left, known)
  const r = intervalOf(right, known)
  if (operator === 'eq') {
    if (isScalarRead(left)) narrow(narrowed, known, left, r)
    if (isScalarRead(right)) narrow(narrowed, known, right, l)
  } else if (operator === 'ne') {
    if (isScalarRead(left) && r.lo === r.hi) narrow(narrowed, known, left, trim(l, r.lo))
    if (isScalarRead(right) && l.lo === l.hi) narrow(narrowed, known, right, trim(r, l.lo))
  } else {
    const gap = operator === 'lt' ? 1 : 0
    if (isScalarRead(left)) narrow(narrowed, known, left, { lo: l.lo, hi: r.hi - gap })
    if (isScalarRead(right)) narrow(narrowed, known, right, { lo: l.lo + gap, hi: r.hi })
  }
}

/** The interval without `value` where that is one of its ends. */
function trim({ lo, hi }: Interval, value: number): Interval {
  return { lo: lo === value ? lo + 1 : lo, hi: hi === value ? hi - 1 : hi }
}

type ScalarRead = Expression & { readonly kind: 'read' }

function isScalarRead(e: Expression): e is ScalarRead {
  return e.kind === 'read' && e.location.indices.length === 0
}

function narrow(
  narrowed: Map<VariableIndex, Interval>,
  known: Ranges,
  read: ScalarRead,
  to: Interval,
): void {
  const variable = defined(read.location.elements[0])
  const now = known(variable)
  const lo = Math.max(now.lo, to.lo)
  const hi = Math.min(now.hi, to.hi)
  // An empty interval: the condition is never true here, and anything is sound.
  if (lo <= hi) narrowed.set(variable, { lo, hi })
}

/** Splits a guard into the conjuncts that cannot fail and the rest, each in the author's order. */
export function splitGuard(
  guard: readonly Expression[],
  ranges: Ranges,
): { total: readonly Expression[]; partial: readonly Expression[] } {
  const conjuncts = guard
    .flatMap(c => (c.kind === 'and' ? c.operands : [c]))
    .filter(c => !isTrue(c))
  const total = conjuncts.filter(c => isTotal(c, ranges))
  if (total.length === conjuncts.length) return { total, partial: [] }
  return { total, partial: conjuncts.filter(c => !total.includes(c)) }
}
