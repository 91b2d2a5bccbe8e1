/**
 * Shared memory: a futex mutex and an allocator of blocks and tables.
 *
 * Memory is taken from the front (`MEMORY_NEXT`) and the WebAssembly memory is grown when needed;
 * the operating system commits a page when it is first written. Tables that a growth has left
 * become free regions, from which blocks are cut. Nothing moves and no block is ever given back.
 *
 * Any worker may call any function here, at any time. Everything is guarded by one mutex, which is
 * taken once per block, descriptor or table, so it is not contended.
 */
import {
  BLOCK_BYTES,
  LOG_LIMIT,
  MEMORY_LIMIT,
  MEMORY_NEXT,
  MUTEX,
  REGIONS,
  REGIONS_MAX,
  REGION_COUNT,
  REGION_KEPT,
} from '../../src/store/control-slots'

/** Pages of 64 KiB by which the memory grows at least. */
const GROW_PAGES: u32 = 256
/** The last page is never handed out, so that an end address fits 32 bits. */
const ADDRESS_MAX: u64 = 0xffff0000

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
 * Cuts `bytes` (a multiple of 64) off untouched memory, 0 if they would pass `end`. Under the
 * mutex.
 */
function bump(bytes: u32, end: u64): usize {
  const start: u64 = load<u32>(MEMORY_NEXT)
  const next = start + bytes
  if (next > end || next > ADDRESS_MAX) return 0
  const pages = <u32>((next + 65535) >> 16)
  const have = <u32>memory.size()
  if (pages > have) {
    let step = max(pages - have, GROW_PAGES)
    if (have + step > 65536) step = 65536 - have
    if (memory.grow(step) < 0) return 0
  }
  store<u32>(MEMORY_NEXT, <u32>next)
  return <usize>start
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

/** Allocates one block. Returns 0 if the limit is reached. Under the mutex. */
export function allocateBlock(): usize {
  const region = takeFromRegions(BLOCK_BYTES)
  if (region != 0) return region
  return bump(BLOCK_BYTES, load<u32>(MEMORY_LIMIT))
}

/** Allocates one block where it takes no room from the next table, else 0. Under the mutex. */
export function allocateSpareBlock(): usize {
  const kept = load<u32>(REGION_KEPT)
  const count = load<u32>(REGION_COUNT)
  for (let i: u32 = 0; i < count; i++) {
    const region: usize = REGIONS + i * 8
    const start = load<u32>(region)
    const bytes = load<u32>(region, 4) - start
    if (bytes < <u32>BLOCK_BYTES || (kept != 0 && bytes >= kept)) continue
    store<u32>(region, start + BLOCK_BYTES)
    return start
  }
  return bump(BLOCK_BYTES, load<u32>(LOG_LIMIT))
}

/**
 * Allocates a block of descriptors, filled with zeros. It may pass the limit (by one block in 4096
 * descriptors) so that no row that was reported as new is missing from the log. Under the mutex.
 */
export function allocateChunk(): usize {
  return bump(BLOCK_BYTES, ADDRESS_MAX)
}

/** Allocates `bytes` of zeros for a table. Returns 0 if the limit is reached. */
export function allocateTable(bytes: u32): usize {
  lock()
  let table = takeFromRegions(bytes)
  if (table != 0) memory.fill(table, 0, bytes)
  else table = bump(bytes, load<u32>(MEMORY_LIMIT))
  unlock()
  return table
}

/**
 * Gives the memory of a table back, joined with free neighbours; it becomes blocks, or part of a
 * later table. Nobody may use it any more.
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
