/** The memories of a visited set in shards. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES, SHARDS } from '../../src/store/control-slots.js'
import { allocatedBytes } from '../../src/store/memory-bytes.js'
import {
  bufferOf,
  committedBytes,
  controlOf,
  createShardMemories,
  enlarge,
} from '../../src/store/shards.js'

const limits = { spreadBytes: 2 ** 20, lossy: false }

describe('the memories of shards', () => {
  test('are small until they are enlarged, once', () => {
    const shards = createShardMemories(2, { ...limits, memoryBytes: 2 ** 30 })
    expect(shards.memories).toHaveLength(SHARDS + 1)
    for (const memory of shards.memories) expect(memory.buffer.byteLength).toBe(BLOCK_BYTES)
    expect(committedBytes(shards)).toBe(0)
    for (let time = 0; time < 2; time++) {
      expect(enlarge(shards)).toBe(true)
      for (const memory of shards.memories) {
        expect(bufferOf(memory).byteLength).toBe(shards.pages * BLOCK_BYTES)
        expect(bufferOf(memory).byteLength).toBeGreaterThanOrEqual(2 ** 30)
        expect(allocatedBytes(controlOf(memory))).toBe(0)
      }
    }
  })

  test('are as large in a thread that has got them before', async () => {
    const shards = createShardMemories(1, { ...limits, memoryBytes: 2 ** 40 })
    const [memory] = shards.memories
    const cell = new Int32Array(new SharedArrayBuffer(4))
    const thread = new Worker(
      `const { parentPort, workerData: { memory, cell } } = require('node:worker_threads')
       parentPort.postMessage(memory.buffer.byteLength)
       Atomics.wait(cell, 0, 0)
       memory.grow(0)
       new Uint8Array(memory.buffer)[2 ** 32 - 1] = 7
       parentPort.postMessage(memory.buffer.byteLength)`,
      { eval: true, workerData: { memory, cell } },
    )
    expect(await once(thread, 'message')).toEqual([BLOCK_BYTES])
    expect(enlarge(shards)).toBe(true)
    const answer = once(thread, 'message')
    Atomics.store(cell, 0, 1)
    Atomics.notify(cell, 0)
    expect(await answer).toEqual([2 ** 32])
    expect(new Uint8Array(bufferOf(memory!))[2 ** 32 - 1]).toBe(7)
  })
})
