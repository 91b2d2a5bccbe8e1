/** Tests of what the benchmark reads from the help text of zapcheck. */
import { describe, expect, test } from 'vitest'
import { reductionsIn } from '../../bench/contender.js'

describe('the reductions of zapcheck', () => {
  test('are asked for where its help has a flag for them', () => {
    expect(reductionsIn('  --full   show\n  --reduce <what>  none or all')).toEqual([
      '--reduce',
      'all',
    ])
    expect(reductionsIn('  --full   show')).toEqual([])
  })
})
