/**
 * The main table: every tool searches every system, in alternating rounds, and all have to count
 * the same. A tool that is not installed is left out, and a line says so.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { cpp, zapcheck } from './contender.js'
import type { Contender, Folders, Measurement } from './contender.js'
import { handOffNanoseconds } from './hand-off.js'
import { hasRumur, rumur } from './rumur.js'
import { hasSpin, spin, spinFindsSeededBug } from './spin.js'
import { disagreements } from './summary.js'
import type { Series } from './summary.js'
import type { System } from './systems.js'
import { grouped, ratioTable, render, speedTable } from './tables.js'
import type { Format } from './tables.js'

/** Pause before each run: the one before has given back memory, which the system has to clear. */
const settleMs = 500

/** A contender that took longer than this in the first round does not run again. */
const slowSeconds = 20

/** Below this many states, starting up is most of the time, and ratios say nothing. */
const comparableStates = 100_000

/** What is there to search with. */
export interface Tools {
  readonly hasSpin: boolean
  readonly hasRumur: boolean
  /** Only whether counts agree matters: compile quickly, and do not pause. */
  readonly isSmoke: boolean
}

/** What was measured on one system. */
export interface SystemResult {
  readonly title: string
  readonly series: readonly Series[]
  /** How far the cores were from each other in each round, nanoseconds (hand-off.ts). */
  readonly handOffs: readonly (number | null)[]
  /** In what the tools differ; none if all agree. */
  readonly differences: readonly string[]
}

/** Finds the tools; those that cannot run here are left out with a line that says so. */
export async function findTools(
  folders: Folders,
  wanted: readonly string[],
  isSmoke: boolean,
): Promise<Tools> {
  const wants = (tool: string): boolean => wanted.length === 0 || wanted.includes(tool)
  const tools = {
    hasSpin: wants('spin') && (await hasSpin()),
    hasRumur: wants('rumur') && (await hasRumur()),
    isSmoke,
  }
  if (!wants('spin')) console.log('left out: SPIN')
  else if (!tools.hasSpin) console.log('skipped: SPIN (needs the programs spin and gcc)')
  else if (!(await spinFindsSeededBug(folders)))
    throw new Error('SPIN does not find the seeded bug: its model must be wrong')
  if (!wants('rumur')) console.log('left out: Rumur')
  else if (!tools.hasRumur) console.log('skipped: Rumur (needs the programs rumur and gcc)')
  return tools
}

/** Prepares all contenders of a system, zapcheck's first. */
async function prepare(folders: Folders, system: System, tools: Tools): Promise<Contender[]> {
  const contenders = [zapcheck(folders, system, 1), zapcheck(folders, system, 2)]
  for (const kind of system.isSymmetric ? ['symmetry', 'por', 'all'] : ['por'])
    contenders.push(zapcheck(folders, system, 2, ['--reduce', kind]))
  const level = tools.isSmoke ? 0 : 3
  if (tools.hasSpin) {
    contenders.push(await spin(folders, system, 'depth-first', level))
    contenders.push(await spin(folders, system, 'breadth-first', level))
    if (system.isReference) contenders.push(await spin(folders, system, 'packed', level))
  }
  if (tools.hasRumur) contenders.push(await rumur(folders, system, level))
  const handwritten = system.isReference ? await cpp(folders, system) : undefined
  if (handwritten !== undefined) contenders.push(handwritten)
  else if (system.isReference) console.log('skipped: C++ (needs the program g++)')
  return contenders
}

/** Runs all contenders in turn, `rounds` times; every other round in the opposite order. */
async function measure(
  contenders: readonly Contender[],
  rounds: number,
  pauseMs: number,
): Promise<Pick<SystemResult, 'series' | 'handOffs'>> {
  const runs = contenders.map((): Measurement[] => [])
  const handOffs: (number | null)[] = []
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => (round % 2 === 0 ? i : contenders.length - 1 - i))
    const handOff = await handOffNanoseconds()
    handOffs.push(handOff)
    const line = handOff === null ? [] : [`from core to core ${handOff.toFixed(0)} ns`]
    for (const i of order) {
      if ((runs[i]?.[0]?.wallSeconds ?? 0) > slowSeconds) continue
      await setTimeout(pauseMs)
      const run = await contenders[i]?.run()
      if (run === undefined) continue
      runs[i]?.push(run)
      line.push(`${contenders[i]?.name} ${run.searchSeconds.toFixed(2)} s`)
    }
    console.log(`round ${round + 1}: ${line.join('; ')}`)
  }
  const series = contenders.map(({ name, prepareSeconds, isReduced }, i) => {
    return { name, prepareSeconds, isReduced, runs: runs[i] ?? [] }
  })
  return { series, handOffs }
}

/** Searches one system with every tool. */
export async function search(
  folders: Folders,
  system: System,
  tools: Tools,
  rounds: number,
): Promise<SystemResult> {
  const scratch = join(folders.scratch, system.title.replace(/\W+/g, '-'))
  await mkdir(scratch)
  console.log(`\n${system.title}; rounds: ${rounds}`)
  const contenders = await prepare({ ...folders, scratch }, system, tools)
  const measured = await measure(contenders, rounds, tools.isSmoke ? 0 : settleMs)
  const differences = disagreements(measured.series, system.known)
  return { title: system.title, ...measured, differences }
}

/** The tables of one system with a headline: its counts, or in what the tools differ. */
export function describe({ title, series, differences }: SystemResult, format: Format): string {
  const run = series[0]?.runs[0]
  const [states, transitions] = [run?.states ?? 0, run?.transitions ?? 0]
  const counts = `${grouped(states)} states, ${grouped(transitions)} transitions, depth ${run?.depth}`
  const agreement = differences.length === 0 ? 'all agree' : 'THE TOOLS DIFFER'
  const parts = [
    `${format === 'markdown' ? '### ' : ''}${title}: ${counts}; ${agreement}`,
    render(speedTable(series), format),
  ]
  const isOurs = ({ name }: Series): boolean => name.startsWith('zapcheck')
  if (states < comparableStates) parts.push('too small to compare speeds')
  else {
    const others = series.filter(one => !isOurs(one))
    parts.push(render(ratioTable(series.filter(isOurs), others), format))
  }
  return parts.join('\n\n')
}
