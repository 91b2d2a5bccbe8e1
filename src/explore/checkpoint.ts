/**
 * Checkpoints from the main thread: opens the files before a search, checks the states from which
 * it is to go on, and says afterwards what became of it. Who writes is `checkpoint-writer.ts`.
 */
import { closeSync, openSync } from 'node:fs'
import { Diagnostic } from '../base/diagnostic.js'
import { rowsPath, type Cut } from '../store/checkpoint-manifest.js'
import { damaged, verifyRows } from '../store/checkpoint-reader.js'
import { STATISTIC_STATES } from '../store/control-slots.js'
import type { LevelPlace } from '../store/checkpoint-rows.js'
import { CheckpointRecord, recordBytes } from './checkpoint-record.js'
import { total } from './collect.js'
import { fitsCut } from './cut.js'
import {
  SLOT_STOP,
  STOP_DAMAGED,
  STOP_DISK,
  STOP_MEMORY,
  type CheckpointSetup,
  type WorkerSetup,
} from './protocol.js'
import type { CheckpointOptions } from './search-result.js'

/** The files of a checkpoint, open for a run. */
export interface OpenCheckpoint {
  readonly options: CheckpointOptions
  readonly rowsFd: number
  readonly resume: { readonly cut: Cut; readonly levels: readonly LevelPlace[] } | null
}

/** Opens the rows file and checks what it has to hold. @throws Diagnostic ZC201, ZC207 */
export async function openCheckpoint(options: CheckpointOptions): Promise<OpenCheckpoint> {
  const { folder, from } = options
  const path = rowsPath(folder)
  let rowsFd: number
  try {
    rowsFd = openSync(path, from === null ? 'w+' : 'r+')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && from !== null) throw damaged(path, 'it is missing')
    throw new Diagnostic('ZC201', `cannot write ${path}: ${code ?? message}`)
  }
  if (from === null) return { options, rowsFd, resume: null }
  try {
    const levels = await verifyRows(rowsFd, path, from)
    return { options, rowsFd, resume: { cut: from.cut, levels } }
  } catch (error) {
    closeSync(rowsFd)
    throw error
  }
}

/** Closes the files. No thread may use them any more. */
export function closeCheckpoint({ rowsFd }: OpenCheckpoint): void {
  closeSync(rowsFd)
}

/** What the workers need of it. @throws Diagnostic ZC207 if the cut is not one of this model */
export function checkpointSetup(
  { options, rowsFd, resume }: OpenCheckpoint,
  search: WorkerSetup,
): CheckpointSetup {
  const { folder, everyMs, head, from } = options
  if (from !== null && !fitsCut(from.cut, search))
    throw damaged(folder, 'it is of a search for other properties')
  const record = new SharedArrayBuffer(recordBytes(search.plan))
  if (from !== null) {
    const { sizeBytes, digest } = from.rows
    new CheckpointRecord(record).noteWritten({ depth: from.cut.depth, sizeBytes, digest })
  }
  const secondsBefore = from?.cut.seconds ?? 0
  const startedMs = Date.now()
  return { folder, rowsFd, everyMs, head, startedMs, secondsBefore, record, resume }
}

/**
 * Makes sure that a search that has ended did begin with all states of its checkpoint, unless it
 * was interrupted meanwhile.
 * @throws Diagnostic ZC207 if they are not each another state, ZC104 if memory had no room for them
 */
export function checkReplay(view: DataView, setup: WorkerSetup): void {
  const { checkpoint } = setup
  if (checkpoint === null || checkpoint.resume === null) return
  const { cut } = checkpoint.resume
  const stop = view.getInt32(SLOT_STOP, true)
  if (stop === STOP_DAMAGED) throw damaged(checkpoint.folder, 'its states are not all different')
  const isShort = total(view, setup, STATISTIC_STATES) < cut.states
  if (isShort && (stop === STOP_MEMORY || stop === STOP_DISK))
    throw new Diagnostic(
      'ZC104',
      `the memory that the run may use has no room for the ${cut.states} states of the checkpoint`,
      { hint: 'give it more with --memory' },
    )
}
