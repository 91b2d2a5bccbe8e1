/**
 * The intern tables of folded states from outside: their first slots, their growth, their size.
 * What is done per value is in the kernel (`workers/kernel/intern.ts`).
 *
 * `createInternTables` runs on the main thread before the workers start, `growInternTables` on one
 * worker while all others stand in the growth barrier. Only slots are moved: values stay where they
 * are, in blocks that are allocated when the first of their values comes.
 */
import { assert } from '../base/assert.js'
import {
  BLOCK_BYTES,
  FOLD_LEFT,
  FOLD_RECORDS,
  FOLD_RIGHT,
  INTERN_ADDRESS,
  INTERN_COUNT,
  INTERN_DIRECTORY,
  INTERN_FULL,
  INTERN_INDEX_BITS,
  INTERN_MOVE_SLOTS,
  INTERN_SLOTS,
  INTERN_VALUES_MAX,
  NODE_IS_PART,
  NODE_LEFT,
  NODE_MASK,
  NODE_RECORD_BYTES,
  NODE_RIGHT,
  NODE_SHIFT,
  VALUES_PER_BLOCK,
} from './control-slots.js'
import type { FoldNode, FoldTree } from './fold-tree.js'
import type { Kernel } from './kernel.js'

/** Share of the slots that are filled before the table grows. */
const LOAD_MAX = 0.75
/** Fewest slots of a table. */
const SLOTS_MIN = 16
/** Below this number of slots a growth takes fourfold as many, since it is cheap. */
const SMALL_SLOTS = 2 ** 16
/** From this number on a growth takes a smaller step, since the bytes matter more than the time. */
const LARGE_SLOTS = 2 ** 22
const LARGE_FACTOR = 1.4

/** Sizes of one table. */
interface InternShape {
  readonly slots: number
  readonly valuesMax: number
  readonly indexBits: number
  readonly directoryBytes: number
}

/** A table with at least `slots` slots. */
function internShape(slots: number): InternShape {
  const rounded = Math.ceil(Math.max(SLOTS_MIN, slots) / 16) * 16
  const valuesMax = Math.floor(rounded * LOAD_MAX)
  return {
    slots: rounded,
    valuesMax,
    indexBits: Math.ceil(Math.log2(valuesMax + 1)),
    directoryBytes: Math.ceil(valuesMax / VALUES_PER_BLOCK / 16) * 64,
  }
}

/** Slots of a table that has `slots` and is full. */
function grownSlots(slots: number): number {
  return slots * (slots < SMALL_SLOTS ? 4 : slots < LARGE_SLOTS ? 2 : LARGE_FACTOR)
}

function recordOf(node: number): number {
  return FOLD_RECORDS + node * NODE_RECORD_BYTES
}

/** Writes what a node's indices stand for. */
function writeNode(view: DataView, record: number, node: FoldNode): void {
  if (node.kind === 'pair') {
    view.setUint32(record + NODE_LEFT, node.left, true)
    view.setUint32(record + NODE_RIGHT, node.right, true)
    return
  }
  view.setUint32(record + NODE_LEFT, node.word * 8, true)
  view.setUint32(record + NODE_RIGHT, NODE_IS_PART, true)
  view.setUint32(record + NODE_SHIFT, node.shiftBits, true)
  view.setBigUint64(record + NODE_MASK, (1n << BigInt(node.widthBits)) - 1n, true)
}

/** Allocates slots and directory of a node's table and moves what the old ones held. */
function growTable(view: DataView, kernel: Kernel, record: number, shape: InternShape): boolean {
  const oldAddress = view.getUint32(record + INTERN_ADDRESS, true)
  const oldSlots = view.getUint32(record + INTERN_SLOTS, true)
  const bytes = shape.slots * 4 + shape.directoryBytes
  const address = kernel.allocateSlots(bytes) >>> 0
  if (address === 0) return false
  const directory = address + shape.slots * 4
  for (let first = 0; first < oldSlots; first += INTERN_MOVE_SLOTS) {
    const last = Math.min(first + INTERN_MOVE_SLOTS, oldSlots)
    kernel.moveInternSlots(record, first, last, address, shape.slots, shape.indexBits)
  }
  if (oldAddress !== 0) {
    const { directoryBytes } = internShape(oldSlots)
    kernel.copyDirectory(record, directory, directoryBytes)
    kernel.releaseTable(oldAddress, oldSlots * 4 + directoryBytes)
  }
  view.setUint32(record + INTERN_ADDRESS, address, true)
  view.setUint32(record + INTERN_SLOTS, shape.slots, true)
  view.setUint32(record + INTERN_INDEX_BITS, shape.indexBits, true)
  view.setUint32(record + INTERN_VALUES_MAX, shape.valuesMax, true)
  view.setUint32(record + INTERN_DIRECTORY, directory, true)
  return true
}

/** Writes the records of `tree` and allocates a table of at least `slots` slots for each node. */
export function createInternTables(
  view: DataView,
  kernel: Kernel,
  tree: FoldTree,
  slots: number,
): void {
  for (const [index, node] of tree.nodes.entries()) {
    writeNode(view, recordOf(index), node)
    assert(growTable(view, kernel, recordOf(index), internShape(slots)), 'the first tables fit')
  }
  view.setUint32(FOLD_LEFT, tree.left, true)
  view.setUint32(FOLD_RIGHT, tree.right, true)
}

/**
 * Gives the tables that are full more slots. False if there is no memory for them; those that have
 * grown stay so.
 */
export function growInternTables(view: DataView, kernel: Kernel, tree: FoldTree): boolean {
  for (const record of tree.nodes.map((_, index) => recordOf(index))) {
    if (view.getUint32(record + INTERN_FULL, true) === 0) continue
    const shape = internShape(grownSlots(view.getUint32(record + INTERN_SLOTS, true)))
    if (!growTable(view, kernel, record, shape)) return false
    view.setUint32(record + INTERN_FULL, 0, true)
  }
  return true
}

/** Bits that an index of the table of `node` may need before the table grows again. */
export function indexBits(view: DataView, node: number): number {
  return Math.ceil(Math.log2(view.getUint32(recordOf(node) + INTERN_VALUES_MAX, true)))
}

/** Bytes of all tables: slots, directories, and the blocks of values that are in use. */
export function internBytes(view: DataView, tree: FoldTree): number {
  return tree.nodes.reduce((sum, _, node) => {
    const { slots, directoryBytes } = internShape(
      view.getUint32(recordOf(node) + INTERN_SLOTS, true),
    )
    const values = view.getUint32(recordOf(node) + INTERN_COUNT, true)
    return sum + slots * 4 + directoryBytes + Math.ceil(values / VALUES_PER_BLOCK) * BLOCK_BYTES
  }, 0)
}
