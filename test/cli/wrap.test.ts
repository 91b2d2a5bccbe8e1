/** Wrapping: nothing is lost, nothing but long words is too long. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wrap } from '../../src/cli/wrap.js'

test('keeps every word in order and breaks lines at 100 columns', () => {
  const word = fc.string({ minLength: 1, maxLength: 120, unit: fc.constantFrom('a', 'b', '-') })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.nat(20), (words, indent) => {
      const lines = wrap(words.join(' '), indent)
      expect(lines.flatMap(l => l.trimStart().split(' '))).toEqual(words)
      for (const line of lines)
        expect(line.length <= 100 || !line.trimStart().includes(' ')).toBe(true)
    }),
  )
})
