/**
 * Takes checkpoints of a search in the level barrier, where every state found so far is in the
 * level log and nobody moves. Each worker has one; that of the last to arrive works, while all
 * others wait. What is on disk is in the record that they share.
 */
import { fsyncSync } from 'node:fs'
import { defined } from '../base/assert.js'
import { replaceManifest } from '../store/checkpoint-manifest.js'
import { NO_LEVELS_DIGEST, RowsAppender } from '../store/checkpoint-rows.js'
import type { Kernel } from '../store/kernel.js'
import { LevelLog } from '../store/level-log.js'
import { CheckpointRecord } from './checkpoint-record.js'
import { readCut } from './cut.js'
import type { LevelStep } from './level-step.js'
import type { CheckpointSetup, WorkerSetup } from './protocol.js'
import type { Rendezvous } from './rendezvous.js'

/** See the head of this file. Belongs to one thread. */
export class CheckpointWriter {
  readonly #setup: WorkerSetup
  readonly #checkpoint: CheckpointSetup
  readonly #kernel: Kernel
  readonly #meeting: Rendezvous
  readonly #record: CheckpointRecord

  constructor(
    setup: WorkerSetup,
    checkpoint: CheckpointSetup,
    kernel: Kernel,
    meeting: Rendezvous,
  ) {
    this.#setup = setup
    this.#checkpoint = checkpoint
    this.#kernel = kernel
    this.#meeting = meeting
    this.#record = new CheckpointRecord(checkpoint.record)
  }

  /** To be called after each level step, before anyone leaves the barrier. */
  settle(step: LevelStep): void {
    if (step.isCut) this.#record.copyCut(this.#setup)
    if (this.#isDue(step)) this.#write()
  }

  /**
   * Checkpoints are due at the first cut, when the time has come, and when a limit ends the search;
   * not at its natural end, where nothing is left to go on with.
   */
  #isDue({ finished, isCut }: LevelStep): boolean {
    const { written, writtenMs, cutDepth } = this.#record
    if (cutDepth <= (written?.depth ?? -1)) return false
    if (finished) return this.#meeting.stopReason !== 0
    return isCut && Date.now() - writtenMs >= this.#checkpoint.everyMs
  }

  /** Writes the last cut. If that fails, the checkpoint before stays, and the search goes on. */
  #write(): void {
    const { folder, rowsFd, head, startedMs, secondsBefore } = this.#checkpoint
    const { strideWords } = this.#setup
    const written = this.#record.written
    const after = written ?? { depth: -1, sizeBytes: 0, digest: NO_LEVELS_DIGEST }
    const depth = this.#record.cutDepth
    try {
      const rows = new RowsAppender(rowsFd, { ...after, strideWords })
      const log = this.#log()
      for (let level = after.depth + 1; level <= depth; level++) {
        rows.appendLevel(level, piecesOf(log, level))
      }
      fsyncSync(rowsFd)
      const seconds = secondsBefore + (Date.now() - startedMs) / 1000
      const { view, setup } = this.#record.cut(this.#setup)
      const cut = readCut(view, setup, seconds)
      const { sizeBytes, digest } = rows
      replaceManifest(folder, { head, cut, rows: { sizeBytes, digest, strideWords } })
      this.#record.noteWritten({ depth, sizeBytes, digest })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#record.noteFailure(code ?? message)
    }
  }

  /** The level log as it is now, read with this worker's own areas. */
  #log(): LevelLog {
    const { memory, spill, plan, index } = this.#setup
    const workspace = { kernel: this.#kernel, area: defined(plan.areas[index]) }
    return new LevelLog(memory, this.#setup, workspace, spill, true)
  }
}

/** The packed states at `depth`, a run at a time. */
function* piecesOf(log: LevelLog, depth: number): Generator<Uint8Array> {
  for (const run of log.runs(depth)) {
    const sizeBytes = run.rowCount * log.strideWords * 8
    yield new Uint8Array(log.memory.buffer, log.statesOf(run), sizeBytes)
  }
}
