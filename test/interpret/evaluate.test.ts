/** The reference semantics of expressions, one by one. */
import { describe, expect, it } from 'vitest'
import { ModelError, evaluate, locate, modulo } from '../../src/interpret/evaluate.js'
import { constant, variableAt } from '../../src/ir/expression.js'
import type { Expression, Location } from '../../src/ir/expression.js'

const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })
const picked = (index: Expression, size: number): Expression => ({
  kind: 'read',
  location: {
    elements: Array.from({ length: size }, (_, i) => i),
    indices: [{ expression: index, size }],
  },
})
const fails = picked(constant(9), 2)
const one = constant(1)
const zero = constant(0)

/** Runs `attempt` and gives the code of the model error that it meets. */
function codeOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (error instanceof ModelError) return error.code
    throw error
  }
  return 'none'
}

describe('evaluate', () => {
  it('reads the state before, and next the state after', () => {
    expect(evaluate(read(1), [3, 4], [5, 6])).toBe(4)
    expect(evaluate({ kind: 'next', location: variableAt(1) }, [3, 4], [5, 6])).toBe(6)
  })

  it('evaluates the indices of next where they say', () => {
    const location = (index: Expression): Location => ({
      elements: [1, 2],
      indices: [{ expression: index, size: 2 }],
    })
    const before: Expression = { kind: 'next', location: location(read(0)) }
    const after: Expression = {
      kind: 'next',
      location: location({ kind: 'next', location: variableAt(0) }),
    }
    expect(evaluate(before, [0, 10, 20], [1, 30, 40])).toBe(30)
    expect(evaluate(after, [0, 10, 20], [1, 30, 40])).toBe(40)
  })

  it('stops and, or at the first operand that decides', () => {
    expect(evaluate({ kind: 'and', operands: [zero, fails] }, [0, 0])).toBe(0)
    expect(evaluate({ kind: 'or', operands: [one, fails] }, [0, 0])).toBe(1)
    expect(codeOf(() => evaluate({ kind: 'and', operands: [one, fails] }, [0, 0]))).toBe('ZC402')
    expect(codeOf(() => evaluate({ kind: 'or', operands: [zero, fails] }, [0, 0]))).toBe('ZC402')
  })

  it('evaluates only the branch of ite that is taken', () => {
    const ite = (condition: Expression): Expression => ({
      kind: 'ite',
      condition,
      then: constant(7),
      otherwise: fails,
    })
    expect(evaluate(ite(one), [0, 0])).toBe(7)
    expect(codeOf(() => evaluate(ite(zero), [0, 0]))).toBe('ZC402')
  })

  it('makes truth values 0 or 1', () => {
    expect(evaluate({ kind: 'and', operands: [constant(5), constant(2)] }, [])).toBe(1)
    expect(evaluate({ kind: 'or', operands: [zero, constant(2)] }, [])).toBe(1)
    expect(evaluate({ kind: 'not', operand: constant(2) }, [])).toBe(0)
  })

  it('computes with sets as bits, up to 31 members', () => {
    const set = (value: number): Expression => constant(value)
    const bits = (operator: 'and' | 'or' | 'andnot'): number =>
      evaluate({ kind: 'bits', operator, left: set(0b110), right: set(0b011) }, [])
    expect([bits('and'), bits('or'), bits('andnot')]).toEqual([0b010, 0b111, 0b100])
    expect(evaluate({ kind: 'cardinality', set: set(2 ** 31 - 1) }, [])).toBe(31)
    expect(evaluate({ kind: 'singleton', member: constant(30), size: 31 }, [])).toBe(2 ** 30)
    const has = (member: number): number =>
      evaluate({ kind: 'member', set: set(2 ** 30), member: constant(member), size: 31 }, [])
    expect([has(29), has(30)]).toEqual([0, 1])
    expect(codeOf(() => has(31))).toBe('ZC402')
    expect(codeOf(() => has(-1))).toBe('ZC402')
    expect(codeOf(() => evaluate({ kind: 'singleton', member: constant(3), size: 3 }, []))).toBe(
      'ZC402',
    )
  })

  it('takes remainders that are never negative', () => {
    expect([-5, -4, -1, 0, 3, 4, 7].map(n => modulo(n, 4))).toEqual([3, 0, 3, 0, 3, 0, 3])
    expect(Object.is(modulo(-4, 4), 0)).toBe(true)
  })
})

describe('locate', () => {
  const grid: Location = {
    elements: [10, 11, 12, 13, 14, 15],
    indices: [
      { expression: read(0), size: 2 },
      { expression: read(1), size: 3 },
    ],
  }

  it('is row-major in several dimensions', () => {
    expect(locate(grid, [0, 0])).toBe(10)
    expect(locate(grid, [0, 2])).toBe(12)
    expect(locate(grid, [1, 1])).toBe(14)
  })

  it('checks each dimension by itself', () => {
    expect(codeOf(() => locate(grid, [0, 3]))).toBe('ZC402')
    expect(codeOf(() => locate(grid, [2, 0]))).toBe('ZC402')
    expect(codeOf(() => locate(grid, [-1, 0]))).toBe('ZC402')
  })
})
