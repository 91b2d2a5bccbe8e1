/** Tests of what the benchmark makes of small checks and of their times. */
import { describe, expect, test } from 'vitest'
import { startTable, statesIn } from '../../bench/startup.js'

describe('a small variant', () => {
  test('is one whose check did not end at a limit', () => {
    expect(statesIn('{"states": 25, "limit": null}')).toBe(25)
    expect(statesIn('{"states": 10321, "limit": "states"}')).toBeUndefined()
  })
})

describe('the table of start-up times', () => {
  test('has a line for the slowest variant of each model', () => {
    const one = { model: 'a', variant: 'x', states: 25, variants: 3, seconds: [0.2, 0.3, 0.25] }
    expect(startTable([one])[1]).toEqual(['a', '3', 'x', '25', '0.25 (0.20 to 0.30)'])
  })
})
