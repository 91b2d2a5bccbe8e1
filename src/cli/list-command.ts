/** `zapcheck list`: the built-in models. */
import { loadModel, modelNames } from '../../models/index.js'
import type { ModelDefinition } from '../lang/definition.js'
import { formatDomain } from '../lang/parameters.js'
import type { Parameter } from '../lang/parameters.js'
import { wrap } from './wrap.js'
import { printable } from '../trace/printable.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { EXIT_HOLDS } from './exit-code.js'

/** Columns before a list of words. */
const INDENT = 14
/** A domain longer than this is left to `info`. */
const DOMAIN_MAX = 40

/** Prints all built-in models; returns the exit code. */
export async function listCommand(flags: OutputFlags): Promise<number> {
  const output = new Console(flags)
  const definitions: ModelDefinition[] = []
  for (const name of modelNames) {
    const definition = await loadModel(name)
    if (definition !== undefined) definitions.push(definition)
  }
  if (flags.json === true) output.printJson(definitions.map(entryOf))
  else for (const definition of definitions) output.print(`${textOf(definition, output)}\n`)
  return EXIT_HOLDS
}

/** A model in `list --json`. */
interface ListEntry {
  readonly name: string
  readonly about: string
  readonly parameters: readonly string[]
  readonly variants: readonly string[]
}

function entryOf({ name, about, parameters, variants }: ModelDefinition): ListEntry {
  return {
    name,
    about,
    parameters: Object.keys(parameters),
    variants: variants.map(v => v.name),
  }
}

function textOf({ name, about, parameters, variants }: ModelDefinition, output: Console): string {
  const lines = [`${output.paint('bold', printable(name))}  ${printable(about)}`]
  const list = (title: string, words: readonly string[]): void => {
    if (words.length === 0) return
    const [first = '', ...rest] = wrap(printable(words.join(' ')), INDENT)
    lines.push(`  ${output.paint('dim', title.padEnd(INDENT - 2))}${first.trimStart()}`, ...rest)
  }
  list('parameters', Object.entries(parameters).map(domainOf))
  list(
    'variants',
    variants.map(v => v.name),
  )
  return lines.join('\n')
}

/** A parameter with its domain; `info` tells the words of a long one. */
function domainOf([name, parameter]: [string, Parameter]): string {
  const domain = formatDomain(parameter)
  return `${name}=${domain.length > DOMAIN_MAX ? '...' : domain}`
}
