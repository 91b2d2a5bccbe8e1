/**
 * `npm run bench`: how fast zapcheck is, and against what.
 *
 *   search       every tool on several systems, in alternating rounds, with equal counts
 *   scaling      two workers against one, beside what two threads compute against one
 *   probes       the machine's random-access rate over tables as large as the visited set
 *   successors   the generated successor code against C++, per transition
 *   startup      the whole process for the slowest small variant of each built-in model
 *
 *   --parts A,B         only these parts
 *   --only A,B          only these systems, such as sept-zap or 'sept-zap (3,3)'; larger ones exist
 *   --tools A,B         only these other tools: spin, rumur, none
 *   --rounds N          how often each program runs (5)
 *   --json FILE         where every measurement goes (.zapcheck/bench.json)
 *   --markdown          prints the tables as docs/performance.md has them
 *   --smoke             the smallest sizes, one round: tests that everything still fits together
 *
 * Exit code 0 when all tools agree on the counts, 1 when they do not or one of them fails, 2 for
 * wrong usage. A tool that is not installed is left out, and a line says so. Everything is compiled
 * in a temporary folder that is removed at the end.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Folders } from './contender.js'
import { readOptions } from './options.js'
import type { Options } from './options.js'
import { probes, probeTable } from './probes.js'
import { scaling, scalingTable } from './scaling.js'
import { describe, findTools, search } from './search.js'
import type { SystemResult } from './search.js'
import { startTable, startUp } from './startup.js'
import { successors, successorTable } from './successors.js'
import { render } from './tables.js'
import type { Table } from './tables.js'

/** Searches the chosen systems; prints a table for each. */
async function searchAll(
  folders: Folders,
  { systems, tools, rounds, isSmoke, format }: Options,
): Promise<SystemResult[]> {
  const found = await findTools(folders, tools, isSmoke)
  const results: SystemResult[] = []
  for (const system of systems) {
    const result = await search(folders, system, found, rounds)
    console.log(`\n${describe(result, format)}`)
    results.push(result)
  }
  return results
}

/** Runs the chosen parts one after the other; prints each part's table when it is done. */
async function measure(folders: Folders, options: Options) {
  const { parts, systems, rounds, format, reference, isSmoke } = options
  const print = (table: Table): void => console.log(`\n${render(table, format)}`)
  const found = parts.includes('search') ? await searchAll(folders, options) : []
  const pairs = parts.includes('scaling') ? await scaling(folders, systems, rounds) : []
  if (pairs.length > 0) print(scalingTable(pairs))
  const limits = parts.includes('probes') ? await probes(folders, systems, rounds) : []
  if (limits.length > 0) print(probeTable(limits))
  const code = parts.includes('successors') ? await successors(folders, reference, rounds) : null
  if (code !== null) print(successorTable(code))
  const starts = parts.includes('startup') ? await startUp(folders, isSmoke) : []
  if (starts.length > 0) print(startTable(starts))
  return { search: found, scaling: pairs, probes: limits, successors: code, startup: starts }
}

async function bench(root: string, options: Options): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'zapcheck-bench-'))
  try {
    const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`
    const load = (loadavg()[0] ?? 0).toFixed(1)
    const date = new Date().toISOString().slice(0, 10)
    console.log(`${machine}; node ${process.version}; load before: ${load}; ${date}`)
    const results = await measure({ root, scratch }, options)
    const written = { machine, node: process.version, load, date, ...results }
    await mkdir(dirname(options.json), { recursive: true })
    await writeFile(options.json, `${JSON.stringify(written, null, 2)}\n`)
    const differences = results.search.flatMap(({ title, differences: lines }) =>
      lines.map(line => `${title}: ${line}`),
    )
    for (const line of differences) console.error(`counts differ: ${line}`)
    return differences.length > 0 ? 1 : 0
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Runs the benchmark; resolves to the exit code. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const fail = (error: unknown, code: number): number => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    return code
  }
  let options: Options
  try {
    options = readOptions(args, root)
  } catch (error) {
    return fail(error, 2)
  }
  if (!existsSync(join(root, 'dist/bin/zapcheck.js')))
    return fail('dist/bin/zapcheck.js is missing; run: npm run build', 2)
  try {
    return await bench(root, options)
  } catch (error) {
    return fail(error, 1)
  }
}
