/**
 * One worker's access to a visited set in shards. A key is in the memory of its shard, which
 * another instance of the kernel sees; keys are copied there and back a few thousand at a time:
 *
 *   first memory                              memory of a shard
 *   partition -> buffer of the shard  ──────> inbox -> insertKeys
 *   log <- appendKeys <- the same buffer <─── inbox, the new keys
 *
 * What is done per key is in the kernel (`workers/kernel/shards.ts`).
 */
import {
  PARTITION_KEYS,
  REHASH_CURSOR,
  RESULT_FRESH_COUNT,
  RESULT_OMITTED,
  RESULT_STATUS,
  SHARDS,
  SHARD_MOVE_FAILED,
  SHARD_MOVING,
  SHARD_WANTED,
  STATUS_OK,
  TABLE,
} from './control-slots.js'
import { instantiateKernel, type Kernel } from './kernel.js'
import { MOVING_FIRST_TABLE } from './shard-growth.js'
import {
  bufferOf,
  isLossy,
  isStretching,
  shardArea,
  shardMemory,
  type ShardArea,
  type ShardMemories,
} from './shards.js'
import { readTableRecord, type KeyFormat } from './table-shape.js'

/** Lines whose keys fit an inbox, at most 16 to a line. */
const LINES_PER_STEP = PARTITION_KEYS / 16
/** Lines that a worker takes at a time, so that it stays in one part of the tables. */
const LINES_PER_RUN = 16 * LINES_PER_STEP
const KEY_BYTES = 8

/** This worker's instance of the kernel over one memory, and its areas there. */
interface Side {
  readonly kernel: Kernel
  readonly bytes: Uint8Array<ArrayBufferLike>
  /** 32-bit words of control slots and areas; index = byte address / 4. */
  readonly words: Int32Array<ArrayBufferLike>
  readonly control: DataView
}

/** See the head of this file. Belongs to one thread. */
export class ShardedSet {
  readonly #module: WebAssembly.Module
  readonly #shards: ShardMemories
  readonly #area: ShardArea
  /** The first memory. */
  readonly #first: Side
  /** This worker's partition in the first memory. */
  readonly #partition: number
  readonly #view: DataView
  readonly #sides = new Map<WebAssembly.Memory, Side>()

  constructor(
    first: { kernel: Kernel; memory: WebAssembly.Memory; partition: number },
    options: {
      module: WebAssembly.Module
      shards: ShardMemories
      worker: number
      keys: KeyFormat
    },
  ) {
    const { buffer } = first.memory
    this.#module = options.module
    this.#shards = options.shards
    this.#area = shardArea(options.worker)
    this.#partition = first.partition
    this.#view = new DataView(buffer)
    this.#first = {
      kernel: first.kernel,
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      control: this.#view,
    }
    first.kernel.attachPartition(first.partition, options.keys.bits, options.keys.leftBits)
  }

  /** Keys that wait to be inserted into `shard`. */
  waiting(shard: number): number {
    return this.#first.words[(this.#partition >> 2) + shard]!
  }

  /** Address in the first memory of the keys that wait for `shard`. */
  buffer(shard: number): number {
    return this.#partition + 64 + shard * PARTITION_KEYS * KEY_BYTES
  }

  /** Forgets the keys that wait for `shard`. */
  clear(shard: number): void {
    this.#first.words[(this.#partition >> 2) + shard] = 0
  }

  /**
   * Inserts waiting keys `from` to the last into `shard`, and writes those that were new to
   * position `to` of the buffer on, `to` <= `from`. Returns how many were dealt with, how many were
   * new, and how many more are expected to have been omitted. If not all were dealt with, the shard
   * must grow first, and is marked.
   */
  insert(
    shard: number,
    from: number,
    to: number,
  ): { done: number; fresh: number; omitted: number } {
    const { kernel, bytes, words, control } = this.#side(
      shardMemory(this.#view, this.#shards, shard),
    )
    const { inbox, result } = this.#area
    const buffer = this.buffer(shard)
    const count = this.waiting(shard) - from
    const start = buffer + from * KEY_BYTES
    bytes.set(this.#first.bytes.subarray(start, start + count * KEY_BYTES), inbox)
    const done = kernel.insertKeys(inbox, count)
    const fresh = words[(result + RESULT_FRESH_COUNT) >> 2]!
    this.#first.bytes.set(bytes.subarray(inbox, inbox + fresh * KEY_BYTES), buffer + to * KEY_BYTES)
    if (words[(result + RESULT_STATUS) >> 2] !== STATUS_OK) {
      this.#view.setUint8(SHARD_WANTED + shard, 1)
      const rest = bytes.subarray(inbox + done * KEY_BYTES, inbox + count * KEY_BYTES)
      this.#first.bytes.set(rest, start + done * KEY_BYTES)
    }
    const omitted = isLossy(this.#view) ? control.getFloat64(result + RESULT_OMITTED, true) : 0
    return { done, fresh, omitted }
  }

  /** This worker's instance of the kernel over the memory of a shard. */
  kernelOver(memory: WebAssembly.Memory): Kernel {
    return this.#side(memory).kernel
  }

  /** Reads the records of all tables again; before leaving a growth. */
  refresh(): void {
    for (const { kernel } of this.#sides.values()) kernel.refreshTable()
  }

  /** Takes part in the move that `stepShardGrowth` has begun, until no lines are left. */
  move(): void {
    const moving = this.#view.getUint32(SHARD_MOVING, true)
    const spread = moving === MOVING_FIRST_TABLE
    const source = spread
      ? this.#first
      : this.#side(shardMemory(this.#view, this.#shards, moving - 1))
    const { shape } = readTableRecord(new DataView(source.bytes.buffer), TABLE)
    const lines = shape.lines + shape.overflowLines
    this.refresh()
    source.kernel.refreshTable()
    if (!spread && isStretching(this.#view, this.#shards, moving - 1)) {
      while (source.kernel.rehash() !== 0);
      return
    }
    // What a move that has failed may have left.
    if (spread) for (let shard = 0; shard < SHARDS; shard++) this.clear(shard)
    for (;;) {
      const first = Atomics.add(source.words, REHASH_CURSOR >> 2, LINES_PER_RUN)
      if (first >= lines) break
      const last = Math.min(lines, first + LINES_PER_RUN)
      for (let line = first; line < last; line += LINES_PER_STEP) {
        const end = Math.min(last, line + LINES_PER_STEP)
        const moved = spread ? this.#spreadLines(line, end) : this.#moveLines(source, line, end)
        if (!moved) return
      }
    }
    if (spread) for (let shard = 0; shard < SHARDS; shard++) if (!this.#place(shard)) return
  }

  /** Moves the keys of some lines into the spare memory. False if the move has failed. */
  #moveLines(source: Side, first: number, last: number): boolean {
    const target = this.#side(shardMemory(this.#view, this.#shards, SHARDS))
    const { inbox } = this.#area
    const count = source.kernel.extractKeys(first, last, inbox)
    target.bytes.set(source.bytes.subarray(inbox, inbox + count * KEY_BYTES), inbox)
    return this.#settled(target.kernel.insertKeys(inbox, count) === count)
  }

  /** Collects the keys of some lines of the first table. False if the move has failed. */
  #spreadLines(first: number, last: number): boolean {
    const { kernel } = this.#first
    const out = this.buffer(SHARDS)
    const count = kernel.extractKeys(first, last, out)
    let done = 0
    while (done < count) {
      done += kernel.partitionKeys(out + done * KEY_BYTES, count - done)
      if (done === count) break
      for (let shard = 0; shard < SHARDS; shard++) {
        if (this.waiting(shard) > PARTITION_KEYS / 2 && !this.#place(shard)) return false
      }
    }
    return true
  }

  /** Moves the keys that wait for a shard into its table. False if the move has failed. */
  #place(shard: number): boolean {
    const count = this.waiting(shard)
    const { done } = this.insert(shard, 0, 0)
    this.clear(shard)
    return this.#settled(done === count)
  }

  /** Notes that a move has failed, and tells whether it has, in any worker. */
  #settled(moved: boolean): boolean {
    if (!moved) Atomics.store(this.#first.words, SHARD_MOVE_FAILED >> 2, 1)
    return Atomics.load(this.#first.words, SHARD_MOVE_FAILED >> 2) === 0
  }

  /** This worker's instance over `memory`. */
  #side(memory: WebAssembly.Memory): Side {
    const known = this.#sides.get(memory)
    if (known !== undefined) return known
    const { scratch, result } = this.#area
    const buffer = bufferOf(memory)
    const kernel = instantiateKernel(this.#module, memory)
    kernel.attachShard(scratch, result)
    kernel.refreshTable()
    const side = {
      kernel,
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      control: new DataView(buffer),
    }
    this.#sides.set(memory, side)
    return side
  }
}
