/** Tests of the code that probes memory at random places; nothing here is timed. */
import { describe, expect, test } from 'vitest'
import { probeModule, probeTable } from '../../bench/probes.js'

interface Probe {
  probe(bytes: number, count: number, seed: bigint): bigint
}

describe('random probes', () => {
  const tableBytes = 65536 - 64
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const words = new BigUint64Array(memory.buffer)
  const module = new WebAssembly.Module(Uint8Array.from(probeModule()))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const { probe } = exports as unknown as Probe

  test('load as many words as they are told', () => {
    words.fill(1n)
    expect(probe(tableBytes, 4096, 1n)).toBe(4096n)
  })

  test('stay inside the table', () => {
    words.fill(0n)
    words.fill(1n, tableBytes / 8)
    expect(probe(tableBytes, 65536, 7n)).toBe(0n)
  })

  test('reach all parts of the table alike', () => {
    words.fill(0n)
    words.fill(1n, 0, tableBytes / 16)
    const share = Number(probe(tableBytes, 65536, 3n)) / 65536
    expect(share).toBeGreaterThan(0.49)
    expect(share).toBeLessThan(0.51)
  })
})

describe('the table of probes', () => {
  test('tells how close the explorer comes', () => {
    const rates = { probesPerSecond: [4e7, 4e7], statesPerSecond: [1e7, 8e6] }
    const [, row] = probeTable([{ title: 'x', tableBytes: 2 ** 20, ...rates }])
    expect(row).toEqual(['x', '1.0', '40.0', '9.00', '23 / 20 / 25'])
  })
})
