/** What a search finds: published counts and oracles, with any number of workers. */
import { describe, expect, it, beforeAll } from 'vitest'
import { explore, type ExploreResult } from '../../src/explore/explore.js'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { chain } from './fixtures/chain.js'
import { graphModel, leastVertex, searchGraph, type Graph } from './fixtures/graph.js'
import { septZap } from './fixtures/sept-zap.js'

/** What must not depend on the number of workers. */
function facts(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, exhaustive, limit } = result
  const candidates = result.candidates.map(candidate => candidate && { ...candidate })
  const perLevel = Array.from({ length: result.levels.levelCount }, (_, d) =>
    result.levels.rowCount(d),
  )
  const fired = [...result.fired]
  return { states, transitions, depth, deadlocks, exhaustive, limit, candidates, perLevel, fired }
}

describe('exploring sept-zap', () => {
  it('finds the published counts of (2,2) with one to four workers and inline', async () => {
    const model = await septZap(2, 2)
    const inline = await explore(model, { workers: 1, inline: true })
    expect(inline).toMatchObject({ states: 22_772, transitions: 49_156, depth: 74, deadlocks: 0 })
    expect(inline).toMatchObject({ exhaustive: true, limit: null, candidates: [null] })
    expect(inline.modelError).toBeNull()
    expect(inline.levels.levelCount).toBe(75)
    expect(inline.fired.every(byte => byte === 1)).toBe(true)
    for (const workers of [1, 2, 3, 4]) {
      const result = await explore(model, { workers, tableBytesInitial: 4096 })
      expect(facts(result)).toEqual(facts(inline))
      expect(result.workers).toBe(workers)
    }
  })

  it('finds the published counts of (3,3) in less than 5 bytes per state', async () => {
    const result = await explore(await septZap(3, 3), { workers: 2 })
    expect(result).toMatchObject({ states: 7_390_732, transitions: 23_192_404, depth: 97 })
    expect(result.visitedBytes / result.states).toBeLessThan(5)
  })

  it('stops at the end of the level in which the seeded bug shows, with equal counts', async () => {
    const model = await septZap(2, 2, { track: false })
    const inline = await explore(model, { workers: 1, inline: true })
    expect(inline.candidates[0]?.depth).toBe(10)
    expect(inline).toMatchObject({ depth: 10, exhaustive: false, limit: null })
    for (const workers of [2, 4]) {
      expect(facts(await explore(model, { workers }))).toEqual(facts(inline))
    }
  })
})

describe('exploring a random graph', () => {
  const graph: Graph = {
    size: 40_009,
    strideWords: 1,
    stateBits: 40,
    edges: [
      { a: 1, c: 1 },
      { a: 17, c: 5 },
    ],
    dead: [30_011, 12_345],
    bad: [7_001, 33_333, 25_252, 104],
  }
  const oracle = searchGraph(graph)
  const isBad = (vertex: number): boolean => graph.bad.includes(vertex)
  let model: CompiledModel
  beforeAll(async () => {
    model = await graphModel(graph)
  })

  it('keeps going to the oracle’s counts and the least candidate of each property', async () => {
    const badState = leastVertex(graph, oracle, isBad)
    const deadState = leastVertex(graph, oracle, vertex => graph.dead.includes(vertex))
    const badStep = leastVertex(graph, oracle, isBad)
    for (const workers of [1, 2, 3, 4]) {
      const result = await explore(model, { workers, keepGoing: true, tableBytesInitial: 1024 })
      expect(result).toMatchObject({
        states: oracle.states,
        transitions: oracle.transitions,
        deadlocks: oracle.deadlocks,
        depth: oracle.levels.length - 1,
        exhaustive: true,
        limit: null,
      })
      expect(result.candidates).toEqual([
        { ...badState, action: null },
        { ...badState, action: null },
        { ...deadState, action: null },
        { ...badStep, depth: badStep!.depth + 1, action: 1 },
      ])
    }
  })

  it('ends with the level of the first violation, every number of workers alike', async () => {
    const first = await explore(model, { workers: 1, inline: true })
    expect(first.exhaustive).toBe(false)
    expect(first.limit).toBeNull()
    const violation = leastVertex(graph, oracle, isBad)!.depth
    const deadlock = leastVertex(graph, oracle, vertex => graph.dead.includes(vertex))!.depth
    expect(first.depth).toBe(Math.min(violation, deadlock + 1))
    const found = oracle.levels.slice(0, first.depth + 1).flat().length
    expect(first.states).toBe(found)
    for (const workers of [2, 3]) {
      expect(facts(await explore(model, { workers }))).toEqual(facts(first))
    }
  })

  it('does not stop for a reachability alone', async () => {
    const [invariant, ...others] = model.properties
    const harmless = { ...model, properties: [{ ...invariant!, isViolation: false }, ...others] }
    const onlyReachable = { ...harmless, properties: harmless.properties.slice(0, 2) }
    const result = await explore(onlyReachable, { workers: 2 })
    expect(result.exhaustive).toBe(true)
    expect(result.candidates.every(candidate => candidate !== null)).toBe(true)
  })
})

describe('exploring a deep model', () => {
  it('passes 10,000 levels of one state quickly, in little memory', async () => {
    const model = await chain(10_001)
    for (const workers of [1, 3]) {
      const result = await explore(model, { workers, memoryBytes: 2 ** 22 })
      expect(result).toMatchObject({ states: 10_001, transitions: 10_000, depth: 10_000 })
      expect(result).toMatchObject({ deadlocks: 1, exhaustive: true, limit: null })
      expect(result.levels.rowCount(9_999)).toBe(1)
      expect(result.seconds).toBeLessThan(2)
    }
  })

  it('finds a model of a single state', async () => {
    const result = await explore(await chain(1), { workers: 2 })
    expect(result).toMatchObject({ states: 1, transitions: 0, depth: 0, deadlocks: 1 })
    expect(result.exhaustive).toBe(true)
  })
})
