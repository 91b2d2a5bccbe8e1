/**
 * The store's kernel as TypeScript sees it: typed exports of `dist/kernel.wasm`, whose sources
 * are in `workers/kernel`. All addresses are byte addresses in the shared memory, as 32-bit
 * numbers: what comes out of the kernel is signed, so `>>> 0` before use as a number.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { BLOCK_BYTES } from './control-slots.js'
import type { WorkerArea } from './memory-plan.js'
import { foldTree, type RowFormat } from './fold-tree.js'

/** Exports of one kernel instance. An instance belongs to one thread. */
export interface Kernel {
  /** Sets up the instance: row format, then the worker's own areas. Use `attachKernel`. */
  attach(
    strideWords: number,
    foldNodes: number,
    scratch: number,
    filter: number,
    fold: number,
    result: number,
    worker: number,
  ): void
  /** Reads the table's record again; before the first `insert` and before leaving a growth. */
  refreshTable(): void
  /**
   * Inserts rows into the visited set and appends those that were new to the level log, in order.
   * @param rows  address of packed states, row-major, each a valid state. If states are folded, the
   * new ones of those that were dealt with are moved to the front.
   * @param count  number of rows.
   * @returns how many rows were dealt with. The others come right after so many rows; if the table
   * must grow first, some rows may have changed their places for that. The worker's result line
   * holds the status and where
   * the new states lie: STATUS_OK with fewer than `count` means call again (a block was full),
   * STATUS_GROW that a table must grow first, STATUS_MEMORY that there is no memory for another
   * block, STATUS_SPILL that the block that the result line names must be written to disk first,
   * see `completeSpill`. Any worker, any time outside of a growth; of two equal rows raced by two
   * workers exactly one is new. States equal in all words, and only those, count as one.
   */
  insert(rows: number, count: number): number
  /** Sets up an instance over the memory of a shard, with the worker's areas there. */
  attachShard(scratch: number, result: number): void
  /**
   * Sets up the worker's partition (PARTITION_BYTES). Keys in shards have `bits` bits before they
   * are mixed, `leftBits` of them for the left half of a row.
   */
  attachPartition(partition: number, bits: number, leftBits: number): void
  /**
   * Sorts rows that the filter does not know into the worker's partition by shard. Returns how
   * many rows were dealt with; the result line holds STATUS_OK, or STATUS_FULL if some buffer must
   * be emptied before the next call; with folded states also STATUS_GROW or STATUS_MEMORY, as
   * `insert`.
   */
  partition(rows: number, count: number): number
  /** As `partition`, for mixed values. */
  partitionKeys(mixed: number, count: number): number
  /**
   * Inserts keys into the table of a shard's memory. Those that were new are moved to the front,
   * in order; the result line holds their number. Returns how many were dealt with: fewer than
   * `count` if the shard must grow first (STATUS_GROW); the others come right after so many. A
   * lossy shard never grows; it takes some
   * new keys for known, and the result line holds how many are expected (RESULT_OMITTED).
   */
  insertKeys(keys: number, count: number): number
  /**
   * Appends the rows of new keys of `shard` to the level log, as far as the block reaches. Returns
   * how many; the result line is as after `insert`.
   */
  appendKeys(shard: number, keys: number, count: number): number
  /**
   * Writes the mixed values of the rows in lines `first` to `last` - 1 of the table to `out`, at
   * most 16 to a line; lines beyond its end are those of the overflow. Returns their number.
   */
  extractKeys(first: number, last: number, out: number): number
  /**
   * Unfolds `count` rows of the level log from `logged` on, at most DESCRIPTOR_ROWS_MAX, to packed
   * states at `rows`. Only if states are folded. Any worker, and the main thread.
   */
  unfold(logged: number, count: number, rows: number): void
  /** Rows appended from now on have this depth; the log must be flushed. */
  beginDepth(depth: number): void
  /**
   * Publishes all rows appended so far as descriptors. At the end of each level, by each worker.
   */
  flushLog(): void
  /**
   * The block that STATUS_SPILL named is written: its memory is used again by the next `insert`.
   */
  completeSpill(): void
  /** Goes to the beginning of the level that has descriptors `first` to `end` - 1. */
  beginRuns(first: number, end: number): void
  /**
   * Takes a run of the level, this worker's own ones first. Returns its descriptor, -1 if none is
   * left. Any worker.
   */
  takeRun(): number
  /**
   * Looks at the 32-bit number at `address` until it is not `value` any more, at most `spins`
   * times. Returns 0 if it still is.
   */
  spinWhile(address: number, value: number, spins: number): number
  /** Puts where the rows of descriptor `index` of the level log are into the result line. */
  readDescriptor(index: number): void
  /**
   * Does a piece of what the phase of a growth (GROWTH_PHASE) asks for. All workers call it again
   * and again, each until it returns 0: nothing is left to be taken.
   */
  rehash(): number
  /** Allocates `bytes` (unsigned) of zeros for a table, 0 if the memory limit is reached. */
  allocateTable(bytes: number): number
  /** The same for an intern table. */
  allocateSlots(bytes: number): number
  /** Gives a table's memory back, to become blocks. */
  releaseTable(address: number, bytes: number): void
  /**
   * Enters what slots `first` to `last` - 1 of the intern table with this record hold into new
   * slots at `address`. One thread, with all workers in the growth barrier.
   */
  moveInternSlots(
    record: number,
    first: number,
    last: number,
    address: number,
    slots: number,
    indexBits: number,
  ): void
  /** Copies the directory of the intern table with this record to `directory`. */
  copyDirectory(record: number, directory: number, bytes: number): void
  /** Index of the first of `count` rows that equals the row at `target`, -1 if none does. */
  findRow(rows: number, count: number, target: number): number
  /** Sets the width of `mix` and `unmix`, 1..64 bits. */
  setMixBits(bits: number): void
  /** The mixed value of a key. */
  mix(key: bigint): bigint
  /** The inverse of `mix`. */
  unmix(mixed: bigint): bigint
}

/** A thread's instance of the kernel over `memory`. */
export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return instance.exports as unknown as Kernel
}

/** Sets `kernel` up for rows of `format` with the areas of one of `workers` workers. */
export function attachKernel(kernel: Kernel, format: RowFormat, area: WorkerArea): void {
  const { worker, scratch, filter, fold, result } = area
  const nodes = foldTree(format)?.nodes.length ?? 0
  kernel.attach(format.strideWords, nodes, scratch, filter, fold, result, worker)
}

/** Pages of WebAssembly for `bytes`, at most those of 4 GiB. */
export function pagesFor(bytes: number): number {
  return Math.min(65536, Math.ceil(bytes / BLOCK_BYTES))
}

/**
 * A shared memory of `bytes`, at most 4 GiB. Pages take memory only from the first write on. Throws
 * Diagnostic ZC501 if the process may not reserve address space for 4 GiB.
 */
export function createMemory(bytes: number): WebAssembly.Memory {
  const pages = pagesFor(bytes)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Diagnostic('ZC501', 'the system does not let this process reserve address space', {
      hint: "a run needs some 12 GiB of it, whatever --memory says; see 'ulimit -v'",
    })
  }
}

/**
 * The first memory of a run: `bytes` of it, or less if the system does not promise so much to one
 * process, but at least `bytesMin`. Throws as createMemory.
 */
export function createFirstMemory(bytes: number, bytesMin: number): WebAssembly.Memory {
  try {
    return createMemory(bytes)
  } catch (error) {
    if (!(error instanceof Diagnostic) || bytes <= bytesMin) throw error
    return createFirstMemory(Math.max(bytesMin, bytes / 2), bytesMin)
  }
}
