/** Tests of what the benchmark reads from the help text of zapcheck. */
import { describe, expect, test } from 'vitest'
import { reductionsIn } from '../../bench/contender.js'

describe('the reductions of zapcheck', () => {
  test('are the flags of its help that need no value', () => {
    expect(reductionsIn('  --full   show\n  --reduce  leave states out')).toEqual(['--reduce'])
    expect(reductionsIn('  --symmetry [kind]  one of several')).toEqual(['--symmetry'])
    expect(reductionsIn('  --reduce <kind>  one of several')).toEqual([])
    expect(reductionsIn('  --full   show')).toEqual([])
  })
})
