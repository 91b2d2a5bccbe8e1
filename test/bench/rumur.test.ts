/** Tests of what is written for and read from Rumur. */
import { describe, expect, test } from 'vitest'
import { readRumur, withConstants } from '../../bench/rumur.js'

describe('Rumur', () => {
  const output = [
    '<progress states="80000" duration_seconds="1" rules_fired="258097"/>',
    '<summary states="88560" rules_fired="286985" errors="0" duration_seconds="1"/>',
    '</rumur_run>',
  ].join('\n')

  test('tells its counts at the end', () => {
    expect(readRumur(output)).toEqual({ states: 88_560, transitions: 286_985 })
  })

  test('is refused when it found an error or did not finish', () => {
    expect(() => readRumur(output.replace('errors="0"', 'errors="1"'))).toThrow('did not finish')
    expect(() => readRumur('<progress states="80000"/>')).toThrow('did not finish')
  })
})

describe('the constants of a Murphi model', () => {
  const model = 'const\n  V: 2;\n  G: 2;\n\ntype\n  v_t: 0 .. V - 1;\n'

  test('are replaced where they are declared', () => {
    const expected = 'const\n  V: 3;\n  G: 4;\n\ntype\n  v_t: 0 .. V - 1;\n'
    expect(withConstants(model, { V: 3, G: 4 })).toBe(expected)
  })

  test('have to exist', () => {
    expect(() => withConstants(model, { N: 3 })).toThrow('no constant N')
  })
})
