/**
 * SPIN on the systems of the benchmark: its checker is generated, compiled by gcc and run, depth-
 * or breadth-first, exact and without reductions, as everybody has to count the same states. What
 * it prints is read here.
 */
import { join } from 'node:path'
import type { Contender, Folders, Measurement } from './contender.js'
import { exists, mustRun, runProgram } from './process.js'
import type { System } from './systems.js'

/** Ways to run SPIN. `packed`: arrays packed by hand in the model, for the reference workload. */
export type SpinMode = 'depth-first' | 'breadth-first' | 'packed'

const names: Readonly<Record<SpinMode, string>> = {
  'depth-first': 'SPIN',
  'breadth-first': 'SPIN, breadth-first',
  packed: 'SPIN, packed by hand',
}

/** Bytes that SPIN keeps with each state, besides the state: link, hash, and its search stack's. */
const overheadBytes = 20

/** Most steps of its search stack. */
const depthMax = 1_000_000

/**
 * Options of the checker's compilation that made it fastest on these systems: no partial order
 * reduction; no size in each state, and no removal of its padding. The latter costs memory: with
 * it, states take a fifth less and the search longer.
 */
const compileFlags = ['-DSAFETY', '-DNOREDUCE', '-DNOVSZ', '-DNOCOMP']

/** What SPIN printed, as far as it can be read from its text. */
export type SpinOutput = Omit<Measurement, 'wallSeconds' | 'peakBytes'>

/** The number before `label` in what SPIN printed; 0 if the line is missing. */
function numberBefore(output: string, label: string): number {
  const found = new RegExp(`^\\s*([0-9.e+]+)\\s+${label}`, 'm').exec(output)
  return found?.[1] === undefined ? 0 : Number(found[1])
}

/**
 * Reads what `pan` printed. Its transitions are `stored + matched`, and `stored` includes the
 * initial state, which no transition leads to: one too many. Memory is what SPIN itself prints
 * where it compresses states, (state + overhead) times states; the hash table is added.
 * @param tableBits  logarithm of the number of its table's slots, each a pointer of 8 bytes.
 * @throws Error when the search was cut short or found an error.
 */
export function readSpin(output: string, mode: SpinMode, tableBits: number): SpinOutput {
  const elapsed = /elapsed time ([0-9.e+-]+) seconds/.exec(output)
  const vector = /^State-vector (\d+) byte, depth reached (\d+)/m.exec(output)
  if (elapsed === null || vector === null || !/errors: 0$/m.test(output))
    throw new Error(`SPIN did not finish its search:\n${output}`)
  if (/search depth too small/.test(output))
    throw new Error(`SPIN did not search deep enough:\n${output}`)
  const states = numberBefore(output, 'states, stored')
  return {
    states,
    transitions: numberBefore(output, 'transitions') - 1,
    depth: mode === 'breadth-first' ? Number(vector[2]) : undefined,
    searchSeconds: Number(elapsed[1]),
    bytesPerState: Number(vector[1]) + overheadBytes + (8 * 2 ** tableBits) / states,
  }
}

/** Whether SPIN and the C compiler that it needs are there. */
export async function hasSpin(): Promise<boolean> {
  return (await exists('spin', ['-V'])) && exists('gcc', ['--version'])
}

/** SPIN in one mode. @param level  the C compiler's -O; 3 unless the time does not matter. */
export async function spin(
  folders: Folders,
  system: System,
  mode: SpinMode,
  level = 3,
): Promise<Contender> {
  const source = join(folders.root, `bench/models/${system.name}.pml`)
  const constants = Object.entries(system.constants).map(([name, value]) => `-D${name}=${value}`)
  if (mode === 'packed') constants.push('-DPACKED')
  const start = performance.now()
  await mustRun('spin', ['-a', ...constants, source], folders.scratch)
  const output = join(folders.scratch, `pan-${mode}`)
  const flags = [`-O${level}`, '-march=native', ...compileFlags]
  if (mode === 'breadth-first') flags.push('-DBFS')
  await mustRun('gcc', [...flags, 'pan.c', '-o', output], folders.scratch)
  const prepareSeconds = (performance.now() - start) / 1000
  return {
    name: names[mode],
    prepareSeconds,
    isReduced: false,
    async run() {
      const args = [`-m${depthMax}`, `-w${system.tableBits}`, '-n']
      const { stdout, wallSeconds, peakBytes } = await mustRun(output, args, folders.scratch)
      return { ...readSpin(stdout, mode, system.tableBits), wallSeconds, peakBytes }
    },
  }
}

/** Whether SPIN finds the seeded bug of sept-zap: if it did not, its model would check nothing. */
export async function spinFindsSeededBug(folders: Folders): Promise<boolean> {
  const source = join(folders.root, 'bench/models/sept-zap.pml')
  await mustRun('spin', ['-a', '-DNOTRACK', source], folders.scratch)
  const output = join(folders.scratch, 'pan-notrack')
  await mustRun('gcc', ['-O1', ...compileFlags, 'pan.c', '-o', output], folders.scratch)
  const finished = await runProgram(output, ['-n'], folders.scratch)
  return /assertion violated/.test(finished.stdout) && /errors: 1$/m.test(finished.stdout)
}
