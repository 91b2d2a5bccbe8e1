/**
 * What the benchmark compares: programs that search a system to its end. Each is prepared once in a
 * folder of its own and then run once a round. Here are zapcheck, through its built command, and
 * the C++ program; `spin.ts` and `rumur.ts` have the others.
 */
import { join } from 'node:path'
import { exists, mustRun } from './process.js'
import type { Counts, System } from './systems.js'

/** One run of one contender. */
export interface Measurement extends Omit<Counts, 'depth'> {
  /** Breadth-first depth; undefined where the tool searches depth-first or does not say. */
  readonly depth: number | undefined
  /** Search time as the tool itself reports it. */
  readonly searchSeconds: number
  /** Time of the whole process. */
  readonly wallSeconds: number
  /** What keeps the visited states, divided by their number; undefined if the tool is silent. */
  readonly bytesPerState: number | undefined
  readonly peakBytes: number | undefined
}

/** A program that can search a system. */
export interface Contender {
  readonly name: string
  /** Seconds spent to generate and compile the checker, once; part of the time to a verdict. */
  readonly prepareSeconds: number
  /** True if the search leaves states out on purpose: its counts are nobody else's. */
  readonly isReduced: boolean
  run(): Promise<Measurement>
}

/** Where things are. */
export interface Folders {
  /** The repository. */
  readonly root: string
  /** A folder of this contender's own; everything that is compiled goes there. */
  readonly scratch: string
}

/** What `zapcheck check --json` prints, as far as it is used here. */
interface CheckOutput extends Counts {
  readonly verdict: string
  readonly seconds: number
  readonly memory: { readonly bytesPerState: number; readonly peakRssBytes: number }
}

/** zapcheck with a number of workers, and with further flags. */
export function zapcheck(
  folders: Folders,
  system: System,
  workers: number,
  flags: readonly string[] = [],
): Contender {
  const command = join(folders.root, 'dist/bin/zapcheck.js')
  const args = [command, 'check', system.model, '--workers', String(workers), '--json', ...flags]
  for (const [name, value] of Object.entries(system.parameters)) args.push('-p', `${name}=${value}`)
  const name = `zapcheck, ${workers} worker${workers === 1 ? '' : 's'}`
  return {
    name: flags.length === 0 ? name : `${name}, ${flags.join(' ')}`,
    prepareSeconds: 0,
    isReduced: flags.length > 0,
    async run() {
      const finished = await mustRun(process.execPath, args, folders.root, { memory: false })
      const output = JSON.parse(finished.stdout) as CheckOutput
      return {
        states: output.states,
        transitions: output.transitions,
        depth: output.depth,
        searchSeconds: output.seconds,
        wallSeconds: finished.wallSeconds,
        bytesPerState: output.memory.bytesPerState,
        peakBytes: output.memory.peakRssBytes,
      }
    },
  }
}

/** What the C++ program prints. */
interface CppOutput extends Counts {
  readonly seconds: number
  readonly visitedBytes: number
}

/** Compiles the C++ program; undefined where g++ is missing. */
export async function compileCpp(folders: Folders, system: System): Promise<string | undefined> {
  if (!(await exists('g++', ['--version']))) return undefined
  const output = join(folders.scratch, system.name)
  const source = join(folders.root, `bench/models/${system.name}.cpp`)
  const sizes = Object.entries(system.constants).map(([name, value]) => `-D${name}=${value}`)
  const flags = ['-std=c++17', '-O3', '-march=native', ...sizes]
  await mustRun('g++', [...flags, source, '-o', output], folders.scratch)
  return output
}

/** The C++ program; undefined where g++ is missing. */
export async function cpp(folders: Folders, system: System): Promise<Contender | undefined> {
  const start = performance.now()
  const program = await compileCpp(folders, system)
  if (program === undefined) return undefined
  return {
    name: 'C++ for this system only',
    prepareSeconds: (performance.now() - start) / 1000,
    isReduced: false,
    async run() {
      const { stdout, wallSeconds, peakBytes } = await mustRun(program, [], folders.scratch)
      const found = JSON.parse(stdout) as CppOutput
      return {
        states: found.states,
        transitions: found.transitions,
        depth: found.depth,
        searchSeconds: found.seconds,
        wallSeconds,
        bytesPerState: found.visitedBytes / found.states,
        peakBytes,
      }
    },
  }
}
