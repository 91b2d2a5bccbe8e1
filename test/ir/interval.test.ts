/** Interval analysis is sound: checked on random expressions in random states. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/interpret/evaluate.js'
import { and, compare, constant, not, or, variableAt } from '../../src/ir/expression.js'
import type { Expression } from '../../src/ir/expression.js'
import { assume, bitLength, intervalOf, isTotal, splitGuard } from '../../src/ir/interval.js'
import type { Ranges } from '../../src/ir/interval.js'
import { typeRanges } from '../../src/ir/model.js'
import { expressionAndState } from '../generators/random-expression-in-model.js'

const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })
const ranges: Ranges = variable => ({ lo: 0, hi: variable === 0 ? 3 : 7 })

/** Element of an array of 2 that variable `v` picks. */
const pick = (v: number): Expression => ({
  kind: 'read',
  location: { elements: [8, 9], indices: [{ expression: read(v), size: 2 }] },
})

/** Whether evaluation ends without a model error. */
function succeeds(e: Expression, state: readonly number[], after: readonly number[]): boolean {
  try {
    evaluate(e, state, after)
    return true
  } catch {
    return false
  }
}

describe('intervalOf', () => {
  it('contains every value that an expression takes', () => {
    fc.assert(
      fc.property(expressionAndState(4), ({ variables, expressions, numbers, state, after }) => {
        for (const e of [...expressions, ...numbers]) {
          if (!succeeds(e, state, after)) continue
          const { lo, hi } = intervalOf(e, typeRanges(variables))
          const value = evaluate(e, state, after)
          expect(value).toBeGreaterThanOrEqual(lo)
          expect(value).toBeLessThanOrEqual(hi)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('knows comparisons that are decided by the ranges', () => {
    const of = (e: Expression): unknown => intervalOf(e, ranges)
    expect(of(compare('le', read(0), constant(3)))).toEqual({ lo: 1, hi: 1 })
    expect(of(compare('lt', constant(3), read(0)))).toEqual({ lo: 0, hi: 0 })
    expect(of(compare('eq', read(0), constant(3)))).toEqual({ lo: 0, hi: 1 })
    expect(of(and(read(1), compare('eq', read(0), constant(4))))).toEqual({ lo: 0, hi: 0 })
    expect(of(or(read(1), not(compare('eq', read(0), constant(4)))))).toEqual({ lo: 1, hi: 1 })
  })

  it('knows the remainder of a number that is in range already', () => {
    const e: Expression = { kind: 'modulo', operand: read(0), modulus: 9 }
    expect(intervalOf(e, ranges)).toEqual({ lo: 0, hi: 3 })
  })
})

describe('isTotal', () => {
  it('implies that evaluation does not fail', () => {
    fc.assert(
      fc.property(expressionAndState(4), ({ variables, expressions, numbers, state, after }) => {
        for (const e of [...expressions, ...numbers])
          if (isTotal(e, typeRanges(variables))) expect(succeeds(e, state, after)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('uses what the operands in front say', () => {
    const inBounds = compare('lt', read(0), constant(2))
    expect(isTotal(pick(0), ranges)).toBe(false)
    expect(isTotal(and(inBounds, pick(0)), ranges)).toBe(true)
    expect(isTotal(and(pick(0), inBounds), ranges)).toBe(false)
    expect(isTotal(or(not(inBounds), pick(0)), ranges)).toBe(true)
    expect(isTotal(or(inBounds, pick(0)), ranges)).toBe(false)
    const chosen: Expression = {
      kind: 'ite',
      condition: inBounds,
      then: pick(0),
      otherwise: constant(0),
    }
    expect(isTotal(chosen, ranges)).toBe(true)
  })

  it('does not take what is known before an action for known after it', () => {
    const inBounds = compare('lt', read(0), constant(2))
    const after: Expression = {
      kind: 'read',
      location: {
        elements: [8, 9],
        indices: [{ expression: { kind: 'next', location: variableAt(0) }, size: 2 }],
      },
    }
    expect(isTotal(and(inBounds, after), ranges)).toBe(false)
  })
})

describe('assume', () => {
  it('keeps every state in which the condition is true', () => {
    fc.assert(
      fc.property(
        expressionAndState(3, { mayFail: false, allowsNext: false }),
        ({ variables, expressions, numbers, state }) => {
          const types = typeRanges(variables)
          const conditions = [
            ...expressions,
            and(...expressions),
            ...expressions.map(not),
            compare('eq', numbers[0]!, numbers[1]!),
            compare('lt', numbers[1]!, numbers[2]!),
          ]
          let known = types
          for (const c of conditions) {
            if (evaluate(c, state) === 0) continue
            const alone = assume(c, types)
            known = assume(c, known)
            variables.forEach((_, v) => {
              for (const of of [alone, known]) {
                expect(state[v]).toBeGreaterThanOrEqual(of(v).lo)
                expect(state[v]).toBeLessThanOrEqual(of(v).hi)
              }
            })
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('narrows a variable that is compared', () => {
    const of = (c: Expression): unknown => assume(c, ranges)(1)
    expect(of(compare('lt', read(1), constant(3)))).toEqual({ lo: 0, hi: 2 })
    expect(of(compare('le', constant(3), read(1)))).toEqual({ lo: 3, hi: 7 })
    expect(of(compare('eq', read(1), constant(4)))).toEqual({ lo: 4, hi: 4 })
    expect(of(compare('ne', read(1), constant(7)))).toEqual({ lo: 0, hi: 6 })
    expect(of(compare('lt', read(1), read(0)))).toEqual({ lo: 0, hi: 2 })
    expect(
      of(and(compare('lt', constant(1), read(1)), compare('lt', read(1), constant(3)))),
    ).toEqual({ lo: 2, hi: 2 })
  })

  it('says nothing where the condition can never be true', () => {
    expect(assume(compare('lt', read(1), constant(0)), ranges)(1)).toEqual({ lo: 0, hi: 7 })
  })
})

describe('splitGuard', () => {
  it('puts what cannot fail first, each in the order of the author', () => {
    const [a, b] = [compare('lt', read(0), constant(2)), compare('lt', read(1), constant(2))]
    const { total, partial } = splitGuard([pick(1), a, and(pick(0), b)], ranges)
    expect(total).toEqual([a, b])
    expect(partial).toEqual([pick(1), pick(0)])
  })
})

describe('bitLength', () => {
  it('is the number of bits of a value', () => {
    expect([0, 1, 2, 3, 4, 255, 256, 2 ** 31 - 1].map(bitLength)).toEqual([0, 1, 2, 2, 3, 8, 9, 31])
  })
})
