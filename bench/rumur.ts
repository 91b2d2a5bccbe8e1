/**
 * Rumur, a Murphi checker, on the systems of the benchmark: its C program is generated with the
 * size written into the model, compiled and run with one thread and without reductions.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contender, Folders, Measurement } from './contender.js'
import { exists, mustRun } from './process.js'
import type { System } from './systems.js'

/** Searches on one thread, counts every state, and prints one line of XML at the end. */
const generateFlags = [
  ['--threads', '1'],
  ['--symmetry-reduction', 'off'],
  ['--deadlock-detection', 'off'],
  ['--counterexample-trace', 'off'],
  ['--output-format', 'machine-readable'],
].flat()

const compileFlags = ['-std=c11', '-march=native', '-mcx16']

/**
 * The counts that Rumur printed. It does not tell depth or memory, and its own time only in whole
 * seconds: the process's time is used instead.
 * @throws Error when it did not finish or found an error.
 */
export function readRumur(output: string): Pick<Measurement, 'states' | 'transitions'> {
  const found = /<summary states="(\d+)" rules_fired="(\d+)" errors="0"/.exec(output)
  if (found === null) throw new Error(`Rumur did not finish its search:\n${output.slice(-2000)}`)
  return { states: Number(found[1]), transitions: Number(found[2]) }
}

/** A Murphi model with other values for its constants, each of which has a line of its own. */
export function withConstants(model: string, constants: Readonly<Record<string, number>>): string {
  let text = model
  for (const [name, value] of Object.entries(constants)) {
    const line = new RegExp(`^( *${name}: )\\d+;`, 'm')
    if (!line.test(text)) throw new Error(`the Murphi model has no constant ${name}`)
    text = text.replace(line, `$1${value};`)
  }
  return text
}

/** Whether Rumur and the C compiler that it needs are there. */
export async function hasRumur(): Promise<boolean> {
  return (await exists('rumur', ['--version'])) && exists('gcc', ['--version'])
}

/** Rumur. @param level  the C compiler's -O; 3 unless the time does not matter. */
export async function rumur(folders: Folders, system: System, level = 3): Promise<Contender> {
  const { root, scratch } = folders
  const source = await readFile(join(root, `bench/models/${system.name}.m`), 'utf8')
  const start = performance.now()
  await writeFile(join(scratch, 'model.m'), withConstants(source, system.constants))
  await mustRun('rumur', [...generateFlags, '--output', 'rumur.c', 'model.m'], scratch)
  const program = join(scratch, 'rumur')
  const flags = [`-O${level}`, ...compileFlags]
  await mustRun('gcc', [...flags, 'rumur.c', '-o', program, '-lpthread'], scratch)
  const prepareSeconds = (performance.now() - start) / 1000
  return {
    name: 'Rumur',
    prepareSeconds,
    isReduced: false,
    async run() {
      const { stdout, wallSeconds, peakBytes } = await mustRun(program, [], scratch)
      return {
        ...readRumur(stdout),
        depth: undefined,
        searchSeconds: wallSeconds,
        wallSeconds,
        bytesPerState: undefined,
        peakBytes,
      }
    },
  }
}
