/**
 * Folding: a state of several words becomes one row of 64 bits for the level log and the visited
 * set. A tree over the parts of a state is folded from the leaves to the root:
 *
 *   part (a word, or half of a word of many bits)   -> index in that part's intern table
 *   pair of indices of two neighbours               -> index in that pair's intern table
 *   the last two indices                            -> the row: [ right: 32 bits | left: 32 bits ]
 *
 * Equal states have equal rows and different states different ones, since each table maps its
 * values to indices one to one (intern.ts). `unfold` is the inverse. A state that resembles others
 * adds few values to the tables: what it has in common is in them already.
 *
 * A batch is folded node by node, so that one table is in use at a time. Most values are known from
 * a moment ago; the others are looked up together. Indices go to columns, one per node.
 *
 * Source: Laarman, van de Pol, Weber, "Parallel recursive state compression for free", SPIN 2011.
 *
 * Columns, recent values and spare indices belong to one worker; the tables are shared.
 */
import {
  FOLD_COLUMN_BYTES,
  FOLD_LEFT,
  FOLD_OWN_BYTES,
  FOLD_RECORDS,
  FOLD_RIGHT,
  INTERN_DIRECTORY,
  NODE_IS_PART,
  NODE_LEFT,
  NODE_MASK,
  NODE_RECORD_BYTES,
  NODE_RIGHT,
  NODE_SHIFT,
  PENDING_BYTES,
  PENDING_VALUE_BYTES,
  SCRATCH_ENTRY_BYTES,
  STATUS_OK,
} from '../../src/store/control-slots'
import { internValues, internedValue, recentEntry } from './intern'

/** Nodes of the tree; 0 if states are not folded. */
export let foldNodes: u32 = 0
/** Bytes of a packed state. */
export let rowBytes: usize = 8
/** This worker's pending values, its columns, and its areas of the nodes. */
let pending: usize = 0
let columns: usize = 0
let owns: usize = 0

/** Sets up this instance: bytes of a state, nodes of the tree, and the worker's area. */
export function attachFold(bytes: usize, nodes: u32, area: usize): void {
  rowBytes = bytes
  foldNodes = nodes
  pending = area
  columns = area + PENDING_BYTES
  owns = columns + <usize>nodes * FOLD_COLUMN_BYTES
}

function recordOf(node: u32): usize {
  return <usize>FOLD_RECORDS + <usize>node * NODE_RECORD_BYTES
}

function columnOf(node: u32): usize {
  return columns + <usize>node * FOLD_COLUMN_BYTES
}

/**
 * Writes the index of `value` to `place` if it is one of the recent values, else makes `value` the
 * pending value `entry`. Returns the next free entry. Without a branch, as filterRows.
 */
function recall(value: u64, place: u32, entry: usize, own: usize, column: usize): usize {
  const recent = recentEntry(own, value)
  const index = load<u32>(recent, 8)
  const isKnown = index != 0 && load<u64>(recent) == value
  store<u32>(column + ((<usize>place) << 2), index - 1)
  store<u64>(entry, value)
  store<u32>(entry, place, 8)
  return entry + (isKnown ? 0 : <usize>PENDING_VALUE_BYTES)
}

/** The pending values of a part of the states that `scratch` names by index. */
function recallPart(
  record: usize,
  own: usize,
  column: usize,
  rows: usize,
  scratch: usize,
  count: u32,
): usize {
  const offset: usize = load<u32>(record + NODE_LEFT)
  const shift: u64 = load<u32>(record + NODE_SHIFT)
  const mask = load<u64>(record + NODE_MASK)
  const bytes = rowBytes
  let entry = pending
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    const row = rows + <usize>load<u32>(scratch, 20) * bytes
    entry = recall((load<u64>(row + offset) >> shift) & mask, i, entry, own, column)
  }
  return entry
}

/** The pending values of a pair of columns. */
function recallPair(record: usize, own: usize, column: usize, count: u32): usize {
  const left = columnOf(load<u32>(record + NODE_LEFT))
  const right = columnOf(load<u32>(record + NODE_RIGHT))
  let entry = pending
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>i) << 2
    const value = (<u64>load<u32>(left + at)) | ((<u64>load<u32>(right + at)) << 32)
    entry = recall(value, i, entry, own, column)
  }
  return entry
}

/**
 * Folds the `count` states from `rows` on that `scratch` names by index, at most BATCH_ROWS, and
 * puts the rows for the level log into the scratch. Returns a status; unless it is STATUS_OK the
 * scratch is as before.
 */
export function foldBatch(rows: usize, count: u32, scratch: usize): i32 {
  for (let node: u32 = 0; node < foldNodes; node++) {
    const record = recordOf(node)
    const own = owns + <usize>node * FOLD_OWN_BYTES
    const column = columnOf(node)
    const isPart = load<u32>(record + NODE_RIGHT) == NODE_IS_PART
    const end = isPart
      ? recallPart(record, own, column, rows, scratch, count)
      : recallPair(record, own, column, count)
    const values = <u32>((end - pending) / PENDING_VALUE_BYTES)
    const status = internValues(record, own, pending, values, column)
    if (status != STATUS_OK) return status
  }
  const left = columnOf(load<u32>(FOLD_LEFT))
  const right = columnOf(load<u32>(FOLD_RIGHT))
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    const at = (<usize>i) << 2
    store<u32>(scratch, load<u32>(left + at))
    store<u32>(scratch, load<u32>(right + at), 4)
  }
  return STATUS_OK
}

/**
 * Moves the states of those scratch entries that put the rows from `logged` to `loggedEnd` into the
 * log, in order, from `rows` to `to`, which may be before them in the same buffer. Returns the byte
 * after the last. An entry whose row is the next in the log is the one that put it there: had an
 * equal one been found in the set before, the row would not be new.
 */
export function gatherFresh(
  logged: usize,
  loggedEnd: usize,
  rows: usize,
  to: usize,
  scratch: usize,
): usize {
  for (; logged < loggedEnd; scratch += SCRATCH_ENTRY_BYTES) {
    if (load<u64>(scratch) != load<u64>(logged)) continue
    memory.copy(to, rows + <usize>load<u32>(scratch, 20) * rowBytes, rowBytes)
    to += rowBytes
    logged += 8
  }
  return to
}

/** Writes the states of `count` rows of the level log, at most DESCRIPTOR_ROWS_MAX, to `rows`. */
export function unfold(logged: usize, count: u32, rows: usize): void {
  const left = columnOf(load<u32>(FOLD_LEFT))
  const right = columnOf(load<u32>(FOLD_RIGHT))
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(left + ((<usize>i) << 2), load<u32>(logged + <usize>i * 8))
    store<u32>(right + ((<usize>i) << 2), load<u32>(logged + <usize>i * 8, 4))
  }
  memory.fill(rows, 0, <usize>count * rowBytes)
  for (let node = foldNodes; node-- > 0;) {
    const record = recordOf(node)
    if (load<u32>(record + NODE_RIGHT) == NODE_IS_PART)
      unfoldPart(record, columnOf(node), count, rows)
    else unfoldPair(record, columnOf(node), count)
  }
}

function unfoldPart(record: usize, column: usize, count: u32, rows: usize): void {
  const directory: usize = load<u32>(record + INTERN_DIRECTORY)
  const shift: u64 = load<u32>(record + NODE_SHIFT)
  const bytes = rowBytes
  let word = rows + load<u32>(record + NODE_LEFT)
  for (let i: u32 = 0; i < count; i++, word += bytes) {
    const value = internedValue(directory, load<u32>(column + ((<usize>i) << 2)))
    store<u64>(word, load<u64>(word) | (value << shift))
  }
}

function unfoldPair(record: usize, column: usize, count: u32): void {
  const directory: usize = load<u32>(record + INTERN_DIRECTORY)
  const left = columnOf(load<u32>(record + NODE_LEFT))
  const right = columnOf(load<u32>(record + NODE_RIGHT))
  for (let i: u32 = 0; i < count; i++) {
    const at = (<usize>i) << 2
    const value = internedValue(directory, load<u32>(column + at))
    store<u32>(left + at, <u32>value)
    store<u32>(right + at, <u32>(value >> 32))
  }
}
