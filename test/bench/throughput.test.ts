/** What two threads compute beside one; nothing here is timed. */
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { computeModule, computeScaling } from '../../bench/throughput.js'

/** The chains of the loop, step by step. */
function computed(passes: number): bigint {
  let result = 0n
  for (let i = 0n; i < 6n; i++) {
    let value = 0n
    for (let pass = 0; pass < passes; pass++) value = (value + 2n * i + 3n) ^ (i + 5n)
    result ^= value
  }
  return result
}

test('the loop makes as many passes as it is told', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const module = new WebAssembly.Module(Uint8Array.from(computeModule()))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const { compute } = exports as unknown as { compute(passes: number): bigint }
  for (const passes of [1, 2, 1000]) expect(compute(passes)).toBe(computed(passes))
})

test('two threads compute more than none', async () => {
  const scaling = await computeScaling()
  if (availableParallelism() < 2) expect(scaling).toBeNull()
  else expect(scaling).toBeGreaterThan(0)
})
