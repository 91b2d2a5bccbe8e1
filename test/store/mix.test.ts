/** Laws of the mixing function, through the exports of the built kernel. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemory, instantiateKernel } from '../../src/store/kernel.js'
import { builtFiles } from '../../src/explore/worker-url.js'

const module = new WebAssembly.Module(readFileSync(builtFiles().kernel))
const kernel = instantiateKernel(module, createMemory(65536))

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value)

describe('mix', () => {
  it('is undone by unmix for every width from 1 to 64 bits', () => {
    const widthAndState = fc
      .integer({ min: 1, max: 64 })
      .chain(bits =>
        fc.tuple(fc.constant(bits), fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })),
      )
    fc.assert(
      fc.property(widthAndState, ([bits, state]) => {
        kernel.setMixBits(bits)
        const mixed = unsigned(kernel.mix(state))
        expect(mixed >> BigInt(bits)).toBe(0n)
        expect(unsigned(kernel.unmix(mixed))).toBe(state)
      }),
      { numRuns: 2000 },
    )
  })

  it('maps the states of small widths one to one', () => {
    for (let bits = 1; bits <= 12; bits++) {
      kernel.setMixBits(bits)
      const images = new Set<bigint>()
      for (let state = 0n; state < 1n << BigInt(bits); state++) images.add(kernel.mix(state))
      expect(images.size).toBe(2 ** bits)
    }
  })

  it('spreads the states of a small counter over all top bits', () => {
    kernel.setMixBits(40)
    const perLine = new Int32Array(256)
    for (let state = 0n; state < 16384n; state++) {
      const line = Number(unsigned(kernel.mix(state)) >> 32n)
      perLine[line] = perLine[line]! + 1
    }
    expect(Math.max(...perLine)).toBeLessThan(64 * 2)
    expect(Math.min(...perLine)).toBeGreaterThan(0)
  })
})
