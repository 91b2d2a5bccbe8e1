/**
 * Would have let through: a model error where there is none. Folding `a & b[i] & false` dropped
 * `a`, which kept `b[i]` from being evaluated with an index outside of the array.
 */
import { expect, test } from 'vitest'
import { FALSE, TRUE, and, constant, not, or, variableAt } from '../../src/ir/expression.js'
import type { Expression } from '../../src/ir/expression.js'
import { evaluate } from '../../src/interpret/evaluate.js'

const a: Expression = { kind: 'read', location: variableAt(0) }
const outside: Expression = {
  kind: 'read',
  location: { elements: [0], indices: [{ expression: constant(7), size: 1 }] },
}

test('a conjunction that is false keeps what guards its failing operand', () => {
  expect(evaluate(and(a, outside, FALSE), [0])).toBe(0)
  expect(() => evaluate(and(a, outside, FALSE), [1])).toThrow()
  expect(and(a, FALSE)).toBe(FALSE)
})

test('a disjunction that is true keeps what guards its failing operand', () => {
  expect(evaluate(or(not(a), outside, TRUE), [0])).toBe(1)
  expect(() => evaluate(or(not(a), outside, TRUE), [1])).toThrow()
  expect(or(a, TRUE)).toBe(TRUE)
})
