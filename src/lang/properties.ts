/**
 * Properties as values: what `properties/` and components return and `m.check` takes.
 */
import type { PropertyKind, Site } from '../ir/model.js'
import { captureSite } from './site.js'
import { Bool, boolOf } from './values.js'
import type { BoolLike } from './values.js'

/** The action of a transition, as a step property sees it. */
export interface ActionView {
  /** `access`, or `process.label` for a step of a process. */
  readonly name: string
  readonly actor: string | null
  /** Parameter values as traces show them. */
  readonly parameters: Readonly<Record<string, string>>
}

/** A property before it belongs to a model. */
export interface PropertySpecification {
  readonly kind: PropertyKind
  readonly name: string
  readonly meaning: string | null
  /** The predicate; for a step property it depends on the action. */
  readonly predicate: (action: ActionView) => Bool
  readonly site: Site
}

function specification(
  kind: PropertyKind,
  name: string,
  predicate: (action: ActionView) => BoolLike,
  meaning: string | null,
  site: Site,
): PropertySpecification {
  return { kind, name, meaning, predicate: a => new Bool(boolOf(predicate(a))), site }
}

/** Must be true in every reachable state. `meaning`: one sentence on what a violation means. */
export function invariant(
  name: string,
  predicate: BoolLike,
  meaning: string | null = null,
): PropertySpecification {
  return specification('invariant', name, () => predicate, meaning, captureSite(invariant))
}

/**
 * Must be true of every transition: of the state before it, the action, and (through `next`) the
 * state after it.
 */
export function stepProperty(
  name: string,
  predicate: BoolLike | ((action: ActionView) => BoolLike),
  meaning: string | null = null,
): PropertySpecification {
  const site = captureSite(stepProperty)
  const of = typeof predicate === 'function' ? predicate : (): BoolLike => predicate
  return specification('step', name, of, meaning, site)
}

/** Must be true in some reachable state: the scenario can happen, the model is not vacuous. */
export function reachable(
  name: string,
  predicate: BoolLike,
  meaning: string | null = null,
): PropertySpecification {
  return specification('reachable', name, () => predicate, meaning, captureSite(reachable))
}
