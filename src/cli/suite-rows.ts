/**
 * Rows of the suite as jobs: which variants to check, with what questions, on a pool of threads.
 */
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Piscina } from 'piscina'
import { loadModel, modelNames } from '../../models/index.js'
import { InternalError } from '../base/assert.js'
import { builtFiles } from '../explore/worker-url.js'
import type { Variant } from '../lang/definition.js'
import type { RowLookup } from '../report/claim.js'
import type { Bug, ClaimCase } from '../report/ledger.js'
import type { SuiteJob } from '../report/suite-job.js'
import type { SuiteRow } from '../report/suite-table.js'
import { version } from './version.js'

/** A row to check, and what has to be known of it. */
export interface PlannedRow {
  readonly model: string
  readonly variant: Variant
  readonly decides: Set<string>
  readonly traces: Set<string>
}

/** Limits for all rows together. */
export interface RowLimits {
  readonly workers?: number
  /** Milliseconds. */
  readonly time?: number
  /** For all rows that run at the same time, bytes. */
  readonly memory?: number
}

/** What to do with rows while they come. */
export interface RowListener {
  /** A row in the order of the plan, as soon as all before it are there. */
  onRow(row: SuiteRow): void
  /** Another row is done. */
  onProgress(done: number): void
}

/** All rows of the suite: every variant that is not 'large'. */
export async function planSuite(): Promise<PlannedRow[]> {
  const planned: PlannedRow[] = []
  for (const model of modelNames)
    for (const variant of (await loadModel(model))?.variants ?? [])
      if (variant.tier !== 'large')
        planned.push({ model, variant, decides: new Set(), traces: new Set() })
  return planned
}

/** Adds to the plan what claims and bugs need; rows that are there already are shared. */
export async function planQuestions(
  planned: PlannedRow[],
  cases: readonly ClaimCase[],
  bugs: readonly Bug[],
): Promise<void> {
  for (const { model, variant, property } of cases) {
    const row = await plan(planned, model, variant)
    if (property !== undefined) row.decides.add(property)
  }
  for (const bug of bugs) {
    if ('waitsFor' in bug) continue
    const buggy = await plan(planned, bug.model, bug.buggy)
    buggy.decides.add(bug.property)
    buggy.traces.add(bug.property)
    await plan(planned, bug.model, bug.fixed)
  }
}

async function plan(planned: PlannedRow[], model: string, name: string): Promise<PlannedRow> {
  const existing = planned.find(row => row.model === model && row.variant.name === name)
  if (existing !== undefined) return existing
  const variant = (await loadModel(model))?.variants.find(v => v.name === name)
  if (variant === undefined)
    throw new InternalError(`the ledgers name a variant that does not exist: ${model} ${name}`)
  const row = { model, variant, decides: new Set<string>(), traces: new Set<string>() }
  planned.push(row)
  return row
}

/** Finds rows by model and variant. */
export function lookup(rows: readonly SuiteRow[]): RowLookup {
  const byName = new Map(rows.map(row => [`${row.model} ${row.variant}`, row]))
  return (model, variant) => byName.get(`${model} ${variant}`)
}

/** Runs all rows, largest first; returns those that were checked, in the order of the plan. */
export async function runRows(
  planned: readonly PlannedRow[],
  limits: RowLimits,
  listener: RowListener,
  signal: AbortSignal,
): Promise<SuiteRow[]> {
  const threads = Math.min(limits.workers ?? availableParallelism(), Math.max(1, planned.length))
  const pool = new Piscina<SuiteJob, SuiteRow>({
    filename: join(dirname(builtFiles().worker), 'suite-row.js'),
    minThreads: threads,
    maxThreads: threads,
  })
  const deadline = limits.time === undefined ? null : Date.now() + limits.time
  const memoryBytes = limits.memory === undefined ? null : Math.floor(limits.memory / threads)
  const rows = new Map<number, SuiteRow>()
  let next = 0
  const run = async (index: number, planned: PlannedRow): Promise<void> => {
    const { model, variant, decides, traces } = planned
    const questions = { decides: [...decides], traces: [...traces] }
    const job = { model, variant: variant.name, ...questions, version, deadline, memoryBytes }
    rows.set(index, await pool.run(job, { signal }))
    for (let row = rows.get(next); row !== undefined; row = rows.get(++next)) listener.onRow(row)
    listener.onProgress(rows.size)
  }
  const order = [...planned.entries()].sort(
    ([, a], [, b]) => (b.variant.expect.states ?? 0) - (a.variant.expect.states ?? 0),
  )
  const outcomes = await Promise.allSettled(order.map(([index, row]) => run(index, row)))
  await pool.destroy()
  const found = [...rows].sort(([a], [b]) => a - b)
  for (const [index, row] of found) if (index > next) listener.onRow(row) // After interrupted rows.
  const failed = outcomes.find(o => o.status === 'rejected')
  if (failed !== undefined && !signal.aborted) throw failed.reason
  return found.map(([, row]) => row)
}
