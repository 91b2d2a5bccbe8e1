/**
 * What the workers of a search share about its checkpoints: which one is on disk, and a copy of all
 * that was counted when the last cut was made. A cut is a moment in the level barrier at which all
 * levels above some depth are expanded and that at this depth is not.
 *
 * The copy is needed since a level may be cut short (a limit, Ctrl-C), and the counters have moved
 * on by then. It is laid out as the search's own memory, slots first, so that the same functions
 * read both:
 *
 *   0      last checkpoint: depth + 1 i32, bytes of the failure i32, written f64, bytes of rows f64
 *   64     its digest, text; 128 text of the failure
 *   1024   slots of the search, as they were (control-slots.ts: SEARCH_SLOTS)
 *   2048   per worker: statistics, context, fired
 *
 * Read and written in the level barrier by the last worker to arrive, and by the main thread before
 * and after the search.
 */
import { defined } from '../base/assert.js'
import { FOLD_LEFT, SEARCH_SLOTS } from '../store/control-slots.js'
import type { MemoryPlan, WorkerArea } from '../store/memory-plan.js'
import { SLOT_LEVEL_DEPTH, type WorkerSetup } from './protocol.js'
import type { CheckpointOutcome } from './search-result.js'

const DEPTH = 0
const FAILURE_BYTES = 4
const WRITTEN_MS = 8
const ROWS_BYTES = 16
/** 1 once there is a copy. */
const HAS_CUT = 24
const DIGEST = 64
const DIGEST_BYTES = 64
const FAILURE = 128
const FAILURE_BYTES_MAX = SEARCH_SLOTS - FAILURE
const COUNTERS = FOLD_LEFT

/** The checkpoint that is on disk. */
export interface WrittenCheckpoint {
  readonly depth: number
  readonly sizeBytes: number
  readonly digest: string
}

/** Bytes of the counters of a worker. */
function counterBytes({ statistics, scratch }: WorkerArea): number {
  return scratch - statistics
}

/** Size of a record, bytes. */
export function recordBytes({ areas }: MemoryPlan): number {
  return COUNTERS + areas.reduce((sum, area) => sum + counterBytes(area), 0)
}

/** See the head of this file. */
export class CheckpointRecord {
  readonly #view: DataView
  readonly #bytes: Uint8Array

  constructor(record: SharedArrayBuffer) {
    this.#view = new DataView(record)
    this.#bytes = new Uint8Array(record)
  }

  /** The checkpoint on disk, null if there is none. */
  get written(): WrittenCheckpoint | null {
    const depth = this.#view.getInt32(DEPTH, true) - 1
    if (depth < 0) return null
    const sizeBytes = this.#view.getFloat64(ROWS_BYTES, true)
    return { depth, sizeBytes, digest: this.#text(DIGEST, DIGEST_BYTES) }
  }

  /** When it was written, or the last failure was, milliseconds since 1970. */
  get writtenMs(): number {
    return this.#view.getFloat64(WRITTEN_MS, true)
  }

  /** Why the last checkpoint could not be written, null if it could. */
  get failure(): string | null {
    const sizeBytes = this.#view.getInt32(FAILURE_BYTES, true)
    return sizeBytes === 0 ? null : this.#text(FAILURE, sizeBytes)
  }

  /** Depth of the last cut, -1 if there was none. */
  get cutDepth(): number {
    if (this.#view.getInt32(HAS_CUT, true) === 0) return -1
    return this.#view.getInt32(SLOT_LEVEL_DEPTH, true)
  }

  /** Notes that there is another checkpoint on disk. */
  noteWritten({ depth, sizeBytes, digest }: WrittenCheckpoint): void {
    this.#view.setInt32(DEPTH, depth + 1, true)
    this.#view.setFloat64(ROWS_BYTES, sizeBytes, true)
    this.#bytes.set(Buffer.from(digest), DIGEST)
    this.#view.setFloat64(WRITTEN_MS, Date.now(), true)
    this.#view.setInt32(FAILURE_BYTES, 0, true)
  }

  /** Notes that a checkpoint could not be written. */
  noteFailure(text: string): void {
    const bytes = Buffer.from(text).subarray(0, FAILURE_BYTES_MAX)
    this.#bytes.set(bytes, FAILURE)
    this.#view.setFloat64(WRITTEN_MS, Date.now(), true)
    this.#view.setInt32(FAILURE_BYTES, bytes.length, true)
  }

  /** Copies what has been counted, with all workers in the level barrier. */
  copyCut({ memory, plan }: WorkerSetup): void {
    const bytes = new Uint8Array(memory.buffer)
    this.#bytes.set(bytes.subarray(SEARCH_SLOTS, FOLD_LEFT), SEARCH_SLOTS)
    for (const [index, area] of copiedAreas(plan).entries()) {
      const { statistics, scratch } = defined(plan.areas[index])
      this.#bytes.set(bytes.subarray(statistics, scratch), area.statistics)
    }
    this.#view.setInt32(HAS_CUT, 1, true)
  }

  /** The last cut, to be read as the search's own memory with this setup. */
  cut(setup: WorkerSetup): { view: DataView; setup: WorkerSetup } {
    const plan = { ...setup.plan, areas: copiedAreas(setup.plan) }
    return { view: this.#view, setup: { ...setup, plan } }
  }

  #text(offset: number, sizeBytes: number): string {
    return Buffer.from(this.#bytes.slice(offset, offset + sizeBytes)).toString()
  }
}

/** What became of the checkpoints of a search that has ended; null if none were taken. */
export function checkpointOutcome({ checkpoint }: WorkerSetup): CheckpointOutcome | null {
  if (checkpoint === null) return null
  const { written, failure } = new CheckpointRecord(checkpoint.record)
  return { depth: written?.depth ?? null, failure }
}

/** The areas with the counters where the copy has them. */
function copiedAreas({ areas }: MemoryPlan): WorkerArea[] {
  let next = COUNTERS
  return areas.map(area => {
    const moved = next - area.statistics
    next += counterBytes(area)
    const { statistics, context, fired } = area
    return {
      ...area,
      statistics: statistics + moved,
      context: context + moved,
      fired: fired + moved,
    }
  })
}
