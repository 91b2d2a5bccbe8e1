/**
 * Checkpoints of searches: whatever the model, the number of workers and where the states are, a
 * search that goes on from one finds what a search in one piece finds.
 */
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Diagnostic } from '../../src/base/diagnostic.js'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { explore, type ExploreOptions, type ExploreResult } from '../../src/explore/explore.js'
import { findPredecessor } from '../../src/explore/predecessor.js'
import { manifestPath, replaceManifest, rowsPath } from '../../src/store/checkpoint-manifest.js'
import { readManifest } from '../../src/store/checkpoint-reader.js'
import { NO_LEVELS_DIGEST, RowsAppender } from '../../src/store/checkpoint-rows.js'
import { compareRows } from '../../src/store/level-log.js'
import { chain, races } from './fixtures/chain.js'
import { graphModel, type Graph } from './fixtures/graph.js'
import { septZap } from './fixtures/sept-zap.js'

const root = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

/** A folder that nobody has used. */
function freshFolder(): string {
  const folder = join(root, String(folders++))
  mkdirSync(folder)
  return folder
}

const opened: ExploreResult[] = []
afterEach(() => {
  for (const result of opened.splice(0)) result.levels.close()
})

/** What must not depend on whether a search was cut. */
function facts(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, exhaustive, limit, candidates } = result
  const levels = Array.from({ length: result.levels.levelCount }, (_, d) =>
    [...result.levels.rows(d)].sort(compareRows).join(),
  )
  const fired = [...result.fired]
  return { states, transitions, depth, deadlocks, exhaustive, limit, candidates, fired, levels }
}

async function run(model: CompiledModel, options: ExploreOptions): Promise<ExploreResult> {
  const result = await explore(model, options)
  opened.push(result)
  return result
}

const head = { zapcheck: '1.2.3', identity: 'one', command: { model: 'graph' } }
const alone = { workers: 1, inline: true }

/** Explores with a checkpoint of each level; `from` goes on from what is in the folder. */
function checkpointed(
  model: CompiledModel,
  folder: string,
  options: ExploreOptions,
  everyMs = 0,
): Promise<ExploreResult> {
  const from = readManifest(folder)
  return run(model, { ...options, checkpoint: { folder, everyMs, head, from } })
}

const graph: Graph = {
  size: 4_009,
  strideWords: 1,
  stateBits: 40,
  edges: [
    { a: 1, c: 1 },
    { a: 17, c: 5 },
  ],
  dead: [3_011, 1_345],
  bad: [701, 3_333, 2_552, 104],
}

/** A folder with a checkpoint in the middle of `model`. */
async function folderOf(model: CompiledModel, depthMax: number): Promise<string> {
  const folder = freshFolder()
  await checkpointed(model, folder, { ...alone, keepGoing: true, depthMax }, 1e9)
  return folder
}

/** What a search that goes on from `folder` finds, or the code with which it is refused. */
async function outcome(model: CompiledModel, folder: string): Promise<unknown> {
  try {
    return facts(await checkpointed(model, folder, { ...alone, keepGoing: true }, 1e9))
  } catch (error) {
    if (error instanceof Diagnostic) return error.code
    throw error
  }
}

describe('a search that goes on from a checkpoint', () => {
  const wide = { ...graph, strideWords: 5, stateBits: 300 }
  const models: [string, () => Promise<CompiledModel>, Partial<ExploreOptions>][] = [
    ['sept-zap (2,2)', () => septZap(2, 2), {}],
    ['a graph', () => graphModel(graph), { keepGoing: true }],
    ['a graph, to its first violation', () => graphModel(graph), {}],
    ['a graph of 5 words, folded', () => graphModel(wide), { keepGoing: true }],
    ['levels of one state', () => chain(60), {}],
    ['folded states that workers race for', () => races(5, 64), {}],
    ['shards', () => septZap(2, 2), { spreadBytes: 16_384, memoryBytes: 2 ** 28 }],
    ['shards, folded', () => graphModel(wide), { spreadBytes: 16_384, keepGoing: true }],
    [
      'a level log on disk',
      () => septZap(2, 2),
      { logBytesMemory: 0, tableBytesInitial: 4096, logBlockRows: 64 },
    ],
  ]
  it.each(models)('finds what a search in one piece finds: %s', async (_, make, more) => {
    const model = await make()
    const whole = facts(await run(model, { ...alone, ...more }))
    for (const share of [0.1, 0.6]) {
      const folder = freshFolder()
      const depthMax = Math.floor(whole.depth * share)
      const first = await checkpointed(model, folder, { workers: 2, ...more, depthMax })
      expect(readManifest(folder)?.cut.states).toBe(first.states)
      expect(first.checkpoint).toEqual({ depth: Math.min(depthMax, whole.depth), failure: null })
      const second = await checkpointed(model, folder, { ...alone, ...more }, 20)
      expect(facts(second)).toEqual(whole)
      expect(second.checkpoint?.failure).toBeNull()
      const third = await checkpointed(model, folder, { workers: 2, ...more })
      expect(facts(third)).toEqual(whole)
      expect(third.seconds).toBeGreaterThan(second.seconds)
    }
  })
})

describe('a search that is cut short', () => {
  it('leaves a checkpoint of its last whole level, whenever the last one was', async () => {
    const model = await septZap(3, 2)
    const folder = freshFolder()
    const controller = new AbortController()
    const interrupted = await run(model, {
      ...alone,
      signal: controller.signal,
      progressIntervalMs: 0,
      onProgress: ({ depth }) => {
        if (depth >= 20) controller.abort()
      },
      checkpoint: { folder, everyMs: 1e9, head, from: null },
    })
    expect(interrupted.limit).toBe('interrupted')
    expect(readManifest(folder)?.cut.depth).toBe(20)
    const resumed = await checkpointed(model, folder, alone)
    const { states, transitions, depth, exhaustive } = resumed
    expect({ states, transitions, depth, exhaustive }).toEqual({
      states: 387_236,
      transitions: 1_026_332,
      depth: 76,
      exhaustive: true,
    })
  })

  it('while it inserts the states of a checkpoint, leaves that alone', async () => {
    const model = await septZap(2, 2)
    const folder = await folderOf(model, 40)
    const before = readFileSync(manifestPath(folder))
    const signal = AbortSignal.abort()
    const result = await checkpointed(model, folder, { ...alone, signal })
    expect([result.exhaustive, result.limit]).toEqual([false, 'interrupted'])
    expect(readFileSync(manifestPath(folder))).toEqual(before)
    expect((await checkpointed(model, folder, alone)).states).toBe(22_772)
  })

  it('is refused if its states have no room in memory', async () => {
    const model = await septZap(3, 2)
    const folder = await folderOf(model, 60)
    const memoryBytes = 2 ** 21
    await expect(checkpointed(model, folder, { ...alone, memoryBytes })).rejects.toMatchObject({
      code: 'ZC104',
    })
  })
})

describe('traces after a search has gone on', () => {
  it('lead through the levels of the checkpoint', async () => {
    const model = await graphModel({
      ...graph,
      strideWords: 2,
      stateBits: 64,
      size: 1_009,
      dead: [],
    })
    const whole = await run(model, { ...alone, keepGoing: true })
    const folder = await folderOf(model, 8)
    const resumed = await checkpointed(model, folder, { workers: 2, keepGoing: true }, 1e9)
    const pathOf = async (result: ExploreResult): Promise<string[]> => {
      const found = result.candidates[0]
      const path: string[] = []
      let state = found?.state ?? new BigUint64Array(0)
      for (let depth = found?.depth ?? 0; depth > 0; depth--) {
        path.push(state.join())
        state = await findPredecessor(model, result.levels, state, depth)
      }
      return path
    }
    const path = await pathOf(whole)
    expect(path.length).toBeGreaterThan(2)
    expect(await pathOf(resumed)).toEqual(path)
  })
})

describe('a checkpoint that is not as it was written', () => {
  const files = [manifestPath, rowsPath]

  it('is refused, or what was changed does not count', async () => {
    const model = await graphModel(graph)
    const whole = await folderOf(model, 10)
    const found = await outcome(model, whole)
    const sizes = files.map(pathOf => readFileSync(pathOf(whole)).length)
    const change = fc.oneof(
      fc.record({ kind: fc.constant('flip'), bit: fc.nat(7) }),
      fc.record({ kind: fc.constantFrom('cut', 'insert'), bit: fc.nat(7) }),
    )
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.nat(2 ** 30), change, async (which, place, how) => {
        const folder = freshFolder()
        cpSync(whole, folder, { recursive: true })
        const path = files[which]?.(folder) ?? ''
        const bytes = readFileSync(path)
        const at = place % (sizes[which] ?? 1)
        if (how.kind === 'flip') bytes[at]! ^= 1 << how.bit
        const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
        if (how.kind === 'cut') writeFileSync(path, before)
        else if (how.kind === 'insert')
          writeFileSync(path, Buffer.concat([before, after.subarray(0, 1), after]))
        else writeFileSync(path, bytes)
        const got = await outcome(model, folder)
        if (got === 'ZC207') refused++
        else expect(got).toEqual(found)
        rmSync(folder, { recursive: true })
      }),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(290)
  })

  it('counts up to what the manifest says, whatever lies behind', async () => {
    const model = await graphModel(graph)
    const folder = await folderOf(model, 10)
    const found = await outcome(model, folder)
    const rows = readFileSync(rowsPath(folder))
    writeFileSync(rowsPath(folder), Buffer.concat([rows, Buffer.alloc(99, 7)]))
    expect(await outcome(model, folder)).toEqual(found)
  })

  it('is refused with states that are there twice, whoever gave them a checksum', async () => {
    const model = await chain(60)
    const folder = await folderOf(model, 30)
    const manifest = readManifest(folder)
    const fd = openSync(rowsPath(folder), 'r+')
    const rows = new RowsAppender(fd, { sizeBytes: 0, digest: NO_LEVELS_DIGEST, strideWords: 1 })
    const state = Buffer.alloc(8)
    for (let depth = 0; depth <= 30; depth++) rows.appendLevel(depth, [state])
    closeSync(fd)
    const { sizeBytes, digest } = rows
    if (manifest !== null)
      replaceManifest(folder, { ...manifest, rows: { sizeBytes, digest, strideWords: 1 } })
    expect(await outcome(model, folder)).toBe('ZC207')
  })

  it('is refused for other properties, without its rows, and of another format', async () => {
    const model = await graphModel(graph)
    const folder = await folderOf(model, 10)
    expect(await outcome(await chain(60), folder)).toBe('ZC207')
    const text = readFileSync(manifestPath(folder), 'utf8')
    writeFileSync(manifestPath(folder), text.replace(' 1 ', ' 2 '))
    expect(() => readManifest(folder)).toThrow('its format version is 2, not 1')
    writeFileSync(manifestPath(folder), text)
    rmSync(rowsPath(folder))
    expect(await outcome(model, folder)).toBe('ZC207')
  })
})

describe('a disk that fails', () => {
  it('leaves the last checkpoint, and the search goes on', async () => {
    const model = await septZap(2, 2)
    const folder = await folderOf(model, 30)
    const before = readFileSync(manifestPath(folder))
    mkdirSync(`${manifestPath(folder)}.new`)
    const result = await checkpointed(model, folder, alone)
    expect(result.checkpoint).toEqual({ depth: 30, failure: 'EISDIR' })
    expect([result.exhaustive, result.states]).toEqual([true, 22_772])
    rmSync(`${manifestPath(folder)}.new`, { recursive: true, force: true })
    expect(readFileSync(manifestPath(folder))).toEqual(before)
    expect(await outcome(model, folder)).toMatchObject({ states: 22_772 })
  })
})
