/**
 * The level log: every distinct state once, in the order of depth, as a row of 64 bits: a state of
 * one word, or a folded one (fold.ts).
 *
 * A worker appends new rows to its own block (log-blocks.ts); a run of rows of one depth, up to
 * DESCRIPTOR_ROWS_MAX, becomes a descriptor. Descriptors are numbered through one counter; as all
 * descriptors of a level are pushed before the level's barrier, they are sorted by depth, and a
 * level is a range of them.
 *
 *   descriptor i:   entry i of DIRECTORY
 *   +0 block u32   +4 row count u16   +6 worker u8   +7 1 once taken (runs.ts) u8
 *   +8 depth u32   +12 offset of the first row in the block u32
 *
 * A worker goes on in the same block over level boundaries, so tiny levels cost a descriptor
 * each, not a block. Past levels stay readable for building counterexamples. The globals belong to
 * one worker. Descriptors are written under the mutex.
 */
import {
  BLOCK_BYTES,
  DESCRIPTOR_COUNT,
  DESCRIPTOR_ROWS_MAX,
  DIRECTORY,
  LOG_BLOCK_BYTES,
  LOG_ROW_BYTES,
  RESULT_SPILL_ADDRESS,
  RESULT_SPILL_BLOCK,
  STATUS_OK,
  STATUS_SPILL,
} from '../../src/store/control-slots'
import { createEntry } from './directory'
import { beginBlock, block, blockAddress, blockToSpill, completeSpill } from './log-blocks'
import { lock, unlock } from './memory'
import { worker } from './runs'

/** Where the next new row goes. */
export let logPosition: usize = 0
/** First byte of the block in use. */
let logStart: usize = 0
/** First byte after what may be used of it. */
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

/** Publishes `count` rows from `address` on as one descriptor. */
function pushDescriptor(address: usize, count: u32): void {
  lock()
  const index = load<u32>(DESCRIPTOR_COUNT)
  const descriptor = createEntry(DIRECTORY, index)
  store<u32>(descriptor, block)
  store<u16>(descriptor, <u16>count, 4)
  store<u8>(descriptor, worker, 6)
  store<u32>(descriptor, logDepth, 8)
  store<u32>(descriptor, <u32>(address - logStart), 12)
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

/**
 * Starts a new block if the one in use has no room for another row. STATUS_OK if there is room
 * now; otherwise what `beginBlock` says, with the block to write in `result`.
 */
export function ensureRoom(result: usize): i32 {
  if (logEnd - logPosition >= <usize>LOG_ROW_BYTES) return STATUS_OK
  flushLog()
  const status = beginBlock(logDepth)
  if (status == STATUS_OK) appendToBlock()
  else if (status == STATUS_SPILL) {
    store<u32>(result, <u32>blockAddress(blockToSpill()), RESULT_SPILL_ADDRESS)
    store<u32>(result, blockToSpill(), RESULT_SPILL_BLOCK)
  }
  return status
}

/** The block that `ensureRoom` asked to write is on disk; there is room now. */
export function endSpill(): void {
  completeSpill(logDepth)
  appendToBlock()
}

function appendToBlock(): void {
  const bytes: usize = load<u32>(LOG_BLOCK_BYTES)
  logStart = blockAddress(block)
  logEnd = logStart + (bytes == 0 ? <usize>BLOCK_BYTES : bytes)
  logPosition = logStart
  logPending = logStart
}
