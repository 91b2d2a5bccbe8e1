/** Smart constructors fold expressions without changing what they mean, failures included. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import {
  FALSE, TRUE, and, arithmetic, arithmeticValue, canFail, childrenOf, compare, constant,
  elementPosition, ite, mapChildren, not, or, variableAt, walk,
} from '../../src/ir/expression.js' // prettier-ignore
import type { Expression } from '../../src/ir/expression.js'
import { expressionAndState } from '../generators/random-expression-in-model.js'

const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })

/** Fails where variable `v` is outside of 0..1. */
const partial = (v: number): Expression => ({
  kind: 'read',
  location: { elements: [0, 1], indices: [{ expression: read(v), size: 2 }] },
})

/** The value, or 'failure'. */
function outcome(e: Expression, state: readonly number[], after = state): number | 'failure' {
  try {
    return evaluate(e, state, after)
  } catch (error) {
    if (error instanceof ModelError) return 'failure'
    throw error
  }
}

describe('and, or', () => {
  it('fold constants and flatten', () => {
    const [a, b] = [read(0), read(1)]
    expect(and()).toBe(TRUE)
    expect(or()).toBe(FALSE)
    expect(and(a, TRUE)).toBe(a)
    expect(and(a, FALSE, b)).toBe(FALSE)
    expect(or(a, FALSE)).toBe(a)
    expect(or(a, TRUE)).toBe(TRUE)
    expect(and(and(a, b), a)).toEqual({ kind: 'and', operands: [a, b, a] })
    expect(or(a, or(b, a))).toEqual({ kind: 'or', operands: [a, b, a] })
  })

  it('keep what protects an operand that can fail, and no more', () => {
    const guard = compare('lt', read(2), constant(2))
    expect(and(guard, partial(2), read(0), FALSE)).toEqual({
      kind: 'and',
      operands: [guard, partial(2), FALSE],
    })
    expect(or(not(guard), partial(2), TRUE)).toEqual({
      kind: 'or',
      operands: [not(guard), partial(2), TRUE],
    })
  })

  it('mean the same as unfolded, and fail where that fails', () => {
    fc.assert(
      fc.property(expressionAndState(3), ({ expressions, state, after }) => {
        const operands = [...expressions.slice(0, 2), FALSE, ...expressions.slice(2), TRUE]
        for (let i = 0; i <= operands.length; i++)
          for (const [fold, kind] of [
            [and, 'and'],
            [or, 'or'],
          ] as const) {
            const list = operands.slice(i)
            expect(outcome(fold(...list), state, after)).toBe(
              outcome({ kind, operands: list }, state, after),
            )
          }
      }),
      { numRuns: 300 },
    )
  })
})

describe('not', () => {
  it('folds constants, double negations and comparisons', () => {
    expect(not(TRUE)).toBe(FALSE)
    expect(not(not(read(0)))).toEqual(read(0))
    expect(not(compare('eq', read(0), read(1)))).toMatchObject({ operator: 'ne' })
    expect(not(compare('lt', read(0), read(1)))).toEqual(compare('le', read(1), read(0)))
  })

  it('is the opposite, and fails where its operand fails', () => {
    fc.assert(
      fc.property(expressionAndState(1), ({ expressions: [e = TRUE], state, after }) => {
        const value = outcome(e, state, after)
        const expected = value === 'failure' ? value : 1 - value
        expect(outcome(not(e), state, after)).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})

describe('compare, arithmetic, ite', () => {
  it('fold constants', () => {
    expect(compare('le', constant(2), constant(2))).toBe(TRUE)
    expect(compare('ne', constant(2), constant(2))).toBe(FALSE)
    expect(arithmetic('sub', constant(2), constant(5))).toEqual(constant(-3))
    expect(ite(TRUE, read(0), read(1))).toEqual(read(0))
    expect(ite(FALSE, read(0), read(1))).toEqual(read(1))
  })

  it('never give a negative zero', () => {
    expect(Object.is(arithmeticValue('mul', 0, -3), 0)).toBe(true)
    expect(Object.is(arithmeticValue('sub', 0, 0), 0)).toBe(true)
  })
})

describe('canFail', () => {
  it('is true for an index or member that is no constant in bounds', () => {
    const set: Expression = constant(1)
    expect(canFail(partial(0))).toBe(true)
    expect(canFail(and(read(0), not(partial(0))))).toBe(true)
    expect(canFail({ kind: 'member', set, member: constant(3), size: 3 })).toBe(true)
    expect(canFail({ kind: 'singleton', member: constant(2), size: 3 })).toBe(false)
    expect(canFail(read(0))).toBe(false)
  })

  it('is true wherever evaluation fails', () => {
    fc.assert(
      fc.property(expressionAndState(1), ({ expressions: [e = TRUE], state, after }) => {
        if (outcome(e, state, after) === 'failure') expect(canFail(e)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('mapChildren, childrenOf, walk', () => {
  it('agree on what the children are', () => {
    fc.assert(
      fc.property(expressionAndState(1), ({ expressions: [e = TRUE] }) => {
        const mapped: Expression[] = []
        const same = mapChildren(e, child => {
          mapped.push(child)
          return child
        })
        expect(same).toEqual(e)
        expect(mapped).toEqual(childrenOf(e))
        let count = 0
        walk(e, () => count++)
        const size = (x: Expression): number =>
          1 + childrenOf(x).reduce((sum, c) => sum + size(c), 0)
        expect(count).toBe(size(e))
      }),
    )
  })
})

describe('elementPosition', () => {
  it('is row-major', () => {
    const location = {
      elements: [10, 11, 12, 13, 14, 15],
      indices: [
        { expression: read(0), size: 2 },
        { expression: read(1), size: 3 },
      ],
    }
    expect(elementPosition(location, [0, 2])).toBe(2)
    expect(elementPosition(location, [1, 0])).toBe(3)
    expect(() => elementPosition(location, [0, 3])).toThrow('out of range')
  })
})
