/**
 * `npm run bench`: zapcheck against SPIN and against C++ on sept-zap, in alternating rounds.
 *
 *   --rounds N              how often each tool runs (5)
 *   --vcpus N, --gfns N     the size of the system (3 and 3: 7,390,732 states)
 *   --smoke                 the smallest size, one round: tests that everything still fits together
 *   --json FILE             writes every measurement as JSON
 *
 * Exit code 0 when all tools agree on the counts, 1 when they do not or one of them fails, 2 for
 * wrong usage. A tool that is not installed is left out, and a line says so. Everything is compiled
 * in a temporary folder that is removed at the end.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cpp, spin, spinFindsSeededBug, zapcheck } from './contender.js'
import type { Contender, Folders, Measurement, Scope } from './contender.js'
import { disagreements, ratioTable, speedTable } from './summary.js'
import type { Series } from './summary.js'

/** Counts that are known from elsewhere, by 'vcpus gfns': states, transitions, depth. */
const knownCounts: Readonly<Record<string, readonly [number, number, number]>> = {
  '2 2': [22_772, 49_156, 74],
  '2 3': [232_636, 593_484, 88],
  '3 2': [387_236, 1_026_332, 76],
  '3 3': [7_390_732, 23_192_404, 97],
}

/** Pause before each run: the one before has given back memory, which the system has to clear. */
const settleMs = 500

/** Below this many states, starting up is most of the time, and ratios say nothing. */
const comparableStates = 1e6

interface Options {
  readonly rounds: number
  readonly scope: Scope
  readonly json: string | undefined
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: text, vcpus: text, gfns: text, json: text, smoke: { type: 'boolean' } },
  })
  const count = (name: 'rounds' | 'vcpus' | 'gfns', fallback: number, max: number): number => {
    const value = Number(values[name] ?? fallback)
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new RangeError(`--${name} has to be a whole number from 1 to ${max}`)
    return value
  }
  const size = values.smoke === true ? 2 : 3
  return {
    rounds: count('rounds', values.smoke === true ? 1 : 5, 1000),
    scope: { vcpus: count('vcpus', size, 4), gfns: count('gfns', size, 5) },
    json: values.json,
  }
}

/** Prepares all contenders; those that cannot run here are left out with a line that says so. */
async function prepare(folders: Folders, scope: Scope): Promise<[Contender[], Contender[]]> {
  const ours = [zapcheck(folders, scope, 1), zapcheck(folders, scope, 2)]
  const others: Contender[] = []
  const plain = await spin(folders, scope, false)
  const packed = await spin(folders, scope, true)
  if (plain === undefined || packed === undefined)
    console.log('skipped: SPIN (needs the programs spin and gcc)')
  else if (!(await spinFindsSeededBug(folders)))
    throw new Error('SPIN does not find the seeded bug: its model must be wrong')
  else others.push(plain, packed)
  const handwritten = await cpp(folders, scope)
  if (handwritten === undefined) console.log('skipped: C++ (needs the program g++)')
  else others.push(handwritten)
  return [ours, others]
}

/** Runs all contenders in turn, `rounds` times; every other round in the opposite order. */
async function measure(contenders: readonly Contender[], rounds: number): Promise<Series[]> {
  const runs = contenders.map((): Measurement[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => (round % 2 === 0 ? i : contenders.length - 1 - i))
    const line: string[] = []
    for (const i of order) {
      await setTimeout(settleMs)
      const run = await contenders[i]?.run()
      if (run === undefined) continue
      runs[i]?.push(run)
      line.push(`${contenders[i]?.name} ${run.searchSeconds.toFixed(2)} s`)
    }
    console.log(`round ${round + 1}: ${line.join('; ')}`)
  }
  return contenders.map(({ name, prepareSeconds }, i) => ({
    name,
    prepareSeconds,
    runs: runs[i] ?? [],
  }))
}

/** Compares the counts with each other and with the known ones. */
function checkCounts(series: readonly Series[], { vcpus, gfns }: Scope): string[] {
  const known = knownCounts[`${vcpus} ${gfns}`]
  if (known === undefined) return disagreements(series)
  const [states, transitions, depth] = known
  const rest = { searchSeconds: 1, wallSeconds: 1, bytesPerState: 1, peakBytes: undefined }
  const runs = [{ states, transitions, depth, ...rest }]
  return disagreements([{ name: 'reference', prepareSeconds: 0, runs }, ...series])
}

async function bench(root: string, { rounds, scope, json }: Options): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'zapcheck-bench-'))
  try {
    const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`
    const load = (loadavg()[0] ?? 0).toFixed(1)
    console.log(`sept-zap, ${scope.vcpus} vCPUs, ${scope.gfns} gfns; rounds: ${rounds}`)
    console.log(`${machine}; node ${process.version}; load before: ${load}`)
    const [ours, others] = await prepare({ root, scratch }, scope)
    const series = await measure([...ours, ...others], rounds)
    console.log(`\n${speedTable(series)}`)
    const [first, second] = [series.slice(0, ours.length), series.slice(ours.length)]
    const isTooSmall = (series[0]?.runs[0]?.states ?? 0) < comparableStates
    if (isTooSmall) console.log('\ntoo small to compare speeds')
    else console.log(`\n${ratioTable(first, second)}`)
    if (json !== undefined)
      await writeFile(json, `${JSON.stringify({ scope, machine, load, series }, null, 2)}\n`)
    const differences = checkCounts(series, scope)
    for (const line of differences) console.error(`counts differ: ${line}`)
    if (differences.length > 0) return 1
    const run = series[0]?.runs[0]
    console.log(`\nall agree: ${run?.states} states, ${run?.transitions} transitions`)
    return 0
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Runs the benchmark; resolves to the exit code. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    return 2
  }
  if (!existsSync(join(root, 'dist/bin/zapcheck.js'))) {
    console.error('bench: dist/bin/zapcheck.js is missing; run: npm run build')
    return 2
  }
  try {
    return await bench(root, options)
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}
