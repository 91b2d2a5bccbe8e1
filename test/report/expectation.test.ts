/** What counts as a difference between a run and its expectation. */
import { describe, expect, test } from 'vitest'
import type { Expectation } from '../../src/lang/definition.js'
import { compareWithExpectation } from '../../src/report/expectation.js'
import { example } from './report.js'

const violated = {
  ...example,
  verdict: 'violated',
  exhaustive: false,
  properties: [
    { name: 'safe', kind: 'invariant', verdict: 'violated', depth: 7 },
    { name: 'other', kind: 'invariant', verdict: 'unknown', depth: null },
  ],
} as const

describe('compareWithExpectation', () => {
  test.each<[string, Expectation]>([
    ['nothing is expected and all hold', {}],
    ['all counts are equal', { states: 1000, transitions: 3000, depth: 20 }],
    ['a verdict is named', { properties: { safe: 'holds' } }],
  ])('finds no difference if %s', (_, expectation) => {
    expect(compareWithExpectation(expectation, example)).toEqual([])
  })

  test.each<[string, Expectation]>([
    ['states', { states: 1001 }],
    ['transitions', { transitions: 2999 }],
    ['depth', { depth: 19 }],
    ['safe', { properties: { safe: 'violated' } }],
    ['gone', { properties: { gone: 'holds' } }],
  ])('names %s if it differs', (name, expectation) => {
    const differences = compareWithExpectation(expectation, example)
    expect(differences).toHaveLength(1)
    expect(differences[0]).toContain(name)
  })

  test('compares what a run decided before it stopped, and no counts', () => {
    const properties = { safe: { verdict: 'violated', depth: 7 } } as const
    expect(compareWithExpectation({ properties, states: 1 }, violated)).toEqual([])
    expect(compareWithExpectation({ properties: { safe: 'violated' } }, violated)).toEqual([])
  })

  test('takes a violation that is not expected, or at another depth, for a difference', () => {
    expect(compareWithExpectation({}, violated)).toHaveLength(1)
    const deeper = { safe: { verdict: 'violated', depth: 8 } } as const
    expect(compareWithExpectation({ properties: deeper }, violated)).toHaveLength(1)
  })

  test('takes a model error for the only difference', () => {
    const error = { code: 'ZC401', message: 'out of range', depth: 3 } as const
    expect(compareWithExpectation({ states: 5 }, { ...example, error })).toHaveLength(1)
  })
})
