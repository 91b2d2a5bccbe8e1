/** LEB128 numbers: what is written decodes to the same number. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  concatenate,
  unsigned,
  vector,
  writeName,
  writeSigned,
  writeSigned32,
  writeUnsigned,
} from '../../../src/compile/wasm/bytes.js'

function decodeUnsigned(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0)
}

function decodeSigned(bytes: readonly number[]): bigint {
  const value = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n)
  return BigInt.asIntN(7 * bytes.length, value)
}

test('unsigned numbers decode to themselves', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 32 - 1 }), value => {
      const bytes: number[] = []
      writeUnsigned(bytes, value)
      expect(unsigned(value)).toEqual(bytes)
      expect(decodeUnsigned(bytes)).toBe(value)
      expect(bytes.slice(0, -1).every(byte => byte >= 0x80)).toBe(true)
      expect(bytes.at(-1)).toBeLessThan(0x80)
    }),
  )
})

test('signed 32-bit numbers are written as the 64-bit numbers that they equal', () => {
  fc.assert(
    fc.property(fc.integer(), value => {
      const [short, long]: [number[], number[]] = [[], []]
      writeSigned32(short, value)
      writeSigned(long, BigInt(value))
      expect(short).toEqual(long)
    }),
  )
})

test('signed 64-bit numbers decode to themselves', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), value => {
      const bytes: number[] = []
      writeSigned(bytes, value)
      expect(decodeSigned(bytes)).toBe(value)
      expect(bytes.length).toBeLessThanOrEqual(10)
    }),
  )
})

test('small signed numbers take one byte', () => {
  for (const value of [-64n, -1n, 0n, 63n]) {
    const bytes: number[] = []
    writeSigned(bytes, value)
    expect(bytes).toHaveLength(1)
  }
})

test('names and vectors carry their length', () => {
  const bytes: number[] = []
  writeName(bytes, 'é')
  expect(bytes).toEqual([2, 0xc3, 0xa9])
  expect([...vector([[1, 2], [3]])]).toEqual([2, 1, 2, 3])
})

test('parts are put one after the other', () => {
  expect([...concatenate([[1, 2], Uint8Array.of(3), [], [4]])]).toEqual([1, 2, 3, 4])
  expect(concatenate([])).toHaveLength(0)
})
