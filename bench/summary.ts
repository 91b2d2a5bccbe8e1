/**
 * What the rounds of a benchmark come to: do all tools agree, how fast is each, and how much faster
 * is one than another. Ratios are taken within a round, where both tools met the same machine.
 */
import type { Measurement } from './contender.js'
import type { Counts } from './systems.js'

/** All rounds of one contender on one system. */
export interface Series {
  readonly name: string
  readonly prepareSeconds: number
  readonly isReduced: boolean
  /** By round; a slow contender has fewer than the others. */
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

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return spread(values).median
}

/** How many times faster `first` is than `second`, per round that both have. */
export function ratios(
  first: Series,
  second: Series,
  seconds: (run: Measurement, series: Series) => number,
): Spread {
  const values = first.runs.flatMap((run, round) => {
    const other = second.runs[round]
    return other === undefined ? [] : [seconds(other, second) / seconds(run, first)]
  })
  return spread(values)
}

/** Seconds from nothing to the verdict: generate, compile and run. */
export function verdictSeconds(run: Measurement, series: Series): number {
  return series.prepareSeconds + run.wallSeconds
}

/**
 * One line for each count in which a run differs from the known counts or, where there are none,
 * from the first run; none means that all tools agree. Reduced searches are not compared.
 */
export function disagreements(series: readonly Series[], known: Counts | undefined): string[] {
  const lines: string[] = []
  const full = series.filter(({ isReduced }) => !isReduced)
  const reference = known ?? full[0]?.runs[0]
  if (full[0]?.runs[0] === undefined || reference === undefined) return ['nothing was measured']
  const source = known === undefined ? full[0].name : 'known'
  for (const { name, runs } of full)
    for (const run of runs)
      for (const count of ['states', 'transitions', 'depth'] as const)
        if (run[count] !== undefined && run[count] !== reference[count])
          lines.push(`${name}: ${count} ${run[count]}, but ${source}: ${reference[count]}`)
  return [...new Set(lines)]
}
