/**
 * The visited set spread over several memories, for when one of 4 GiB is not enough.
 *
 *   mixed value, b bits:   [ shard: 3 bits | key: b - 3 bits ]
 *
 * Each shard is a table like any other, of the keys, in a memory of its own. An instance of the
 * kernel sees one memory only, so a key is brought to its shard in three steps, each for thousands
 * of keys at once, and TypeScript copies between them (src/store/shards.ts):
 *
 *   partition    first memory   drops what the filter knows, mixes, sorts the keys by shard
 *   insertKeys   shard          inserts keys, leaves those that were new
 *   appendKeys   first memory   makes rows of the new keys, in the level log
 *
 * `mix` is invertible, so shard and key give the row back. That a row is inserted later than it was
 * submitted does no harm: all are inserted before the worker arrives at the level barrier.
 *
 * When a table becomes too small, its keys move to a larger one in another memory:
 *
 *   extractKeys  old memory     reads the keys of some lines
 *   insertKeys   new memory
 *
 * `extractKeys` goes line by line, and lines are ordered as keys are, so both tables are walked in
 * order. All functions may run in any worker at any time outside of a growth; during one only
 * `extractKeys`, `partitionKeys` and, into the new tables, `insertKeys`.
 */
import {
  BATCH_ROWS,
  LINE_BYTES,
  PARTITION_KEYS,
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_STATUS,
  SCRATCH_ENTRY_BYTES,
  SHARD_BITS,
  STATUS_FULL,
  STATUS_GROW,
  STATUS_OK,
  TABLE_USED,
} from '../../src/store/control-slots'
import { pendingRows } from './batch'
import { commitRuns, ensureRoom, logEnd, logPosition, setLogPosition } from './log'
import { keyLeftBits, keyOf, mix, mixWith, rowOf, unmix } from './mix'
import { insertNarrow32 } from './narrow32'
import { insertNarrow64 } from './narrow64'
import {
  overflowEnd,
  stepBytes,
  tableDisplacementBits,
  tableDivisor,
  tableEnd,
  tableRowsMax,
  tableShift,
  tableSlotBytes,
  tableStart,
  tableStepShift,
} from './table'

/** This worker's partition: counters, then buffers. */
let counters: usize = 0
let buffers: usize = 0
/** Bits of a key. */
let keyBits: u64 = 0
let keyMask: u64 = 0

/** Bytes of the buffer of one shard. */
const BUFFER_BYTES: usize = PARTITION_KEYS * 8

/** How rows are moved together and mixed for shards. */
let shardLeftBits: u64 = 32
let shardHalf: u64 = 0
let shardMask: u64 = 0

/** Sets up the worker's partition; see Kernel.attachPartition. */
export function attachPartition(area: usize, bits: u32, leftBits: u32): void {
  shardLeftBits = leftBits
  shardHalf = (bits + 1) >> 1
  shardMask = bits >= 64 ? ~0 : ((<u64>1) << bits) - 1
  counters = area
  buffers = area + 64
  keyBits = bits - SHARD_BITS
  keyMask = ((<u64>1) << keyBits) - 1
}

/** Puts a mixed value into the buffer of its shard. True if that has no room for another batch. */
function collect(mixed: u64): bool {
  const shard = <usize>(mixed >> keyBits)
  const counter = counters + (shard << 2)
  const count = load<u32>(counter)
  store<u64>(buffers + shard * BUFFER_BYTES + ((<usize>count) << 3), mixed & keyMask)
  store<u32>(counter, count + 1)
  return count >= <u32>(PARTITION_KEYS - BATCH_ROWS)
}

/** Collects the rows of the scratch. True if some buffer has no room for another batch. */
export function collectScratch(count: u32, scratch: usize): bool {
  let full = false
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (; scratch < end; scratch += SCRATCH_ENTRY_BYTES) {
    if (collect(mix(keyOf(load<u64>(scratch), keyLeftBits)))) full = true
  }
  return full
}

/**
 * The value for shards of a row whose mixed value in the first table is `mixed`. If states are
 * folded, keys are longer in shards, where they cannot grow.
 */
function remixed(mixed: u64): u64 {
  return mixWith(keyOf(rowOf(unmix(mixed), keyLeftBits), shardLeftBits), shardHalf, shardMask)
}

/**
 * Collects rows of the first table by their mixed values there until some buffer has no room for
 * another batch. Returns how many.
 */
export function partitionKeys(mixed: usize, count: u32): u32 {
  let done: u32 = 0
  while (done < count) {
    if (collect(remixed(load<u64>(mixed + done++ * 8)))) break
  }
  return done
}

/**
 * Inserts keys into the table of this memory and moves those that were new to the front, in order.
 * Returns how many were dealt with; `result` gets status and number of new keys.
 */
export function insertKeysInto(keys: usize, count: u32, scratch: usize, result: usize): u32 {
  let status = STATUS_OK
  let done: u32 = 0
  setLogPosition(keys)
  let counted = keys
  while (done < count) {
    const newKeys = <u32>((logPosition - counted) >> 3)
    const used = atomic.add<u32>(TABLE_USED, newKeys) + newKeys
    counted = logPosition
    if (used >= tableRowsMax) {
      status = STATUS_GROW
      break
    }
    const batch = min<u32>(count - done, BATCH_ROWS)
    for (let i: u32 = 0; i < batch; i++) {
      store<u64>(scratch + i * SCRATCH_ENTRY_BYTES, load<u64>(keys + (done + i) * 8))
    }
    const left =
      tableSlotBytes == 4 ? insertNarrow32(batch, scratch) : insertNarrow64(batch, scratch)
    done += batch - left
    if (left != 0) {
      // Those that found no slot come last, where no new key can have been moved to.
      const pending = pendingRows(scratch)
      for (let i: u32 = 0; i < left; i++) {
        store<u64>(keys + (done + i) * 8, load<u64>(load<u32>(pending + i * 4)))
      }
      status = STATUS_GROW
      break
    }
  }
  atomic.add<u32>(TABLE_USED, <u32>((logPosition - counted) >> 3))
  store<i32>(result, status, RESULT_STATUS)
  store<u32>(result, <u32>((logPosition - keys) >> 3), RESULT_FRESH_COUNT)
  return done
}

/**
 * Appends the rows of new keys of `shard` to the level log, as far as the block reaches. Returns
 * how many; `result` is written as by `insert`.
 */
export function appendKeysOf(shard: u32, keys: usize, count: u32, result: usize): u32 {
  const status = ensureRoom(result)
  const room = status == STATUS_OK ? <u32>((logEnd - logPosition) >> 3) : 0
  const appended = min(room, count)
  const fresh = logPosition
  const high = (<u64>shard) << keyBits
  for (let i: u32 = 0; i < appended; i++) {
    store<u64>(fresh + i * 8, rowOf(unmix(high | load<u64>(keys + i * 8)), keyLeftBits))
  }
  setLogPosition(fresh + appended * 8)
  commitRuns()
  store<i32>(result, status, RESULT_STATUS)
  store<u32>(result, fresh, RESULT_FRESH_ADDRESS)
  store<u32>(result, appended, RESULT_FRESH_COUNT)
  return appended
}

/**
 * Writes the mixed values of the rows in lines `first` to `last` - 1 of this memory's table to
 * `out`. Lines beyond the table's are those of the overflow. Returns how many there are, at most 16
 * to a line.
 */
export function extractKeys(first: u32, last: u32, out: usize): u32 {
  const lines = <u32>((tableEnd - tableStart) / LINE_BYTES)
  const displacementMask = ((<u64>1) << tableDisplacementBits) - 1
  const low = ((<u64>1) << tableShift) - 1
  let end = out
  for (let i = first; i < min(last, lines); i++) {
    const line = tableStart + <usize>i * LINE_BYTES
    for (let slot = line; slot < line + LINE_BYTES; slot += tableSlotBytes) {
      const value = tableSlotBytes == 4 ? <u64>load<u32>(slot) : load<u64>(slot)
      if (value == 0) break
      const remainder = value >> tableDisplacementBits
      const displacement = <u32>((value & displacementMask) - 1)
      let home = i
      if (displacement != 0) {
        const step = <u32>stepBytes(remainder, tableStepShift) / LINE_BYTES
        const moved = (displacement * step) % lines
        home = i >= moved ? i - moved : i + lines - moved
      }
      const high = <u64>home * tableDivisor + (remainder >> tableShift)
      store<u64>(end, (high << tableShift) | (remainder & low))
      end += 8
    }
  }
  let slot = tableEnd + <usize>(max(first, lines) - lines) * LINE_BYTES
  const slotEnd = min(overflowEnd, tableEnd + <usize>(max(last, lines) - lines) * LINE_BYTES)
  for (; slot < slotEnd; slot += 8) {
    const value = load<u64>(slot)
    if (value == 0) continue
    store<u64>(end, value - 1)
    end += 8
  }
  return <u32>((end - out) >> 3)
}
