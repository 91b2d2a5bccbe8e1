/** Layout: packing and unpacking are inverses, and fields do not touch each other. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Diagnostic } from '../../src/base/diagnostic.js'
import type { Model } from '../../src/ir/model.js'
import { rangeOf } from '../../src/ir/type.js'
import type { ScalarType } from '../../src/ir/type.js'
import { layoutOf, pack, unpack } from '../../src/layout/layout.js'
import { isPackable } from '../compile/compiled-code.js'
import { modelAndStates } from '../generators/random-model.js'

function modelOf(types: readonly ScalarType[]): Model {
  const site = (): undefined => undefined
  const variables = types.map((type, i) => ({
    name: `v${i}`,
    type,
    initial: rangeOf(type).lo,
    site,
  }))
  return { name: 'm', parameters: {}, variables, actions: [], properties: [], sorts: [] }
}

const int = (lo: number, hi: number): ScalarType => ({ kind: 'int', lo, hi })

describe('layout', () => {
  test('unpack is the inverse of pack', () => {
    fc.assert(
      fc.property(modelAndStates(), ({ model, states }) => {
        fc.pre(isPackable(model))
        const layout = layoutOf(model)
        for (const state of states) expect(unpack(layout, pack(layout, state))).toEqual(state)
      }),
    )
  })

  test('changes the bits of the written field only', () => {
    fc.assert(
      fc.property(modelAndStates(), fc.nat(), ({ model, states }, pick) => {
        fc.pre(isPackable(model))
        const layout = layoutOf(model)
        const variable = pick % model.variables.length
        for (const state of states) {
          const { lo, hi } = rangeOf(model.variables[variable]!.type)
          const changed = state.with(variable, state[variable] === lo ? hi : lo)
          const { word, offsetBits, widthBits } = layout.fields[variable]!
          const mask = ((1n << BigInt(widthBits)) - 1n) << BigInt(offsetBits)
          const before = pack(layout, state)
          const after = pack(layout, changed)
          before.forEach((bits, w) => {
            expect((bits ^ after[w]!) & ~(w === word ? mask : 0n)).toBe(0n)
          })
        }
      }),
    )
  })

  test('packs a one-value range into zero bits', () => {
    const layout = layoutOf(modelOf([int(5, 5), int(0, 1)]))
    expect(layout.fields[0]!.widthBits).toBe(0)
    expect(layout.stateBits).toBe(1)
    expect(unpack(layout, pack(layout, [5, 1]))).toEqual([5, 1])
  })

  test('fills one word without gaps before it begins another', () => {
    const layout = layoutOf(modelOf(Array.from({ length: 33 }, () => int(0, 3))))
    expect(layout.wordCount).toBe(2)
    expect(layout.fields[31]).toMatchObject({ word: 0, offsetBits: 62 })
    expect(layout.fields[32]).toMatchObject({ word: 1, offsetBits: 0 })
  })

  test('never lets a field straddle a word, and fills the gap with a later field', () => {
    const layout = layoutOf(
      modelOf([int(0, 2 ** 31 - 1), int(0, 2 ** 31 - 1), int(0, 7), int(0, 3)]),
    )
    expect(layout.fields.map(f => f.word)).toEqual([0, 0, 1, 0])
  })

  test('stores a range over the whole of 32 bits', () => {
    const layout = layoutOf(modelOf([int(-(2 ** 31) + 1, 2 ** 31 - 1)]))
    expect(layout.fields[0]!.widthBits).toBe(32)
    for (const value of [-(2 ** 31) + 1, -1, 0, 2 ** 31 - 1])
      expect(unpack(layout, pack(layout, [value]))).toEqual([value])
  })

  test('refuses a state of more than 8 words', () => {
    const wide = modelOf(Array.from({ length: 257 }, () => int(0, 3)))
    expect(() => layoutOf(wide)).toThrow(Diagnostic)
    expect(() => layoutOf(wide)).toThrow(/514 bits in 9 words/)
  })
})
