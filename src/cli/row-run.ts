/** What the suite and the ledgers' commands share: how rows are checked, and exit codes. */
import type { SuiteRow } from '../report/suite-table.js'
import type { Console } from './console.js'
import {
  EXIT_HOLDS,
  EXIT_INCOMPLETE,
  EXIT_INTERNAL,
  EXIT_INTERRUPTED,
  EXIT_VIOLATED,
} from './exit-code.js'
import { listenForInterrupt } from './interrupt.js'
import { runRows } from './suite-rows.js'
import type { PlannedRow, RowLimits } from './suite-rows.js'

/** Checks rows with progress on a terminal; Ctrl-C ends in order. `onRow` takes them in order. */
export async function checkPlanned(
  planned: readonly PlannedRow[],
  flags: RowLimits,
  output: Console,
  onRow: (row: SuiteRow) => void = () => undefined,
): Promise<{ readonly rows: readonly SuiteRow[]; readonly interrupted: boolean }> {
  const interruption = listenForInterrupt(() => {
    output.note('zapcheck: ending; press Ctrl-C again to stop at once')
  })
  const listener = {
    onRow,
    onProgress: (done: number) => {
      output.progress(width => `${done} of ${planned.length} rows`.slice(0, width))
    },
  }
  const rows = await runRows(planned, flags, listener, interruption.signal)
  interruption.release()
  output.clearProgress()
  return { rows, interrupted: interruption.signal.aborted }
}

/** The exit code: entries that differ outrank those that were not decided. */
export function exitCodeOfLedger(
  rows: readonly SuiteRow[],
  entries: readonly ('expected' | 'differs' | 'unknown')[],
  interrupted: boolean,
): number {
  if (interrupted) return EXIT_INTERRUPTED
  if (rows.some(row => 'isInternal' in row && row.isInternal)) return EXIT_INTERNAL
  if (entries.includes('differs') || rows.some(row => row.differences.length > 0))
    return EXIT_VIOLATED
  return entries.includes('unknown') ? EXIT_INCOMPLETE : EXIT_HOLDS
}
