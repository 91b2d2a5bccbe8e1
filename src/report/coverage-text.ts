/** What a check covered, as text: two tables and the profile of the levels. */
import { printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import { isVacuous } from './coverage.js'
import type { ActionCoverage, CoverageReport, PropertyCoverage } from './coverage.js'
import { formatCount } from './numbers.js'

/** Most lines of the profile; deeper spaces have several levels on a line. */
const PROFILE_LINES_MAX = 16

/** Length of the longest bar of the profile, characters. */
const BAR_LENGTH = 40

/** Why something was accepted, by name; see `Accepts`. */
type Reasons = Readonly<Record<string, string>>

/** What the tables say besides the counts. */
export interface CoverageNotes {
  /** True if every reachable state was explored: else nothing is called dead or vacuous. */
  readonly exhaustive: boolean
  /** What the model accepts. */
  readonly dead: Reasons
  readonly vacuous: Reasons
}

/** The coverage as lines, each ended by a newline. */
export function renderCoverage(
  { actions, properties, levels }: CoverageReport,
  notes: CoverageNotes,
  paint: Paint,
): string {
  return [
    ...actionLines(actions, notes, paint),
    '',
    ...propertyLines(properties, notes, paint),
    '',
    ...profileLines(levels, paint),
    '',
  ]
    .map(line => `${line}\n`)
    .join('')
}

function actionLines(
  actions: readonly ActionCoverage[],
  { exhaustive, dead }: CoverageNotes,
  paint: Paint,
): string[] {
  const total = actions.reduce((sum, { fired }) => sum + fired, 0)
  const rows = actions.map(a => [
    printable(a.name),
    String(a.instances),
    formatCount(a.fired),
    total === 0 ? '' : `${((100 * a.fired) / total).toFixed(1)}%`,
    a.depth === null ? '' : String(a.depth),
  ])
  const remarks = actions.map(({ name, fired, instances, deadInstances }) => {
    if (fired === 0) return verdict('dead', exhaustive, dead[name], paint)
    return deadInstances === 0
      ? ''
      : paint('dim', `${deadInstances} of ${instances} instances never`)
  })
  return table(['action', 'instances', 'fired', 'share', 'depth'], rows, remarks, paint)
}

function propertyLines(
  properties: readonly PropertyCoverage[],
  { exhaustive, vacuous }: CoverageNotes,
  paint: Paint,
): string[] {
  const rows = properties.map(({ name, exercised, depth }) => [
    printable(name),
    exercised === null ? '' : formatCount(exercised),
    depth === null ? '' : String(depth),
  ])
  const remarks = properties.map(p => {
    if (isVacuous(p)) return verdict('vacuous', exhaustive, vacuous[p.name], paint)
    if (p.kind === 'deadlock') return paint('dim', 'about every state')
    const isOfStates = p.kind === 'invariant' || p.kind === 'reachable'
    return paint('dim', isOfStates ? 'states' : 'transitions')
  })
  return table(['property', 'put to the test', 'depth'], rows, remarks, paint)
}

/** What did not happen: for certain only if everything was explored. */
function verdict(
  word: string,
  exhaustive: boolean,
  reason: string | undefined,
  paint: Paint,
): string {
  if (!exhaustive) return paint('dim', 'not so far')
  return reason === undefined
    ? paint('yellow', word)
    : `${word} ${paint('dim', `(accepted: ${printable(reason)})`)}`
}

/** Columns of equal width, the first one of words, with a remark at the end of each line. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  remarks: readonly string[],
  paint: Paint,
): string[] {
  const widths = head.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), title.length),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
  const body = rows.map((row, i) => `${line(row)}  ${remarks[i] ?? ''}`.trimEnd())
  return [paint('dim', line(head)), ...body]
}

/** States by depth, as many levels to a line as needed. */
function profileLines(levels: readonly number[], paint: Paint): string[] {
  const step = Math.max(1, Math.ceil(levels.length / PROFILE_LINES_MAX))
  const groups = Array.from({ length: Math.ceil(levels.length / step) }, (_, i) => {
    const own = levels.slice(i * step, (i + 1) * step)
    const first = i * step
    const last = first + own.length - 1
    const label = first === last ? String(first) : `${first}-${last}`
    return { label, states: own.reduce((sum, states) => sum + states, 0) }
  })
  const most = groups.reduce((max, { states }) => Math.max(max, states), 1)
  const rows = groups.map(({ label, states }) => [label, formatCount(states)])
  const bars = groups.map(({ states }) =>
    paint('dim', '#'.repeat(Math.ceil((BAR_LENGTH * states) / most))),
  )
  return table(['depth', 'states'], rows, bars, paint)
}
