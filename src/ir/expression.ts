/**
 * Expressions of the intermediate representation: side-effect free, integer valued, unrolled (no
 * quantifiers are left). A boolean is 0 or 1. Every sub-expression stays a 32-bit signed integer;
 * `validate` refuses a model where interval analysis cannot show that.
 *
 * `and`, `or`, `ite` evaluate from left to right and stop as soon as the result is known, as in C;
 * that matters only for expressions that can fail: an index outside its array, a member outside
 * its set. `canFail` says which can.
 */
import { assert, unreachable } from '../base/assert.js'
import type { Interval, ScalarType } from './type.js'

/** Position of a variable in `Model.variables`. */
export type VariableIndex = number

/**
 * A variable, or an element of an array that state expressions pick. `elements` are the leaves in
 * row-major order of `indices`; without indices there is exactly one.
 */
export interface Location {
  readonly elements: readonly VariableIndex[]
  readonly indices: readonly LocationIndex[]
}

/** One dynamic dimension: `expression` must be in 0..size-1. */
export interface LocationIndex {
  readonly expression: Expression
  readonly size: number
}

/** `eq` and `ne` on all values, `lt` and `le` on numbers. */
export type CompareOperator = 'eq' | 'ne' | 'lt' | 'le'
/** Exact on whole numbers; `validate` sees to it that 32 bits are enough. */
export type ArithmeticOperator = 'add' | 'sub' | 'mul'
/** Intersection, union and difference of sets. */
export type BitsOperator = 'and' | 'or' | 'andnot'

/**
 * An expression, tagged by `kind`. Build `and`, `or`, `not` and comparisons with the functions
 * below. Equal nodes may be shared; none is ever changed.
 */
export type Expression =
  | { readonly kind: 'constant'; readonly value: number; readonly type: ScalarType | null }
  /** The value in the state before the action. */
  | { readonly kind: 'read'; readonly location: Location }
  /** The value in the state after the action; in step properties only. */
  | { readonly kind: 'next'; readonly location: Location }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'and'; readonly operands: readonly Expression[] }
  /** Of an implication, the first `premiseCount` operands are the negated parts of its premise. */
  | {
      readonly kind: 'or'
      readonly operands: readonly Expression[]
      readonly premiseCount?: number
    }
  | {
      readonly kind: 'compare'
      readonly operator: CompareOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: Expression
      readonly right: Expression
    }
  /** Mathematical remainder, 0..modulus-1 also for negative operands. */
  | { readonly kind: 'modulo'; readonly operand: Expression; readonly modulus: number }
  | {
      readonly kind: 'ite'
      readonly condition: Expression
      readonly then: Expression
      readonly otherwise: Expression
    }
  /** Sets as bits: intersection, union, difference. */
  | {
      readonly kind: 'bits'
      readonly operator: BitsOperator
      readonly left: Expression
      readonly right: Expression
    }
  /** The set with `member` alone; `member` must be in 0..size-1. */
  | { readonly kind: 'singleton'; readonly member: Expression; readonly size: number }
  /** True if `member` is in `set`; `member` must be in 0..size-1. */
  | {
      readonly kind: 'member'
      readonly set: Expression
      readonly member: Expression
      readonly size: number
    }
  /** Number of members of a set. */
  | { readonly kind: 'cardinality'; readonly set: Expression }

/** The truth value true. */
export const TRUE: Expression = { kind: 'constant', value: 1, type: { kind: 'bool' } }
/** The truth value false. */
export const FALSE: Expression = { kind: 'constant', value: 0, type: { kind: 'bool' } }

/** A literal; `type` only matters for texts and for symmetric types. */
export function constant(value: number, type: ScalarType | null = null): Expression {
  return { kind: 'constant', value, type }
}

/** A location of one variable, without dynamic indices. */
export function variableAt(variable: VariableIndex): Location {
  return { elements: [variable], indices: [] }
}

/** True if `e` is the literal true (1). */
export function isTrue(e: Expression): boolean {
  return e.kind === 'constant' && e.value === 1
}

/** True if `e` is the literal false (0). */
export function isFalse(e: Expression): boolean {
  return e.kind === 'constant' && e.value === 0
}

/** Conjunction; flattens nested ones and folds constants, keeping the order of the rest. */
export function and(...operands: readonly Expression[]): Expression {
  const flat = operands.flatMap(e => (e.kind === 'and' ? e.operands : [e])).filter(e => !isTrue(e))
  const cut = flat.findIndex(isFalse)
  const kept = cut < 0 ? flat : untilLastFailing(flat.slice(0, cut))
  if (cut >= 0) return kept.length === 0 ? FALSE : { kind: 'and', operands: [...kept, FALSE] }
  if (kept.length === 0) return TRUE
  return kept.length === 1 ? kept[0]! : { kind: 'and', operands: kept }
}

/** Disjunction; flattens nested ones and folds constants, keeping the order of the rest. */
export function or(...operands: readonly Expression[]): Expression {
  const flat = operands.flatMap(e => (e.kind === 'or' ? e.operands : [e])).filter(e => !isFalse(e))
  const cut = flat.findIndex(isTrue)
  const kept = cut < 0 ? flat : untilLastFailing(flat.slice(0, cut))
  if (cut >= 0) return kept.length === 0 ? TRUE : { kind: 'or', operands: [...kept, TRUE] }
  if (kept.length === 0) return FALSE
  return kept.length === 1 ? kept[0]! : { kind: 'or', operands: kept }
}

/** The disjunction of `!premise` and `consequence`, which remembers that it is an implication. */
export function implies(premise: Expression, consequence: Expression): Expression {
  const negated = or(not(premise))
  const e = or(negated, consequence)
  if (e.kind !== 'or' || isFalse(negated)) return isFalse(negated) ? consequence : e
  const own = negated.kind === 'or' ? negated.operands.length : 1
  const inner = consequence.kind === 'or' ? (consequence.premiseCount ?? 0) : 0
  return { ...e, premiseCount: Math.min(own + inner, e.operands.length) }
}

/**
 * The operands that a decided junction still has to evaluate: up to the last one that can fail.
 * Those before it stay, because they can keep it from being evaluated.
 */
function untilLastFailing(operands: readonly Expression[]): readonly Expression[] {
  return operands.slice(0, operands.findLastIndex(canFail) + 1)
}

/** Negation; folds constants, double negations and comparisons. */
export function not(operand: Expression): Expression {
  switch (operand.kind) {
    case 'constant':
      return operand.value === 0 ? TRUE : FALSE
    case 'not':
      return operand.operand
    case 'compare': {
      const { operator, left, right } = operand
      if (operator === 'eq') return { kind: 'compare', operator: 'ne', left, right }
      if (operator === 'ne') return { kind: 'compare', operator: 'eq', left, right }
      return {
        kind: 'compare',
        operator: operator === 'lt' ? 'le' : 'lt',
        left: right,
        right: left,
      }
    }
    default:
      return { kind: 'not', operand }
  }
}

/** A comparison; folds constants. */
export function compare(
  operator: CompareOperator,
  left: Expression,
  right: Expression,
): Expression {
  if (left.kind === 'constant' && right.kind === 'constant')
    return compareValues(operator, left.value, right.value) ? TRUE : FALSE
  return { kind: 'compare', operator, left, right }
}

/** What a comparison gives for two values. */
export function compareValues(operator: CompareOperator, left: number, right: number): boolean {
  switch (operator) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
    default:
      return unreachable(operator)
  }
}

/** A sum, difference or product; folds constants. */
export function arithmetic(
  operator: ArithmeticOperator,
  left: Expression,
  right: Expression,
): Expression {
  if (left.kind === 'constant' && right.kind === 'constant')
    return constant(arithmeticValue(operator, left.value, right.value))
  return { kind: 'arithmetic', operator, left, right }
}

/** What an operator gives for two values, not bounded. */
export function arithmeticValue(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case 'add':
      return left + right
    case 'sub':
      return left - right
    case 'mul':
      // 0 * -1 is -0, which some comparisons of JavaScript tell from 0.
      return left * right + 0
    default:
      return unreachable(operator)
  }
}

/** What an operator of sets gives for sets as bits. */
export function bitsValue(operator: BitsOperator, left: number, right: number): number {
  switch (operator) {
    case 'and':
      return left & right
    case 'or':
      return left | right
    case 'andnot':
      return left & ~right
    default:
      return unreachable(operator)
  }
}

/** One of two expressions, chosen by a condition; folds a constant condition. */
export function ite(condition: Expression, then: Expression, otherwise: Expression): Expression {
  if (isTrue(condition)) return then
  if (isFalse(condition)) return otherwise
  return { kind: 'ite', condition, then, otherwise }
}

/** The direct sub-expressions, in order of evaluation. */
export function childrenOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'constant':
      return []
    case 'read':
    case 'next':
      return e.location.indices.map(i => i.expression)
    case 'not':
    case 'modulo':
      return [e.operand]
    case 'and':
    case 'or':
      return e.operands
    case 'compare':
    case 'arithmetic':
    case 'bits':
      return [e.left, e.right]
    case 'ite':
      return [e.condition, e.then, e.otherwise]
    case 'singleton':
      return [e.member]
    case 'member':
      return [e.set, e.member]
    case 'cardinality':
      return [e.set]
    default:
      return unreachable(e)
  }
}

/** The same expression with `change` applied to each direct sub-expression. */
export function mapChildren(e: Expression, change: (child: Expression) => Expression): Expression {
  switch (e.kind) {
    case 'constant':
      return e
    case 'read':
    case 'next':
      return { kind: e.kind, location: mapIndices(e.location, change) }
    case 'not':
      return { kind: 'not', operand: change(e.operand) }
    case 'modulo':
      return { ...e, operand: change(e.operand) }
    case 'and':
    case 'or':
      return { ...e, operands: e.operands.map(change) }
    case 'compare':
      return { ...e, left: change(e.left), right: change(e.right) }
    case 'arithmetic':
      return { ...e, left: change(e.left), right: change(e.right) }
    case 'bits':
      return { ...e, left: change(e.left), right: change(e.right) }
    case 'ite':
      return {
        kind: 'ite',
        condition: change(e.condition),
        then: change(e.then),
        otherwise: change(e.otherwise),
      }
    case 'singleton':
      return { ...e, member: change(e.member) }
    case 'member':
      return { ...e, set: change(e.set), member: change(e.member) }
    case 'cardinality':
      return { ...e, set: change(e.set) }
    default:
      return unreachable(e)
  }
}

/** The same location with `change` applied to each index expression. */
export function mapIndices(
  location: Location,
  change: (index: Expression) => Expression,
): Location {
  if (location.indices.length === 0) return location
  const indices = location.indices.map(i => ({ ...i, expression: change(i.expression) }))
  return { elements: location.elements, indices }
}

/** Calls `visit` on `e` and all its sub-expressions, parents first. */
export function walk(e: Expression, visit: (e: Expression) => void): void {
  visit(e)
  for (const child of childrenOf(e)) walk(child, visit)
}

/** True if some dynamic index or member inside `e` is not a constant within its bounds. */
export function canFail(e: Expression): boolean {
  const known = failing.get(e)
  if (known !== undefined) return known
  const found = findFailing(e)
  failing.set(e, found)
  return found
}

/** Whether each expression met so far can fail. */
const failing = new WeakMap<Expression, boolean>()

function findFailing(e: Expression): boolean {
  if (e.kind === 'read' || e.kind === 'next') {
    for (const { expression, size } of e.location.indices)
      if (!isConstantWithin(expression, { lo: 0, hi: size - 1 })) return true
  } else if (e.kind === 'singleton' || e.kind === 'member') {
    if (!isConstantWithin(e.member, { lo: 0, hi: e.size - 1 })) return true
  }
  return childrenOf(e).some(canFail)
}

function isConstantWithin(e: Expression, { lo, hi }: Interval): boolean {
  return e.kind === 'constant' && e.value >= lo && e.value <= hi
}

/** Position in `elements` for given index values, row-major. Every value must be in range. */
export function elementPosition(location: Location, values: readonly number[]): number {
  let position = 0
  location.indices.forEach(({ size }, i) => {
    const value = values[i]!
    assert(value >= 0 && value < size, 'index value out of range')
    position = position * size + value
  })
  return position
}
