/** Tests of what is made of the times of generated code and C++. */
import { describe, expect, test } from 'vitest'
import { successorTable, timesSlower } from '../../bench/successors.js'

describe('the comparison of successor code', () => {
  const pass = (seconds: number) => ({ transitions: 1e9, seconds })
  const result = { title: 'x', states: 5, generated: [pass(3), pass(4)], cpp: [pass(2), pass(4)] }

  test('takes ratios within a round', () => {
    expect(timesSlower(result)).toEqual([1.5, 1])
  })

  test('tells nanoseconds a transition', () => {
    expect(
      successorTable(result)
        .slice(1)
        .map(([name, value]) => [name, value]),
    ).toEqual([
      ['generated code', '3.50'],
      ['C++', '3.00'],
      ['generated : C++, per round', '1.25'],
    ])
  })

  test('has no ratio without a C++ compiler', () => {
    expect(successorTable({ ...result, cpp: [] })).toHaveLength(2)
  })
})
