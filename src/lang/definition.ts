/**
 * `defineModel`: a model as its author exports it, with parameters, variants and expectations, and
 * the way from there to IR.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { Model, ParameterValue } from '../ir/model.js'
import { validate } from '../ir/validate.js'
import { ModelBuilder } from './builder.js'
import { checkReasons } from './accepts.js'
import type { Accepts } from './accepts.js'
import { formatDomain, isInDomain } from './parameters.js'
import type { Parameters, ParameterValues } from './parameters.js'
import { authorPlace } from './site.js'

/** Stack frames kept while a model is built, so that the author's line is among them. */
const FRAMES_MAX = 60

/** The verdict expected of a property; a depth, where given, is exact. */
export type ExpectedVerdict =
  'holds' | 'violated' | { readonly verdict: 'holds' | 'violated'; readonly depth: number }

/**
 * What a search is reduced by unless the command line says otherwise: `symmetry` keeps one
 * representative of states that differ in the names of interchangeable elements; `por` leaves out
 * orders of actions that make no difference; `all` is both.
 */
export type Reduction = 'none' | 'symmetry' | 'por' | 'all'

/** What a variant is expected to give. Counts are exact; absent ones are not compared. */
export interface Expectation {
  /** Of a search that is not reduced. */
  readonly states?: number
  /** Of a search that is not reduced. */
  readonly transitions?: number
  /** The same with and without reduction. */
  readonly depth?: number
  /** Counts of the search reduced by symmetry: representatives and their transitions. */
  readonly reduced?: { readonly states?: number; readonly transitions?: number }
  /** Verdicts by property; properties that are not named must hold. */
  readonly properties?: Readonly<Record<string, ExpectedVerdict>>
}

/** A named choice of parameters with what is expected of it. */
export interface Variant<V = Readonly<Record<string, ParameterValue>>> {
  readonly name: string
  /** What the variant shows, one sentence. */
  readonly about?: string
  readonly params: Partial<V>
  readonly expect: Expectation
  /** What the search is reduced by; what the model says if absent. */
  readonly reduce?: Reduction
  /** 'large' variants are left out of the suite; nightly runs include them. */
  readonly tier?: 'default' | 'large'
}

/** What an author passes to `defineModel`. */
export interface ModelSpecification<P extends Parameters> {
  /** Lower-case words joined by `-`. */
  readonly name: string
  /** What the model is about, one sentence. */
  readonly about: string
  /** Where it comes from: files and functions with the kernel version, documents. */
  readonly sources?: readonly string[]
  /** What it leaves out, and why that is sound. */
  readonly omits?: readonly string[]
  readonly params?: P
  readonly variants?: readonly Variant<ParameterValues<P>>[]
  /** Dead actions and vacuous properties that are right as they are, each with its reason. */
  readonly accepts?: Accepts
  /** What searches are reduced by unless a variant or the command line says otherwise: none. */
  readonly reduce?: Reduction
  /** Declares the model for given parameter values. Must not depend on anything else. */
  readonly build: (m: ModelBuilder, params: ParameterValues<P>) => void
}

/** A model ready to be instantiated; what a model file exports by default. */
export interface ModelDefinition {
  /** Marks definitions, also those of another copy of the package. */
  readonly zapcheckModel: 1
  readonly name: string
  readonly about: string
  readonly sources: readonly string[]
  readonly omits: readonly string[]
  readonly parameters: Parameters
  readonly variants: readonly Variant[]
  readonly accepts: Accepts
  /** What searches are reduced by unless a variant or the command line says otherwise. */
  readonly reduce: Reduction
  /**
   * The model for given parameter values; missing ones take their defaults.
   * @throws Diagnostic ZC103, ZC104 for wrong parameters, ZC3xx for mistakes in the model
   */
  readonly instantiate: (values?: Readonly<Partial<Record<string, ParameterValue>>>) => Model
}

/** Checks a verdict of a property that must be violated, first at `depth`. */
export function violated(depth: number): ExpectedVerdict {
  return { verdict: 'violated', depth }
}

/** Defines a model. A model file exports the result by default. */
export function defineModel<const P extends Parameters = Record<never, never>>(
  specification: ModelSpecification<P>,
): ModelDefinition {
  const { name, about, sources = [], omits = [], variants = [], accepts = {} } = specification
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new Diagnostic('ZC301', `'${name}' is not a model name`, {
      hint: 'write lower-case words joined by -',
    })
  const { reduce = 'none' } = specification
  for (const choice of [reduce, ...variants.map(variant => variant.reduce ?? reduce)])
    checkReduction(name, choice)
  checkReasons(name, accepts)
  const parameters: Parameters = specification.params ?? {}
  return {
    zapcheckModel: 1,
    name,
    about,
    sources,
    omits,
    parameters,
    variants: variants as readonly Variant[],
    accepts,
    reduce,
    instantiate: (values = {}) => {
      const complete = completeValues(name, parameters, values)
      const m = new ModelBuilder(name)
      const limit = Error.stackTraceLimit
      Error.stackTraceLimit = FRAMES_MAX
      try {
        specification.build(m, complete as ParameterValues<P>)
        const model = m.finish(complete)
        validate(model)
        return model
      } catch (error) {
        throw inContext(error, name, m.context)
      } finally {
        Error.stackTraceLimit = limit
      }
    },
  }
}

/** The types say it already, for authors who let them. */
function checkReduction(model: string, choice: string): void {
  const known: readonly Reduction[] = ['none', 'symmetry', 'all']
  if (!known.some(reduction => reduction === choice))
    throw new Diagnostic('ZC301', `model ${model}: there is no reduction '${choice}'`, {
      hint: `did you mean '${nearest(choice, known)}'?`,
    })
}

function completeValues(
  model: string,
  parameters: Parameters,
  values: Readonly<Partial<Record<string, ParameterValue>>>,
): Readonly<Record<string, ParameterValue>> {
  for (const name of Object.keys(values))
    if (parameters[name] === undefined) {
      const names = Object.keys(parameters)
      throw new Diagnostic('ZC103', `model ${model} has no parameter '${name}'`, {
        hint:
          names.length === 0 ? 'it has no parameters' : `did you mean '${nearest(name, names)}'?`,
      })
    }
  const complete: Record<string, ParameterValue> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = values[name] ?? parameter.default
    if (!isInDomain(parameter, value))
      throw new Diagnostic('ZC104', `parameter ${name} of ${model} cannot be '${String(value)}'`, {
        hint: `it must be ${formatDomain(parameter)}`,
      })
    complete[name] = value
  }
  return complete
}

/** Adds model, action and the author's line to a diagnostic that lacks them. */
function inContext(error: unknown, model: string, context: string | null): unknown {
  if (!(error instanceof Diagnostic)) return error
  const prefix = `model ${model}`
  if (error.message.startsWith(prefix)) return error
  const where = context === null ? prefix : `${prefix}, ${context}`
  const place = error.place ?? authorPlace(error)
  return new Diagnostic(error.code, `${where}: ${error.message}`, { place, hint: error.hint })
}
