/** `zapcheck bugs`: reproduces the bugs of the ledger, and checks that the fixes fix them. */
import { loadBugs } from '../../models/index.js'
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import { decideBug } from '../report/bug.js'
import type { BugReport } from '../report/bug.js'
import type { Bug } from '../report/ledger.js'
import type { RowLookup } from '../report/claim.js'
import { bugText, bugsHeader, bugsPage, bugsSummary } from '../report/bug-text.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { checkPlanned, exitCodeOfLedger } from './row-run.js'
import { lookup, planQuestions } from './suite-rows.js'
import type { PlannedRow, RowLimits } from './suite-rows.js'
import { version } from './version.js'
import { wrap } from './wrap.js'

/** Flags of `bugs`. */
export interface BugsFlags extends OutputFlags, RowLimits {
  /** Ids to check; all if absent. */
  readonly id?: readonly string[]
  /** Print the page docs/bugs.md. */
  readonly markdown?: boolean
}

/** Checks the bugs that the flags choose; returns the exit code. @throws Diagnostic */
export async function bugsCommand(flags: BugsFlags): Promise<number> {
  const started = performance.now()
  const chosen = choose(await loadBugs(), flags.id)
  const planned: PlannedRow[] = []
  await planQuestions(planned, [], chosen)
  const output = new Console(flags)
  const { rows, interrupted } = await checkPlanned(planned, flags, output)
  const bugs = reportBugs(chosen, lookup(rows))
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3))
  if (flags.markdown === true) output.print(bugsPage(bugs))
  else {
    output.print(`${bugsHeader(output.paint)}\n`)
    for (const bug of bugs) output.print(`${bugText(bug, output.paint, wrap)}\n`)
    output.print(`${bugsSummary(bugs, output.paint)}\n`)
  }
  output.printJson({ bugs, seconds, interrupted, version })
  return exitCodeOfLedger(rows, bugs.map(stateOf), interrupted)
}

/** All bugs with what the rows say of them. */
export function reportBugs(bugs: readonly Bug[], rowOf: RowLookup): BugReport[] {
  return bugs.map(bug => {
    if ('waitsFor' in bug)
      return decideBug(bug, { buggy: undefined, fixed: undefined, actions: null })
    const buggy = rowOf(bug.model, bug.buggy)
    const traces = buggy !== undefined && 'traces' in buggy ? buggy.traces : {}
    const actions = traces[bug.property] ?? null
    return decideBug(bug, { buggy, fixed: rowOf(bug.model, bug.fixed), actions })
  })
}

function stateOf({ matches, buggy, fixed }: BugReport): 'expected' | 'differs' | 'unknown' {
  if (matches) return 'expected'
  return [buggy.verdict, fixed.verdict].includes('unknown') ? 'unknown' : 'differs'
}

function choose(bugs: readonly Bug[], ids: readonly string[] | undefined): readonly Bug[] {
  for (const id of ids ?? [])
    if (bugs.every(bug => bug.id !== id))
      throw new Diagnostic('ZC101', `there is no bug '${id}'`, {
        hint: `did you mean '${nearest(
          id,
          bugs.map(bug => bug.id),
        )}'? 'zapcheck bugs' prints all`,
      })
  return bugs.filter(bug => ids === undefined || ids.includes(bug.id))
}
