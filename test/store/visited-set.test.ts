/**
 * The visited set against a JavaScript Set: one thread with hostile rows here, several threads
 * below through random graphs whose reachable states are known. Tables begin tiny, so that they
 * grow.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explore } from '../../src/explore/explore.js'
import type { RowFormat } from '../../src/store/fold-tree.js'
import { races } from '../explore/fixtures/chain.js'
import { graphModel, packVertex, searchGraph, type Graph } from '../explore/fixtures/graph.js'
import { SoloSet } from './solo-set.js'

/**
 * Feeds batches to a set and to a JavaScript Set, and compares what is new each time; the order
 * too, unless some rows had to wait for a growth.
 */
function compareWithSet(
  format: RowFormat,
  batches: readonly (readonly bigint[][])[],
  largeBytes?: number,
): SoloSet {
  const set = new SoloSet(format, 512, largeBytes)
  const known = new Set<string>()
  for (const batch of batches) {
    const expected = batch.map(row => row.join()).filter(row => !known.has(row) && known.add(row))
    const { growths } = set
    const fresh = set.insert(batch)
    if (set.growths === growths) expect(fresh).toEqual(expected)
    else expect(fresh.toSorted()).toEqual(expected.toSorted())
  }
  return set
}

/** Rows of one to eight words, with many repetitions, all-zero and all-one rows among them. */
function batchesOf(format: RowFormat): fc.Arbitrary<bigint[][][]> {
  const max = (1n << BigInt(Math.min(64, format.stateBits))) - 1n
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: max < 40n ? max : 40n }) },
    { weight: 2, arbitrary: fc.bigInt({ min: 0n, max }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, max, max - (max >> 1n)) },
  )
  const row = fc.array(word, { minLength: format.strideWords, maxLength: format.strideWords })
  return fc.array(fc.array(row, { maxLength: 300 }), { maxLength: 6 })
}

describe('the visited set of one thread', () => {
  for (const format of [
    { strideWords: 1, stateBits: 1 },
    { strideWords: 1, stateBits: 7 },
    { strideWords: 1, stateBits: 33 },
    { strideWords: 1, stateBits: 48 },
    { strideWords: 1, stateBits: 49 },
    { strideWords: 1, stateBits: 63 },
    { strideWords: 1, stateBits: 64 },
    ...[2, 3, 4, 5, 6, 7, 8].map(strideWords => ({ strideWords, stateBits: 64 * strideWords })),
  ]) {
    const { strideWords, stateBits } = format
    it(`finds the same rows new as a Set: ${strideWords} words, ${stateBits} bits`, () => {
      fc.assert(
        fc.property(batchesOf(format), batches => {
          compareWithSet(format, batches)
        }),
        { numRuns: 12 },
      )
    })
  }

  it('grows from 64-bit to 32-bit slots and keeps every row', () => {
    // 36 bits fit 32-bit slots from 2 ** 7 lines on; 60000 rows need about 2 ** 12 lines.
    const rows = Array.from({ length: 60_000 }, (_, i) => [(BigInt(i) * 0x9e3779b97n) % 2n ** 36n])
    const batches: bigint[][][] = []
    for (let first = 0; first < rows.length; first += 2000)
      batches.push(rows.slice(first, first + 2000))
    const set = compareWithSet({ strideWords: 1, stateBits: 36 }, [...batches, ...batches])
    expect(set.growths).toBeGreaterThan(3)
    expect(set.bytes / 60_000).toBeLessThan(20)
  })

  it('is stretched in small steps and keeps every row', () => {
    for (const stateBits of [18, 20, 22, 25, 28, 31, 36]) {
      const factor = 0x9e3779b97n
      const rows = Array.from({ length: 100_000 }, (_, i) => [
        (BigInt(i) * factor) % 2n ** BigInt(stateBits),
      ])
      const batches: bigint[][][] = []
      for (let first = 0; first < rows.length; first += 2000)
        batches.push(rows.slice(first, first + 2000))
      const set = compareWithSet({ strideWords: 1, stateBits }, [...batches, ...batches], 4096)
      expect(set.growths).toBeGreaterThan(20)
      expect(set.bytes / 100_000).toBeLessThan(5)
    }
  })

  it('is stretched to up to four times its lines and keeps every row', () => {
    const factors: number[] = []
    for (const stateBits of [18, 21, 25, 30, 36]) {
      const rows = Array.from({ length: 12_000 }, (_, i) => [
        (BigInt(i) * 0x9e3779b97n) % 2n ** BigInt(stateBits),
      ])
      // Large steps end at this size, so the last of them has any factor.
      for (let largeBytes = 6000; largeBytes < 24_000; largeBytes += 1700) {
        const format = { strideWords: 1, stateBits }
        const sizes = new Map<number, number>()
        const set = new SoloSet(format, 1500, largeBytes)
        for (const fresh of [500, 0]) {
          for (let first = 0; first < rows.length; first += 500) {
            expect(set.insert(rows.slice(first, first + 500))).toHaveLength(fresh)
            sizes.set(set.growths, set.bytes)
          }
        }
        const bytes = [...sizes.values()]
        factors.push(...bytes.slice(1).map((size, i) => size / bytes[i]!))
      }
    }
    for (const [least, most] of [
      [1.05, 1.3],
      [1.5, 2],
      [2, 2.5],
      [2.5, 3],
      [3, 3.5],
      [3.5, 4.1],
    ] as const) {
      expect(factors.some(factor => factor >= least && factor <= most)).toBe(true)
    }
  })

  it('is stretched once more when rows that were set aside find no slot', () => {
    const format = { strideWords: 1, stateBits: 36 }
    const mixer = new SoloSet(format, 512)
    let retries = 0
    for (let trial = 0n; trial < 6n; trial++) {
      // At home in one line or in two, as lines happen to end, and with one way from there.
      const crowd = Array.from({ length: 60 }, (_, i) => trial * 0x6a09e667n + BigInt(i))
      const others = Array.from({ length: 3000 }, (_, i) => (BigInt(i) * 0x9e3779b97n) % 2n ** 36n)
      const rows = [...crowd, ...others].map(mixed => [mixer.unmix(mixed)])
      const batches = Array.from({ length: 40 }, (_, i) => rows.slice(i * 77, (i + 1) * 77))
      retries += compareWithSet(format, [...batches, ...batches], 4096).retries
    }
    expect(retries).toBeGreaterThan(0)
  })

  it('tells rows apart that have one and the same hash', () => {
    // As hashRow in workers/kernel/mix.ts: the second word makes up for the first one's hash.
    const afterFirst = (word: bigint): bigint => {
      const product = BigInt.asUintN(64, word * 0xbf58476d1ce4e5b9n)
      return product ^ (product >> 32n)
    }
    const rows = Array.from({ length: 40 }, (_, i) => {
      const first = BigInt(i) * 0x123456789abcn
      return [first, afterFirst(first) ^ 0x5555n]
    })
    compareWithSet({ strideWords: 2, stateBits: 128 }, [rows, rows])
  })

  it('holds all values of a narrow state without growing for ever', () => {
    const rows = Array.from({ length: 4096 }, (_, i) => [BigInt(i)])
    const set = compareWithSet({ strideWords: 1, stateBits: 12 }, [rows, rows])
    expect(set.bytes).toBeLessThan(70_000)
  })
})

describe('the visited set of several threads', () => {
  const base = { size: 60_013, dead: [], bad: [] }
  const edges = [
    { a: 3, c: 1 },
    { a: 5, c: 7 },
    { a: 1, c: 1 },
    { a: 7919, c: 11 },
  ]
  const graphs: [string, Graph][] = [
    ['64-bit slots', { ...base, edges, strideWords: 1, stateBits: 48 }],
    ['one word, folded', { ...base, edges, strideWords: 1, stateBits: 64 }],
    ['64-bit, then 32-bit slots', { ...base, edges, strideWords: 1, stateBits: 36 }],
    ['32-bit slots', { ...base, edges, strideWords: 1, stateBits: 17 }],
    ['two words', { ...base, edges, strideWords: 2, stateBits: 64 }],
    ['eight words', { ...base, edges, strideWords: 8, stateBits: 64 }],
  ]
  for (const [name, graph] of graphs) {
    it(`holds each state exactly once under concurrent insertion and growth: ${name}`, async () => {
      const facts = searchGraph(graph)
      const model = await graphModel({ ...graph, bad: [] })
      const packed = new Set(facts.levels.flat().map(vertex => packVertex(graph, vertex).join()))
      const spread = [{}, { spreadBytes: 2048 }]
      for (const options of spread.flatMap(s => [2, 4].map(workers => ({ ...s, workers })))) {
        const result = await explore(model, {
          ...options,
          tableBytesInitial: 512,
          keepGoing: true,
        })
        expect(result.states).toBe(facts.states)
        expect(result.transitions).toBe(facts.transitions)
        const found: string[] = []
        for (let depth = 0; depth < result.levels.levelCount; depth++) {
          expect(result.levels.rowCount(depth)).toBe(facts.levels[depth]?.length)
          for (const row of result.levels.rows(depth)) found.push(row.join())
        }
        expect(found.length).toBe(facts.states)
        expect(new Set(found)).toEqual(packed)
      }
    })
  }

  it('takes less than 5 bytes a state at every size, however many workers stretch it', async () => {
    const size = 15_000_017
    const model = await graphModel({
      size,
      dead: [],
      bad: [],
      edges,
      strideWords: 1,
      stateBits: 46,
    })
    for (const [workers, statesMax] of [[1], [2], [3, 8_300_000], [2, 10_500_000]] as const) {
      const limit = statesMax === undefined ? {} : { statesMax }
      const result = await explore(model, { workers, keepGoing: true, ...limit })
      if (statesMax === undefined) expect(result.states).toBe(size)
      else expect(result.states).toBeGreaterThan(statesMax)
      expect(result.visitedBytes / result.states).toBeLessThan(5)
      let rows = 0
      for (let depth = 0; depth < result.levels.levelCount; depth++)
        rows += result.levels.rowCount(depth)
      expect(rows).toBe(result.states)
    }
  })

  it('reports a state once when workers insert the same states at the same moment', async () => {
    const layers = 150
    for (const model of [await races(layers), await races(layers, 64)]) {
      for (const workers of [2, 3]) {
        const result = await explore(model, { workers, tableBytesInitial: 2 ** 22 })
        expect(result.states).toBe(65 + 2048 * (layers - 2))
        expect(result.transitions).toBe(64 * (65 + 2048 * (layers - 3)))
      }
    }
  })
})
