/**
 * The blocks of the level log, in memory or on disk.
 *
 * A block is 64 KiB of rows that one worker appends. Blocks are numbered by one counter, and block
 * n has its place in the spill file at byte n * 65536, whether it ever gets there or not. Rows are
 * named by block and offset, so a block goes to disk by one change of its entry:
 *
 *   block n:   entry n of BLOCK_DIRECTORY
 *   +0 address u32, 0 = on disk   +4 the worker's next block u32   +8 last depth u32   +12 unused
 *
 * Only its worker writes an entry. While the log holds less memory than its budget, a full block
 * is followed by one in new memory. After that the worker writes a block of its own to disk and
 * goes on in that block's memory; nothing is ever freed.
 *
 * Which block may be written? While the level of depth f is expanded, all workers append rows of
 * depth f + 1 and read, in place, rows of depth f and no others; the level barrier stands between
 * two levels. So a block may go if it has no row of depth f. A block's rows have depths from the
 * level in which the block was begun to the level in which its worker left it, hence a block is
 * taken that was left before depth f, the worker's oldest; or else the full one, if it was begun
 * at depth f + 1. If both have rows of depth f, the worker takes one piece of memory more than the
 * budget. It then is in a block begun at depth f + 1, so that happens once per worker and level,
 * and only if it has left no block before depth f: a worker gets to three pieces in that way. So
 * many are granted though the memory limit is reached, which leaves room for them.
 *
 * The rows that `insert` found last are checked before the next `insert`, and only that writes a
 * block; a run that was read from disk is expanded from the worker's own buffer. After the workers
 * have ended nothing is written any more. On a failed write the entry stays as it is, and all
 * blocks from then on are in memory.
 *
 * The oldest block goes first since old levels are only needed for counterexamples, the frontier
 * soon.
 */
import {
  BLOCK_DIRECTORY,
  BLOCK_DIRECTORY_ENTRIES,
  ENTRIES_PER_CHUNK,
  LOG_BLOCKS,
  LOG_BLOCKS_HELD,
  LOG_BLOCKS_HELD_MAX,
  LOG_BLOCKS_NEEDED,
  LOG_BLOCKS_SPILLED,
  LOG_SPILLS,
  SPILLS,
  STATUS_MEMORY,
  STATUS_OK,
  STATUS_SPILL,
} from '../../src/store/control-slots'
import { createEntry, entryAddress } from './directory'
import { allocateBlock, allocateNeededBlock, allocateSpareBlock, lock, unlock } from './memory'

/** No block. */
const NONE: u32 = 0xffffffff
/** Block numbers from here on are not begun; each worker may have asked just before. */
const BLOCKS_MAX: u32 = <u32>BLOCK_DIRECTORY_ENTRIES * ENTRIES_PER_CHUNK - 256

/** Number of the block that this worker appends to. */
export let block: u32 = NONE
/** Depth of the rows appended when the block was begun. */
let blockDepth: u32 = 0
/** The worker's first block that may still be in memory; its `next` leads on, up to `block`. */
let oldest: u32 = NONE
/** Pieces of memory that this worker was granted beyond the limit. */
let granted: u32 = 0
/** The block that the last `beginBlock` asked to write. */
let spilled: u32 = NONE

/** Address of block `number`, 0 if it is on disk. */
export function blockAddress(number: u32): usize {
  return load<u32>(entryAddress(BLOCK_DIRECTORY, number))
}

/** The block that `beginBlock` asked to write. */
export function blockToSpill(): u32 {
  return spilled
}

/**
 * Begins a block for rows of depth `depth`, after the full one. STATUS_OK: it is `block`.
 * STATUS_SPILL: write `blockToSpill()`, then `completeSpill`. STATUS_MEMORY: there is no memory.
 */
export function beginBlock(depth: u32): i32 {
  if (load<u32>(LOG_BLOCKS) >= BLOCKS_MAX) return STATUS_MEMORY
  lock()
  let address = allocate(true)
  unlock()
  if (address == 0) {
    spilled = atomic.load<u32>(LOG_SPILLS) == SPILLS ? chooseBlock(depth) : NONE
    if (spilled != NONE) return STATUS_SPILL
    lock()
    address = allocate(false)
    if (address == 0 && atomic.load<u32>(LOG_SPILLS) == SPILLS) address = allocateNeeded()
    unlock()
    if (address == 0) return STATUS_MEMORY
  }
  useMemory(address, depth)
  return STATUS_OK
}

/** The block is on disk: goes on in its memory, with rows of depth `depth`. */
export function completeSpill(depth: u32): void {
  const entry = entryAddress(BLOCK_DIRECTORY, spilled)
  const address: usize = load<u32>(entry)
  // Nobody reads this entry before the next level barrier, which publishes it.
  store<u32>(entry, 0)
  atomic.add<u32>(LOG_BLOCKS_SPILLED, 1)
  useMemory(address, depth)
}

/** Memory for a block, 0 if there is none, or none within the budget. Under the mutex. */
function allocate(withinBudget: bool): usize {
  const held = load<u32>(LOG_BLOCKS_HELD)
  if (withinBudget && held >= load<u32>(LOG_BLOCKS_HELD_MAX)) return 0
  const address = withinBudget ? allocateSpareBlock() : allocateBlock()
  if (address != 0) store<u32>(LOG_BLOCKS_HELD, held + 1)
  return address
}

/**
 * Memory for a block that is needed to go on, which the limit leaves room for; 0 if this worker has
 * had enough of them. Under the mutex.
 */
function allocateNeeded(): usize {
  if (granted == LOG_BLOCKS_NEEDED) return 0
  const address = allocateNeededBlock()
  if (address == 0) return 0
  granted++
  store<u32>(LOG_BLOCKS_HELD, load<u32>(LOG_BLOCKS_HELD) + 1)
  return address
}

/** The block of this worker to be written while rows of depth `depth` are appended, or NONE. */
function chooseBlock(depth: u32): u32 {
  // Blocks that were written as soon as they were full are passed here, each once.
  while (oldest != block && blockAddress(oldest) == 0) {
    oldest = load<u32>(entryAddress(BLOCK_DIRECTORY, oldest), 4)
  }
  if (oldest == NONE) return NONE
  if (oldest != block) {
    const lastDepth = load<u32>(entryAddress(BLOCK_DIRECTORY, oldest), 8)
    if (lastDepth + 1 < depth) return oldest
  }
  return blockDepth == depth ? block : NONE
}

/** Gives the memory at `address` a number, as this worker's block after the full one. */
function useMemory(address: usize, depth: u32): void {
  lock()
  const number = load<u32>(LOG_BLOCKS)
  store<u32>(createEntry(BLOCK_DIRECTORY, number), <u32>address)
  store<u32>(LOG_BLOCKS, number + 1)
  unlock()
  if (block == NONE) oldest = number
  else {
    const entry = entryAddress(BLOCK_DIRECTORY, block)
    store<u32>(entry, number, 4)
    store<u32>(entry, depth, 8)
  }
  block = number
  blockDepth = depth
}
