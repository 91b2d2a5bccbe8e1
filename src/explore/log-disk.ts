/**
 * One worker's part of the level log on disk: reads the runs that it takes, and writes the blocks
 * that its kernel asks to write (`workers/kernel/log-blocks.ts`). Belongs to one thread.
 */
import { defined } from '../base/assert.js'
import {
  BLOCK_BYTES,
  LOG_BLOCK_BYTES,
  LOG_ROW_BYTES,
  LOG_SPILLS,
  RESULT_RUN_BLOCK,
  RESULT_RUN_COUNT,
  RESULT_RUN_OFFSET,
  RESULT_SPILL_ADDRESS,
  RESULT_SPILL_BLOCK,
  SPILLS_FAILED,
} from '../store/control-slots.js'
import type { Kernel } from '../store/kernel.js'
import type { WorkerArea } from '../store/memory-plan.js'
import { readSpill, writeSpill, type SpillFile } from '../store/spill-file.js'
import { STOP_DISK, type WorkerSetup } from './protocol.js'
import type { Rendezvous } from './rendezvous.js'

/** See the head of this file. */
export class LogDisk {
  readonly #setup: WorkerSetup
  readonly #area: WorkerArea
  readonly #kernel: Kernel
  readonly #meeting: Rendezvous
  readonly #view: DataView

  constructor(setup: WorkerSetup, kernel: Kernel, meeting: Rendezvous) {
    this.#setup = setup
    this.#area = defined(setup.plan.areas[setup.index])
    this.#kernel = kernel
    this.#meeting = meeting
    this.#view = new DataView(setup.memory.buffer)
  }

  /**
   * Reads the rows of the descriptor that the kernel has read last. Returns their address, where
   * they stay until the next call. If that fails the search is told to end, and the address is 0.
   */
  readRun(): number {
    const { memory } = this.#setup
    const place = { block: this.#result(RESULT_RUN_BLOCK), offset: this.#result(RESULT_RUN_OFFSET) }
    const sizeBytes = this.#result(RESULT_RUN_COUNT) * LOG_ROW_BYTES
    const { run } = this.#area
    const file = this.#file()
    try {
      readSpill(file, place, { memory, address: run, sizeBytes })
      return run
    } catch {
      this.#meeting.requestStop(STOP_DISK)
      return 0
    }
  }

  /** Writes the block that the kernel asked to write. If that fails, the log stays in memory. */
  spillBlock(): void {
    const { memory } = this.#setup
    const place = { block: this.#result(RESULT_SPILL_BLOCK), offset: 0 }
    const address = this.#result(RESULT_SPILL_ADDRESS)
    const sizeBytes = this.#view.getUint32(LOG_BLOCK_BYTES, true) || BLOCK_BYTES
    const file = this.#file()
    try {
      writeSpill(file, place, { memory, address, sizeBytes })
    } catch {
      this.#meeting.store(LOG_SPILLS, SPILLS_FAILED)
      return
    }
    this.#kernel.completeSpill()
  }

  #file(): SpillFile {
    return defined(this.#setup.spill ?? undefined, 'a log that spills has a file')
  }

  /** A number of this worker's result line. */
  #result(offset: number): number {
    return this.#view.getUint32(this.#area.result + offset, true)
  }
}
