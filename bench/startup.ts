/**
 * How long a user waits for a small model: the whole process of `zapcheck check`, from its start to
 * its exit, for variants of the built-in models with few states. Every such variant runs once, to
 * find the slowest of each model; that one is then measured.
 */
import { join } from 'node:path'
import type { Folders } from './contender.js'
import { mustRun, runProgram } from './process.js'
import type { Finished } from './process.js'
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

/** What `zapcheck list --json` prints of a model, as far as it is used here. */
interface ListedModel {
  readonly name: string
  readonly variants: readonly string[]
}

/** What `zapcheck check --json` prints, as far as it is used here. */
interface CheckOutput {
  readonly states: number
  readonly limit: string | null
}

/** The number of states in what a check printed; undefined if it ended at the limit on them. */
export function statesIn(stdout: string): number | undefined {
  const { states, limit } = JSON.parse(stdout) as CheckOutput
  return limit === null ? states : undefined
}

/** Checks a variant; a violation is a verdict like any other. */
async function check(root: string, model: string, variant: string): Promise<Finished> {
  const command = join(root, 'dist/bin/zapcheck.js')
  const args = [command, 'check', model, '--variant', variant, '--json', '--quiet']
  args.push('--max-states', String(smallStates - 1))
  const finished = await runProgram(process.execPath, args, root)
  const { exitCode, stderr } = finished
  if (exitCode !== 0 && exitCode !== 1 && exitCode !== 3)
    throw new Error(`${args.join(' ')}: exit code ${exitCode}\n${stderr}`)
  return finished
}

/** Runs each variant of a model once, and the slowest of the small ones again and again. */
async function startUpOf(root: string, model: ListedModel): Promise<StartResult | undefined> {
  let slowest: (SmallVariant & { readonly once: number }) | undefined
  let variants = 0
  for (const variant of model.variants) {
    const { stdout, wallSeconds: once } = await check(root, model.name, variant)
    const states = statesIn(stdout)
    if (states === undefined) continue
    variants++
    if (once > (slowest?.once ?? 0)) slowest = { model: model.name, variant, states, once }
  }
  if (slowest === undefined) return undefined
  const { once: _, ...one } = slowest
  const seconds: number[] = []
  while (seconds.length < repetitions)
    seconds.push((await check(root, one.model, one.variant)).wallSeconds)
  return { ...one, variants, seconds }
}

/** Measures the slowest small variant of each model, slowest model first. */
export async function startUp({ root }: Folders, isSmoke: boolean): Promise<StartResult[]> {
  const command = join(root, 'dist/bin/zapcheck.js')
  const { stdout } = await mustRun(process.execPath, [command, 'list', '--json'], root)
  const models = JSON.parse(stdout) as ListedModel[]
  const results: StartResult[] = []
  for (const model of isSmoke ? models.slice(0, 1) : models) {
    const result = await startUpOf(root, model)
    if (result !== undefined) results.push(result)
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
