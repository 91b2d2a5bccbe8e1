/**
 * `zapcheck` and `zapcheck check` without a model: every variant of every built-in model against
 * what is expected of it, in one table; then the claims and the bugs, which the same rows decide.
 */
import { loadBugs, loadClaims, loadModel } from '../../models/index.js'
import type { Accepts } from '../lang/accepts.js'
import type { BugReport } from '../report/bug.js'
import { bugText, bugsSummary } from '../report/bug-text.js'
import { decideClaim } from '../report/claim.js'
import type { ClaimReport } from '../report/claim.js'
import { claimText, claimsSummary } from '../report/claim-text.js'
import { findingsOf } from '../report/findings.js'
import type { Finding } from '../report/findings.js'
import { summaryTable } from '../report/suite-summary.js'
import { SuiteTable, deadActionsOf } from '../report/suite-table.js'
import type { DeadActions, SuiteRow } from '../report/suite-table.js'
import { printable } from '../trace/printable.js'
import { reportBugs } from './bugs-command.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import {
  EXIT_HOLDS,
  EXIT_INCOMPLETE,
  EXIT_INTERNAL,
  EXIT_INTERRUPTED,
  EXIT_VIOLATED,
} from './exit-code.js'
import { checkPlanned } from './row-run.js'
import { lookup, planQuestions, planSuite } from './suite-rows.js'
import type { RowLimits } from './suite-rows.js'
import { version } from './version.js'
import { wrap } from './wrap.js'

/** Flags of `check` that make sense for the suite. */
export interface SuiteFlags extends OutputFlags, RowLimits {}

/** What `--json` prints. */
interface SuiteReport {
  readonly rows: readonly SuiteRow[]
  readonly claims: readonly ClaimReport[]
  readonly bugs: readonly BugReport[]
  readonly matches: boolean
  readonly interrupted: boolean
  readonly seconds: number
  readonly deadActions: readonly DeadActions[]
  /** Dead actions and vacuous properties that no model accepts, and needless acceptances. */
  readonly findings: readonly Finding[]
  readonly version: string
}

/** Checks the suite; returns the exit code. */
export async function suiteCommand(flags: SuiteFlags): Promise<number> {
  const started = performance.now()
  const [claims, bugs] = await Promise.all([loadClaims(), loadBugs()])
  const planned = await planSuite()
  const questions = claims.flatMap(claim => claim.cases)
  await planQuestions(planned, questions, bugs)
  const output = new Console(flags)
  const names = planned.map(({ model, variant }) => ({ model, variant: variant.name }))
  const table = new SuiteTable(names, output.paint)
  output.print(`${table.header()}\n`)
  const { rows, interrupted } = await checkPlanned(planned, flags, output, row => {
    output.print(`${table.row(row)}\n`)
  })
  const rowOf = lookup(rows)
  const claimReports = claims.map(claim => decideClaim(claim, rowOf))
  const bugReports = reportBugs(bugs, rowOf)
  const accepts = new Map<string, Accepts>()
  for (const { model } of planned) accepts.set(model, (await loadModel(model))?.accepts ?? {})
  const findings = findingsOf(names, rows, model => accepts.get(model) ?? {})
  const isAsExpected = rows.length === planned.length && rows.every(row => row.matches)
  const report: SuiteReport = {
    rows,
    claims: claimReports,
    bugs: bugReports,
    matches:
      isAsExpected &&
      findings.length === 0 &&
      claimReports.every(c => c.isAccounted) &&
      bugReports.every(b => b.matches),
    interrupted,
    seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
    deadActions: deadActionsOf(rows),
    findings,
    version,
  }
  printEnd(report, table.footer(rows, planned.length, report.seconds), output)
  output.printJson(report)
  return exitCodeOf(report)
}

/** Below the rows: what differs of claims and bugs, and the summary. */
function printEnd(report: SuiteReport, footer: string, output: Console): void {
  const { paint } = output
  for (const { model, text } of report.findings)
    output.print(`${paint('red', 'finding')}  ${printable(`${model}: ${text}`)}\n`)
  const claims = report.claims.filter(c => !c.isAccounted && c.verdict !== 'unknown')
  const bugs = report.bugs.filter(b => !b.matches)
  for (const claim of claims) output.print(`${claimText(claim, paint, wrap)}\n`)
  for (const bug of bugs) output.print(`${bugText(bug, paint, wrap)}\n`)
  output.print(`\n${summaryTable(report.rows, paint)}\n`)
  output.print(`${claimsSummary(report.claims, paint)}\n`)
  output.print(`${bugsSummary(report.bugs, paint)}\n`)
  output.print(`${footer}\n`)
}

function exitCodeOf({ rows, claims, bugs, findings, matches, interrupted }: SuiteReport): number {
  if (interrupted) return EXIT_INTERRUPTED
  if (rows.some(row => 'isInternal' in row && row.isInternal)) return EXIT_INTERNAL
  if (matches) return EXIT_HOLDS
  const differs =
    findings.length > 0 ||
    rows.some(row => row.differences.length > 0) ||
    claims.some(c => !c.isAccounted && c.verdict !== 'unknown') ||
    bugs.some(b => !b.matches && b.buggy.verdict !== 'unknown' && b.fixed.verdict !== 'unknown')
  return differs ? EXIT_VIOLATED : EXIT_INCOMPLETE
}
