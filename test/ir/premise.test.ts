/** The interesting part of a predicate. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import {
  FALSE, TRUE, and, compare, constant, implies, ite, mapChildren, not, or, variableAt,
} from '../../src/ir/expression.js' // prettier-ignore
import type { Expression } from '../../src/ir/expression.js'
import { premiseOf } from '../../src/ir/premise.js'
import { expressionAndState } from '../generators/random-expression-in-model.js'

const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })
const [a, b, c] = [read(0), read(1), read(2)]

test('of an implication is its premise, of nested ones all premises', () => {
  expect(premiseOf(implies(a, b))).toBe(a)
  expect(premiseOf(implies(a, implies(b, c)))).toEqual(and(a, b))
  expect(premiseOf(implies(compare('eq', a, constant(3)), b))).toEqual(
    compare('eq', a, constant(3)),
  )
})

test('of a negated conjunction is its first part', () => {
  expect(premiseOf(not(and(a, b)))).toBe(a)
})

test('of several parts is that one of them is interesting', () => {
  expect(premiseOf(and(implies(a, c), implies(b, c)))).toEqual(or(a, b))
  expect(premiseOf(and(implies(a, c), b))).toBe(TRUE)
})

test('of a choice is that of the chosen one', () => {
  expect(premiseOf(ite(a, implies(b, c), c))).toEqual(ite(a, b, TRUE))
})

test('of what is always true is nothing, of anything else everything', () => {
  expect(premiseOf(TRUE)).toBe(FALSE)
  expect(premiseOf(implies(FALSE, a))).toBe(FALSE)
  for (const e of [FALSE, a, not(a), or(a, b), compare('le', a, b)]) expect(premiseOf(e)).toBe(TRUE)
})

test('an implication stays one when its parts are changed', () => {
  expect(premiseOf(mapChildren(implies(a, b), e => (e === b ? e : not(c))))).toBe(c)
})

test('can fail only where the predicate fails, and is true where that is false', () => {
  let compared = 0
  fc.assert(
    fc.property(expressionAndState(2), ({ expressions, state, after }) => {
      const [first = a, second = b] = expressions
      for (const e of [first, implies(first, second), and(implies(first, second), second)])
        try {
          const isTrue = evaluate(e, state, after) !== 0
          const isInteresting = evaluate(premiseOf(e), state, after) !== 0
          compared++
          expect(isTrue || isInteresting).toBe(true)
        } catch (error) {
          if (!(error instanceof ModelError)) throw error
          expect(() => evaluate(e, state, after)).toThrow(ModelError)
        }
    }),
  )
  expect(compared).toBeGreaterThan(0)
})
