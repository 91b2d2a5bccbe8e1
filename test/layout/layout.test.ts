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

  test('fills one word without gaps', () => {
    const layout = layoutOf(modelOf(Array.from({ length: 32 }, () => int(0, 3))))
    expect(layout.wordCount).toBe(1)
    expect(layout.fields.map(f => f.offsetBits)).toEqual([...layout.fields.keys()].map(i => 2 * i))
  })

  test('spreads a wider state evenly over its words, in order', () => {
    const layout = layoutOf(modelOf(Array.from({ length: 100 }, () => int(0, 3))))
    expect(layout.wordCount).toBe(4)
    expect(layout.fields.map(f => f.word)).toEqual([...layout.fields.keys()].map(i => (i / 25) | 0))
    expect(layout.fields[25]).toMatchObject({ word: 1, offsetBits: 0 })
  })

  test('needs no more words than fields that go to the first word with room', () => {
    const width = fc.integer({ min: 0, max: 31 })
    fc.assert(
      fc.property(fc.array(width, { maxLength: 20 }), widths => {
        const layout = layoutOf(modelOf(widths.map(bits => int(0, 2 ** bits - 1))))
        const used: number[] = [0]
        for (const bits of widths) {
          const word = used.findIndex(sum => sum + bits <= 64)
          if (word < 0) used.push(bits)
          else used[word] = used[word]! + bits
        }
        expect(layout.wordCount).toBe(used.length)
        for (const { word, offsetBits, widthBits } of layout.fields) {
          expect(word).toBeLessThan(used.length)
          expect(offsetBits + widthBits).toBeLessThanOrEqual(64)
        }
      }),
    )
  })

  test('never lets a field straddle a word, and falls back to the first word with room', () => {
    const wide = int(0, 2 ** 31 - 1)
    const layout = layoutOf(modelOf([wide, wide, int(0, 7), wide, int(0, 2 ** 30 - 1), int(0, 3)]))
    expect(layout.wordCount).toBe(2)
    expect(layout.fields.map(f => f.word)).toEqual([0, 0, 1, 1, 1, 0])
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
