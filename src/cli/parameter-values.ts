/** Parameter values from `-p name=value` and `--variant`. */
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { ParameterValue } from '../ir/model.js'
import type { ModelDefinition, Variant } from '../lang/definition.js'
import { formatDomain } from '../lang/parameters.js'
import type { Parameter } from '../lang/parameters.js'

/** Parameter values by name; those that are missing take their defaults. */
export type Values = Readonly<Record<string, ParameterValue>>

/** The variant of that name. @throws Diagnostic ZC106 */
export function findVariant(definition: ModelDefinition, name: string): Variant {
  const found = definition.variants.find(v => v.name === name)
  if (found !== undefined) return found
  const names = definition.variants.map(v => v.name)
  throw new Diagnostic('ZC106', `model ${definition.name} has no variant '${name}'`, {
    hint: names.length === 0 ? 'it has no variants' : `did you mean '${nearest(name, names)}'?`,
  })
}

/** The variant's values, then those of the command line. @throws Diagnostic ZC101, ZC103, ZC104 */
export function chooseValues(
  definition: ModelDefinition,
  assignments: readonly string[],
  variant: Variant | undefined,
): Values {
  const values: Record<string, ParameterValue> = {}
  for (const [name, value] of Object.entries(variant?.params ?? {}))
    if (value !== undefined) values[name] = value
  for (const assignment of assignments) {
    const [name, text] = splitAssignment(assignment)
    values[name] = readValue(definition, name, findParameter(definition, name), text)
  }
  return values
}

function splitAssignment(assignment: string): [string, string] {
  const at = assignment.indexOf('=')
  if (at > 0) return [assignment.slice(0, at), assignment.slice(at + 1)]
  throw new Diagnostic('ZC101', `-p needs name=value, not '${assignment}'`)
}

function findParameter({ name: model, parameters }: ModelDefinition, name: string): Parameter {
  const found = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(parameters)
  throw new Diagnostic('ZC103', `model ${model} has no parameter '${name}'`, {
    hint: names.length === 0 ? 'it has no parameters' : `did you mean '${nearest(name, names)}'?`,
  })
}

function readValue(
  definition: ModelDefinition,
  name: string,
  parameter: Parameter,
  text: string,
): ParameterValue {
  if (parameter.kind === 'option') return text
  if (parameter.kind === 'range' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (parameter.kind === 'flag' && (text === 'true' || text === 'false')) return text === 'true'
  throw new Diagnostic('ZC104', `parameter ${name} of ${definition.name} cannot be '${text}'`, {
    hint: `it must be ${formatDomain(parameter)}`,
  })
}
