/** A visited set in this thread, as one worker uses it, with tiny tables that soon grow. */
import { readFileSync } from 'node:fs'
import {
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_STATUS,
  REHASH_FAILED,
  STATUS_GROW,
  STATUS_OK,
} from '../../src/store/control-slots.js'
import { assert } from '../../src/base/assert.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import { attachKernel, createMemory, instantiateKernel } from '../../src/store/kernel.js'
import { foldTree, type RowFormat } from '../../src/store/fold-tree.js'
import { growInternTables } from '../../src/store/intern-tables.js'
import { LevelLog } from '../../src/store/level-log.js'
import { planMemory } from '../../src/store/memory-plan.js'
import { firstTable, needsNextTable, stepTableGrowth } from '../../src/store/table-growth.js'
import { controlView, createVisitedSet, visitedSetSize } from '../../src/store/visited-set.js'

const module = new WebAssembly.Module(readFileSync(builtFiles().kernel))

/** See the head of this file. */
export class SoloSet {
  readonly memory: WebAssembly.Memory
  readonly #kernel
  readonly #area
  readonly #format: RowFormat
  readonly #largeBytes: number | undefined
  /** Growths of the table; not of intern tables alone. */
  growths = 0
  /** How often a growth had to begin again, since some row had no slot. */
  retries = 0

  /** The first table has `tableBytes` bytes at most. From `largeBytes` on steps are small. */
  constructor(format: RowFormat, tableBytes: number, largeBytes?: number) {
    this.#largeBytes = largeBytes
    const sizes = { workers: 0, contextBytes: 64, firedBytes: 1, maxFanout: 1, ...format }
    const plan = planMemory({ ...sizes, sharded: false })
    this.memory = createMemory(plan.end + 2 ** 28)
    this.#kernel = instantiateKernel(module, this.memory)
    this.#area = plan.areas[0]!
    this.#format = format
    attachKernel(this.#kernel, format, this.#area)
    const options = { format, planEnd: plan.end, tableBytes, memoryBytes: 2 ** 28 }
    createVisitedSet(this.memory, this.#kernel, options)
    this.#kernel.refreshTable()
  }

  /** The key whose mixed value is `mixed`. */
  unmix(mixed: bigint): bigint {
    return BigInt.asUintN(64, this.#kernel.unmix(mixed))
  }

  /** Bytes of the table. */
  get bytes(): number {
    return visitedSetSize(controlView(this.memory)).bytes
  }

  /** All states that were inserted, each once, in the order in which they were new. */
  logged(): string[] {
    this.#kernel.flushLog()
    const workspace = { kernel: this.#kernel, area: this.#area }
    const log = new LevelLog(this.memory, this.#format, workspace)
    return [...log.rows(0)].map(row => row.join())
  }

  /** Inserts rows; returns those that were new, as the set reports them. */
  insert(rows: readonly (readonly bigint[])[]): string[] {
    const view = controlView(this.memory)
    const rowBytes = this.#format.strideWords * 8
    const fresh: string[] = []
    for (const [index, row] of rows.entries()) {
      for (const [word, value] of row.entries()) {
        view.setBigUint64(this.#area.buffer + index * rowBytes + word * 8, value, true)
      }
    }
    let done = 0
    while (done < rows.length) {
      done += this.#kernel.insert(this.#area.buffer + done * rowBytes, rows.length - done)
      const address = view.getUint32(this.#area.result + RESULT_FRESH_ADDRESS, true)
      const count = view.getUint32(this.#area.result + RESULT_FRESH_COUNT, true)
      const words = new BigUint64Array(this.memory.buffer, address, count * (rowBytes / 8))
      for (let row = 0; row < count; row++) {
        fresh.push(words.subarray((row * rowBytes) / 8, ((row + 1) * rowBytes) / 8).join())
      }
      const status = view.getInt32(this.#area.result + RESULT_STATUS, true)
      if (status === STATUS_GROW) this.#grow(view)
      else assert(status === STATUS_OK, 'no memory in a test')
    }
    return fresh
  }

  #grow(view: DataView): void {
    const tree = foldTree(this.#format)
    const hasGrown = tree === null || growInternTables(view, this.#kernel, tree)
    assert(hasGrown, 'no memory in a test')
    const growing = firstTable(view, this.#kernel, this.#format, this.#largeBytes)
    while (needsNextTable(view, this.#format)) {
      let step = stepTableGrowth(growing)
      while (step === 'rehash') {
        while (this.#kernel.rehash() !== 0);
        if (view.getUint32(REHASH_FAILED, true) !== 0) this.retries++
        step = stepTableGrowth(growing)
      }
      assert(step === 'done', 'no memory in a test')
      this.growths++
    }
    this.#kernel.refreshTable()
  }
}
