/**
 * Which reductions a search uses: what was asked for (by a flag, a variant or the model) becomes a
 * group to divide by, and a description for reports.
 */
import type { Reduction } from '../lang/definition.js'
import type { Model } from '../ir/model.js'
import { symmetryGroup } from './symmetry-group.js'
import type { SymmetryGroup } from './symmetry-group.js'

/** What a search was reduced by, as reports say it. Plain data. */
export interface AppliedReduction {
  /** `none`: counts are of states. `symmetry`: they are of representatives. */
  readonly kind: 'none' | 'symmetry'
  /** Permutations that leave model and initial state as they are: the most states of an orbit. */
  readonly groupOrder: number
  /** The symmetric types of the model with their sizes; empty if it is not reduced by them. */
  readonly types: readonly { readonly name: string; readonly size: number }[]
}

/** No reduction: every state is kept apart. */
export const unreduced: AppliedReduction = { kind: 'none', groupOrder: 1, types: [] }

/** A reduction ready to be compiled in. */
export interface PreparedReduction {
  /** Null if all states are kept apart. */
  readonly group: SymmetryGroup | null
  readonly applied: AppliedReduction
}

/**
 * Prepares what was asked for. `all` is every reduction that there is: symmetry. A definition that
 * says nothing (one made by an older version of the package) asks for none.
 * @throws Diagnostic ZC305, ZC306 if the model cannot be reduced
 */
export function prepareReduction(model: Model, asked?: Reduction): PreparedReduction {
  if (asked !== 'symmetry' && asked !== 'all') return { group: null, applied: unreduced }
  const group = symmetryGroup(model)
  const types = model.sorts.map(({ name, size }) => ({ name, size }))
  const applied = { kind: 'symmetry', groupOrder: group.elements.length, types } as const
  return { group, applied }
}
