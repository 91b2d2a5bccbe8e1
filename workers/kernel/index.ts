/**
 * The store's kernel: what is done per state, in WebAssembly over the shared memory. It knows rows of
 * words and no model. Each worker has its own instance; globals hold what belongs to one worker.
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
  STATUS_GROW,
  STATUS_MEMORY,
  STATUS_OK,
  TABLE_USED,
  WIDE_HASH_BITS,
} from '../../src/store/control-slots'
import {
  commitRuns,
  descriptorAddress,
  ensureRoom,
  logEnd,
  logPosition,
  rowBytes,
  setRowBytes,
} from './log'
import { setMixBits } from './mix'
import { insertNarrow32 } from './narrow32'
import { insertNarrow64 } from './narrow64'
import { rehash as rehashTable } from './rehash'
import { refreshTable, tableRowsMax, tableSlotBytes } from './table'
import { insertWide, rowsEqual } from './wide'

export { allocateTable, releaseTable } from './memory'
export { beginDepth, flushLog } from './log'
export { mix, setMixBits, unmix } from './mix'
export { refreshTable } from './table'

let scratch: usize = 0
let result: usize = 0

/** Sets up this instance: row size, state width, and the worker's own areas. */
export function attach(strideWords: u32, stateBits: u32, scratchArea: usize, line: usize): void {
  setRowBytes(strideWords * 8)
  setMixBits(strideWords == 1 ? max<u32>(stateBits, 1) : WIDE_HASH_BITS)
  scratch = scratchArea
  result = line
}

/** Inserts up to BATCH_ROWS rows by the method that fits the table. */
function insertBatch(rows: usize, count: u32): u32 {
  if (rowBytes != 8) return insertWide(rows, count, scratch)
  if (tableSlotBytes == 4) return insertNarrow32(rows, count, scratch)
  return insertNarrow64(rows, count, scratch)
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
    const batch = min(min(count - done, room), BATCH_ROWS)
    const inserted = insertBatch(rows + <usize>done * rowBytes, batch)
    done += inserted
    if (inserted < batch) status = STATUS_GROW
  }
  const freshCount = <u32>((logPosition - fresh) / rowBytes)
  atomic.add<u32>(TABLE_USED, <u32>((logPosition - counted) / rowBytes))
  commitRuns()
  store<i32>(result, status, RESULT_STATUS)
  store<u32>(result, fresh, RESULT_FRESH_ADDRESS)
  store<u32>(result, freshCount, RESULT_FRESH_COUNT)
  return done
}

/** Puts row address and row count of descriptor `index` into the result line. */
export function readDescriptor(index: u32): void {
  const descriptor = descriptorAddress(index)
  store<u32>(result, load<u32>(descriptor), RESULT_RUN_ADDRESS)
  store<u32>(result, load<u32>(descriptor, 4), RESULT_RUN_COUNT)
}

/** Takes part in a growth, between the two barriers. */
export function rehash(): void {
  rehashTable(rowBytes != 8)
}

/** Index of the first row equal to that at `target`, -1 if there is none. */
export function findRow(rows: usize, count: u32, target: usize): i32 {
  for (let i: u32 = 0; i < count; i++) {
    if (rowsEqual(rows + <usize>i * rowBytes, target, rowBytes)) return <i32>i
  }
  return -1
}
