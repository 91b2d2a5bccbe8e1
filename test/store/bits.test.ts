/** The lossy table of a shard: what it forgets, and whether its estimate of that is right. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { assert } from '../../src/base/assert.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import {
  RESULT_FRESH_COUNT,
  RESULT_OMITTED,
  RESULT_STATUS,
  STATUS_OK,
  TABLE,
} from '../../src/store/control-slots.js'
import { createMemory, instantiateKernel } from '../../src/store/kernel.js'
import { controlOf, shardArea, shardTableStart } from '../../src/store/shards.js'
import { bitsShape, tableBytes, writeTableRecord } from '../../src/store/table-shape.js'

const module = new WebAssembly.Module(readFileSync(builtFiles().kernel))

/** A lossy table of `lines` lines in a memory of its own; inserts keys batch by batch. */
class LossyTable {
  readonly #memory: WebAssembly.Memory
  readonly #kernel
  omitted = 0

  constructor(lines: number) {
    const shape = bitsShape(lines)
    const address = shardTableStart(1)
    this.#memory = createMemory(address + tableBytes(shape))
    this.#kernel = instantiateKernel(module, this.#memory)
    writeTableRecord(controlOf(this.#memory), TABLE, {
      shape,
      address,
      keys: { bits: 0, leftBits: 32 },
    })
    const { scratch, result } = shardArea(0)
    this.#kernel.attachShard(scratch, result)
    this.#kernel.refreshTable()
  }

  /** Inserts keys, at most an inbox of them; returns those that were new. */
  insert(keys: readonly bigint[]): bigint[] {
    const { inbox, result } = shardArea(0)
    const view = new DataView(this.#memory.buffer)
    new BigUint64Array(this.#memory.buffer, inbox, keys.length).set(keys)
    const done = this.#kernel.insertKeys(inbox, keys.length)
    const status = view.getInt32(result + RESULT_STATUS, true)
    assert(done === keys.length && status === STATUS_OK, 'a lossy shard takes every key')
    this.omitted += view.getFloat64(result + RESULT_OMITTED, true)
    const fresh = view.getUint32(result + RESULT_FRESH_COUNT, true)
    return [...new BigUint64Array(this.#memory.buffer, inbox, fresh)]
  }
}

/** Distinct keys of 44 bits: neighbours, as small counters give, or spread. */
const keyAt = {
  dense: (i: number) => BigInt(i),
  spread: (i: number) => (BigInt(i) * 0x9e3779b97n) & ((1n << 44n) - 1n),
}

describe('the lossy table of a shard', () => {
  it('never finds a key new again', () => {
    const table = new LossyTable(64)
    const keys = Array.from({ length: 4000 }, (_, i) => keyAt.spread(i))
    const fresh = table.insert(keys)
    expect(fresh.length).toBeGreaterThan(1000)
    expect(new Set(fresh).size).toBe(fresh.length)
    expect(table.insert(keys)).toEqual([])
  })

  it('keeps the order of the keys that were new, and every one of the first', () => {
    const keys = Array.from({ length: 200 }, (_, i) => keyAt.dense(i))
    expect(new LossyTable(4096).insert([...keys, ...keys])).toEqual(keys)
  })

  const cases = [16, 8, 4].flatMap(bits => (['dense', 'spread'] as const).map(kind => [bits, kind]))
  it.each(cases as [number, 'dense' | 'spread'][])(
    'estimates what it omits: %d bits a key, %s keys',
    (bits, kind) => {
      const count = 1_000_000
      const table = new LossyTable((count * bits) / 512)
      let found = 0
      for (let first = 0; first < count; first += 4000) {
        const keys = Array.from({ length: 4000 }, (_, i) => keyAt[kind](first + i))
        found += table.insert(keys).length
      }
      const missing = count - found
      expect(missing).toBeGreaterThan(1000)
      expect(table.omitted / missing).toBeGreaterThan(0.94)
      expect(table.omitted / missing).toBeLessThan(1.06)
    },
  )
})
