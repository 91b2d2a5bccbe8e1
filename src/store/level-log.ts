/**
 * Reads the level log: every distinct state of a run, by depth. The kernel writes it
 * (`workers/kernel/log.ts`); here it is read after the run, or between levels, by one thread.
 *
 * Descriptors are sorted by depth, so a level is a range of them, found by binary search. Rows on
 * disk are read a run at a time. The log keeps the shared memory of the run alive for as long as it
 * is referenced, and its spill file open until `close`. A
 * row has 64 bits: a state of one word, or a folded state, which is unfolded here.
 */
import { assert } from '../base/assert.js'
import {
  BLOCK_DIRECTORY,
  DESCRIPTOR_COUNT,
  DIRECTORY,
  ENTRIES_PER_CHUNK,
  ENTRY_BYTES,
  LOG_ROW_BYTES,
} from './control-slots.js'
import { foldTree, type RowFormat } from './fold-tree.js'
import type { Kernel } from './kernel.js'
import type { WorkerArea } from './memory-plan.js'
import { closeSpillFile, readSpill, type SpillFile } from './spill-file.js'

/** A run of rows of one depth, one after the other in memory. */
export interface LogRun {
  /** Byte address of the first row in the shared memory. */
  readonly address: number
  /** Number of rows, at least 1. */
  readonly rowCount: number
}

/** What the main thread works with when it searches the log. */
export interface Workspace {
  readonly kernel: Kernel
  readonly area: WorkerArea
}

/** Closes the files of logs that nobody closed and nobody refers to any more. */
const forgotten = new FinalizationRegistry(closeSpillFile)

/** The level log of one run. */
export class LevelLog {
  readonly memory: WebAssembly.Memory
  /** 64-bit words of one packed state. */
  readonly strideWords: number
  /** Areas and kernel instance that the reading thread may use once the workers have ended. */
  readonly workspace: Workspace
  readonly #view: DataView
  readonly #descriptorCount: number
  readonly #isFolded: boolean
  #spill: SpillFile | null

  /**
   * Covers the descriptors that exist now; rows appended later are not seen. Takes over `spill`,
   * null if no block is on disk; with `borrows` somebody else closes it.
   */
  constructor(
    memory: WebAssembly.Memory,
    format: RowFormat,
    workspace: Workspace,
    spill: SpillFile | null = null,
    borrows = false,
  ) {
    this.memory = memory
    this.strideWords = format.strideWords
    this.#isFolded = foldTree(format) !== null
    this.workspace = workspace
    this.#view = new DataView(memory.buffer)
    this.#descriptorCount = this.#view.getUint32(DESCRIPTOR_COUNT, true)
    this.#spill = spill
    if (spill !== null && !borrows) forgotten.register(this, spill, this)
  }

  /** Gives the disk space back. Rows on disk cannot be read any more. */
  close(): void {
    if (this.#spill === null) return
    forgotten.unregister(this)
    closeSpillFile(this.#spill)
    this.#spill = null
  }

  /** Number of levels that have a state; depths are 0 to levelCount - 1. */
  get levelCount(): number {
    return this.#descriptorCount === 0 ? 0 : this.#depthAt(this.#descriptorCount - 1) + 1
  }

  /** Number of states at `depth`; 0 beyond the last level. */
  rowCount(depth: number): number {
    let count = 0
    for (const descriptor of this.#descriptors(depth)) {
      count += this.#view.getUint16(descriptor + 4, true)
    }
    return count
  }

  /**
   * The runs of rows at `depth`. Their order, and that of rows in them, depends on worker timing. A
   * run's rows are there until the next run is asked for, by whomever. Throws the system's error if
   * the disk fails.
   */
  *runs(depth: number): Generator<LogRun> {
    for (const descriptor of this.#descriptors(depth)) {
      const rowCount = this.#view.getUint16(descriptor + 4, true)
      const block = this.#view.getUint32(descriptor, true)
      const offset = this.#view.getUint32(descriptor + 12, true)
      const blockAddress = this.#view.getUint32(this.#entry(BLOCK_DIRECTORY, block), true)
      const onDisk = blockAddress === 0
      const address = onDisk ? this.workspace.area.run : blockAddress + offset
      if (onDisk) {
        assert(this.#spill !== null, 'the level log has rows on disk, and no open file')
        const sizeBytes = rowCount * LOG_ROW_BYTES
        readSpill(this.#spill, { block, offset }, { memory: this.memory, address, sizeBytes })
      }
      yield { address, rowCount }
    }
  }

  /** All packed states at `depth`, in no particular order; each of strideWords words. */
  *rows(depth: number): Generator<BigUint64Array> {
    for (const run of this.runs(depth)) {
      // Copied at once: who takes the rows may have other runs unfolded meanwhile.
      const address = this.statesOf(run)
      const states = Array.from({ length: run.rowCount }, (_, row) =>
        this.state(address + row * this.strideWords * 8),
      )
      yield* states
    }
  }

  /**
   * Byte address of the packed states of some rows of one run, one after the other. Folded states
   * are unfolded into the workspace, where they stay until the next call.
   */
  statesOf({ address, rowCount }: LogRun): number {
    if (!this.#isFolded) return address
    const { kernel, area } = this.workspace
    kernel.unfold(address, rowCount, area.states)
    return area.states
  }

  /** A copy of the packed state at byte `address`, as `statesOf` gives it. */
  state(address: number): BigUint64Array {
    return new BigUint64Array(this.memory.buffer, address, this.strideWords).slice()
  }

  /** Addresses of the descriptors of the level at `depth`. */
  *#descriptors(depth: number): Generator<number> {
    const end = this.#firstAtLeast(depth + 1)
    for (let index = this.#firstAtLeast(depth); index < end; index++) {
      yield this.#entry(DIRECTORY, index)
    }
  }

  /** Address of entry `index` of a directory (workers/kernel/directory.ts). */
  #entry(directory: number, index: number): number {
    const chunkIndex = Math.floor(index / ENTRIES_PER_CHUNK)
    const chunk = this.#view.getUint32(directory + chunkIndex * 4, true)
    assert(chunk !== 0, 'the level log has an entry outside of its chunks')
    return chunk + (index % ENTRIES_PER_CHUNK) * ENTRY_BYTES
  }

  #depthAt(index: number): number {
    return this.#view.getUint32(this.#entry(DIRECTORY, index) + 8, true)
  }

  /** The first descriptor whose depth is at least `depth`. */
  #firstAtLeast(depth: number): number {
    let low = 0
    let high = this.#descriptorCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#depthAt(middle) < depth) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Compares packed states word by word, as unsigned numbers from word 0: negative, 0 or positive.
 */
export function compareRows(a: BigUint64Array, b: BigUint64Array): number {
  for (let word = 0; word < a.length; word++) {
    if (a[word]! !== b[word]!) return a[word]! < b[word]! ? -1 : 1
  }
  return 0
}
