/**
 * The level log on disk: searches with a tiny budget of memory find what they find without, and
 * disks that fail.
 */
import { ftruncateSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { explore, type ExploreOptions, type ExploreResult } from '../../src/explore/explore.js'
import { findPredecessor } from '../../src/explore/predecessor.js'
import { compareRows } from '../../src/store/level-log.js'
import { chain, endlessTree, races } from './fixtures/chain.js'
import { graphModel, packVertex, searchGraph, type Graph } from './fixtures/graph.js'
import { septZap } from './fixtures/sept-zap.js'

/** What must not depend on where the log is: everything, and the states of each level. */
function facts(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, exhaustive, limit, candidates } = result
  const levels = Array.from({ length: result.levels.levelCount }, (_, d) =>
    [...result.levels.rows(d)].sort(compareRows).join(),
  )
  const rowCounts = levels.map((_, d) => result.levels.rowCount(d))
  const fired = [...result.fired]
  return {
    ...{ states, transitions, depth, deadlocks, exhaustive, limit, candidates, fired },
    ...{ levels, rowCounts },
  }
}

const opened: ExploreResult[] = []
afterEach(() => {
  for (const result of opened.splice(0)) result.levels.close()
})

async function run(model: CompiledModel, options: ExploreOptions): Promise<ExploreResult> {
  const result = await explore(model, options)
  opened.push(result)
  return result
}

/** Everything goes to disk but what must not. */
const tiny = { logBytesMemory: 0, tableBytesInitial: 4096 }

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

describe('a search whose level log is on disk', () => {
  const models: [string, () => Promise<CompiledModel>, number][] = [
    ['sept-zap (2,2)', () => septZap(2, 2), 16],
    ['sept-zap (2,2), whole runs', () => septZap(2, 2), 2048],
    ['sept-zap with a bug', () => septZap(2, 2, { track: false }), 64],
    ['a random graph', () => graphModel(graph), 100],
    ['a random graph of small levels', () => graphModel({ ...graph, edges: [{ a: 1, c: 1 }] }), 40],
    ['two words', () => graphModel({ ...graph, strideWords: 2, stateBits: 64 }), 100],
    ['eight words', () => graphModel({ ...graph, strideWords: 8, stateBits: 64 }), 300],
    ['a chain', () => chain(3000), 1],
    ['a chain and few rows', () => chain(3000), 7],
    ['races', () => races(30), 64],
  ]
  for (const [name, build, logBlockRows] of models) {
    it(`finds what it finds in memory: ${name}`, async () => {
      const model = await build()
      for (const keepGoing of [false, true]) {
        const expected = facts(await run(model, { workers: 1, inline: true, keepGoing }))
        const inline = { ...tiny, keepGoing, logBlockRows, workers: 1, inline: true }
        const alone = await run(model, inline)
        expect(alone.spilledBytes).toBeGreaterThan(0)
        expect(facts(alone)).toEqual(expected)
        for (const workers of [1, 2, 3, 4]) {
          const logBytesMemory = workers === 3 ? 2 ** 20 : 0
          const options = { ...tiny, keepGoing, logBlockRows, logBytesMemory, workers }
          expect(facts(await run(model, options))).toEqual(expected)
        }
      }
    })
  }

  it('goes to disk in whole blocks, past a budget', async () => {
    const model = await septZap(3, 3)
    const logBytesMemory = 2 ** 23
    const result = await run(model, { workers: 2, logBytesMemory })
    expect(result).toMatchObject({ states: 7_390_732, transitions: 23_192_404, depth: 97 })
    const logBytes = 8 * 7_390_732
    expect(result.spilledBytes).toBeGreaterThan(logBytes - logBytesMemory - 10 * 65_536)
    expect(result.spilledBytes).toBeLessThan(logBytes)
    let rows = 0
    for (let depth = 0; depth <= 97; depth++) rows += result.levels.rowCount(depth)
    expect(rows).toBe(7_390_732)
  })

  it('takes a few pieces of memory a worker, however deep and small the levels are', async () => {
    for (const workers of [1, 4]) {
      const options = { ...tiny, workers, logBlockRows: 5, memoryBytes: 2 ** 23 }
      const result = await run(await graphModel({ ...graph, size: 5003 }), options)
      expect(result).toMatchObject({ exhaustive: false, limit: null })
      const deep = await run(await chain(10_001), options)
      expect(deep).toMatchObject({ states: 10_001, exhaustive: true })
    }
  })

  it('finds predecessors on disk', async () => {
    const model = await graphModel(graph)
    const { levels } = searchGraph(graph)
    const options = { ...tiny, workers: 2, keepGoing: true, logBlockRows: 64 }
    const result = await run(model, options)
    expect(result.spilledBytes).toBeGreaterThan(65_536 * 500)
    for (let depth = 1; depth < levels.length; depth++) {
      const target = levels[depth]![0]!
      const [least] = levels[depth - 1]!.filter(v => !graph.dead.includes(v))
        .filter(v => graph.edges.some(({ a, c }) => (v * a + c) % graph.size === target))
        .map(vertex => packVertex(graph, vertex))
        .sort(compareRows)
      const found = await findPredecessor(model, result.levels, packVertex(graph, target), depth)
      expect(found).toEqual(least)
    }
  })

  it('finds what it finds in memory when the visited set is in shards', async () => {
    const model = await septZap(2, 2)
    const expected = facts(await run(model, { workers: 1, inline: true }))
    for (const workers of [1, 2, 4]) {
      const options = { logBytesMemory: 0, logBlockRows: 16, spreadBytes: 4096, workers }
      const result = await run(model, { ...options, tableBytesInitial: 512 })
      expect(result.spilledBytes).toBeGreaterThan(0)
      expect(facts(result)).toEqual(expected)
    }
  })
})

describe('limits of memory', () => {
  it('explores more states in the same memory', async () => {
    const tree = await endlessTree()
    const memoryBytes = 2 ** 25
    const spilled = await run(tree, { workers: 2, memoryBytes })
    expect(spilled.limit).toBe('memory')
    const kept = await withoutFolder(() => run(tree, { workers: 2, memoryBytes }))
    expect(kept).toMatchObject({ limit: 'memory', spilledBytes: 0 })
    expect(spilled.states).toBeGreaterThan(1.3 * kept.states)
  })
})

/** Runs `work` while the system has no folder for temporary files. */
async function withoutFolder<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = '/no/such/folder'
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

/** The file descriptors of this process that are files of `folder`, with a name or without. */
function openFilesIn(folder: string): number[] {
  const files = readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
    } catch {
      return false
    }
  })
  return files.map(Number)
}

describe.runIf(process.platform === 'linux')('the spill file', () => {
  const spillFolder = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
  afterAll(() => rmSync(spillFolder, { recursive: true }))
  let tree: CompiledModel
  beforeAll(async () => {
    tree = await endlessTree()
  })

  it('has no name, and is closed at the end if it was not needed', async () => {
    await explore(await chain(50), { workers: 1, spillFolder })
    expect(openFilesIn(spillFolder)).toEqual([])
    const options = { workers: 2, logBytesMemory: 0, spillFolder }
    const used = await explore(tree, { ...options, statesMax: 100_000 })
    expect(readdirSync(spillFolder)).toEqual([])
    expect(openFilesIn(spillFolder)).toHaveLength(1)
    used.levels.close()
    used.levels.close()
    expect(openFilesIn(spillFolder)).toEqual([])
    const depths = [...Array(used.levels.levelCount).keys()]
    expect(() => depths.map(depth => [...used.levels.rows(depth)])).toThrow(/no open file/)
  })

  it('is closed when a worker fails', async () => {
    const options = { workers: 2, logBytesMemory: 0, spillFolder }
    const trapping = explore(await endlessTree(70_000), options)
    await expect(trapping).rejects.toThrow(/unreachable/)
    expect(openFilesIn(spillFolder)).toEqual([])
  })

  it('ends the run as incomplete if states cannot be read again', async () => {
    const result = await run(tree, {
      ...tiny,
      spillFolder,
      workers: 1,
      inline: true,
      progressIntervalMs: 0,
      onProgress: ({ states }) => {
        if (states > 100_000) for (const fd of openFilesIn(spillFolder)) ftruncateSync(fd, 0)
      },
    })
    expect(result).toMatchObject({ exhaustive: false, limit: 'disk' })
    expect(result.states).toBeGreaterThan(100_000)
    const rowCounts = Array.from({ length: result.levels.levelCount }, (_, depth) =>
      result.levels.rowCount(depth),
    )
    expect(rowCounts.reduce((sum, count) => sum + count)).toBe(result.states)
  })

  it('cannot be made in a folder that does not exist', async () => {
    const options = { workers: 1, inline: true, spillFolder: '/no/such/folder' }
    await expect(explore(tree, options)).rejects.toThrow(/ENOENT/)
  })
})
