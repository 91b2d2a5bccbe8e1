/**
 * The level log: every distinct state once, in the order of depth, as a row of 64 bits: a state of
 * one word, or a folded one (fold.ts).
 *
 * A worker appends new rows to its own block; a run of rows of one depth, up to
 * DESCRIPTOR_ROWS_MAX, becomes a descriptor. Descriptors are numbered through one counter; as all
 * descriptors of a level are pushed before the level's barrier, they are sorted by depth, and a
 * level is a range of them.
 *
 *   descriptor i: chunk = DIRECTORY[i / 4096], at chunk + (i % 4096) * 16
 *   +0 row address u32   +4 row count u32   +8 depth u32   +12 unused u32 (room for spilled rows)
 *
 * A worker goes on in the same block over level boundaries, so tiny levels cost a descriptor
 * each, not a block. Rows never move; past levels stay readable for building counterexamples. The
 * globals belong to one worker. Descriptors are written under the mutex.
 */
import {
  BLOCK_BYTES,
  DESCRIPTORS_PER_CHUNK,
  DESCRIPTORS_PER_CHUNK_LOG2,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_COUNT,
  DESCRIPTOR_ROWS_MAX,
  DIRECTORY,
  LOG_ROW_BYTES,
} from '../../src/store/control-slots'
import { allocateBlock, allocateChunk, lock, unlock } from './memory'

/** Where the next new row goes. */
export let logPosition: usize = 0
/** First byte after the block in use. */
export let logEnd: usize = 0
/** First row that no descriptor covers yet. */
let logPending: usize = 0
/** Depth of the rows being appended. */
let logDepth: u32 = 0

/** Moves the end of the log over rows that were written at `logPosition`. */
export function setLogPosition(position: usize): void {
  logPosition = position
}

/** Rows appended from now on have depth `depth`. The log must be flushed. */
export function beginDepth(depth: u32): void {
  logDepth = depth
}

/** Address of descriptor `index`, whose chunk must exist. */
export function descriptorAddress(index: u32): usize {
  const chunk: usize = load<u32>(DIRECTORY + (index >> DESCRIPTORS_PER_CHUNK_LOG2) * 4)
  return chunk + (index & (DESCRIPTORS_PER_CHUNK - 1)) * DESCRIPTOR_BYTES
}

/** Publishes `count` rows from `address` on as one descriptor. */
function pushDescriptor(address: usize, count: u32): void {
  lock()
  const index = load<u32>(DESCRIPTOR_COUNT)
  const entry: usize = DIRECTORY + (index >> DESCRIPTORS_PER_CHUNK_LOG2) * 4
  if (load<u32>(entry) == 0) {
    const chunk = allocateChunk()
    if (chunk == 0) unreachable()
    store<u32>(entry, chunk)
  }
  const descriptor = descriptorAddress(index)
  store<u32>(descriptor, address)
  store<u32>(descriptor, count, 4)
  store<u32>(descriptor, logDepth, 8)
  // Pairs with the level barrier: who is told the new count there sees the descriptor.
  atomic.store<u32>(DESCRIPTOR_COUNT, index + 1)
  unlock()
}

/** Makes descriptors of all rows but the last incomplete run. */
export function commitRuns(): void {
  const runBytes: usize = <usize>DESCRIPTOR_ROWS_MAX * LOG_ROW_BYTES
  while (logPosition - logPending >= runBytes) {
    pushDescriptor(logPending, DESCRIPTOR_ROWS_MAX)
    logPending += runBytes
  }
}

/**
 * Makes a descriptor of the rows that have none yet, fewer than a run after `commitRuns`. Called at
 * the end of a level by each worker.
 */
export function flushLog(): void {
  const count = <u32>((logPosition - logPending) / LOG_ROW_BYTES)
  if (count != 0) pushDescriptor(logPending, count)
  logPending = logPosition
}

/** Starts a new block if the one in use has no room for another row. False if there is none. */
export function ensureRoom(): bool {
  if (logEnd - logPosition >= <usize>LOG_ROW_BYTES) return true
  flushLog()
  lock()
  const block = allocateBlock()
  unlock()
  if (block == 0) return false
  logPosition = block
  logPending = block
  logEnd = block + BLOCK_BYTES
  return true
}
