/**
 * Two workers against one, pair by pair, beside what the machine's two cores are worth at that
 * moment (throughput.ts). Both runs of a pair are as close together as can be, since a machine with
 * neighbours is another one a minute later.
 */
import { zapcheck } from './contender.js'
import type { Folders } from './contender.js'
import { median, spread } from './summary.js'
import type { System } from './systems.js'
import { spreadText } from './tables.js'
import type { Table } from './tables.js'
import { computeScaling } from './throughput.js'

/** Below this many states, a search is mostly its start. */
const comparableStates = 500_000

/** Two runs, and what two threads computed beside what one did, before and after. */
export interface Pair {
  readonly computing: number
  readonly oneSeconds: number
  readonly twoSeconds: number
}

/** All pairs of one system. */
export interface ScalingResult {
  readonly title: string
  readonly pairs: readonly Pair[]
}

/** Runs `rounds` pairs on each large system; none on a machine with a single core. */
export async function scaling(
  folders: Folders,
  systems: readonly System[],
  rounds: number,
): Promise<ScalingResult[]> {
  const results: ScalingResult[] = []
  for (const system of systems) {
    const [one, two] = [zapcheck(folders, system, 1), zapcheck(folders, system, 2)]
    if ((await two.run()).states < comparableStates) continue
    const pairs: Pair[] = []
    for (let round = 0; round < rounds; round++) {
      const before = await computeScaling()
      const first = await (round % 2 === 0 ? one : two).run()
      const second = await (round % 2 === 0 ? two : one).run()
      const after = await computeScaling()
      if (before === null || after === null) return []
      if (first.states !== second.states) throw new Error(`${system.title}: the counts differ`)
      const [oneSeconds, twoSeconds] = round % 2 === 0 ? [first, second] : [second, first]
      pairs.push({
        computing: Math.min(before, after),
        oneSeconds: oneSeconds.searchSeconds,
        twoSeconds: twoSeconds.searchSeconds,
      })
    }
    results.push({ title: system.title, pairs })
  }
  return results
}

/** Lower ends of the groups in which pairs are shown, by what two threads computed. */
const groups = [1.85, 1.5, 0] as const

function rangeText(least: number, most: number): string {
  if (most === Infinity) return `${least} and more`
  return least === 0 ? `below ${most}` : `${least} to ${most}`
}

/** The pairs of each system, grouped by what the cores were worth. */
export function scalingTable(results: readonly ScalingResult[]): Table {
  const times = 'times faster, median (min to max)'
  const head = ['two workers', 'two threads compute', 'pairs', '1 worker s', '2 workers s', times]
  const rows = results.flatMap(({ title, pairs }) =>
    groups.flatMap((least, i) => {
      const most = groups[i - 1] ?? Infinity
      const group = pairs.filter(({ computing }) => computing >= least && computing < most)
      if (group.length === 0) return []
      const ratios = group.map(({ oneSeconds, twoSeconds }) => oneSeconds / twoSeconds)
      return [
        [
          title,
          rangeText(least, most),
          String(group.length),
          median(group.map(({ oneSeconds }) => oneSeconds)).toFixed(3),
          median(group.map(({ twoSeconds }) => twoSeconds)).toFixed(3),
          spreadText(spread(ratios)),
        ],
      ]
    }),
  )
  return [head, ...rows]
}
