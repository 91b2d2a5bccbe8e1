/**
 * Folding and its intern tables: unfolding is the inverse, every value has one index, indices are
 * dense, keys get longer in time. Tables begin tiny, so that they grow all the time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explore } from '../../src/explore/explore.js'
import {
  FOLD_RECORDS,
  INTERN_COUNT,
  NODE_RECORD_BYTES,
  TABLE,
} from '../../src/store/control-slots.js'
import { foldTree, type RowFormat } from '../../src/store/fold-tree.js'
import { readTableRecord } from '../../src/store/table-shape.js'
import { graphModel, packVertex, searchGraph, type Graph } from '../explore/fixtures/graph.js'
import { races } from '../explore/fixtures/chain.js'
import { SoloSet } from './solo-set.js'

/** Indices that were given out, per node of the tree. */
function indexCounts(memory: WebAssembly.Memory, nodeCount: number): number[] {
  const view = new DataView(memory.buffer)
  return Array.from({ length: nodeCount }, (_, node) =>
    view.getUint32(FOLD_RECORDS + node * NODE_RECORD_BYTES + INTERN_COUNT, true),
  )
}

/** Distinct values of each node for the packed states `rows`, by plain sets. */
function distinctCounts(format: RowFormat, rows: readonly (readonly bigint[])[]): number[] {
  const texts: string[][] = []
  for (const node of foldTree(format)!.nodes) {
    if (node.kind === 'part') {
      const mask = (1n << BigInt(node.widthBits)) - 1n
      texts.push(rows.map(row => `${(row[node.word]! >> BigInt(node.shiftBits)) & mask}`))
    } else {
      texts.push(rows.map((_, row) => `${texts[node.left]![row]},${texts[node.right]![row]}`))
    }
  }
  return texts.map(values => new Set(values).size)
}

function insertAll(set: SoloSet, rows: readonly (readonly bigint[])[]): string[] {
  const fresh: string[] = []
  for (let first = 0; first < rows.length; first += 2000)
    fresh.push(...set.insert(rows.slice(first, first + 2000)))
  return fresh
}

const formats: RowFormat[] = [
  { strideWords: 1, stateBits: 49 },
  { strideWords: 1, stateBits: 64 },
  ...[2, 3, 4, 5, 6, 7, 8].map(strideWords => ({ strideWords, stateBits: 64 * strideWords })),
]

describe('folded states', () => {
  for (const format of formats) {
    const { strideWords, stateBits } = format
    it(`unfold to what was inserted: ${strideWords} words, ${stateBits} bits`, () => {
      const max = (1n << BigInt(Math.min(64, stateBits))) - 1n
      const word = fc.oneof(
        { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 5n }) },
        { weight: 1, arbitrary: fc.bigInt({ min: 0n, max }) },
        { weight: 1, arbitrary: fc.constantFrom(0n, max, max - (max >> 1n), max >> 32n) },
      )
      const row = fc.array(word, { minLength: strideWords, maxLength: strideWords })
      fc.assert(
        fc.property(fc.array(row, { maxLength: 600 }), rows => {
          const set = new SoloSet(format, 512)
          const distinct = [...new Set(rows.map(r => r.join()))]
          expect(insertAll(set, rows)).toEqual(distinct)
          expect(set.logged()).toEqual(distinct)
          const counts = indexCounts(set.memory, foldTree(format)!.nodes.length)
          expect(counts).toEqual(distinctCounts(format, rows))
        }),
        { numRuns: 15 },
      )
    })
  }
})

describe('keys', () => {
  it('get longer with the top tables, and no state is lost or found twice', () => {
    const format = { strideWords: 2, stateBits: 128 }
    const set = new SoloSet(format, 512)
    const first = readTableRecord(new DataView(set.memory.buffer), TABLE).keys
    // Few left words and many right ones: the right half of a key must get longer alone.
    const rows = Array.from({ length: 40_000 }, (_, i) => [BigInt(i % 7), BigInt(i) << 20n])
    const texts = rows.map(row => row.join())
    const inserted = insertAll(set, rows)
    // Rows that had to wait for a growth come after others.
    expect(inserted.toSorted()).toEqual(texts.toSorted())
    expect(insertAll(set, rows)).toEqual([])
    expect(set.logged()).toEqual(inserted)
    const { keys } = readTableRecord(new DataView(set.memory.buffer), TABLE)
    expect(keys.leftBits).toBe(first.leftBits)
    expect(keys.bits - keys.leftBits).toBeGreaterThanOrEqual(Math.ceil(Math.log2(40_000)))
    expect(set.growths).toBeGreaterThan(3)
  })
})

describe('the intern tables of several threads', () => {
  it('give each value one index, and leave at most one index per worker unused', async () => {
    const edges = [
      { a: 3, c: 1 },
      { a: 1, c: 1 },
      { a: 7919, c: 11 },
    ]
    for (const strideWords of [2, 5]) {
      const graph: Graph = {
        size: 30_011,
        strideWords,
        stateBits: 64,
        edges,
        dead: [],
        bad: [],
      }
      const model = await graphModel(graph)
      const rows = searchGraph(graph)
        .levels.flat()
        .map(v => [...packVertex(graph, v)])
      const expected = distinctCounts(model, rows)
      for (const workers of [2, 4]) {
        const { levels, states } = await explore(model, { workers, tableBytesInitial: 512 })
        expect(states).toBe(rows.length)
        for (const [node, count] of indexCounts(levels.memory, expected.length).entries()) {
          expect(count).toBeGreaterThanOrEqual(expected[node]!)
          expect(count).toBeLessThanOrEqual(expected[node]! + workers)
        }
      }
    }
  })

  it('stay dense when all workers look for the same new values at the same moment', async () => {
    const layers = 60
    const model = await races(layers, 64)
    for (const workers of [2, 4]) {
      const { levels, states } = await explore(model, { workers, tableBytesInitial: 512 })
      expect(states).toBe(65 + 2048 * (layers - 2))
      const [left, right] = indexCounts(levels.memory, 2)
      expect(left).toBeGreaterThanOrEqual(states)
      expect(left).toBeLessThanOrEqual(states + workers)
      expect(right).toBeLessThanOrEqual(1 + workers)
    }
  })
})
