/** The command line of the benchmark; `main.ts` lists the options. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseSystems, reference, smokeReference, smokeSystems } from './systems.js'
import type { System } from './systems.js'
import type { Format } from './tables.js'

/** The parts of the benchmark, in the order in which they run. */
export const partNames = ['search', 'scaling', 'probes', 'successors', 'startup'] as const

/** A part of the benchmark. */
export type Part = (typeof partNames)[number]

/** Other tools that `--tools` chooses from. */
const toolNames = ['spin', 'rumur', 'none']

/** What to measure. */
export interface Options {
  readonly parts: readonly Part[]
  readonly systems: readonly System[]
  /** The size of sept-zap for what is measured on it alone. */
  readonly reference: System
  /** Tools to compare with; all that are installed if empty. */
  readonly tools: readonly string[]
  readonly rounds: number
  /** Absolute path of the file for the results. */
  readonly json: string
  readonly format: Format
  readonly isSmoke: boolean
}

/** The words of a list with commas, each of which must be allowed. */
function words<T extends string>(name: string, text: string | undefined, from: readonly T[]): T[] {
  const found = (text ?? '').split(',').filter(word => word !== '')
  return found.map(word => {
    const known = from.find(one => one === word)
    if (known === undefined) throw new RangeError(`--${name} has to be of: ${from.join(', ')}`)
    return known
  })
}

/** Splits a list at the commas outside of parentheses: `german,sept-zap (3,3)`. */
function titles(text: string | undefined): string[] {
  return (text ?? '').match(/(?:[^,(]|\([^)]*\))+/g) ?? []
}

function readRounds(text: string | undefined, fallback: number): number {
  const rounds = Number(text ?? fallback)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000)
    throw new RangeError('--rounds has to be a whole number from 1 to 1000')
  return rounds
}

/** Reads the command line. @param root  the repository. @throws for wrong usage */
export function readOptions(args: readonly string[], root: string): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const names = { parts: text, only: text, tools: text, rounds: text, json: text }
  const options = { ...names, markdown: flag, smoke: flag }
  const { values } = parseArgs({ args: [...args], options })
  const isSmoke = values.smoke === true
  const parts = words('parts', values.parts, partNames)
  const chosen = chooseSystems(titles(values.only))
  return {
    parts: parts.length === 0 ? partNames : parts,
    systems: isSmoke ? smokeSystems : chosen,
    reference: isSmoke ? smokeReference : reference,
    tools: words('tools', values.tools, toolNames),
    rounds: readRounds(values.rounds, isSmoke ? 1 : 5),
    json: values.json === undefined ? join(root, '.zapcheck/bench.json') : resolve(values.json),
    format: values.markdown === true ? 'markdown' : 'text',
    isSmoke,
  }
}
