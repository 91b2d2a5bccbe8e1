/** Predecessors in the level log, against an oracle, and how fast they are found. */
import { describe, expect, it } from 'vitest'
import { explore } from '../../src/explore/explore.js'
import { findPredecessor } from '../../src/explore/predecessor.js'
import { compareRows } from '../../src/store/level-log.js'
import { graphModel, packVertex, searchGraph, type Graph } from './fixtures/graph.js'
import { septZap } from './fixtures/sept-zap.js'

describe('findPredecessor', () => {
  it('finds the least predecessor in the level before, for one and for three words', async () => {
    for (const strideWords of [1, 3]) {
      const graph: Graph = {
        size: 5_003,
        strideWords,
        stateBits: 64,
        edges: [
          { a: 1, c: 1 },
          { a: 2, c: 3 },
          { a: 2, c: 1 },
        ],
        dead: [],
        bad: [],
      }
      const model = await graphModel(graph)
      const { levels } = searchGraph(graph)
      const result = await explore(model, { workers: 2 })
      for (let depth = 1; depth < levels.length; depth++) {
        const target = levels[depth]![0]!
        const [least] = levels[depth - 1]!.filter(v =>
          graph.edges.some(({ a, c }) => (v * a + c) % graph.size === target),
        )
          .map(vertex => packVertex(graph, vertex))
          .sort(compareRows)
        const found = await findPredecessor(model, result.levels, packVertex(graph, target), depth)
        expect(found).toEqual(least)
      }
    }
  })

  it('rebuilds a path of depth 97 through sept-zap(3,3) in a few seconds', async () => {
    const model = await septZap(3, 3)
    const result = await explore(model, { workers: 2 })
    const start = performance.now()
    let state = [...result.levels.rows(result.depth)].sort(compareRows)[0]!
    for (let depth = result.depth; depth > 0; depth--) {
      state = await findPredecessor(model, result.levels, state, depth)
    }
    expect(state).toEqual(model.initial)
    expect((performance.now() - start) / 1000).toBeLessThan(5)
  })

  it('throws if the target is not at the depth that was said', async () => {
    const model = await septZap(2, 2)
    const result = await explore(model, { workers: 1, inline: true })
    const search = findPredecessor(model, result.levels, model.initial, 3)
    await expect(search).rejects.toThrow(/no predecessor at depth 2/)
  })
})
