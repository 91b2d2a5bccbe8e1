/**
 * The filter: a small direct-mapped memory of rows that this worker submitted a moment ago. In a
 * search by level most duplicates come soon after their first occurrence (two actions that
 * commute meet again two rows later), so most of them end here, in the first-level caches, and
 * never touch the table.
 *
 * It holds whole rows and drops a row only if all words are equal, so it is exact: a dropped row
 * was submitted before. If a batch is cut short, rows that were submitted but not inserted must
 * be forgotten: the filter is cleared.
 *
 * An entry must never equal a row that was not submitted, whatever the row's bits. A cleared
 * filter is filled with ones. The one row that equals them looks at one entry only, and that one
 * holds zeros; and the row of zeros looks at entry 0, which is another.
 *
 * Each worker has its own; no other thread touches it.
 */
import { FILTER_BYTES } from '../../src/store/control-slots'
import { rowBytes } from './fold'
import { hashRow } from './mix'

const K: u64 = 0x9e3779b97f4a7c15

/** First byte of the filter. */
export let filterStart: usize = 0
/** A 64-bit product shifted right by this gives the entry of a one-word row. */
export let filterShift: u64 = 0
/** Entries, a power of two. */
let filterEntries: u32 = 0

/** Entry of a one-word row. */
export function filterEntry(row: u64, start: usize, shift: u64): usize {
  return start + ((<usize>((row * K) >> shift)) << 3)
}

/** Entry of a row of more words, whose hash is `hash`. */
export function filterEntryWide(hash: u64): usize {
  return filterStart + ((<usize>hash) & (filterEntries - 1)) * rowBytes
}

/** True if the packed states at `a` and `b` are equal. */
export function rowsEqual(a: usize, b: usize, bytes: usize): bool {
  for (let i: usize = 0; i < bytes; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false
  }
  return true
}

/** Forgets all rows. */
export function clearFilter(): void {
  memory.fill(filterStart, 255, <usize>filterEntries * rowBytes)
  // Entry 0 serves as the row of ones while that row's own entry is looked for.
  let own = filterEntry(~0, filterStart, filterShift)
  if (rowBytes != 8) own = filterEntryWide(hashRow(filterStart, rowBytes))
  if (own == filterStart) unreachable()
  memory.fill(own, 0, rowBytes)
}

/** Sets the filter up in FILTER_BYTES bytes from `area`; the row size must be set. */
export function attachFilter(area: usize): void {
  filterStart = area
  const bits = 31 - clz<u32>(FILTER_BYTES / <u32>rowBytes)
  filterEntries = 1 << bits
  filterShift = 64 - bits
  clearFilter()
}
