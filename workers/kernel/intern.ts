/**
 * Intern tables: each gives every value (64 bits) that it is asked for a number of its own, its
 * index, and gives the value of an index back. Indices are dense: 0, 1, 2 ...
 *
 *   slots     u32 each, at most three quarters of them filled   [ bits of the hash | index + 1 ]
 *   values    u64 each, in blocks of 64 KiB, whose addresses are in a directory; never moved
 *
 * A search for a value begins at the slot that the high half of its hash names and goes on slot by
 * slot. The low half decides the bits in the slot, which spare a look at most other values.
 *
 * Why equal values have one index, with any number of workers and no lock:
 *   1. A slot is written once, by a compare-and-swap from 0, and never again in this table.
 *   2. Every search for a value visits the same slots in the same order.
 *   3. A search goes past a slot only after seeing a value other than its own behind it.
 * As in narrow32.ts, two searches for one value cannot both write. What is new is that a slot
 * points to its value:
 *   writer: address of the block, value, then the compare-and-swap of the slot (which releases);
 *   reader: the slot by an atomic load (which acquires), then block and value.
 * An index whose compare-and-swap lost is in no slot. Its worker keeps it as its spare and uses it
 * for the next new value, so at most one index per worker is without a value.
 *
 * Any worker, any time outside of the growth barrier. Slots are moved to a larger table inside it,
 * by one worker (`moveInternSlots`). Its records and areas: src/store/control-slots.ts.
 */
import {
  INTERN_ADDRESS,
  INTERN_COUNT,
  INTERN_DIRECTORY,
  INTERN_FULL,
  INTERN_INDEX_BITS,
  INTERN_SLOTS,
  INTERN_VALUES_MAX,
  PENDING_VALUE_BYTES,
  RECENT_VALUES_LOG2,
  RECENT_VALUE_BYTES,
  STATUS_GROW,
  STATUS_MEMORY,
  STATUS_OK,
  VALUES_PER_BLOCK,
  VALUES_PER_BLOCK_LOG2,
} from '../../src/store/control-slots'
import { allocateBlock, lock, unlock } from './memory'

const K1: u64 = 0xbf58476d1ce4e5b9
const K2: u64 = 0x94d049bb133111eb
/** Of a worker's area of a node: the recent values come after the line of the spare index. */
const RECENT: usize = 64

function hashOf(value: u64): u64 {
  const h = (value ^ (value >> 32)) * K1
  return (h ^ (h >> 29)) * K2
}

/** Where `value` would be among the recent values of a worker's area of a node. */
export function recentEntry(own: usize, value: u64): usize {
  return own + RECENT + <usize>((value * K1) >> (64 - RECENT_VALUES_LOG2)) * RECENT_VALUE_BYTES
}

/** Address of the value with `index`. */
function valueAddress(directory: usize, index: u32): usize {
  const block: usize = load<u32>(directory + (index >> VALUES_PER_BLOCK_LOG2) * 4)
  return block + (index & (VALUES_PER_BLOCK - 1)) * 8
}

/** The value that was given `index`; the inverse of `internValues`. */
export function internedValue(directory: usize, index: u32): u64 {
  return load<u64>(valueAddress(directory, index))
}

/** Makes sure that the value of `index` has a place. False if there is no memory for its block. */
function ensureBlock(directory: usize, index: u32): bool {
  const entry = directory + (index >> VALUES_PER_BLOCK_LOG2) * 4
  // Who sees the address may write a value there, and passes it on by the slot.
  if (atomic.load<u32>(entry) != 0) return true
  lock()
  let block: usize = load<u32>(entry)
  if (block == 0) {
    block = allocateBlock()
    atomic.store<u32>(entry, <u32>block)
  }
  unlock()
  return block != 0
}

/**
 * Makes sure that this worker has a spare index with a place for its value. STATUS_GROW if the
 * table has none left, STATUS_MEMORY if there is no memory for another block.
 */
function ensureSpare(record: usize, own: usize): i32 {
  let spare = load<u32>(own)
  if (spare == 0) {
    const most = load<u32>(record + INTERN_VALUES_MAX)
    while (true) {
      const count = atomic.load<u32>(record + INTERN_COUNT)
      if (count >= most) {
        atomic.store<u32>(record + INTERN_FULL, 1)
        return STATUS_GROW
      }
      if (atomic.cmpxchg<u32>(record + INTERN_COUNT, count, count + 1) == count) {
        spare = count + 1
        break
      }
    }
    store<u32>(own, spare)
  }
  return ensureBlock(load<u32>(record + INTERN_DIRECTORY), spare - 1) ? STATUS_OK : STATUS_MEMORY
}

/** Finds the first slot of each pending value, then touches them all (touch.ts says why). */
function locate(record: usize, pending: usize, count: u32): void {
  const start: usize = load<u32>(record + INTERN_ADDRESS)
  const slots: u64 = load<u32>(record + INTERN_SLOTS)
  const end = pending + count * PENDING_VALUE_BYTES
  for (let entry = pending; entry < end; entry += PENDING_VALUE_BYTES) {
    const hash = hashOf(load<u64>(entry))
    store<u32>(entry, start + ((<usize>(((hash >> 32) * slots) >> 32)) << 2), 12)
    store<u32>(entry, <u32>hash, 16)
  }
  let touched: u32 = 0
  for (let entry = pending; entry < end; entry += PENDING_VALUE_BYTES) {
    touched |= load<u32>(load<u32>(entry, 12))
  }
  store<u32>(end, touched)
}

/**
 * Writes the index of each of the `count` values from `pending` on to its place in `column`, and
 * remembers it among the recent values. Values that are not there get an index. Returns a status;
 * unless it is STATUS_OK some values are still without an index.
 * @param record  the node's record.
 * @param own  this worker's area of the node.
 */
export function internValues(
  record: usize,
  own: usize,
  pending: usize,
  count: u32,
  column: usize,
): i32 {
  locate(record, pending, count)
  const start: usize = load<u32>(record + INTERN_ADDRESS)
  const slotsEnd = start + load<u32>(record + INTERN_SLOTS) * 4
  const directory: usize = load<u32>(record + INTERN_DIRECTORY)
  const indexBits = load<u32>(record + INTERN_INDEX_BITS)
  const indexMask: u32 = (1 << indexBits) - 1
  const end = pending + count * PENDING_VALUE_BYTES
  for (let entry = pending; entry < end; entry += PENDING_VALUE_BYTES) {
    const value = load<u64>(entry)
    const hash = load<u32>(entry, 16)
    let slot: usize = load<u32>(entry, 12)
    let found: u32 = 0
    while (true) {
      found = atomic.load<u32>(slot)
      if (found == 0) {
        const status = ensureSpare(record, own)
        if (status != STATUS_OK) return status
        const spare = load<u32>(own)
        store<u64>(valueAddress(directory, spare - 1), value)
        const mine = (hash & ~indexMask) | spare
        found = atomic.cmpxchg<u32>(slot, 0, mine)
        if (found == 0) {
          store<u32>(own, 0)
          found = mine
          break
        }
      }
      const isAlike = ((found ^ hash) & ~indexMask) == 0
      if (isAlike && internedValue(directory, (found & indexMask) - 1) == value) break
      slot += 4
      if (slot == slotsEnd) slot = start
    }
    const recent = recentEntry(own, value)
    store<u64>(recent, value)
    store<u32>(recent, found & indexMask, 8)
    store<u32>(column + ((<usize>load<u32>(entry, 8)) << 2), (found & indexMask) - 1)
  }
  return STATUS_OK
}

/**
 * Enters what the slots `first` to `last` - 1 of a node's table hold into the new table of `slots`
 * slots at `address`, with `indexBits` bits for an index. One worker, with all others in the
 * barrier. Indices that are in no slot are not looked at: they have no value yet.
 */
export function moveInternSlots(
  record: usize,
  first: u32,
  last: u32,
  address: usize,
  slots: u32,
  indexBits: u32,
): void {
  const start: usize = load<u32>(record + INTERN_ADDRESS)
  const directory: usize = load<u32>(record + INTERN_DIRECTORY)
  const oldMask: u32 = (1 << load<u32>(record + INTERN_INDEX_BITS)) - 1
  const indexMask: u32 = (1 << indexBits) - 1
  const end = address + ((<usize>slots) << 2)
  for (let i = first; i < last; i++) {
    const index = load<u32>(start + ((<usize>i) << 2)) & oldMask
    if (index == 0) continue
    const hash = hashOf(internedValue(directory, index - 1))
    let slot = address + ((<usize>(((hash >> 32) * <u64>slots) >> 32)) << 2)
    while (load<u32>(slot) != 0) {
      slot += 4
      if (slot == end) slot = address
    }
    store<u32>(slot, ((<u32>hash) & ~indexMask) | index)
  }
}

/** Copies `bytes` bytes of the directory of a node's table to a new one. As moveInternSlots. */
export function copyDirectory(record: usize, directory: usize, bytes: u32): void {
  memory.copy(directory, load<u32>(record + INTERN_DIRECTORY), bytes)
}
