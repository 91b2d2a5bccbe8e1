/**
 * The programs that are compared on sept-zap: zapcheck through its built command, SPIN on the same
 * system twice (written plainly, and with its arrays packed by hand), and C++ written for this one
 * system. Each is prepared once in a temporary folder and then run once a round.
 */
import { join } from 'node:path'
import { exists, mustRun, runProgram } from './process.js'

/** The size of the system. */
export interface Scope {
  readonly vcpus: number
  readonly gfns: number
}

/** One run of one contender. */
export interface Measurement {
  readonly states: number
  readonly transitions: number
  /** Breadth-first depth; undefined for SPIN, which searches depth-first. */
  readonly depth: number | undefined
  /** Search time as the tool itself reports it. */
  readonly searchSeconds: number
  /** Time of the whole process. */
  readonly wallSeconds: number
  /** What keeps the visited states, divided by their number. */
  readonly bytesPerState: number
  readonly peakBytes: number | undefined
}

/** A program that can search sept-zap. */
export interface Contender {
  readonly name: string
  /** Seconds spent to generate and compile the checker, once. */
  readonly prepareSeconds: number
  run(): Promise<Measurement>
}

/** Where things are. */
export interface Folders {
  /** The repository. */
  readonly root: string
  /** A folder of this run's own; everything that is compiled goes there. */
  readonly scratch: string
}

/** What `zapcheck check --json` prints, as far as it is used here. */
interface CheckOutput {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly seconds: number
  readonly memory: { readonly bytesPerState: number; readonly peakRssBytes: number }
}

/** zapcheck with a number of workers. */
export function zapcheck(folders: Folders, scope: Scope, workers: number): Contender {
  const command = join(folders.root, 'dist/bin/zapcheck.js')
  const args = [command, 'check', 'sept-zap']
  args.push('-p', `vcpus=${scope.vcpus}`, '-p', `gfns=${scope.gfns}`)
  args.push('--workers', String(workers), '--json')
  return {
    name: `zapcheck, ${workers} worker${workers === 1 ? '' : 's'}`,
    prepareSeconds: 0,
    async run() {
      const finished = await mustRun(process.execPath, args, folders.scratch)
      const output = JSON.parse(finished.stdout) as CheckOutput
      return {
        states: output.states,
        transitions: output.transitions,
        depth: output.depth,
        searchSeconds: output.seconds,
        wallSeconds: finished.wallSeconds,
        bytesPerState: output.memory.bytesPerState,
        peakBytes: finished.peakBytes ?? output.memory.peakRssBytes,
      }
    },
  }
}

/** The number before `label` in what SPIN printed; 0 if the line is missing. */
function spinNumber(output: string, label: string): number {
  const found = new RegExp(`^\\s*([0-9.e+]+)\\s+${label}`, 'm').exec(output)
  return found?.[1] === undefined ? 0 : Number(found[1])
}

/** Bytes that SPIN keeps with each state, besides the state: link, hash, and its search stack's. */
const spinOverheadBytes = 20

/** Logarithm of the number of slots of SPIN's hash table, each a pointer of 8 bytes. */
const spinTableBits = 24

/**
 * Reads what `pan` printed. Its transitions are `stored + matched`, and `stored` includes the
 * initial state, which no transition leads to: one too many. Memory is what SPIN itself prints
 * where it compresses states, (state + overhead) times states; the hash table is added.
 * @throws Error when the search was cut short or found an error.
 */
export function readSpin(output: string): Omit<Measurement, 'wallSeconds' | 'peakBytes'> {
  const elapsed = /elapsed time ([0-9.e+-]+) seconds/.exec(output)
  const vector = /^State-vector (\d+) byte/m.exec(output)
  if (elapsed === null || vector === null || !/errors: 0$/m.test(output))
    throw new Error(`SPIN did not finish its search:\n${output}`)
  if (/search depth too small/.test(output))
    throw new Error(`SPIN did not search deep enough:\n${output}`)
  const states = spinNumber(output, 'states, stored')
  return {
    states,
    transitions: spinNumber(output, 'transitions') - 1,
    depth: undefined,
    searchSeconds: Number(elapsed[1]),
    bytesPerState: Number(vector[1]) + spinOverheadBytes + (8 * 2 ** spinTableBits) / states,
  }
}

/**
 * Options of the checker's compilation that made it fastest on this system: no partial order
 * reduction, as everybody has to count the same states; no size in each state, and no removal of
 * its padding. The latter costs memory: with it, states take a fifth less and the search longer.
 */
const spinFlags = ['-DSAFETY', '-DNOREDUCE', '-DNOVSZ', '-DNOCOMP']

/** SPIN, depth-first and exact; undefined where SPIN or gcc is missing. */
export async function spin(
  folders: Folders,
  scope: Scope,
  packed: boolean,
): Promise<Contender | undefined> {
  if (!(await exists('spin', ['-V'])) || !(await exists('gcc', ['--version']))) return undefined
  const source = join(folders.root, 'bench/sept-zap.pml')
  const name = packed ? 'pan-packed' : 'pan'
  const sizes = [`-DV=${scope.vcpus}`, `-DG=${scope.gfns}`, ...(packed ? ['-DPACKED'] : [])]
  const start = performance.now()
  await mustRun('spin', ['-a', ...sizes, source], folders.scratch)
  const output = join(folders.scratch, name)
  const flags = ['-O3', '-march=native', ...spinFlags]
  await mustRun('gcc', [...flags, 'pan.c', '-o', output], folders.scratch)
  const prepareSeconds = (performance.now() - start) / 1000
  return {
    name: packed ? 'SPIN, packed by hand' : 'SPIN',
    prepareSeconds,
    async run() {
      const finished = await mustRun(
        output,
        ['-m1000000', `-w${spinTableBits}`, '-n'],
        folders.scratch,
      )
      const { wallSeconds, peakBytes } = finished
      return { ...readSpin(finished.stdout), wallSeconds, peakBytes }
    },
  }
}

/** Whether SPIN finds the seeded bug: if it did not, its model would check nothing. */
export async function spinFindsSeededBug(folders: Folders): Promise<boolean> {
  const source = join(folders.root, 'bench/sept-zap.pml')
  await mustRun('spin', ['-a', '-DNOTRACK', source], folders.scratch)
  const output = join(folders.scratch, 'pan-notrack')
  await mustRun('gcc', ['-O1', ...spinFlags, 'pan.c', '-o', output], folders.scratch)
  const finished = await runProgram(output, ['-n'], folders.scratch)
  return /assertion violated/.test(finished.stdout) && /errors: 1$/m.test(finished.stdout)
}

/** What the C++ program prints. */
interface CppOutput {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly seconds: number
  readonly visitedBytes: number
}

/** The C++ program; undefined where g++ is missing. */
export async function cpp(folders: Folders, scope: Scope): Promise<Contender | undefined> {
  if (!(await exists('g++', ['--version']))) return undefined
  const output = join(folders.scratch, 'sept-zap')
  const source = join(folders.root, 'bench/sept-zap.cpp')
  const sizes = [`-DV=${scope.vcpus}`, `-DG=${scope.gfns}`]
  const flags = ['-std=c++17', '-O3', '-march=native', ...sizes]
  const start = performance.now()
  await mustRun('g++', [...flags, source, '-o', output], folders.scratch)
  return {
    name: 'C++ for this system only',
    prepareSeconds: (performance.now() - start) / 1000,
    async run() {
      const { stdout, wallSeconds, peakBytes } = await mustRun(output, [], folders.scratch)
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
