/** Parameters of a model: what `-p name=value` sets. Each has a domain and a default. */
import { Diagnostic } from '../base/diagnostic.js'
import type { ParameterValue } from '../ir/model.js'

/** A parameter's domain and default; `T` is what `build` receives. */
export type Parameter<T extends ParameterValue = ParameterValue> = (
  | { readonly kind: 'range'; readonly lo: number; readonly hi: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'option'; readonly options: readonly string[] }
) & { readonly default: T; readonly about: string | null }

/** The parameters of a model by name. */
export type Parameters = Readonly<Record<string, Parameter>>

/** What `build` receives for `P`. */
export type ParameterValues<P extends Parameters> = {
  readonly [N in keyof P]: P[N] extends Parameter<infer T> ? T : never
}

/** A whole number in lo..hi, both included. */
export function range(
  lo: number,
  hi: number,
  initial: number,
  about: string | null = null,
): Parameter<number> {
  if (![lo, hi, initial].every(Number.isInteger) || initial < lo || initial > hi)
    throw new Diagnostic('ZC301', `range(${lo}, ${hi}, ${initial}) needs lo <= default <= hi`)
  return { kind: 'range', lo, hi, default: initial, about }
}

/** true or false. */
export function flag(initial: boolean, about: string | null = null): Parameter<boolean> {
  return { kind: 'flag', default: initial, about }
}

/** One of some words. */
export function option<const T extends string>(
  options: readonly T[],
  initial: NoInfer<T>,
  about: string | null = null,
): Parameter<T> {
  if (!options.includes(initial))
    throw new Diagnostic('ZC301', `'${initial}' is not one of ${options.join(', ')}`)
  return { kind: 'option', options, default: initial, about }
}

/** A parameter's domain in words: `1..4`, `true|false`, `fast|leafs`. */
export function formatDomain(parameter: Parameter): string {
  if (parameter.kind === 'range') return `${parameter.lo}..${parameter.hi}`
  if (parameter.kind === 'flag') return 'true|false'
  return parameter.options.join('|')
}

/** True if `value` is in the parameter's domain. */
export function isInDomain(parameter: Parameter, value: ParameterValue): boolean {
  if (parameter.kind === 'flag') return typeof value === 'boolean'
  if (parameter.kind === 'option')
    return typeof value === 'string' && parameter.options.includes(value)
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= parameter.lo &&
    value <= parameter.hi
  )
}
