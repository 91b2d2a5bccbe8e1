/**
 * A trace as data: what is saved, shown and exported. It holds everything needed to read it without
 * the model: names, parameters, and every state whole and decoded. `docs/trace-format.md` describes
 * the saved JSON, which is this type as it stands.
 */
import { defined } from '../base/assert.js'
import type { ParameterValue, PropertyKind, Variable } from '../ir/model.js'
import { rangeOf, setMembers } from '../ir/type.js'
import type { ScalarType } from '../ir/type.js'

/** Changes when a reader of the old form would misread the new one. */
export const TRACE_FORMAT_VERSION = 1

/** A variable's value in the words of its type; null is an optional index without a value. */
export type TraceValue = boolean | number | string | null | readonly number[]

/** Every variable's value by name, in the order of declaration. */
export type TraceState = Readonly<Record<string, TraceValue>>

/** An action instance in words. */
export interface TraceAction {
  readonly action: string
  /** Parameter values by name, in the author's order. */
  readonly parameters: Readonly<Record<string, string>>
  /** Who acts; null if the model names nobody. */
  readonly actor: string | null
}

/** A transition: what was done, and the state after it. */
export interface TraceStep extends TraceAction {
  readonly state: TraceState
}

/** What the trace is about. */
export interface TraceProperty {
  readonly name: string
  readonly kind: PropertyKind
  /** What a violation means; null if the model does not say. */
  readonly meaning: string | null
}

/** The model did something without a meaning, in the last state. */
export interface TraceError {
  readonly code: 'ZC401' | 'ZC402' | 'ZC403'
  readonly message: string
  /** The action that fails in the last state; null if evaluating a property fails. */
  readonly action: TraceAction | null
}

/** A counterexample, a witness, or the way to a model error. */
export interface Trace {
  readonly format: 'zapcheck-trace'
  readonly formatVersion: typeof TRACE_FORMAT_VERSION
  /** Version of zapcheck that found it. */
  readonly zapcheck: string
  readonly model: string
  /** Absolute path of the model's file; null for a built-in model. */
  readonly file: string | null
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** `holds` for the witness of a reachability, `error` for a model error. */
  readonly verdict: 'violated' | 'holds' | 'error'
  /** Null exactly for a model error. */
  readonly property: TraceProperty | null
  /** Null except for a model error. */
  readonly error: TraceError | null
  readonly initial: TraceState
  readonly steps: readonly TraceStep[]
}

/** A value in the form of traces. */
export function traceValue(type: ScalarType, value: number): TraceValue {
  switch (type.kind) {
    case 'bool':
      return value !== 0
    case 'enumeration':
      return defined(type.labels[value], 'a value is one of its labels')
    case 'index':
      return type.optional && value === rangeOf(type).hi ? null : value
    case 'set':
      return setMembers(value)
    default:
      return value
  }
}

/** A state in the form of traces. */
export function traceState(variables: readonly Variable[], state: readonly number[]): TraceState {
  return Object.fromEntries(
    variables.map(({ name, type }, i) => [name, traceValue(type, defined(state[i]))]),
  )
}

/** True if two values are the same. */
export function isSameValue(a: TraceValue | undefined, b: TraceValue | undefined): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((member, i) => member === b[i])
}

/** A value as text: `true`, `mapped`, `{0, 2}`, `none`. */
export function formatTraceValue(value: TraceValue | undefined): string {
  if (value === null) return 'none'
  return Array.isArray(value) ? `{${value.join(', ')}}` : String(value)
}

/** `fault(v=0, g=1)`. */
export function formatTraceAction({ action, parameters }: TraceAction): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${value}`)
  return list.length === 0 ? action : `${action}(${list.join(', ')})`
}
