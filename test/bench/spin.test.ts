/** Tests of what is read from SPIN. */
import { describe, expect, test } from 'vitest'
import { readSpin } from '../../bench/spin.js'

describe('what SPIN prints', () => {
  const output = [
    'State-vector 20 byte, depth reached 53632, errors: 0',
    '  7390732 states, stored',
    ' 23192405 transitions (= stored+matched)',
    '  458.737\tmemory usage (Mbyte)',
    'pan: elapsed time 4.8 seconds',
  ].join('\n')

  test('is read without the initial state among the transitions', () => {
    const { states, transitions, searchSeconds, bytesPerState } = readSpin(
      output,
      'depth-first',
      24,
    )
    expect([states, transitions, searchSeconds]).toEqual([7_390_732, 23_192_404, 4.8])
    expect(bytesPerState).toBeCloseTo(40 + 18.2, 1)
  })

  test('has a depth that can be compared only after a breadth-first search', () => {
    expect(readSpin(output, 'depth-first', 24).depth).toBeUndefined()
    expect(readSpin(output, 'breadth-first', 24).depth).toBe(53_632)
  })

  test('is refused when the search was cut short or found an error', () => {
    const read = (text: string) => () => readSpin(text, 'depth-first', 24)
    expect(read(`error: max search depth too small\n${output}`)).toThrow('deep enough')
    expect(read(output.replace('errors: 0', 'errors: 1'))).toThrow('did not finish')
    expect(read('')).toThrow('did not finish')
  })
})
