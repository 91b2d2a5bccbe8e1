/**
 * Reads the level log: every distinct state of a run, by depth. The kernel writes it
 * (`workers/kernel/log.ts`); here it is read after the run, or between levels, by one thread.
 *
 * Descriptors are sorted by depth, so a level is a range of them, found by binary search. Rows
 * never move; the log keeps the shared memory of the run alive for as long as it is referenced.
 * A row has 64 bits: a state of one word, or a folded state, which is unfolded here.
 */
import { assert } from '../base/assert.js'
import {
  DESCRIPTORS_PER_CHUNK,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_COUNT,
  DIRECTORY,
} from './control-slots.js'
import { foldTree, type RowFormat } from './fold-tree.js'
import type { Kernel } from './kernel.js'
import type { WorkerArea } from './memory-plan.js'

/** A run of rows of one depth that lie one after the other in memory. */
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

  /** Covers the descriptors that exist now; rows appended later are not seen. */
  constructor(memory: WebAssembly.Memory, format: RowFormat, workspace: Workspace) {
    this.memory = memory
    this.strideWords = format.strideWords
    this.#isFolded = foldTree(format) !== null
    this.workspace = workspace
    this.#view = new DataView(memory.buffer)
    this.#descriptorCount = this.#view.getUint32(DESCRIPTOR_COUNT, true)
  }

  /** Number of levels that have a state; depths are 0 to levelCount - 1. */
  get levelCount(): number {
    return this.#descriptorCount === 0 ? 0 : this.#depthAt(this.#descriptorCount - 1) + 1
  }

  /** Number of states at `depth`; 0 beyond the last level. */
  rowCount(depth: number): number {
    let count = 0
    for (const run of this.runs(depth)) count += run.rowCount
    return count
  }

  /**
   * The runs of rows at `depth`. Their order, and that of rows in them, depends on worker timing.
   */
  *runs(depth: number): Generator<LogRun> {
    const end = this.#firstAtLeast(depth + 1)
    for (let index = this.#firstAtLeast(depth); index < end; index++) {
      const descriptor = this.#descriptor(index)
      yield {
        address: this.#view.getUint32(descriptor, true),
        rowCount: this.#view.getUint32(descriptor + 4, true),
      }
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

  /** Address of descriptor `index`. */
  #descriptor(index: number): number {
    const chunkIndex = Math.floor(index / DESCRIPTORS_PER_CHUNK)
    const chunk = this.#view.getUint32(DIRECTORY + chunkIndex * 4, true)
    assert(chunk !== 0, 'the level log has a descriptor outside of its chunks')
    return chunk + (index % DESCRIPTORS_PER_CHUNK) * DESCRIPTOR_BYTES
  }

  #depthAt(index: number): number {
    return this.#view.getUint32(this.#descriptor(index) + 8, true)
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
