/** Tests of the benchmark's arithmetic: ratios, and equal counts. */
import { describe, expect, test } from 'vitest'
import { disagreements, median, ratios, spread, verdictSeconds } from '../../bench/summary.js'
import { series } from './series.js'

describe('the summary', () => {
  test('takes ratios within a round', () => {
    const first = series('a', { searchSeconds: 1 }, { searchSeconds: 2 })
    const second = series('b', { searchSeconds: 4 }, { searchSeconds: 6 })
    const expected = { median: 3.5, min: 3, max: 4 }
    expect(ratios(first, second, ({ searchSeconds }) => searchSeconds)).toEqual(expected)
  })

  test('leaves out rounds that one of two did not run', () => {
    const first = series('a', { searchSeconds: 1 }, { searchSeconds: 2 })
    const second = series('b', { searchSeconds: 4 })
    const expected = { median: 4, min: 4, max: 4 }
    expect(ratios(first, second, ({ searchSeconds }) => searchSeconds)).toEqual(expected)
  })

  test('counts generating and compiling in the time to a verdict', () => {
    const first = series('a', { wallSeconds: 1 })
    const second = { ...series('b', { wallSeconds: 4 }), prepareSeconds: 2 }
    expect(ratios(first, second, verdictSeconds).median).toBe(6)
  })

  test('takes the middle of an odd and of an even number of values', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })
})

describe('the comparison of counts', () => {
  const a = series('a', {})

  test('finds a tool that differs, in any round', () => {
    expect(disagreements([a, series('b', {})], undefined)).toEqual([])
    expect(disagreements([a, series('b', {}, { states: 9 })], undefined)).toHaveLength(1)
    const two = series('b', { transitions: 9, depth: 9 })
    expect(disagreements([a, two], undefined)).toHaveLength(2)
  })

  test('accepts a tool that does not tell its depth', () => {
    expect(disagreements([a, series('b', { depth: undefined })], undefined)).toEqual([])
  })

  test('finds that all differ from what is known', () => {
    const known = { states: 11, transitions: 20, depth: 3 }
    expect(disagreements([a, series('b', {})], known)).toEqual([
      'a: states 10, but known: 11',
      'b: states 10, but known: 11',
    ])
  })

  test('does not compare reduced searches', () => {
    const reduced = { ...series('b', { states: 5 }), isReduced: true }
    expect(disagreements([a, reduced], undefined)).toEqual([])
  })

  test('does not pass when nothing ran', () => {
    expect(disagreements([], undefined)).toHaveLength(1)
    expect(disagreements([series('a')], undefined)).toHaveLength(1)
  })
})
