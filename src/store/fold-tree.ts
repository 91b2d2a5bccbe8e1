/**
 * The tree that folds a packed state to a row of 64 bits: which part of the state, or which two
 * indices, each intern table numbers. What it is good for and who uses it:
 * `workers/kernel/fold.ts`.
 *
 *   words            tree
 *   1, many bits     (low half, high half)
 *   2                (0, 1)
 *   3                ((0, 1), 2)
 *   4                ((0, 1), (2, 3))
 *   8                (((0, 1), (2, 3)), ((4, 5), (6, 7)))
 *
 * Two indices make the row; every other pair and every leaf is a node with a table.
 */
import { FOLD_NODES_MAX } from './control-slots.js'
import { assert } from '../base/assert.js'

/** Packed states, as the store sees them. */
export interface RowFormat {
  /** 64-bit words of one packed state, 1..8. */
  readonly strideWords: number
  /** Bits that carry information. A state of one word is below 2 ** stateBits. */
  readonly stateBits: number
}

/** A node: numbers the values of some bits of a word, or pairs of indices of two other nodes. */
export type FoldNode =
  | {
      readonly kind: 'part'
      readonly word: number
      readonly shiftBits: number
      readonly widthBits: number
    }
  | { readonly kind: 'pair'; readonly left: number; readonly right: number }

/** A tree; children come before their parents. */
export interface FoldTree {
  readonly nodes: readonly FoldNode[]
  /** The nodes whose indices are the two halves of a row. */
  readonly left: number
  readonly right: number
}

/** States of one word are folded from so many bits on. Measured: docs/performance.md. */
const FOLD_BITS_MIN = 49

/** The tree for states of `format`; null if they are rows as they are. */
export function foldTree({ strideWords, stateBits }: RowFormat): FoldTree | null {
  if (strideWords === 1) {
    if (stateBits < FOLD_BITS_MIN) return null
    const half = Math.floor(stateBits / 2)
    const low: FoldNode = { kind: 'part', word: 0, shiftBits: 0, widthBits: half }
    const high: FoldNode = { ...low, shiftBits: half, widthBits: stateBits - half }
    return { nodes: [low, high], left: 0, right: 1 }
  }
  const nodes: FoldNode[] = []
  const middle = Math.ceil(strideWords / 2)
  const left = addSubtree(nodes, 0, middle)
  const right = addSubtree(nodes, middle, strideWords)
  assert(nodes.length <= FOLD_NODES_MAX, 'a fold tree has at most so many nodes')
  return { nodes, left, right }
}

/**
 * Adds the nodes for words `first` to `end` - 1; returns the last, which stands for all of them.
 */
function addSubtree(nodes: FoldNode[], first: number, end: number): number {
  if (end - first === 1)
    return nodes.push({ kind: 'part', word: first, shiftBits: 0, widthBits: 64 }) - 1
  const middle = Math.ceil((first + end) / 2)
  const left = addSubtree(nodes, first, middle)
  const right = addSubtree(nodes, middle, end)
  return nodes.push({ kind: 'pair', left, right }) - 1
}
