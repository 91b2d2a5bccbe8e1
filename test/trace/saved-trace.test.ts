/** Trace files: what is written is read; everything else is refused with its place. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Diagnostic } from '../../src/base/diagnostic.js'
import { decodeTrace, encodeTrace } from '../../src/trace/saved-trace.js'
import type { Trace, TraceValue } from '../../src/trace/trace.js'
import { example } from './example.js'

/** The message with which a text is refused. */
function refusal(text: string): string {
  try {
    decodeTrace(text, 'file.json')
  } catch (error) {
    if (error instanceof Diagnostic && error.code === 'ZC204') return error.message
    throw error
  }
  return 'accepted'
}

describe('a trace file', () => {
  test('gives back the trace that it was made from', () => {
    expect(decodeTrace(encodeTrace(example), 'file.json')).toEqual(example)
  })

  test('gives back values, names and texts of any form', () => {
    const value: fc.Arbitrary<TraceValue> = fc.oneof(
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.string(),
      fc.constant(null),
      fc.array(fc.nat(31)),
    )
    const name = fc.string().filter(n => !['__proto__', 'constructor', 'prototype'].includes(n))
    const state = fc.dictionary(name, value, { noNullPrototype: true })
    fc.assert(
      fc.property(state, fc.string(), (initial, text) => {
        const step = { action: text, parameters: { v: text }, actor: text, state: initial }
        const trace: Trace = { ...example, model: text, initial, steps: [step] }
        expect(decodeTrace(encodeTrace(trace), 'file.json')).toEqual(trace)
      }),
    )
  })

  test.each([
    ['text that is not JSON', '{', 'JSON'],
    ['another JSON', '[]', 'format'],
    ['nothing', '', 'JSON'],
    ['a later format', JSON.stringify({ ...example, formatVersion: 9 }), 'version is 9'],
    ['a missing member', JSON.stringify({ ...example, model: undefined }), 'model'],
    ['an extra member', JSON.stringify({ ...example, more: 1 }), 'more'],
    ['a wrong value in a state', JSON.stringify({ ...example, initial: { x: 1.5 } }), 'initial.x'],
    ['a wrong kind', JSON.stringify(example).replace('invariant', 'variant'), 'property.kind'],
    ['a wrong step', JSON.stringify({ ...example, steps: [{}] }), 'steps.0'],
    [
      'states of other variables',
      JSON.stringify({ ...example, initial: { x: 1 } }),
      'steps.0.state',
    ],
    ['a verdict without a property', JSON.stringify({ ...example, property: null }), 'property'],
    [
      'a witness of an invariant',
      JSON.stringify({ ...example, verdict: 'holds' }),
      'property.kind',
    ],
    ['an error without one', JSON.stringify({ ...example, verdict: 'error' }), 'error'],
  ])('is refused with its place if it is %s', (_, text, place) => {
    expect(refusal(text)).toContain('file.json')
    expect(refusal(text)).toContain(place)
  })
})
