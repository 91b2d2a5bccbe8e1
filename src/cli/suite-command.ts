/**
 * `zapcheck` and `zapcheck check` without a model: every variant of every built-in model against
 * what is expected of it, in one table. Rows are independent jobs on a pool of threads.
 */
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Piscina } from 'piscina'
import { loadModel, modelNames } from '../../models/index.js'
import { builtFiles } from '../explore/worker-url.js'
import type { Variant } from '../lang/definition.js'
import type { SuiteJob } from '../report/suite-job.js'
import { SuiteTable, deadActionsOf } from '../report/suite-table.js'
import type { DeadActions, SuiteRow } from '../report/suite-table.js'
import { printable } from '../trace/printable.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import {
  EXIT_HOLDS,
  EXIT_INCOMPLETE,
  EXIT_INTERNAL,
  EXIT_INTERRUPTED,
  EXIT_VIOLATED,
} from './exit-code.js'
import { listenForInterrupt } from './interrupt.js'
import { version } from './version.js'

/** Flags of `check` that make sense for the suite. */
export interface SuiteFlags extends OutputFlags {
  readonly workers?: number
  /** For all rows together, milliseconds. */
  readonly time?: number
  /** For all rows that run at the same time, bytes. */
  readonly memory?: number
}

/** A row to check. */
interface PlannedRow {
  readonly model: string
  readonly variant: Variant
}

/** What `--json` prints. */
interface SuiteReport {
  readonly rows: readonly SuiteRow[]
  readonly matches: boolean
  readonly interrupted: boolean
  readonly seconds: number
  readonly deadActions: readonly DeadActions[]
  readonly version: string
}

/** Checks the suite; returns the exit code. */
export async function suiteCommand(flags: SuiteFlags): Promise<number> {
  const started = performance.now()
  const planned = await planRows()
  const output = new Console(flags)
  const interruption = listenForInterrupt(() => {
    output.note('zapcheck: ending; press Ctrl-C again to stop at once')
  })
  const names = planned.map(({ model, variant }) => ({ model, variant: variant.name }))
  const table = new SuiteTable(names, output.paint)
  output.print(`${table.header()}\n`)
  const rows = await runRows(planned, flags, output, table, interruption.signal)
  interruption.release()
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3))
  const matches = rows.length === planned.length && rows.every(row => row.matches)
  const deadActions = deadActionsOf(rows)
  for (const { model, actions } of deadActions) {
    const text = printable(`${model}: no row ever enables ${actions.join(', ')}`)
    output.print(`${output.paint('yellow', 'warning')}  ${text}\n`)
  }
  output.print(`${table.footer(rows, planned.length, seconds)}\n`)
  const interrupted = interruption.signal.aborted
  const report: SuiteReport = { rows, matches, interrupted, seconds, deadActions, version }
  output.printJson(report)
  return exitCodeOf(report)
}

async function planRows(): Promise<PlannedRow[]> {
  const planned: PlannedRow[] = []
  for (const model of modelNames)
    for (const variant of (await loadModel(model))?.variants ?? [])
      if (variant.tier !== 'large') planned.push({ model, variant })
  return planned
}

/** Runs all rows, largest first; prints each as soon as all before it are there. */
async function runRows(
  planned: readonly PlannedRow[],
  flags: SuiteFlags,
  output: Console,
  table: SuiteTable,
  signal: AbortSignal,
): Promise<SuiteRow[]> {
  const threads = Math.min(flags.workers ?? availableParallelism(), Math.max(1, planned.length))
  const pool = new Piscina<SuiteJob, SuiteRow>({
    filename: join(dirname(builtFiles().worker), 'suite-row.js'),
    minThreads: threads,
    maxThreads: threads,
  })
  const deadline = flags.time === undefined ? null : Date.now() + flags.time
  const rows = new Map<number, SuiteRow>()
  let printed = 0
  const run = async (index: number, { model, variant }: PlannedRow): Promise<void> => {
    const row = await pool.run(
      {
        model,
        variant: variant.name,
        version,
        deadline,
        memoryBytes: flags.memory === undefined ? null : Math.floor(flags.memory / threads),
      },
      { signal },
    )
    rows.set(index, row)
    for (let next = rows.get(printed); next !== undefined; next = rows.get(++printed))
      output.print(`${table.row(next)}\n`)
    output.progress(width => `${rows.size} of ${planned.length} rows`.slice(0, width))
  }
  const order = [...planned.entries()].sort(
    ([, a], [, b]) => (b.variant.expect.states ?? 0) - (a.variant.expect.states ?? 0),
  )
  const outcomes = await Promise.allSettled(order.map(([index, row]) => run(index, row)))
  output.clearProgress()
  await pool.destroy()
  for (const [index, row] of [...rows].sort(([a], [b]) => a - b))
    if (index > printed) output.print(`${table.row(row)}\n`) // After rows that were interrupted.
  const failed = outcomes.find(o => o.status === 'rejected')
  if (failed !== undefined && !signal.aborted) throw failed.reason
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}

function exitCodeOf({ rows, matches, interrupted }: SuiteReport): number {
  if (interrupted) return EXIT_INTERRUPTED
  if (rows.some(row => 'isInternal' in row && row.isInternal)) return EXIT_INTERNAL
  if (matches) return EXIT_HOLDS
  return rows.some(row => row.differences.length > 0) ? EXIT_VIOLATED : EXIT_INCOMPLETE
}
