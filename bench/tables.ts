/** The benchmark's tables, as text in columns for a terminal or in Markdown for the docs. */
import type { Measurement } from './contender.js'
import { median, ratios, verdictSeconds } from './summary.js'
import type { Series, Spread } from './summary.js'

/** Rows of equal length; the first is the head. */
export type Table = readonly (readonly string[])[]

/** How a table is printed. */
export type Format = 'text' | 'markdown'

/** Text in columns, the first to the left and the others to the right. */
function columns(rows: Table): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return rows.map(row => row.map(pad).join('  ').trimEnd()).join('\n')
}

function markdown([head = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Prints a table. */
export function render(table: Table, format: Format): string {
  return format === 'text' ? columns(table) : markdown(table)
}

/** A number with commas between thousands. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

/** Median and extremes with two decimals, or the only value. */
export function spreadText({ median, min, max }: Spread): string {
  if (Number.isNaN(median)) return '-'
  const text = (value: number): string => value.toFixed(value < 10 ? 2 : 1)
  return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`
}

const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '-' : (bytes / 2 ** 20).toFixed(0)

/** The largest of some numbers that are known; undefined if none is. */
function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** The medians of each contender. */
export function speedTable(series: readonly Series[]): Table {
  const head = ['tool', 'states', 'M states/s', 'M transitions/s', 'search s', 'compile s']
  const rows = series.map(one => {
    const { name, prepareSeconds, runs } = one
    const middle = (value: (run: Measurement) => number): number => median(runs.map(value))
    const bytes = largest(runs.map(run => run.bytesPerState))
    return [
      name,
      grouped(runs[0]?.states ?? 0),
      middle(run => run.states / run.searchSeconds / 1e6).toFixed(2),
      middle(run => run.transitions / run.searchSeconds / 1e6).toFixed(2),
      middle(run => run.searchSeconds).toFixed(2),
      prepareSeconds === 0 ? '-' : prepareSeconds.toFixed(1),
      middle(run => verdictSeconds(run, one)).toFixed(2),
      bytes === undefined ? '-' : bytes.toFixed(1),
      mebibytes(largest(runs.map(run => run.peakBytes))),
      String(runs.length),
    ]
  })
  return [[...head, 'verdict s', 'B/state', 'peak MiB', 'runs'], ...rows]
}

/** How many times faster zapcheck is: more workers than one, and each than each of `others`. */
export function ratioTable(ours: readonly Series[], others: readonly Series[]): Table {
  const [one] = ours
  const rows = ours.flatMap(first =>
    [...(one === undefined || one === first ? [] : [one]), ...others].map(second => [
      `${first.name} : ${second.name}`,
      spreadText(ratios(first, second, run => run.searchSeconds)),
      spreadText(ratios(first, second, verdictSeconds)),
    ]),
  )
  return [['times faster, median (min to max)', 'search', 'time to verdict'], ...rows]
}
