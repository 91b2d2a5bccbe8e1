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
import { wrap } from './wrap.js'

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
  /** Index types whose values are interchangeable. */
  readonly symmetricTypes: readonly { readonly name: string; readonly size: number }[]
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
    symmetricTypes: model.sorts.map(({ name, size }) => ({ name, size })),
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
    if (entries.length > 0) lines.push('', paint('bold', title), ...entries)
  }
  section('parameters', facts.parameters.flatMap(parameterLines))
  section(
    'symmetric types',
    facts.symmetricTypes.map(({ name, size }) => `  ${printable(name)}, ${size} elements`),
  )
  section('properties', facts.properties.flatMap(propertyLines))
  section('variants', facts.variants.flatMap(variantLines))
  section('sources', facts.sources.flatMap(listItem))
  section('left out', facts.omits.flatMap(listItem))
  return lines
}

/** A headline, and paragraphs below it. */
function entry(head: string, ...paragraphs: readonly (string | null | undefined)[]): string[] {
  const texts = paragraphs.filter(p => p !== null && p !== undefined && p !== '')
  return [...wrap(printable(head), 2), ...texts.flatMap(p => wrap(printable(String(p)), 6))]
}

function listItem(text: string): string[] {
  const [first = '', ...rest] = wrap(printable(text), 4)
  return [`  - ${first.trimStart()}`, ...rest]
}

function parameterLines(parameter: ModelFacts['parameters'][number]): string[] {
  const { name, domain, about } = parameter
  return entry(`${name} = ${String(parameter.default)}`, domain.replaceAll('|', ' | '), about)
}

function propertyLines({ name, kind, meaning }: ModelFacts['properties'][number]): string[] {
  return entry(`${name} (${kind === 'reachable' ? 'reachability' : kind})`, meaning)
}

function variantLines({ name, params, expect, tier, about }: Variant): string[] {
  const values = Object.entries(params).map(([n, value]) => `${n}=${String(value)}`)
  const { properties = {}, states } = expect
  const verdicts = Object.entries(properties).map(([n, verdict]) => `${n}: ${verdictText(verdict)}`)
  const count = states === undefined ? '' : `${formatCount(states)} states; `
  return entry(
    `${name}  ${values.length === 0 ? '(defaults)' : values.join(' ')}`,
    about,
    `${count}${verdicts.length === 0 ? 'all hold' : verdicts.join('; ')}`,
    tier === 'large' ? 'large: not in the suite' : null,
  )
}

function verdictText(verdict: ExpectedVerdict): string {
  if (typeof verdict === 'string') return verdict
  return `${verdict.verdict} at depth ${verdict.depth}`
}
