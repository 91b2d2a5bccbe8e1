/** Diagnostics as values and as one line of text. */
import { describe, expect, it } from 'vitest'
import { Diagnostic, formatDiagnostic } from '../../src/base/diagnostic.js'

const place = { file: 'model.ts', line: 3, column: 9 }

describe('formatDiagnostic', () => {
  it('gives code and message when that is all there is', () => {
    expect(formatDiagnostic(new Diagnostic('ZC101', 'no such command'))).toBe(
      'ZC101 no such command',
    )
  })

  it('adds place and hint', () => {
    const diagnostic = new Diagnostic('ZC302', 'wrong', { place, hint: 'write it right' })
    expect(formatDiagnostic(diagnostic)).toBe('ZC302 wrong (model.ts:3:9); write it right')
  })

  it('is one line whatever the message has', () => {
    const diagnostic = new Diagnostic('ZC203', 'first\n   second\r\n\tthird', { hint: 'a\nb' })
    expect(formatDiagnostic(diagnostic)).toBe('ZC203 first second third; a b')
  })
})

describe('Diagnostic', () => {
  it('is an error that carries its parts', () => {
    const diagnostic = new Diagnostic('ZC402', 'message', { place })
    expect(diagnostic).toBeInstanceOf(Error)
    expect(diagnostic).toMatchObject({ name: 'Diagnostic', code: 'ZC402', place, hint: undefined })
  })
})
