/** Ranges of types, and types and values as text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatType, formatValue, rangeOf, setMembers } from '../../src/ir/type.js'
import type { ScalarType } from '../../src/ir/type.js'
import { typedValue } from '../generators/random-type.js'

const index = (size: number, optional: boolean, sort: string | null = null): ScalarType => ({
  kind: 'index',
  size,
  sort,
  optional,
})

describe('rangeOf', () => {
  it.each<[ScalarType, number, number]>([
    [{ kind: 'bool' }, 0, 1],
    [{ kind: 'int', lo: -3, hi: 4 }, -3, 4],
    [{ kind: 'counter', modulus: 4 }, 0, 3],
    [{ kind: 'enumeration', labels: ['a', 'b', 'c'] }, 0, 2],
    [index(3, false), 0, 2],
    [index(3, true), 0, 3],
    [{ kind: 'set', size: 0, sort: null }, 0, 0],
    [{ kind: 'set', size: 31, sort: null }, 0, 2 ** 31 - 1],
  ])('of %o is %i..%i', (type, lo, hi) => {
    expect(rangeOf(type)).toEqual({ lo, hi })
  })
})

describe('formatValue', () => {
  it.each<[ScalarType, number, string]>([
    [{ kind: 'bool' }, 1, 'true'],
    [{ kind: 'int', lo: -3, hi: 4 }, -2, '-2'],
    [{ kind: 'enumeration', labels: ['free', 'mapped'] }, 1, 'mapped'],
    [index(3, true), 3, 'none'],
    [index(3, false), 2, '2'],
    [{ kind: 'set', size: 3, sort: null }, 0b101, '{0, 2}'],
    [{ kind: 'set', size: 3, sort: null }, 0, '{}'],
  ])('of %o, %i is %s', (type, value, text) => {
    expect(formatValue(type, value)).toBe(text)
  })

  it('tells the values of a type apart', () => {
    fc.assert(
      fc.property(typedValue, typedValue, ({ type, value }, { value: other }) => {
        const { lo, hi } = rangeOf(type)
        fc.pre(other >= lo && other <= hi && other !== value)
        expect(formatValue(type, value)).not.toBe(formatValue(type, other))
      }),
    )
  })
})

describe('formatType', () => {
  it('uses the words of the language', () => {
    expect(formatType({ kind: 'int', lo: 0, hi: 3 })).toBe('int(0, 3)')
    expect(formatType({ kind: 'enumeration', labels: ['a', 'b'] })).toBe('enumeration(a, b)')
    expect(formatType(index(3, true))).toBe('indexOrNone(3)')
    expect(formatType(index(3, false, 'vcpu'))).toBe('index(vcpu)')
    expect(formatType({ kind: 'set', size: 3, sort: 'vcpu' })).toBe('set(vcpu)')
  })
})

describe('setMembers', () => {
  it('lists the bits of the value, the highest included', () => {
    expect(setMembers(0b1011)).toEqual([0, 1, 3])
    expect(setMembers(2 ** 30)).toEqual([30])
  })
})
