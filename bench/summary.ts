/**
 * What the rounds of a benchmark come to: do all tools agree, how fast is each, and how much faster
 * is one than another. Ratios are taken within a round, where both tools met the same machine.
 */
import type { Measurement } from './contender.js'

/** All rounds of one contender. */
export interface Series {
  readonly name: string
  readonly prepareSeconds: number
  readonly runs: readonly Measurement[]
}

/** Median, smallest and largest of some numbers. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The spread of at least one number. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? NaN
  const median = (at((sorted.length - 1) >> 1) + at(sorted.length >> 1)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}

/** How many times faster `first` is than `second`, per round. */
export function ratios(
  first: Series,
  second: Series,
  seconds: (run: Measurement) => number,
): Spread {
  const values = first.runs.flatMap((run, round) => {
    const other = second.runs[round]
    return other === undefined ? [] : [seconds(other) / seconds(run)]
  })
  return spread(values)
}

/** One line for each count in which two runs differ; none means that all tools agree. */
export function disagreements(series: readonly Series[]): string[] {
  const lines: string[] = []
  const reference = series[0]?.runs[0]
  if (reference === undefined) return ['nothing was measured']
  for (const { name, runs } of series)
    for (const run of runs)
      for (const count of ['states', 'transitions', 'depth'] as const)
        if (run[count] !== undefined && run[count] !== reference[count])
          lines.push(`${name}: ${count} ${run[count]}, but ${series[0]?.name}: ${reference[count]}`)
  return [...new Set(lines)]
}

const millions = (value: number): string => (value / 1e6).toFixed(2)
const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? '?' : (bytes / 2 ** 20).toFixed(0)

/** Text in columns, the first to the left and the others to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return rows.map(row => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** The table of medians. */
export function speedTable(series: readonly Series[]): string {
  const head = ['', 'M states/s', 'M transitions/s', 'search s', 'wall s', 'compile s', 'B/state']
  const rows = series.map(({ name, prepareSeconds, runs }) => {
    const median = (value: (run: Measurement) => number): number => spread(runs.map(value)).median
    return [
      name,
      millions(median(run => run.states / run.searchSeconds)),
      millions(median(run => run.transitions / run.searchSeconds)),
      median(run => run.searchSeconds).toFixed(2),
      median(run => run.wallSeconds).toFixed(2),
      prepareSeconds === 0 ? '-' : prepareSeconds.toFixed(1),
      median(run => run.bytesPerState).toFixed(1),
      mebibytes(runs.map(run => run.peakBytes).reduce((a, b) => Math.max(a ?? 0, b ?? 0))),
    ]
  })
  return columns([[...head, 'peak MiB'], ...rows])
}

/** The table of ratios: more workers to one, and each of `ours` to each of `others`. */
export function ratioTable(ours: readonly Series[], others: readonly Series[]): string {
  const text = ({ median, min, max }: Spread): string =>
    `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`
  const [one] = ours
  const rows = ours.flatMap(first =>
    [...(one === undefined || one === first ? [] : [one]), ...others].map(second => [
      `${first.name} : ${second.name}`,
      text(ratios(first, second, run => run.searchSeconds)),
      text(ratios(first, second, run => run.wallSeconds)),
    ]),
  )
  return columns([['times faster, median (min to max)', 'search', 'whole process'], ...rows])
}
