/**
 * How long a user waits for a small model: the whole process of `zapcheck check`, from its start to
 * its exit, for variants of the built-in models with few states. Every such variant runs once, to
 * find the slowest of each model; that one is then measured.
 */
import { join } from 'node:path'
import type { Folders } from './contender.js'
import { runProgram } from './process.js'
import { median, spread } from './summary.js'
import { spreadText } from './tables.js'
import type { Table } from './tables.js'

/** A model is small below this many states. */
const smallStates = 10_000

/** How often the slowest variant of a model runs. */
const repetitions = 7

/** A variant and what `check` said of it. */
export interface SmallVariant {
  readonly model: string
  readonly variant: string
  readonly states: number
}

/** Times of the slowest variant of a model. */
export interface StartResult extends SmallVariant {
  /** How many small variants the model has. */
  readonly variants: number
  /** Whole process, each run. */
  readonly seconds: readonly number[]
}

/** What `zapcheck check --json` prints of the suite, as far as it is used here. */
interface SuiteOutput {
  readonly rows: readonly (Partial<SmallVariant> & { readonly params?: unknown })[]
}

/** The small variants in what the suite printed. */
export function smallVariants(stdout: string): SmallVariant[] {
  const { rows } = JSON.parse(stdout) as SuiteOutput
  return rows.flatMap(({ model, variant, states = Infinity }) =>
    model === undefined || variant === undefined || states >= smallStates
      ? []
      : [{ model, variant, states }],
  )
}

/** Seconds of the whole process; a violation is a verdict like any other. */
async function wallSeconds(command: string, one: SmallVariant, root: string): Promise<number> {
  const args = [command, 'check', one.model, '--variant', one.variant, '--quiet']
  const { exitCode, wallSeconds: seconds, stderr } = await runProgram(process.execPath, args, root)
  if (exitCode > 1) throw new Error(`${args.join(' ')}: exit code ${exitCode}\n${stderr}`)
  return seconds
}

/** Measures the slowest small variant of each model, slowest model first. */
export async function startUp({ root }: Folders, isSmoke: boolean): Promise<StartResult[]> {
  const command = join(root, 'dist/bin/zapcheck.js')
  const suite = await runProgram(process.execPath, [command, 'check', '--json', '--quiet'], root)
  const all = smallVariants(suite.stdout)
  const slowest = new Map<string, { readonly one: SmallVariant; readonly seconds: number }>()
  for (const one of isSmoke ? all.slice(0, 1) : all) {
    const seconds = await wallSeconds(command, one, root)
    if (seconds > (slowest.get(one.model)?.seconds ?? 0)) slowest.set(one.model, { one, seconds })
  }
  const results: StartResult[] = []
  for (const { one } of slowest.values()) {
    const seconds: number[] = []
    while (seconds.length < repetitions) seconds.push(await wallSeconds(command, one, root))
    const variants = all.filter(({ model }) => model === one.model).length
    results.push({ ...one, variants, seconds })
  }
  return results.toSorted((a, b) => median(b.seconds) - median(a.seconds))
}

/** The table of all models. */
export function startTable(results: readonly StartResult[]): Table {
  const head = ['model', 'small variants', 'slowest', 'states', 'whole process s']
  const rows = results.map(({ model, variants, variant, states, seconds }) => [
    model,
    String(variants),
    variant,
    String(states),
    spreadText(spread(seconds)),
  ])
  return [head, ...rows]
}
