/**
 * Reference semantics of expressions: slow and obvious. A state is an array of values, one for each
 * variable of the model. The compiled code must agree with this in everything.
 */
import { unreachable } from '../base/assert.js'
import { arithmeticValue, bitsValue, compareValues, elementPosition } from '../ir/expression.js'
import type { Expression, Location, VariableIndex } from '../ir/expression.js'
import type { Site } from '../ir/model.js'
import type { DiagnosticCode } from '../base/diagnostic.js'

/** A value for every variable, by variable index. */
export type State = readonly number[]

/** The model did something without a meaning: an index outside its array, a value out of range. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  constructor(
    readonly code: DiagnosticCode,
    message: string,
    /** The author's line, where it is known. */
    readonly site: Site | null = null,
  ) {
    super(message)
  }
}

/** The value of `e` in `state`; `next` reads `after`. Throws ModelError ZC402. */
export function evaluate(e: Expression, state: State, after: State = state): number {
  const value = (inner: Expression): number => evaluate(inner, state, after)
  switch (e.kind) {
    case 'constant':
      return e.value
    case 'read':
      return state[locate(e.location, state, after)]!
    case 'next':
      return after[locate(e.location, state, after)]!
    case 'not':
      return value(e.operand) === 0 ? 1 : 0
    case 'and':
      return e.operands.every(o => value(o) !== 0) ? 1 : 0
    case 'or':
      return e.operands.some(o => value(o) !== 0) ? 1 : 0
    case 'compare':
      return compareValues(e.operator, value(e.left), value(e.right)) ? 1 : 0
    case 'arithmetic':
      return arithmeticValue(e.operator, value(e.left), value(e.right))
    case 'modulo':
      return modulo(value(e.operand), e.modulus)
    case 'ite':
      return value(e.condition) !== 0 ? value(e.then) : value(e.otherwise)
    case 'bits':
      return bitsValue(e.operator, value(e.left), value(e.right))
    case 'singleton':
      return 1 << checkedIndex(value(e.member), e.size, 'member')
    case 'member': {
      const set = value(e.set)
      return (set >> checkedIndex(value(e.member), e.size, 'member')) & 1
    }
    case 'cardinality':
      return countMembers(value(e.set))
    default:
      return unreachable(e)
  }
}

/** The variable that a location means in `state`. Throws ModelError ZC402. */
export function locate(location: Location, state: State, after: State = state): VariableIndex {
  const values = location.indices.map(i =>
    checkedIndex(evaluate(i.expression, state, after), i.size, 'index'),
  )
  return location.elements[elementPosition(location, values)]!
}

/** Remainder in 0..modulus-1. */
export function modulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus
}

function checkedIndex(value: number, size: number, what: string): number {
  if (value < 0 || value >= size)
    throw new ModelError('ZC402', `${what} ${value} is outside 0..${size - 1}`)
  return value
}

function countMembers(set: number): number {
  let count = 0
  for (let rest = set; rest !== 0; rest &= rest - 1) count++
  return count
}
