/**
 * Shared memory: a futex mutex and an allocator with two ends.
 *
 *   fixed areas | tables ->      | never used |      <- blocks, chunks, intern tables
 *               first     MEMORY_NEXT       MEMORY_TOP                     MEMORY_END
 *
 * The table of the visited set is the last thing at its end, so that it can be stretched where it
 * lies. The operating system commits a page when it is first written. What a growth has left
 * behind becomes free regions, from which blocks are cut. Nothing else is given back.
 *
 * Any worker may call any function here, at any time. Everything is guarded by one mutex, which is
 * taken once per block, descriptor or table, so it is not contended.
 */
import {
  BLOCK_BYTES,
  LOG_LIMIT,
  MEMORY_END,
  MEMORY_LIMIT,
  MEMORY_NEXT,
  MEMORY_TOP,
  MUTEX,
  PAGE_BYTES,
  REGIONS,
  REGIONS_MAX,
  REGION_COUNT,
} from '../../src/store/control-slots'

/** No limit but the end of memory. */
const UNLIMITED: u64 = ~0

/**
 * Takes the mutex. The compare-and-swap acquires: it reads the 0 that `unlock` released, so all
 * that the former owner wrote is seen.
 */
export function lock(): void {
  if (atomic.cmpxchg<i32>(MUTEX, 0, 1) == 0) return
  while (atomic.xchg<i32>(MUTEX, 2) != 0) atomic.wait<i32>(MUTEX, 2, -1)
}

/** Releases the mutex; the exchange publishes what was written under it. */
export function unlock(): void {
  if (atomic.xchg<i32>(MUTEX, 0) == 2) atomic.notify(MUTEX, 1)
}

/**
 * True if `bytes` more may be allocated, and the two ends leave room for them. Under the mutex.
 */
function mayTake(bytes: u64, limit: u64): bool {
  const next: u64 = load<u32>(MEMORY_NEXT)
  const top: u64 = load<u32>(MEMORY_TOP)
  return next + bytes <= top && next + (load<u32>(MEMORY_END) - top) + bytes <= limit
}

/**
 * Cuts `bytes` (a multiple of 64) of zeros off the upper end, 0 if there are none. Under the mutex.
 */
function takeTop(bytes: u32, limit: u64): usize {
  if (!mayTake(bytes, limit)) return 0
  const start = load<u32>(MEMORY_TOP) - bytes
  store<u32>(MEMORY_TOP, start)
  return start
}

/** Takes `bytes` out of a free region, 0 if none is large enough. Under the mutex. */
function takeFromRegions(bytes: u32): usize {
  const count = load<u32>(REGION_COUNT)
  for (let i: u32 = 0; i < count; i++) {
    const region: usize = REGIONS + i * 8
    const start = load<u32>(region)
    const end = load<u32>(region, 4)
    if (end - start < bytes) continue
    store<u32>(region, start + bytes)
    return start
  }
  return 0
}

/**
 * Makes the operating system commit the page of `address`, if nobody has written there. If the
 * first access were the look whether a slot is empty, the system would map a page of zeros and
 * replace it at the first write, with a flush of all processors' address caches, which costs more
 * than the rest of a growth when there are several workers. A compare-and-swap of 0 for 0 changes
 * nothing, whoever has been there, and unlike other such writes is not optimised to a load.
 */
export function commitPage(address: usize): void {
  atomic.cmpxchg<u32>(address, 0, 0)
}

/** Commits the pages from `start` to `end`. */
export function commitPages(start: usize, end: usize): void {
  for (let page = start; page < end; page = (page | (PAGE_BYTES - 1)) + 1) commitPage(page)
}

/** Allocates one block. Returns 0 if the limit is reached. Under the mutex. */
export function allocateBlock(): usize {
  const region = takeFromRegions(BLOCK_BYTES)
  return region != 0 ? region : takeTop(BLOCK_BYTES, load<u32>(MEMORY_LIMIT))
}

/** Allocates one block where it takes no room from the next table, else 0. Under the mutex. */
export function allocateSpareBlock(): usize {
  const region = takeFromRegions(BLOCK_BYTES)
  return region != 0 ? region : takeTop(BLOCK_BYTES, load<u32>(LOG_LIMIT))
}

/**
 * Allocates a block of zeros that must not be missing: descriptors, without which rows that were
 * reported as new would not be in the log. It may pass the limit (by one block in 4096
 * descriptors). Under the mutex.
 */
export function allocateChunk(): usize {
  return takeTop(BLOCK_BYTES, UNLIMITED)
}

/** As allocateChunk, but not of zeros. Under the mutex. */
export function allocateNeededBlock(): usize {
  const region = takeFromRegions(BLOCK_BYTES)
  return region != 0 ? region : takeTop(BLOCK_BYTES, UNLIMITED)
}

/** Allocates `bytes` of zeros for the visited set's table. Returns 0 if the limit is reached. */
export function allocateTable(bytes: u32): usize {
  lock()
  let table: usize = 0
  if (mayTake(bytes, load<u32>(MEMORY_LIMIT))) {
    table = load<u32>(MEMORY_NEXT)
    store<u32>(MEMORY_NEXT, <u32>table + bytes)
  } else {
    table = takeFromRegions(bytes)
    if (table != 0) memory.fill(table, 0, bytes)
  }
  unlock()
  return table
}

/**
 * Allocates `bytes` of zeros for an intern table, in pages that are committed (see commitPage).
 * Returns 0 if the limit is reached.
 */
export function allocateSlots(bytes: u32): usize {
  bytes = (bytes + 63) & ~63
  lock()
  let slots = takeFromRegions(bytes)
  if (slots != 0) memory.fill(slots, 0, bytes)
  else {
    slots = takeTop(bytes, load<u32>(MEMORY_LIMIT))
    if (slots != 0) commitPages(slots, slots + bytes)
  }
  unlock()
  return slots
}

/**
 * Gives the memory of a table back, joined with free neighbours; it becomes blocks. Nobody may use
 * it any more.
 */
export function releaseTable(address: usize, bytes: u32): void {
  lock()
  const count = load<u32>(REGION_COUNT)
  let start = <u32>address
  let end = start + bytes
  let place = count
  for (let i = count; i-- > 0;) {
    const region: usize = REGIONS + i * 8
    const joined = load<u32>(region, 4) == start || load<u32>(region) == end
    if (joined) {
      start = min(start, load<u32>(region))
      end = max(end, load<u32>(region, 4))
      store<u64>(region, 0)
    }
    // An entry that is empty or has become too small for a block is used again.
    if (load<u32>(region, 4) - load<u32>(region) < <u32>BLOCK_BYTES) place = i
  }
  if (place < <u32>REGIONS_MAX) {
    store<u32>(REGIONS + place * 8, start)
    store<u32>(REGIONS + place * 8, end, 4)
    if (place == count) store<u32>(REGION_COUNT, count + 1)
  }
  unlock()
}
