/** Searches whose visited set leaves the first memory for shards, which then grow. */
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore, type ExploreProgress } from '../../src/explore/explore.js'
import septZap from '../../models/sept-zap.js'
import { endlessTree } from './fixtures/chain.js'

describe('a visited set in shards', () => {
  const model = compile(septZap.instantiate({ vcpus: 2, gfns: 2 }))

  it.each([1, 2, 3, 4])('gives the counts of sept-zap (2,2) with %d workers', async workers => {
    const result = await explore(model, { workers, spreadBytes: 4096, tableBytesInitial: 512 })
    const { states, transitions, depth, exhaustive } = result
    const expected = { states: 22_772, transitions: 49_156, depth: 74, exhaustive: true }
    expect({ states, transitions, depth, exhaustive }).toEqual(expected)
    const rows = [...Array(depth + 1).keys()].flatMap(d => [...result.levels.rows(d)].map(String))
    expect(new Set(rows).size).toBe(22_772)
    expect(rows).toHaveLength(22_772)
  })

  it('counts the bytes of all shards', async () => {
    const result = await explore(model, {
      workers: 1,
      spreadBytes: 4096,
      tableBytesInitial: 512,
    })
    expect(result.visitedBytes / result.states).toBeGreaterThan(4)
    expect(result.visitedBytes / result.states).toBeLessThan(16)
  })

  it('ends at the memory limit, with everything that was found', async () => {
    const tree = await endlessTree()
    const memoryBytes = 2 ** 25
    let last: ExploreProgress | undefined
    const result = await explore(tree, {
      workers: 2,
      spreadBytes: 2 ** 16,
      memoryBytes,
      progressIntervalMs: 1,
      onProgress: progress => (last = progress),
    })
    expect(result).toMatchObject({ exhaustive: false, limit: 'memory' })
    const depths = [...Array(result.levels.levelCount).keys()]
    const rows = depths.map(depth => result.levels.rowCount(depth))
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(result.states)
    expect(result.states).toBeGreaterThan(100_000)
    expect(last?.memoryBytes ?? 0).toBeLessThanOrEqual(memoryBytes)
  })

  it.each([20, 22, 24, 26, 28, 30, 34, 38])('ends in order at a limit of %d MiB', async mib => {
    const tree = await endlessTree()
    const memoryBytes = mib * 2 ** 20
    const options = { workers: 3, spreadBytes: 2 ** 16, memoryBytes, logBytesMemory: 0 }
    const result = await explore(tree, { ...options, statesMax: 6_000_000 })
    expect(result.exhaustive).toBe(false)
    expect(['memory', 'states']).toContain(result.limit)
    result.levels.close()
  })
})
