/**
 * The store's kernel: what is done per state, in WebAssembly over the shared memory. It knows
 * rows of words and no model. Each worker has its own instance; globals hold what belongs to one
 * worker.
 *
 * No garbage collector, no allocation outside memory.ts, nothing imported but `env.memory`. The
 * exports are typed and described in `src/store/kernel.ts`.
 */
import {
  BATCH_ROWS,
  DIRECTORY,
  GROWTH_COPY,
  GROWTH_PHASE,
  LOG_ROW_BYTES,
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_RUN_ADDRESS,
  RESULT_RUN_BLOCK,
  RESULT_RUN_COUNT,
  RESULT_RUN_OFFSET,
  RESULT_STATUS,
  SCRATCH_ENTRY_BYTES,
  STATUS_FULL,
  STATUS_GROW,
  STATUS_OK,
  TABLE_FULL,
  TABLE_USED,
} from '../../src/store/control-slots'
import { pendingRows } from './batch'
import { insertBitsInto } from './bits'
import { entryAddress } from './directory'
import {
  attachFilter,
  clearFilter,
  filterEntry,
  filterEntryWide,
  filterShift,
  filterStart,
  rowsEqual,
} from './filter'
import { attachFold, foldBatch, foldNodes, gatherFresh, rowBytes, unfold } from './fold'
import { commitRuns, ensureRoom, logEnd, logPosition } from './log'
import { blockAddress } from './log-blocks'
import { hashRow } from './mix'
import { insertNarrow32 } from './narrow32'
import { insertNarrow64 } from './narrow64'
import { copyRows } from './rehash'
import { setWorker } from './runs'
import { appendKeysOf, collectScratch, insertKeysInto } from './shards'
import { stretch } from './stretch'
import { tableRowsMax, tableSlotBytes } from './table'

export { unfold } from './fold'
export { copyDirectory, moveInternSlots } from './intern'
export { allocateSlots, allocateTable, releaseTable } from './memory'
export { beginDepth, endSpill as completeSpill, flushLog } from './log'
export { mix, setMixBits, unmix } from './mix'
export { attachPartition, extractKeys, partitionKeys } from './shards'
export { beginRuns, takeRun } from './runs'
export { spinWhile } from './spin'
export { refreshTable } from './table'

let scratch: usize = 0
let result: usize = 0

/** Sets up this instance: size of a state, nodes of the fold tree, and the worker's own areas. */
export function attach(
  strideWords: u32,
  nodes: u32,
  scratchArea: usize,
  filterArea: usize,
  foldArea: usize,
  line: usize,
  worker: u32,
): void {
  setWorker(worker)
  attachFold(strideWords * 8, nodes, foldArea)
  attachFilter(filterArea)
  scratch = scratchArea
  result = line
}

/** Sets up an instance over the memory of a shard, which holds keys that are mixed already. */
export function attachShard(scratchArea: usize, line: usize): void {
  scratch = scratchArea
  result = line
}

/** Rows that the last `filterRows` looked at. */
let filtered: u32 = 0
/** How the last `insertBatch` ended: STATUS_OK if all rows that it looked at are inserted. */
let batchStatus: i32 = 0
/**
 * First byte after the new states that the `insert` at hand has moved to the front of its input.
 */
let freshEnd: usize = 0

/**
 * First pass: puts the rows that the filter does not know into the scratch, `most` at the most.
 * Returns their number; `filtered` tells how many rows of the input that covers. Without a branch
 * on the outcome, since which rows are duplicates cannot be predicted.
 */
function filterRows(rows: usize, count: u32, most: u32): u32 {
  const start = filterStart
  const shift = filterShift
  let entry = scratch
  const entryEnd = scratch + most * SCRATCH_ENTRY_BYTES
  let i: u32 = 0
  for (; i < count && entry < entryEnd; i++) {
    const row = load<u64>(rows + i * 8)
    const known = filterEntry(row, start, shift)
    const isNew = load<u64>(known) != row
    store<u64>(known, row)
    store<u64>(entry, row)
    store<u32>(entry, i, 20)
    entry += isNew ? <usize>SCRATCH_ENTRY_BYTES : 0
  }
  filtered = i
  return <u32>((entry - scratch) / SCRATCH_ENTRY_BYTES)
}

/** As filterRows, for rows of two words or more. */
function filterRowsWide(rows: usize, count: u32, most: u32): u32 {
  const bytes = rowBytes
  let passed: u32 = 0
  let i: u32 = 0
  for (; i < count && passed < most; i++) {
    const row = rows + <usize>i * bytes
    const hash = hashRow(row, bytes)
    const known = filterEntryWide(hash)
    if (rowsEqual(known, row, bytes)) continue
    memory.copy(known, row, bytes)
    const entry = scratch + passed * SCRATCH_ENTRY_BYTES
    store<u32>(entry, i, 20)
    passed++
  }
  filtered = i
  return passed
}

/**
 * Puts the rows for the level log of the states that the filter does not know, `most` at the most,
 * into the scratch. Returns their number; `filtered` tells how many states that covers, and
 * `batchStatus` whether they could be folded.
 */
function submit(rows: usize, count: u32, most: u32): u32 {
  const passed = rowBytes != 8 ? filterRowsWide(rows, count, most) : filterRows(rows, count, most)
  batchStatus = foldNodes == 0 ? STATUS_OK : foldBatch(rows, passed, scratch)
  return passed
}

/** Puts the rows that are left of the batch at `rows` last of those that the filter looked at. */
function keepPending(rows: usize, left: u32): void {
  let to = rows + <usize>(filtered - left) * rowBytes
  const pending = pendingRows(scratch)
  for (let i: u32 = 0; i < left; i++, to += rowBytes) {
    const entry: usize = load<u32>(pending + i * 4)
    if (foldNodes == 0) store<u64>(to, load<u64>(entry))
    else unfold(entry, 1, to)
  }
}

/**
 * Inserts `count` rows, of which at most `most` may be new. Returns how many were dealt with. If
 * some row has no slot, those that must be submitted again come right after these.
 */
function insertBatch(rows: usize, count: u32, most: u32): u32 {
  const passed = submit(rows, count, most)
  if (batchStatus != STATUS_OK) {
    // The rows from here on will be submitted again: the filter must not know them.
    clearFilter()
    return load<u32>(scratch, 20)
  }
  const logged = logPosition
  const left =
    tableSlotBytes == 4 ? insertNarrow32(passed, scratch) : insertNarrow64(passed, scratch)
  if (foldNodes != 0) freshEnd = gatherFresh(logged, logPosition, rows, freshEnd, scratch)
  if (left == 0) return filtered
  batchStatus = STATUS_GROW
  atomic.store<u32>(TABLE_FULL, 1)
  clearFilter()
  keepPending(rows, left)
  return filtered - left
}

/** Inserts rows; see Kernel.insert in src/store/kernel.ts. */
export function insert(rows: usize, count: u32): u32 {
  let status = ensureRoom(result)
  let done: u32 = 0
  const fresh = logPosition
  let counted = fresh
  freshEnd = rows
  while (status == STATUS_OK && done < count) {
    const room = <u32>((logEnd - logPosition) / LOG_ROW_BYTES)
    if (room == 0) break
    const newRows = <u32>((logPosition - counted) / LOG_ROW_BYTES)
    const used = atomic.add<u32>(TABLE_USED, newRows) + newRows
    counted = logPosition
    if (used >= tableRowsMax) {
      atomic.store<u32>(TABLE_FULL, 1)
      status = STATUS_GROW
      break
    }
    const inserted = insertBatch(rows + <usize>done * rowBytes, count - done, min(room, BATCH_ROWS))
    done += inserted
    status = batchStatus
  }
  const freshCount = <u32>((logPosition - fresh) / LOG_ROW_BYTES)
  atomic.add<u32>(TABLE_USED, <u32>((logPosition - counted) / LOG_ROW_BYTES))
  commitRuns()
  store<i32>(result, status, RESULT_STATUS)
  store<u32>(result, foldNodes == 0 ? fresh : rows, RESULT_FRESH_ADDRESS)
  store<u32>(result, freshCount, RESULT_FRESH_COUNT)
  return done
}

/** Takes part in a growth; see Kernel.rehash. */
export function rehash(): bool {
  return load<u32>(GROWTH_PHASE) == GROWTH_COPY ? copyRows() : stretch(scratch)
}

/** Sorts rows by shard; see Kernel.partition. */
export function partition(rows: usize, count: u32): u32 {
  let done: u32 = 0
  let status = STATUS_OK
  while (done < count && status == STATUS_OK) {
    const passed = submit(rows + <usize>done * rowBytes, count - done, BATCH_ROWS)
    status = batchStatus
    if (status != STATUS_OK) clearFilter()
    else {
      done += filtered
      if (collectScratch(passed, scratch)) status = STATUS_FULL
    }
  }
  store<i32>(result, status, RESULT_STATUS)
  return done
}

/** Inserts keys into a shard; see Kernel.insertKeys. */
export function insertKeys(keys: usize, count: u32): u32 {
  if (tableSlotBytes == 0) return insertBitsInto(keys, count, scratch, result)
  return insertKeysInto(keys, count, scratch, result)
}

/** Appends the rows of keys to the log; see Kernel.appendKeys. */
export function appendKeys(shard: u32, keys: usize, count: u32): u32 {
  return appendKeysOf(shard, keys, count, result)
}

/** Puts where the rows of descriptor `index` are into the result line. */
export function readDescriptor(index: u32): void {
  const descriptor = entryAddress(DIRECTORY, index)
  const block = load<u32>(descriptor)
  const offset = load<u32>(descriptor, 12)
  const address = blockAddress(block)
  store<u32>(result, address == 0 ? 0 : <u32>address + offset, RESULT_RUN_ADDRESS)
  store<u32>(result, load<u16>(descriptor, 4), RESULT_RUN_COUNT)
  store<u32>(result, block, RESULT_RUN_BLOCK)
  store<u32>(result, offset, RESULT_RUN_OFFSET)
}

/** Index of the first row equal to that at `target`, -1 if there is none. */
export function findRow(rows: usize, count: u32, target: usize): i32 {
  for (let i: u32 = 0; i < count; i++) {
    if (rowsEqual(rows + <usize>i * rowBytes, target, rowBytes)) return <i32>i
  }
  return -1
}
