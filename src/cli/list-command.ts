/** `zapcheck list`: the built-in models. */
import { loadModel, modelNames } from '../../models/index.js'
import type { ModelDefinition } from '../lang/definition.js'
import { formatDomain } from '../lang/parameters.js'
import { printable } from '../trace/printable.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { EXIT_HOLDS } from './exit-code.js'

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
  const dim = (text: string): string => output.paint('dim', text)
  const lines = [`${output.paint('bold', printable(name))}  ${printable(about)}`]
  const domains = Object.entries(parameters).map(([n, p]) => `${n}=${formatDomain(p)}`)
  if (domains.length > 0) lines.push(`  ${dim('parameters')}  ${printable(domains.join('  '))}`)
  if (variants.length > 0)
    lines.push(`  ${dim('variants')}    ${printable(variants.map(v => v.name).join('  '))}`)
  return lines.join('\n')
}
