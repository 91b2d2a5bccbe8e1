/** Searches that begin before all of their workers are there. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { explore, type ExploreOptions, type ExploreResult } from '../../src/explore/explore.js'
import { SLOT_PRESENT } from '../../src/explore/protocol.js'
import { readManifest } from '../../src/store/checkpoint-reader.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import { endlessTree, races } from './fixtures/chain.js'
import { septZap } from './fixtures/sept-zap.js'

const worker = fileURLToPath(new URL('fixtures/late-worker.mjs', import.meta.url))

/** Explores with each worker so many milliseconds late, NaN: it never comes. */
function exploreLate(
  model: CompiledModel,
  lateMs: readonly number[],
  options: Omit<ExploreOptions, 'workers'>,
): Promise<ExploreResult> {
  process.env['LATE_MS'] = lateMs.join()
  const workers = lateMs.length
  return explore(model, { workers, workersFirst: 1, ...options }, { ...builtFiles(), worker })
}

/** Workers that took part in the last level. */
function present({ levels }: ExploreResult): number {
  return new DataView(levels.memory.buffer).getInt32(SLOT_PRESENT, true)
}

/** What must not depend on when workers come. */
function facts(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, exhaustive, limit, candidates } = result
  return { states, transitions, depth, deadlocks, exhaustive, limit, candidates }
}

afterEach(() => {
  delete process.env['LATE_MS']
})

describe('a search that begins with its first worker', () => {
  it('goes on with the others when they come', async () => {
    const model = await septZap(3, 3)
    const result = await exploreLate(model, [30, 0, 60], {})
    expect(result).toMatchObject({ states: 7_390_732, transitions: 23_192_404, depth: 97 })
    expect(result).toMatchObject({ exhaustive: true, limit: null })
    expect(present(result)).toBe(3)
  })

  it('does not wait for workers that never come', async () => {
    const result = await exploreLate(await septZap(2, 2), [NaN, 0, NaN], {})
    expect(result).toMatchObject({ states: 22_772, transitions: 49_156, depth: 74, deadlocks: 0 })
    expect(present(result)).toBe(1)
  })

  it('finds the same whenever they come, while tables grow', async () => {
    for (const model of [await septZap(2, 3), await races(40, 60)]) {
      const inline = await explore(model, { workers: 1, inline: true })
      for (const lateMs of [0, 1, 3, 5, 10, 20]) {
        const workers = [3, 1, 0, 2].map(place => place * lateMs)
        const late = await exploreLate(model, workers, { tableBytesInitial: 4096 })
        expect(facts(late)).toEqual(facts(inline))
      }
    }
  })

  it('finds the same while its table is spread over shards', async () => {
    const model = await septZap(2, 3)
    const inline = await explore(model, { workers: 1, inline: true })
    for (const lateMs of [5, 20, 40]) {
      const options = { tableBytesInitial: 4096, spreadBytes: 2 ** 16 }
      const late = await exploreLate(model, [0, lateMs, 2 * lateMs], options)
      expect(facts(late)).toEqual(facts(inline))
    }
  })

  it('stops at a violation that it has found alone', async () => {
    const model = await septZap(2, 2, { track: false })
    const result = await exploreLate(model, [0, NaN], {})
    expect(result).toMatchObject({ depth: 10, exhaustive: false, limit: null })
    expect(result.candidates[0]?.depth).toBe(10)
  })

  it('stops at its limits, alone and with others', async () => {
    for (const lateMs of [10, NaN]) {
      const model = await endlessTree()
      const states = await exploreLate(model, [lateMs, 0], { statesMax: 1_000_000 })
      expect(states).toMatchObject({ limit: 'states', exhaustive: false })
      const time = await exploreLate(model, [lateMs, 0], { timeMs: 100 })
      expect(time).toMatchObject({ limit: 'time', exhaustive: false })
    }
  })

  it('fails with a worker that dies before it has joined', async () => {
    const dying = fileURLToPath(new URL('fixtures/dying-worker.mjs', import.meta.url))
    const options = { workers: 3, workersFirst: 1 }
    const run = explore(await endlessTree(), options, { ...builtFiles(), worker: dying })
    await expect(run).rejects.toThrow(/explorer worker 1 failed: .*exited with code 3/)
  })

  it('goes on from a checkpoint before all workers are there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
    const head = { zapcheck: '1.2.3', identity: 'one', command: { model: 'sept-zap' } }
    const model = await septZap(2, 3)
    const search = (options: Omit<ExploreOptions, 'workers'>): Promise<ExploreResult> => {
      const checkpoint = { folder, everyMs: 1e9, head, from: readManifest(folder) }
      return exploreLate(model, [30, 0, NaN], { ...options, tableBytesInitial: 4096, checkpoint })
    }
    try {
      expect(await search({ depthMax: 40 })).toMatchObject({ limit: 'depth', depth: 40 })
      const whole = await explore(model, { workers: 1, inline: true })
      expect(facts(await search({}))).toEqual(facts(whole))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('writes its last checkpoint to the end, whoever waits to join', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
    const head = { zapcheck: '1.2.3', identity: 'one', command: { model: 'sept-zap' } }
    const model = await septZap(2, 2)
    try {
      for (let time = 0; time < 20; time++) {
        const checkpoint = { folder: join(folder, String(time)), everyMs: 1e9, head, from: null }
        mkdirSync(checkpoint.folder)
        await exploreLate(model, [0, time / 4], { depthMax: 9, checkpoint })
        expect(readManifest(checkpoint.folder)?.cut.depth).toBe(9)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('begins with one to all of its workers', async () => {
    const model = await septZap(2, 2)
    for (const workersFirst of [1, 2, 3]) {
      const result = await exploreLate(model, [0, 0, 0], { workersFirst })
      expect(result).toMatchObject({ states: 22_772, transitions: 49_156, depth: 74 })
      expect(present(result)).toBeGreaterThanOrEqual(workersFirst)
    }
    for (const workersFirst of [0, 1.5, 4]) {
      const run = explore(model, { workers: 3, workersFirst })
      await expect(run).rejects.toThrow('a search begins with 1 to all of its workers')
    }
  })
})
