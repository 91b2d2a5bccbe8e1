/** The suite's verdict table: a line for each variant of each model, and what differs below it. */
import { printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import { formatCount, formatSeconds } from './numbers.js'
import type { PropertyReport } from './check-report.js'
import type { VariantRow } from './variant-row.js'

/** What is known of a row before it is checked. */
export interface RowName {
  readonly model: string
  readonly variant: string
}

/** A row that could not be checked. */
export interface FailedRow extends RowName {
  readonly matches: false
  /** Why. */
  readonly differences: readonly string[]
  /** True if the fault is zapcheck's, not the model's. */
  readonly isInternal: boolean
}

/** What a job of the suite gives. */
export type SuiteRow = VariantRow | FailedRow

/** What a row says of a property; undefined if it has no such property or was not checked. */
export function propertyOf(row: SuiteRow | undefined, name: string): PropertyReport | undefined {
  return row !== undefined && 'states' in row
    ? row.properties.find(property => property.name === name)
    : undefined
}

const REDUCTION_WORDS = {
  symmetry: 'symmetry',
  por: 'partial order',
  all: 'symmetry and partial order',
} as const

/** Renders rows one by one, in columns that fit all names; so it can print them as they come. */
export class SuiteTable {
  private readonly modelWidth: number
  private readonly variantWidth: number

  constructor(
    names: readonly RowName[],
    private readonly paint: Paint,
  ) {
    const widest = (texts: readonly string[]): number =>
      texts.reduce((most, text) => Math.max(most, printable(text).length), 0)
    this.modelWidth = widest(['model', ...names.map(n => n.model)])
    this.variantWidth = widest(['variant', ...names.map(n => n.variant)])
  }

  /** The line above the rows. */
  header(): string {
    const cells = ['states', 'transitions', 'depth', 'time'].map((t, i) => t.padStart(WIDTHS[i]!))
    return this.paint('dim', `${this.names('model', 'variant')}${cells.join('')}  verdict`)
  }

  /** A row, followed by a line for each difference. */
  row(row: SuiteRow): string {
    const names = this.names(row.model, row.variant)
    const head =
      'states' in row
        ? `${names}${numbers(row)}  ${this.verdict(row)}`
        : `${names}  ${this.paint('red', 'FAILED')}`
    const differences = row.differences.map(text => `    ${this.paint('red', printable(text))}`)
    return [head, ...differences].join('\n')
  }

  /** The line below the rows. */
  footer(rows: readonly SuiteRow[], total: number, seconds: number): string {
    const differing = rows.filter(row => row.differences.length > 0).length
    const missing = total - rows.filter(row => row.matches).length - differing
    const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} in ${formatSeconds(seconds)}`
    const states = rows.reduce((sum, row) => sum + ('states' in row ? row.states : 0), 0)
    const verdicts: string[] = []
    if (differing > 0) verdicts.push(this.paint('red', `${differing} not as expected`))
    if (missing > 0) verdicts.push(this.paint('yellow', `${missing} not checked to the end`))
    if (verdicts.length === 0) verdicts.push(this.paint('green', 'all as expected'))
    return `${count}, ${formatCount(states)} states: ${verdicts.join(', ')}`
  }

  private names(model: string, variant: string): string {
    return `${printable(model).padEnd(this.modelWidth)}  ${printable(variant).padEnd(this.variantWidth)}`
  }

  private verdict(row: VariantRow): string {
    const [first, ...more] = row.properties
      .filter(p => p.verdict === 'violated')
      .toSorted((a, b) => (a.depth ?? 0) - (b.depth ?? 0))
    const rest = more.length === 0 ? '' : ` and ${more.length} more`
    const depth = first?.depth == null ? '' : ` (${first.depth})`
    const text =
      first === undefined ? row.verdict : `violated: ${printable(first.name)}${depth}${rest}`
    const { kind } = row.reduction
    const note = kind === 'none' ? '' : this.paint('dim', ` (counts by ${REDUCTION_WORDS[kind]})`)
    if (row.matches) return `${this.paint('green', 'ok')}  ${text}${note}`
    return row.differences.length > 0
      ? `${this.paint('red', 'DIFFERS')}  ${text}${note}`
      : `${text}${note}`
  }
}

/** Of the columns with numbers. */
const WIDTHS = [13, 14, 7, 9] as const

function numbers({ states, transitions, depth, seconds }: VariantRow): string {
  const cells = [
    formatCount(states),
    formatCount(transitions),
    String(depth),
    formatSeconds(seconds),
  ]
  return cells.map((text, i) => text.padStart(WIDTHS[i] ?? 0)).join('')
}

/** Actions of a model that happened in none of its rows. */
export interface DeadActions {
  readonly model: string
  readonly actions: readonly string[]
}

/** The models that have such actions. */
export function deadActionsOf(rows: readonly SuiteRow[]): DeadActions[] {
  const checked = rows.filter((row): row is VariantRow => 'states' in row)
  return [...new Set(checked.map(row => row.model))].flatMap(model => {
    const own = checked.filter(row => row.model === model)
    const fired = new Set(own.flatMap(row => row.firedActions))
    const dead = new Set(own.flatMap(row => row.deadActions).filter(name => !fired.has(name)))
    return dead.size === 0 ? [] : [{ model, actions: [...dead] }]
  })
}
