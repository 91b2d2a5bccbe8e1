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
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_RUN_ADDRESS,
  RESULT_RUN_COUNT,
  RESULT_STATUS,
  SCRATCH_ENTRY_BYTES,
  STATUS_FULL,
  STATUS_GROW,
  STATUS_MEMORY,
  STATUS_OK,
  TABLE_USED,
  WIDE_HASH_BITS,
} from '../../src/store/control-slots'
import { insertBitsInto } from './bits'
import {
  attachFilter,
  clearFilter,
  filterEntry,
  filterEntryWide,
  filterShift,
  filterStart,
} from './filter'
import {
  commitRuns,
  descriptorAddress,
  ensureRoom,
  logEnd,
  logPosition,
  rowBytes,
  setRowBytes,
} from './log'
import { hashRow, setMixBits, setMixIdentity } from './mix'
import { insertNarrow32 } from './narrow32'
import { insertNarrow64 } from './narrow64'
import { rehashSome } from './rehash'
import { appendKeysOf, collectScratch, insertKeysInto } from './shards'
import { refreshTable, tableRowsMax, tableSlotBytes } from './table'
import { insertWide, rowsEqual } from './wide'

export { allocateTable, releaseTable } from './memory'
export { beginDepth, flushLog } from './log'
export { mix, setMixBits, unmix } from './mix'
export { attachPartition, extractKeys, partitionKeys } from './shards'
export { refreshTable } from './table'

let scratch: usize = 0
let result: usize = 0

/** Sets up this instance: row size, state width, and the worker's own areas. */
export function attach(
  strideWords: u32,
  stateBits: u32,
  scratchArea: usize,
  filterArea: usize,
  line: usize,
): void {
  setRowBytes(strideWords * 8)
  setMixBits(strideWords == 1 ? max<u32>(stateBits, 1) : WIDE_HASH_BITS)
  attachFilter(filterArea)
  scratch = scratchArea
  result = line
}

/** Sets up an instance over the memory of a shard, which holds keys that are mixed already. */
export function attachShard(scratchArea: usize, line: usize): void {
  setRowBytes(8)
  setMixIdentity()
  scratch = scratchArea
  result = line
}

/** Rows that the last `filterRows` looked at. */
let filtered: u32 = 0
/** True if the last `insertBatch` found no slot for a row. */
let cutShort: bool = false

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
    store<u64>(entry, hash)
    store<u32>(entry, i, 20)
    passed++
  }
  filtered = i
  return passed
}

/** Inserts `count` rows, of which at most `most` may be new. Returns how many were dealt with. */
function insertBatch(rows: usize, count: u32, most: u32): u32 {
  const wide = rowBytes != 8
  const passed = wide ? filterRowsWide(rows, count, most) : filterRows(rows, count, most)
  let inserted: u32
  if (wide) inserted = insertWide(rows, passed, scratch)
  else if (tableSlotBytes == 4) inserted = insertNarrow32(passed, scratch)
  else inserted = insertNarrow64(passed, scratch)
  cutShort = inserted < passed
  if (!cutShort) return filtered
  // The rows from here on will be submitted again: the filter must not know them.
  clearFilter()
  return load<u32>(scratch + inserted * SCRATCH_ENTRY_BYTES, 20)
}

/** Inserts rows; see Kernel.insert in src/store/kernel.ts. */
export function insert(rows: usize, count: u32): u32 {
  let status = STATUS_OK
  let done: u32 = 0
  if (!ensureRoom()) status = STATUS_MEMORY
  const fresh = logPosition
  let counted = fresh
  while (status == STATUS_OK && done < count) {
    const room = <u32>((logEnd - logPosition) / rowBytes)
    if (room == 0) break
    const newRows = <u32>((logPosition - counted) / rowBytes)
    const used = atomic.add<u32>(TABLE_USED, newRows) + newRows
    counted = logPosition
    if (used >= tableRowsMax) {
      status = STATUS_GROW
      break
    }
    const inserted = insertBatch(rows + <usize>done * rowBytes, count - done, min(room, BATCH_ROWS))
    done += inserted
    if (cutShort) status = STATUS_GROW
  }
  const freshCount = <u32>((logPosition - fresh) / rowBytes)
  atomic.add<u32>(TABLE_USED, <u32>((logPosition - counted) / rowBytes))
  commitRuns()
  store<i32>(result, status, RESULT_STATUS)
  store<u32>(result, fresh, RESULT_FRESH_ADDRESS)
  store<u32>(result, freshCount, RESULT_FRESH_COUNT)
  return done
}

/** Sorts rows by shard; see Kernel.partition. */
export function partition(rows: usize, count: u32): u32 {
  let done: u32 = 0
  let full = false
  while (done < count && !full) {
    const passed = filterRows(rows + done * 8, count - done, BATCH_ROWS)
    done += filtered
    full = collectScratch(passed, scratch)
  }
  store<i32>(result, full ? STATUS_FULL : STATUS_OK, RESULT_STATUS)
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

/** Puts row address and row count of descriptor `index` into the result line. */
export function readDescriptor(index: u32): void {
  const descriptor = descriptorAddress(index)
  store<u32>(result, load<u32>(descriptor), RESULT_RUN_ADDRESS)
  store<u32>(result, load<u32>(descriptor, 4), RESULT_RUN_COUNT)
}

/** Takes part in a growth, between the two barriers; see Kernel.rehash. */
export function rehash(): bool {
  return rehashSome(rowBytes != 8)
}

/** Index of the first row equal to that at `target`, -1 if there is none. */
export function findRow(rows: usize, count: u32, target: usize): i32 {
  for (let i: u32 = 0; i < count; i++) {
    if (rowsEqual(rows + <usize>i * rowBytes, target, rowBytes)) return <i32>i
  }
  return -1
}
