/**
 * The single meaning of a model: variables, action instances, properties. Everything is unrolled
 * for one choice of parameters; interpreter, compiler and reductions read this and nothing else.
 */
import type { SourcePlace } from '../base/diagnostic.js'
import { variableAt } from './expression.js'
import type { Expression, Location, VariableIndex } from './expression.js'
import { rangeOf } from './type.js'
import type { Interval, ScalarType } from './type.js'

/** The author's line, found out when it is needed: only a diagnostic or a trace pays for it. */
export type Site = () => SourcePlace | undefined

/** A variable of the state. */
export interface Variable {
  /** Path in the state as the author wrote it, for example `vcpu[1].tlb[0]`. */
  readonly name: string
  readonly type: ScalarType
  /** Value in the initial state, in the range of the type. */
  readonly initial: number
  readonly site: Site
}

/**
 * What an action does. All updates read the state before the action and take effect together; two
 * updates that write one variable are an error of the model, also if they write the same value.
 */
export type Update =
  | {
      readonly kind: 'assign'
      readonly location: Location
      readonly value: Expression
      readonly site: Site
    }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly then: readonly Update[]
      readonly otherwise: readonly Update[]
    }
  /** Must be true whenever it is reached; `property` is the position in `Model.properties`. */
  | { readonly kind: 'assert'; readonly property: number; readonly condition: Expression }

/** An action with its parameters fixed. */
export interface ActionInstance {
  readonly name: string
  /** Parameter names and values, in the author's order. */
  readonly parameters: readonly (readonly [string, string])[]
  /** Who acts, in the words of the kernel: `vCPU 0`, `zapper`; null if the author names none. */
  readonly actor: string | null
  /**
   * Enabled if all are true. Those that cannot fail are evaluated first, then the others in order,
   * and evaluation stops at the first false one (`splitGuard`).
   */
  readonly guard: readonly Expression[]
  readonly updates: readonly Update[]
  /** Where in the kernel this comes from, if the author says. */
  readonly source: string | null
  readonly site: Site
}

interface PropertyBase {
  readonly name: string
  /** One sentence: what a violation means. */
  readonly meaning: string | null
  readonly site: Site
}

/** What must be true of the model. */
export type Property =
  /** True in every reachable state. */
  | (PropertyBase & { readonly kind: 'invariant'; readonly predicate: Expression })
  /** True of every transition; `next` reads the state after. Indexed by action instance. */
  | (PropertyBase & { readonly kind: 'step'; readonly predicates: readonly Expression[] })
  /** The assertions inside actions that carry this name. */
  | (PropertyBase & { readonly kind: 'assertion' })
  /** Every reachable state has an enabled action, or satisfies `allowed`. */
  | (PropertyBase & { readonly kind: 'deadlock'; readonly allowed: Expression })
  /** True in some reachable state: a witness that a scenario can happen. */
  | (PropertyBase & { readonly kind: 'reachable'; readonly predicate: Expression })

/** What a property speaks of: states, transitions, assertions, deadlocks, or one state. */
export type PropertyKind = Property['kind']

/** A symmetric index type: its values are interchangeable. */
export interface Sort {
  readonly name: string
  readonly size: number
  /** Arrays over the sort: `elements[i]` are the variables below element i, in the same order. */
  readonly arrays: readonly (readonly (readonly VariableIndex[])[])[]
}

/** A model for one choice of parameters. */
export interface Model {
  readonly name: string
  readonly parameters: Readonly<Record<string, ParameterValue>>
  readonly variables: readonly Variable[]
  readonly actions: readonly ActionInstance[]
  readonly properties: readonly Property[]
  readonly sorts: readonly Sort[]
}

/** The value of a model's parameter. */
export type ParameterValue = number | boolean | string

/** The types' ranges of a model's variables, as interval analysis wants them. */
export function typeRanges(variables: readonly Variable[]): (variable: VariableIndex) => Interval {
  const ranges = variables.map(v => rangeOf(v.type))
  return variable => ranges[variable]!
}

/** The expression that reads one variable. */
export function readOf(variable: VariableIndex): Expression {
  return { kind: 'read', location: variableAt(variable) }
}

/** `name(v=0, g=1)`: the action instance as traces and messages show it. */
export function formatAction(action: Pick<ActionInstance, 'name' | 'parameters'>): string {
  if (action.parameters.length === 0) return action.name
  const list = action.parameters.map(([name, value]) => `${name}=${value}`)
  return `${action.name}(${list.join(', ')})`
}

/** Calls `visit` on each update, those inside branches included. */
export function walkUpdates(updates: readonly Update[], visit: (update: Update) => void): void {
  for (const update of updates) {
    visit(update)
    if (update.kind === 'if') {
      walkUpdates(update.then, visit)
      walkUpdates(update.otherwise, visit)
    }
  }
}
