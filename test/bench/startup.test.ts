/** Tests of what the benchmark makes of the suite and of start-up times. */
import { describe, expect, test } from 'vitest'
import { smallVariants, startTable } from '../../bench/startup.js'

describe('the small variants', () => {
  test('are the rows of the suite with a verdict and few states', () => {
    const small = { model: 'a', variant: 'x', states: 9_999 }
    const rows = [small, { ...small, states: 10_000 }, { model: 'a', variant: 'failed' }]
    expect(smallVariants(JSON.stringify({ rows }))).toEqual([small])
  })
})

describe('the table of start-up times', () => {
  test('has a line for the slowest variant of each model', () => {
    const one = { model: 'a', variant: 'x', states: 25, variants: 3, seconds: [0.2, 0.3, 0.25] }
    expect(startTable([one])[1]).toEqual(['a', '3', 'x', '25', '0.25 (0.20 to 0.30)'])
  })
})
