/**
 * Reference semantics of a model: which actions are enabled, what they do, what the properties say.
 * Every write is range-checked. The oracle for the compiler, and the judge of every counterexample.
 */
import { splitGuard } from '../ir/interval.js'
import { formatAction, typeRanges } from '../ir/model.js'
import type { ActionInstance, Model, Property, Site, Update } from '../ir/model.js'
import { printTarget } from '../ir/print.js'
import { formatType, rangeOf } from '../ir/type.js'
import { ModelError, evaluate, locate, modulo } from './evaluate.js'
import type { State } from './evaluate.js'

/** What taking an action does. */
export interface Outcome {
  readonly successor: State
  /** Positions in `Model.properties` of the assertions that failed, ascending. */
  readonly failedAssertions: readonly number[]
}

/** A transition: an enabled action instance and its outcome. */
export interface Transition extends Outcome {
  /** Position in `Model.actions`. */
  readonly action: number
}

/** Runs one model. Stateless: every method is a function of its arguments. */
export class Interpreter {
  private readonly guards: readonly (readonly ActionInstance['guard'][number][])[]

  constructor(readonly model: Model) {
    const ranges = typeRanges(model.variables)
    this.guards = model.actions.map(({ guard }) => {
      const { total, partial } = splitGuard(guard, ranges)
      return [...total, ...partial]
    })
  }

  /** The initial state. */
  initial(): State {
    return this.model.variables.map(v => v.initial)
  }

  /** True if the action can happen. Throws ModelError. */
  isEnabled(action: number, state: State): boolean {
    return this.inAction(action, () => this.guards[action]!.every(g => evaluate(g, state) !== 0))
  }

  /** What an enabled action does. Throws ModelError. */
  take(action: number, state: State): Outcome {
    return this.inAction(action, () => {
      const successor = [...state]
      const written = new Set<number>()
      const failed = new Set<number>()
      for (const update of this.model.actions[action]!.updates)
        this.apply(update, state, successor, written, failed)
      return { successor, failedAssertions: [...failed].sort((a, b) => a - b) }
    })
  }

  /** All transitions of a state, in order of the actions. Throws the first ModelError. */
  transitions(state: State): readonly Transition[] {
    const found: Transition[] = []
    this.model.actions.forEach((_, action) => {
      if (this.isEnabled(action, state)) found.push({ action, ...this.take(action, state) })
    })
    return found
  }

  /** True if a property of states (invariant, reachable) is true in `state`. */
  isTrueIn(
    property: Property & { readonly kind: 'invariant' | 'reachable' },
    state: State,
  ): boolean {
    return evaluate(property.predicate, state) !== 0
  }

  /** True if a step property is true of a transition. */
  isTrueOf(
    property: Property & { readonly kind: 'step' },
    state: State,
    { action, successor }: Transition,
  ): boolean {
    return evaluate(property.predicates[action]!, state, successor) !== 0
  }

  private apply(
    update: Update,
    state: State,
    successor: number[],
    written: Set<number>,
    failed: Set<number>,
  ): void {
    if (update.kind === 'assert') {
      if (evaluate(update.condition, state) === 0) failed.add(update.property)
    } else if (update.kind === 'if') {
      const taken = evaluate(update.condition, state) !== 0 ? update.then : update.otherwise
      for (const inner of taken) this.apply(inner, state, successor, written, failed)
    } else {
      locating(update.site, '', () => this.assign(update, state, successor, written))
    }
  }

  private assign(
    update: Update & { readonly kind: 'assign' },
    state: State,
    successor: number[],
    written: Set<number>,
  ): void {
    const variable = locate(update.location, state)
    const { name, type } = this.model.variables[variable]!
    let value = evaluate(update.value, state)
    if (type.kind === 'counter') value = modulo(value, type.modulus)
    const { lo, hi } = rangeOf(type)
    if (value < lo || value > hi)
      throw new ModelError('ZC401', `variable ${name} (${formatType(type)}) is given ${value}`)
    if (written.has(variable)) {
      const target = printTarget(update.location, this.model.variables)
      throw new ModelError('ZC403', `variable ${name} is written twice (through ${target})`)
    }
    written.add(variable)
    successor[variable] = value
  }

  private inAction<T>(action: number, run: () => T): T {
    const instance = this.model.actions[action]!
    const prefix = `model ${this.model.name}, action ${formatAction(instance)}: `
    return locating(instance.site, prefix, run)
  }
}

/** Gives a model error of `run` the author's line, unless it has one, and text in front. */
export function locating<T>(site: Site, prefix: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    throw new ModelError(error.code, prefix + error.message, error.site ?? site)
  }
}
