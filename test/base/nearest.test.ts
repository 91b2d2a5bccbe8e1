/** The nearest valid word to a mistyped one. */
import { expect, it } from 'vitest'
import { nearest } from '../../src/base/nearest.js'

it('finds the word with the fewest edits', () => {
  expect(nearest('vcpu', ['gfns', 'vcpus', 'track'])).toBe('vcpus')
  expect(nearest('trakc', ['gfns', 'vcpus', 'track'])).toBe('track')
})

it('takes the word itself where it is there', () => {
  expect(nearest('gfns', ['gfn', 'gfns'])).toBe('gfns')
})
