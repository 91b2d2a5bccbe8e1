/** How limits end a search, and what is kept. Progress reports. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { explore, type ExploreOptions, type ExploreProgress } from '../../src/explore/explore.js'
import { chain, endlessTree } from './fixtures/chain.js'

describe('a limit ends the run in order', () => {
  let tree: CompiledModel
  beforeAll(async () => {
    tree = await endlessTree()
  })

  const limits: [string, ExploreOptions][] = [
    ['time', { workers: 2, timeMs: 150 }],
    ['memory', { workers: 2, memoryBytes: 2 ** 24 }],
    ['states', { workers: 2, statesMax: 100_000 }],
    ['depth', { workers: 2, depthMax: 12 }],
    ['interrupted', { workers: 2, signal: AbortSignal.timeout(150) }],
    ['interrupted', { workers: 1, inline: true, signal: AbortSignal.abort() }],
    ['time', { workers: 1, inline: true, timeMs: 50 }],
    ['memory', { workers: 1, inline: true, memoryBytes: 0 }],
  ]
  for (const [limit, options] of limits) {
    const how = options.inline === true ? 'inline' : `with ${options.workers} workers`
    it(`names the limit '${limit}' ${how} and keeps what was found`, async () => {
      const result = await explore(tree, options)
      expect(result.limit).toBe(limit)
      expect(result.exhaustive).toBe(false)
      const rows = Array.from({ length: result.levels.levelCount }, (_, depth) =>
        result.levels.rowCount(depth),
      )
      expect(rows.reduce((sum, count) => sum + count, 0)).toBe(result.states)
      expect(result.depth).toBe(Math.max(0, result.levels.levelCount - 1))
    })
  }

  it('finds and checks the states at the greatest depth, but does not expand them', async () => {
    const result = await explore(tree, { workers: 3, depthMax: 12 })
    expect(result).toMatchObject({ states: 2 ** 13 - 1, transitions: 2 ** 13 - 2, depth: 12 })
  })

  it('is not reached by a run that needs just so much', async () => {
    const model = await chain(50)
    const exact = await explore(model, { workers: 1, statesMax: 50, depthMax: 50 })
    expect(exact).toMatchObject({ exhaustive: true, limit: null, states: 50 })
    const short = await explore(model, { workers: 1, depthMax: 49 })
    expect(short).toMatchObject({ exhaustive: false, limit: 'depth', states: 50 })
  })

  it('stays near the number of states asked for', async () => {
    const result = await explore(tree, { workers: 2, statesMax: 100_000 })
    expect(result.states).toBeGreaterThan(100_000)
    expect(result.states).toBeLessThan(110_000)
  })

  it('keeps the memory below the limit', async () => {
    let last: ExploreProgress | undefined
    const result = await explore(tree, {
      workers: 2,
      memoryBytes: 2 ** 24,
      progressIntervalMs: 1,
      onProgress: progress => (last = progress),
    })
    expect(result.states).toBeGreaterThan(100_000)
    expect(result.visitedBytes).toBeLessThan(2 ** 24)
    if (last !== undefined) expect(last.memoryBytes).toBeLessThanOrEqual(2 ** 24)
  })

  it('reports progress while the workers run', async () => {
    const reports: ExploreProgress[] = []
    const enough = new AbortController()
    await explore(tree, {
      workers: 2,
      signal: enough.signal,
      progressIntervalMs: 20,
      onProgress: progress => {
        reports.push(progress)
        if (progress.states > 1000) enough.abort()
      },
    })
    const last = reports.at(-1)!
    expect(last.memoryBytes).toBeGreaterThan(last.visitedBytes)
    expect(last.frontier).toBeGreaterThan(0)
    expect(last.visitedLoad).toBeGreaterThan(0)
    expect(last.depth).toBeGreaterThan(5)
  })
})
