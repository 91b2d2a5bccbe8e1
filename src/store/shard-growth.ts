/**
 * How the visited set comes to its shards, and how a shard grows.
 *
 *   spread    the first memory's table -> the tables of all shards
 *   stretch   a shard's table with 32-bit slots gets longer where it lies (table-growth.ts)
 *   move      one with 64-bit slots    -> a larger one in the spare memory
 *
 * The memory that a moved shard leaves is the spare one from then on. So a move needs room for one
 * shard more, an eighth of the visited set, and pages that were committed once are used again.
 *
 * `stepShardGrowth` runs on one worker while all others stand in the growth barrier; it ends what
 * was going on and begins the next. Between two calls all workers take part (`ShardedSet.move`). If
 * some key finds no slot in a move, it begins again with a larger table: the old one is never
 * written.
 *
 * When there is no memory for a larger table, the search ends; or, if the user has asked for it,
 * the shard becomes lossy: its keys move to an array of bits of about the same size
 * (workers/kernel/bits.ts), which never grows.
 */
import {
  LINE_BYTES,
  MEMORY_LIMIT,
  MEMORY_NEXT,
  MEMORY_TOP,
  REHASH_CURSOR,
  SHARDED,
  SHARDS,
  SHARD_ATTEMPTS,
  SHARD_BITS,
  SHARD_LOSSY,
  SHARD_MEMORY,
  SHARD_MOVE_FAILED,
  SHARD_MOVING,
  SHARD_WANTED,
  TABLE,
  TABLE_USED,
} from './control-slots.js'
import type { Kernel } from './kernel.js'
import { allocatedBytes } from './memory-bytes.js'
import {
  bufferOf,
  committedBytes,
  controlOf,
  enlarge,
  isSharded,
  isStretching,
  shardMemory,
  shardTable,
  shardTableStart,
  type ShardMemories,
} from './shards.js'
import {
  nextGrowthBytes,
  stepTableGrowth,
  type GrowingTable,
  type NextTable,
  type TableGrowthStep,
} from './table-growth.js'
import {
  bitsShape,
  grownShapes,
  readTableRecord,
  tableBytes,
  tableShapes,
  writeTableRecord,
  writeKeys,
  type KeyFormat,
  type TableShape,
} from './table-shape.js'

/** What a step of the growth found. */
export type ShardStep = 'move' | 'done' | 'refused'

/** What a step works with: the first memory's control slots and kernel, and the shards. */
export interface ShardStore {
  readonly view: DataView
  readonly kernel: Kernel
  readonly shards: ShardMemories
  readonly workers: number
  /** The keys of rows in shards. */
  readonly keys: KeyFormat
  /** The caller's instance of the kernel over a shard's memory. */
  readonly kernelOver: (memory: WebAssembly.Memory) => Kernel
}

/** SHARD_MOVING while the first table is spread. */
export const MOVING_FIRST_TABLE = SHARDS + 1
/** Of a shard's table: its instances of the kernel mix nothing, and know keys only as numbers. */
const KEYS_ARE_MIXED: KeyFormat = { bits: 0, leftBits: 32 }
/** A shard grows by at least this factor. */
const GROWTH_FACTOR = 1.2
/** Tables of shards begin with room for so many times their keys. */
const SPREAD_FACTOR = 1.15
/** An array of bits smaller than this is of no use. */
const BITS_LINES_MIN = 64
/** So much more room with each failed attempt. */
const RETRY_FACTOR = 1.1

/** The smallest table of keys that need not grow before it has `rows` rows. */
function shapeFor({ keys }: Pick<ShardStore, 'keys'>, rows: number): TableShape | undefined {
  const shapes = tableShapes(keys.bits - SHARD_BITS)
  return shapes.find(({ rowsMax }) => rowsMax > rows)
}

/**
 * Puts an empty table into `memory`. False if that would pass the limit or the end of a memory.
 * Clears what a former table left.
 */
function placeTable(store: ShardStore, memory: WebAssembly.Memory, shape: TableShape): boolean {
  const { view, shards } = store
  const control = controlOf(memory)
  const address = shardTableStart(store.workers)
  const end = address + tableBytes(shape)
  const before = control.getUint32(MEMORY_NEXT, true)
  const others = allocatedBytes(view) + committedBytes(shards) - before
  if (others + Math.max(before, end) > shards.memoryBytes) return false
  if (end > control.getUint32(MEMORY_TOP, true)) return false
  const left = Math.max(0, Math.min(before, end) - address)
  new Uint8Array(bufferOf(memory), address, left).fill(0)
  control.setUint32(MEMORY_NEXT, Math.max(before, end), true)
  control.setUint32(TABLE_USED, 0, true)
  writeTableRecord(control, TABLE, { shape, address, keys: KEYS_ARE_MIXED })
  takeFromLog(store)
  return true
}

/** What shards take, the level log can't. */
function takeFromLog({ view, shards }: ShardStore): void {
  const rest = Math.max(0, shards.memoryBytes - committedBytes(shards))
  const limit = view.getUint32(MEMORY_LIMIT, true)
  view.setUint32(MEMORY_LIMIT, Math.min(limit, rest), true)
}

/**
 * Puts an empty array of bits into `memory`, of `bytes` bytes or as much as there is. False if the
 * user has not asked for it, or there is almost nothing.
 */
function placeBits(store: ShardStore, memory: WebAssembly.Memory, bytes: number): boolean {
  const { view, shards, workers } = store
  const before = controlOf(memory).getUint32(MEMORY_NEXT, true)
  const others = allocatedBytes(view) + committedBytes(shards) - before
  const room = Math.max(before, shards.memoryBytes - others) - shardTableStart(workers)
  const lines = Math.floor(Math.min(bytes, room) / LINE_BYTES)
  if (!shards.lossy || lines < BITS_LINES_MIN) return false
  view.setUint32(SHARD_LOSSY, 1, true)
  return placeTable(store, memory, bitsShape(lines))
}

/** Begins to spread the first table. */
function beginSpread(store: ShardStore, factor: number): ShardStep {
  const { view, shards } = store
  const shape = shapeFor(store, (view.getUint32(TABLE_USED, true) / SHARDS) * factor)
  if (shape === undefined || !enlarge(shards)) return 'refused'
  for (let shard = 0; shard <= SHARDS; shard++) view.setUint8(SHARD_MEMORY + shard, shard)
  for (let shard = 0; shard < SHARDS; shard++) {
    view.setUint8(SHARD_WANTED + shard, 0)
    if (!placeTable(store, shardMemory(view, shards, shard), shape)) return 'refused'
  }
  view.setUint32(REHASH_CURSOR, 0, true)
  view.setUint32(SHARD_MOVING, MOVING_FIRST_TABLE, true)
  return 'move'
}

/** The table of a shard, to be stretched in small steps. */
function growingShard(store: ShardStore, shard: number): GrowingTable {
  const { view, shards, keys } = store
  const memory = shardMemory(view, shards, shard)
  const control = controlOf(memory)
  const { shape } = readTableRecord(control, TABLE)
  const shapes = grownShapes(keys.bits - SHARD_BITS, shape, 0)
  const next = (): NextTable => ({ keys: KEYS_ARE_MIXED, shapes })
  const kernel = store.kernelOver(memory)
  kernel.refreshTable()
  return { view: control, kernel, next, mayCopy: false }
}

/** Bytes to be left for the array of bits that a shard may have to become, beside its table. */
function bytesForBits({ view, shards }: ShardStore, shard: number): number {
  if (!shards.lossy) return 0
  const { shape } = shardTable(view, shards, shard)
  const spare = allocatedBytes(controlOf(shardMemory(view, shards, SHARDS)))
  return Math.max(0, tableBytes(shape) - spare)
}

/** Goes on with stretching a shard's table, or begins to. 'refused' if there is no memory. */
function stretchShard(store: ShardStore, shard: number): TableGrowthStep {
  const { view, shards } = store
  const growing = growingShard(store, shard)
  const others = allocatedBytes(view) + committedBytes(shards) - allocatedBytes(growing.view)
  const rest = shards.memoryBytes - others - bytesForBits(store, shard)
  growing.view.setUint32(MEMORY_LIMIT, Math.max(0, rest), true)
  const step = stepTableGrowth(growing)
  takeFromLog(store)
  return step
}

/** Begins to let the first shard grow that has no room left. */
function beginGrowth(store: ShardStore, factor: number): ShardStep {
  const { view, shards } = store
  for (let shard = 0; shard < SHARDS; shard++) {
    const { shape, used } = shardTable(view, shards, shard)
    if (used < shape.rowsMax && view.getUint8(SHARD_WANTED + shard) === 0) continue
    if (shape.slotBytes === 4 && stretchShard(store, shard) === 'rehash') {
      view.setUint32(SHARD_MOVING, 1 + shard, true)
      return 'move'
    }
    const next = shapeFor(store, shape.rowsMax * factor)
    const spare = shardMemory(view, shards, SHARDS)
    const isPlaced = next !== undefined && placeTable(store, spare, next)
    if (!isPlaced && !placeBits(store, spare, tableBytes(shape))) return 'refused'
    controlOf(shardMemory(view, shards, shard)).setUint32(REHASH_CURSOR, 0, true)
    view.setUint32(SHARD_MOVING, 1 + shard, true)
    return 'move'
  }
  return 'done'
}

/** Puts the tables that a move has filled in place of the one that it has left. */
function endMove({ view, kernel, keys }: ShardStore, moving: number): void {
  if (moving === MOVING_FIRST_TABLE) {
    const { shape, address } = readTableRecord(view, TABLE)
    kernel.releaseTable(address, tableBytes(shape))
    writeKeys(view, TABLE, keys)
    view.setUint32(SHARDED, 1, true)
    return
  }
  const shard = moving - 1
  const left = view.getUint8(SHARD_MEMORY + shard)
  view.setUint8(SHARD_MEMORY + shard, view.getUint8(SHARD_MEMORY + SHARDS))
  view.setUint8(SHARD_MEMORY + SHARDS, left)
  view.setUint8(SHARD_WANTED + shard, 0)
}

/** Bytes that the growth of the largest shard will take beyond what is committed. */
export function shardGrowthBytes(store: Omit<ShardStore, 'kernel' | 'kernelOver'>): number {
  const { view, shards, workers, keys } = store
  let rows = 0
  let bytes = 0
  for (let shard = 0; shard < SHARDS; shard++) {
    const { shape } = shardTable(view, shards, shard)
    rows = Math.max(rows, shape.rowsMax)
    const control = controlOf(shardMemory(view, shards, shard))
    if (shape.slotBytes === 4) {
      bytes = Math.max(bytes, nextGrowthBytes(control, keys.bits - SHARD_BITS, 0))
    }
  }
  if (bytes > 0) return bytes
  const next = shapeFor(store, rows * GROWTH_FACTOR)
  const spare = controlOf(shardMemory(view, shards, SHARDS)).getUint32(MEMORY_NEXT, true)
  return next === undefined ? 0 : Math.max(0, shardTableStart(workers) + tableBytes(next) - spare)
}

/** Ends the move that all workers have taken part in, if there was one, and begins the next. */
export function stepShardGrowth(store: ShardStore): ShardStep {
  const { view, shards } = store
  const moving = view.getUint32(SHARD_MOVING, true)
  const failed = view.getUint32(SHARD_MOVE_FAILED, true) !== 0
  const attempts = failed ? view.getUint32(SHARD_ATTEMPTS, true) + 1 : 0
  view.setUint32(SHARD_MOVING, 0, true)
  view.setUint32(SHARD_MOVE_FAILED, 0, true)
  view.setUint32(SHARD_ATTEMPTS, attempts, true)
  const shard = moving - 1
  if (shard >= 0 && shard < SHARDS && isStretching(view, shards, shard)) {
    const step = stretchShard(store, shard)
    if (step === 'rehash') view.setUint32(SHARD_MOVING, moving, true)
    // A key may be in no table now: then nothing else may be done about memory.
    if (step !== 'done') return step === 'rehash' ? 'move' : 'refused'
    view.setUint8(SHARD_WANTED + shard, 0)
  } else if (moving !== 0 && !failed) endMove(store, moving)
  const retry = RETRY_FACTOR ** attempts
  if (isSharded(view)) return beginGrowth(store, GROWTH_FACTOR * retry)
  return beginSpread(store, SPREAD_FACTOR * retry)
}
