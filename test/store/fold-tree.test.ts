/** The shape of fold trees, for every format of states. */
import { describe, expect, it } from 'vitest'
import { FOLD_NODES_MAX } from '../../src/store/control-slots.js'
import { foldTree, type FoldTree, type RowFormat } from '../../src/store/fold-tree.js'

const folded: RowFormat[] = [
  ...Array.from({ length: 16 }, (_, index) => ({ strideWords: 1, stateBits: index + 49 })),
  ...[2, 3, 4, 5, 6, 7, 8].map(strideWords => ({ strideWords, stateBits: 64 * strideWords })),
]

/** The bits of a state that each node covers, as numbers from 0. */
function coverage({ nodes }: FoldTree): number[][] {
  const covered: number[][] = []
  for (const node of nodes) {
    if (node.kind === 'pair') covered.push([...covered[node.left]!, ...covered[node.right]!])
    else {
      const first = node.word * 64 + node.shiftBits
      covered.push(Array.from({ length: node.widthBits }, (_, bit) => first + bit))
    }
  }
  return covered
}

describe('a fold tree', () => {
  it('is not used for states of one word with at most 48 bits', () => {
    for (let stateBits = 0; stateBits <= 48; stateBits++) {
      expect(foldTree({ strideWords: 1, stateBits })).toBeNull()
    }
  })

  it('covers every bit of a state once, in order', () => {
    for (const format of folded) {
      const tree = foldTree(format)!
      const covered = coverage(tree)
      const bits = [...covered[tree.left]!, ...covered[tree.right]!]
      expect(bits).toEqual(Array.from({ length: format.stateBits }, (_, bit) => bit))
    }
  })

  it('uses each node once, children first, and is no larger than there is room for', () => {
    for (const format of folded) {
      const { nodes, left, right } = foldTree(format)!
      expect(nodes.length).toBeLessThanOrEqual(FOLD_NODES_MAX)
      const used = [left, right]
      for (const [index, node] of nodes.entries()) {
        if (node.kind !== 'pair') continue
        expect(Math.max(node.left, node.right)).toBeLessThan(index)
        used.push(node.left, node.right)
      }
      expect(used.sort((a, b) => a - b)).toEqual(nodes.map((_, index) => index))
    }
  })
})
