/** Bugs of history and what runs say of them, as text for people and as the page docs/bugs.md. */
import { plain, printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import type { BugReport } from './bug.js'
import { markdown } from './markdown.js'

/** Columns of id, commit, verdicts. */
const WIDTHS = { id: 5, commit: 14, buggy: 22, fixed: 18 } as const

/** The line above the bugs. */
export function bugsHeader(paint: Paint): string {
  const cells = [
    'id'.padEnd(WIDTHS.id),
    'commit'.padEnd(WIDTHS.commit),
    'with the bug'.padEnd(WIDTHS.buggy),
    'with the fix'.padEnd(WIDTHS.fixed),
    'what',
  ]
  return paint('dim', cells.join(''))
}

/** A line for the bug, and further lines for what is not as it should be or is waited for. */
export function bugText(
  report: BugReport,
  paint: Paint,
  wrap: (text: string, indent: number) => string[],
): string {
  const indent = Object.values(WIDTHS).reduce((sum, width) => sum + width, 0)
  const color = !report.matches ? 'red' : report.waitsFor === null ? 'green' : 'yellow'
  const where = report.model === null ? '' : ` [${report.model}: ${report.property}]`
  const [first = '', ...rest] = wrap(printable(`${report.switch}: ${report.about}${where}`), indent)
  const lines = [
    [
      printable(report.id).padEnd(WIDTHS.id),
      printable(report.commit ?? '-').padEnd(WIDTHS.commit),
      paint(color, buggyText(report).padEnd(WIDTHS.buggy)),
      paint(color, fixedText(report).padEnd(WIDTHS.fixed)),
      first.trimStart(),
    ].join(''),
    ...rest,
  ]
  const add = (text: string): void => {
    lines.push(...wrap(printable(text), indent + 2))
  }
  if (report.waitsFor !== null) add(`waits for: ${report.waitsFor}`)
  if (report.buggy.follows === false)
    add('the counterexample is not the known interleaving: steps are missing or in another order')
  return lines.join('\n')
}

function buggyText({ buggy }: BugReport): string {
  return buggy.depth === null ? buggy.verdict : `${buggy.verdict} in ${buggy.depth} steps`
}

function fixedText({ fixed }: BugReport): string {
  return fixed.exhaustive ? `${fixed.verdict}, exhaustive` : fixed.verdict
}

/** One line about all bugs. */
export function bugsSummary(reports: readonly BugReport[], paint: Paint): string {
  const waiting = reports.filter(r => r.waitsFor !== null).length
  const reproduced = reports.filter(r => r.matches).length - waiting
  const missing = reports.length - waiting - reproduced
  const rest =
    missing === 0 ? paint('green', 'all as expected') : paint('red', `${missing} not as expected`)
  return `${reports.length} bugs (${reproduced} reproduced, ${waiting} waiting for temporal properties): ${rest}`
}

/** The page docs/bugs.md. */
export function bugsPage(reports: readonly BugReport[]): string {
  const decided = reports.filter(r => r.waitsFor === null)
  const waiting = reports.filter(r => r.waitsFor !== null)
  const lines = [
    '# Bugs of history',
    '',
    '<!-- Made by: zapcheck bugs --markdown > docs/bugs.md -->',
    '',
    "Bugs of the kernel's history, each as two variants of a model at the same scope. With the bug",
    'the property is violated, by a counterexample that has the steps of the known interleaving in',
    'their order; with the fix it holds in every reachable state.',
    '',
    `${bugsSummary(reports, plain)}.`,
    '',
    '| id | commit | model | property | with the bug | with the fix | what |',
    '|---|---|---|---|---|---|---|',
    ...decided.map(
      r =>
        `| ${r.id} | ${r.commit ?? '-'} | ${r.model} | ${markdown(r.property ?? '')} | ${buggyText(r)} | ${fixedText(r)} | ${markdown(r.about)} |`,
    ),
    '',
    '## Waiting for temporal properties',
    '',
    'These are livelocks or starvation: only a property of infinite runs under fairness decides',
    'them.',
    '',
    '| id | commit | what | property |',
    '|---|---|---|---|',
    ...waiting.map(
      r =>
        `| ${r.id} | ${r.commit ?? '-'} | ${markdown(r.about)} | ${markdown(r.waitsFor ?? '')} |`,
    ),
  ]
  return `${lines.join('\n')}\n`
}
