/**
 * The lossy table of a shard: an array of bits instead of slots. A key sets three bits of one
 * 64-bit word, and counts as known if all three were set. So a new key can be taken for a known
 * one, and its state is omitted; never the other way round. Used when memory has run out and the
 * user has asked for it (src/store/shard-growth.ts).
 *
 * All three bits lie in one word, so that one atomic operation sets them: of two workers that race
 * with one key exactly one finds it new.
 *
 * How many are omitted is estimated without bias: a key that meets a word with c of 64 bits set is
 * taken for known with probability q = (c / 64)^3, whatever happened before, since word and bits
 * are chosen by a hash. For every key that is found new at such a word, q / (1 - q) are expected to
 * be omitted at words like it. The sum of these is what `insertBits` reports.
 *
 * Source of the method: G. Holzmann, "An analysis of bitstate hashing" (1998); one word per key:
 * F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient Bloom filters" (2007).
 */
import {
  BATCH_ROWS,
  RESULT_FRESH_COUNT,
  RESULT_OMITTED,
  RESULT_STATUS,
  SCRATCH_ENTRY_BYTES,
  STATUS_OK,
  TABLE_USED,
} from '../../src/store/control-slots'
import { tableEnd, tableStart } from './table'
import { touchLines } from './touch'

const K1: u64 = 0x9e3779b97f4a7c15
const K2: u64 = 0xd6e8feb86659fd93

/** First pass: the bits and the word's line of `count` keys, into the scratch. */
function locate(keys: usize, count: u32, scratch: usize): void {
  const words = <u64>((tableEnd - tableStart) >> 3)
  for (let i: u32 = 0; i < count; i++, scratch += SCRATCH_ENTRY_BYTES) {
    const key = load<u64>(keys + i * 8)
    let h = (key + 1) * K1
    h ^= h >> 32
    h *= K2
    h ^= h >> 29
    const word = tableStart + ((<usize>(((h >> 32) * words) >> 32)) << 3)
    let g = (h ^ key) * K1
    g ^= g >> 31
    const bits =
      ((<u64>1) << (g & 63)) | ((<u64>1) << ((g >> 6) & 63)) | ((<u64>1) << ((g >> 12) & 63))
    store<u64>(scratch, key)
    store<u64>(scratch, bits, 8)
    store<u32>(scratch, <u32>word, 16)
  }
}

/** q / (1 - q) for a word with `count` of its bits set; see the head of this file. */
function oddsAt(count: u64): f64 {
  const fill = <f64>count / 64
  const q = fill * fill * fill
  return q / (1 - q)
}

/**
 * Inserts keys and moves those that were new to the front, in order. Returns `count`; `result` gets
 * status, number of new keys, and how many are expected to have been omitted (f64). Any worker, any
 * time outside of a growth.
 */
export function insertBitsInto(keys: usize, count: u32, scratch: usize, result: usize): u32 {
  let position = keys
  let omitted: f64 = 0
  for (let done: u32 = 0; done < count; done += BATCH_ROWS) {
    const batch = min<u32>(count - done, BATCH_ROWS)
    locate(keys + done * 8, batch, scratch)
    touchLines(batch, scratch)
    for (let i: u32 = 0; i < batch; i++) {
      const entry = scratch + i * SCRATCH_ENTRY_BYTES
      const bits = load<u64>(entry, 8)
      const word: usize = load<u32>(entry, 16)
      // A look first: writing to a line that others read is what costs.
      if ((load<u64>(word) & bits) == bits) continue
      const before = atomic.or<u64>(word, bits)
      if ((before & bits) == bits) continue
      omitted += oddsAt(popcnt(before))
      store<u64>(position, load<u64>(entry))
      position += 8
    }
  }
  const fresh = <u32>((position - keys) >> 3)
  atomic.add<u32>(TABLE_USED, fresh)
  store<i32>(result, STATUS_OK, RESULT_STATUS)
  store<u32>(result, fresh, RESULT_FRESH_COUNT)
  store<f64>(result, omitted, RESULT_OMITTED)
  return count
}
