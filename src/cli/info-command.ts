/** `zapcheck info <model>`: all that is known of one model before it is checked. */
import type { ExpectedVerdict, Variant } from '../lang/definition.js'
import { formatDomain } from '../lang/parameters.js'
import { layoutOf } from '../layout/layout.js'
import { formatCount } from '../report/numbers.js'
import { printable } from '../trace/printable.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { EXIT_HOLDS } from './exit-code.js'
import { findModel, instantiate } from './model-source.js'
import type { ModelSource } from './model-source.js'
import { chooseValues } from './parameter-values.js'

/** Flags of `info`. */
export interface InfoFlags extends OutputFlags {
  readonly param?: readonly string[]
}

/** What `info --json` prints. */
interface ModelFacts {
  readonly name: string
  readonly about: string
  readonly file: string | null
  readonly sources: readonly string[]
  readonly omits: readonly string[]
  readonly parameters: readonly {
    readonly name: string
    readonly kind: string
    readonly domain: string
    readonly default: number | boolean | string
    readonly about: string | null
  }[]
  readonly properties: readonly {
    readonly name: string
    readonly kind: string
    readonly meaning: string | null
  }[]
  readonly variants: readonly Variant[]
  /** Of the model with the chosen parameters. */
  readonly params: Readonly<Record<string, number | boolean | string>>
  readonly stateBits: number
  readonly variables: number
  readonly actions: number
}

/** Prints a model's facts; returns the exit code. @throws Diagnostic */
export async function infoCommand(word: string, flags: InfoFlags): Promise<number> {
  const source = await findModel(word)
  const facts = await factsOf(source, flags.param ?? [])
  const output = new Console(flags)
  if (flags.json === true) output.printJson(facts)
  else output.print(`${textOf(facts, output).join('\n')}\n`)
  return EXIT_HOLDS
}

async function factsOf(source: ModelSource, assignments: readonly string[]): Promise<ModelFacts> {
  const { definition, file } = source
  const model = await instantiate(source, chooseValues(definition, assignments, undefined))
  return {
    name: definition.name,
    about: definition.about,
    file,
    sources: definition.sources,
    omits: definition.omits,
    parameters: Object.entries(definition.parameters).map(([name, parameter]) => ({
      name,
      kind: parameter.kind,
      domain: formatDomain(parameter),
      default: parameter.default,
      about: parameter.about,
    })),
    properties: model.properties.map(({ name, kind, meaning }) => ({ name, kind, meaning })),
    variants: definition.variants,
    params: model.parameters,
    stateBits: layoutOf(model).stateBits,
    variables: model.variables.length,
    actions: model.actions.length,
  }
}

function textOf(facts: ModelFacts, output: Console): string[] {
  const { paint } = output
  const values = Object.entries(facts.params).map(([name, value]) => `${name}=${String(value)}`)
  const lines = [
    `${paint('bold', printable(facts.name))}  ${printable(facts.about)}`,
    printable(
      `${facts.variables} variables in ${facts.stateBits} bits, ${facts.actions} action instances${values.length === 0 ? '' : ` at ${values.join(', ')}`}`,
    ),
  ]
  const section = (title: string, entries: readonly string[]): void => {
    if (entries.length > 0) lines.push('', paint('bold', title), ...entries.map(e => `  ${e}`))
  }
  section('parameters', inColumns(facts.parameters.map(parameterCells)))
  section(
    'properties',
    facts.properties.flatMap(p => propertyLines(p)),
  )
  section('variants', inColumns(facts.variants.map(variantCells)))
  section('sources', facts.sources.map(printable))
  section('left out', facts.omits.map(printable))
  return lines
}

function parameterCells(parameter: ModelFacts['parameters'][number]): string[] {
  const { name, domain, about } = parameter
  return [name, domain, `default ${String(parameter.default)}`, about ?? '']
}

function propertyLines({ name, kind, meaning }: ModelFacts['properties'][number]): string[] {
  const head = printable(`${name} (${kind === 'reachable' ? 'reachability' : kind})`)
  return meaning === null ? [head] : [head, `  ${printable(meaning)}`]
}

function variantCells({ name, params, expect, tier, about }: Variant): string[] {
  const values = Object.entries(params).map(([n, value]) => `${n}=${String(value)}`)
  const { properties = {}, states } = expect
  const verdicts = Object.entries(properties).map(([n, verdict]) => `${n} ${verdictText(verdict)}`)
  const expected = verdicts.length === 0 ? 'all hold' : verdicts.join(', ')
  const count = states === undefined ? '' : `, ${formatCount(states)} states`
  const remarks = [about, tier === 'large' ? 'large: not in the suite' : undefined]
  return [
    name,
    values.length === 0 ? 'defaults' : values.join(' '),
    expected + count,
    remarks.filter(r => r !== undefined).join('; '),
  ]
}

function verdictText(verdict: ExpectedVerdict): string {
  if (typeof verdict === 'string') return verdict
  return `${verdict.verdict} at depth ${verdict.depth}`
}

/** Rows of cells as lines with aligned columns. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map(row => row.map(printable))
  const width = (column: number): number =>
    cells.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0)
  return cells.map(row =>
    row
      .map((text, i) => text.padEnd(width(i)))
      .join('  ')
      .trimEnd(),
  )
}
