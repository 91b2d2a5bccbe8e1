/** Arithmetic of table sizes, for every width of state. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defined } from '../../src/base/assert.js'
import { RECIPROCAL_SHIFT } from '../../src/store/control-slots.js'
import {
  grownShapes,
  initialShape,
  readTableRecord,
  reciprocal,
  slotCount,
  tableBytes,
  tableShapes,
  writeTableRecord,
} from '../../src/store/table-shape.js'

const widths = Array.from({ length: 64 }, (_, index) => index + 1)

describe('table shapes', () => {
  it('have a line for every mixed value, and slots that hold remainder and displacement', () => {
    for (const bits of widths) {
      for (const shape of tableShapes(bits)) {
        const highest = (1n << BigInt(bits)) - 1n
        const line = (highest >> BigInt(shape.shift)) / BigInt(shape.divisor)
        expect(line).toBe(BigInt(shape.lines) - 1n)
        const slotBits = shape.slotBytes * 8
        expect(shape.remainderBits + shape.displacementBits).toBeLessThanOrEqual(slotBits)
        expect(shape.displacementBits).toBeGreaterThanOrEqual(3)
      }
    }
  })

  it('grow in steps of less than two and a half, slot sizes taken into account', () => {
    for (const bits of widths) {
      const shapes = tableShapes(bits)
      for (const [index, shape] of shapes.entries()) {
        const next = shapes[index + 1]
        if (next === undefined || shape.lines < 8) continue
        const slotGrowth = slotCount(next) / slotCount(shape)
        expect(slotGrowth).toBeLessThan(next.slotBytes === shape.slotBytes ? 1.3 : 2.6)
      }
    }
  })

  it('offer a larger table first and ever smaller ones after it, all larger than the old', () => {
    for (const bits of widths) {
      const current = initialShape(bits, 65536)
      const sizes = grownShapes(bits, current).map(slotCount)
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
      for (const size of sizes) expect(size).toBeGreaterThan(slotCount(current))
    }
  })

  it('are the same ones if only some sizes are asked for', () => {
    for (const bits of widths) {
      for (const [least, most] of [
        [0, 64],
        [500, 2000],
        [2 ** 17, 2 ** 18],
      ] as const) {
        const asked = tableShapes(bits).filter(({ lines }) => lines >= least && lines <= most)
        expect(tableShapes(bits, least, most)).toEqual(asked)
      }
    }
  })

  it('take less than 5 bytes a row from 7 million rows on, right after a growth too', () => {
    for (const bits of widths.filter(width => width >= 24 && width <= 48)) {
      let current = initialShape(bits, 2 ** 18)
      for (;;) {
        const next = grownShapes(bits, current)[0]
        const rows = current.rowsMax
        if (next === undefined || rows > 2 ** bits) break
        if (rows >= 7e6)
          expect(tableBytes(next) / rows, `${bits} bits, ${rows} rows`).toBeLessThan(5)
        current = next
      }
      expect(current.rowsMax).toBeGreaterThan(Math.min(7e6, 2 ** bits / 2))
    }
  })

  it('go to the first slots of 32 bits at once if these are not far', () => {
    const first = initialShape(46, 2 ** 18)
    expect(first.slotBytes).toBe(8)
    const next = defined(grownShapes(46, first)[0])
    expect([next.slotBytes, next.lines]).toEqual([4, 2 ** 17])
    const wide = initialShape(52, 2 ** 18)
    expect(grownShapes(52, wide)[0]?.lines).toBe(4 * wide.lines)
  })

  it('begin within the bytes that were asked for', () => {
    expect(tableBytes(initialShape(47, 65536))).toBe(65536)
    expect(tableBytes(initialShape(47, 1000))).toBeLessThan(1000)
    expect(tableBytes(initialShape(1, 65536))).toBeLessThan(200)
  })

  it('use 32-bit slots as soon as the remainder leaves three bits', () => {
    const shapes = tableShapes(47)
    const small = shapes.find(shape => shape.slotBytes === 4)
    expect(small?.lines).toBe(2 ** 18)
    expect(small?.displacementBits).toBe(3)
  })

  it('survive being written to and read from a record', () => {
    const view = new DataView(new ArrayBuffer(64))
    for (const bits of widths) {
      for (const shape of tableShapes(bits)) {
        const table = { shape, address: 4_000_000_000, keys: { bits, leftBits: 18 } }
        writeTableRecord(view, 0, table)
        expect(readTableRecord(view, 0)).toEqual(table)
      }
    }
  })
})

describe('the reciprocal', () => {
  it('divides exactly every number that a mixed value can be cut to', () => {
    const divisor = fc.integer({ min: 4, max: 31 })
    const value = fc.bigInt({ min: 0n, max: 2n ** 31n - 1n })
    fc.assert(
      fc.property(divisor, value, (by, x) => {
        expect((x * reciprocal(by)) >> BigInt(RECIPROCAL_SHIFT)).toBe(x / BigInt(by))
      }),
      { numRuns: 2000 },
    )
    for (const by of [4, 5, 6, 7]) {
      for (const x of [0n, BigInt(by) - 1n, BigInt(by), 2n ** 29n - 1n]) {
        expect((x * reciprocal(by)) >> BigInt(RECIPROCAL_SHIFT)).toBe(x / BigInt(by))
      }
    }
  })
})
