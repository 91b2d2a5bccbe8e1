/**
 * Which reductions a search uses: what was asked for (by a flag, a variant or the model) becomes a
 * group to divide by, tables to leave actions out by, and a description for reports.
 */
import { Diagnostic } from '../base/diagnostic.js'
import type { Reduction } from '../lang/definition.js'
import type { Model } from '../ir/model.js'
import { MEMBERS_MAX, stubbornTables } from './stubborn-tables.js'
import type { StubbornTables } from './stubborn-tables.js'
import { symmetryGroup } from './symmetry-group.js'
import type { SymmetryGroup } from './symmetry-group.js'

/** What a search was reduced by, as reports say it. Plain data. */
export interface AppliedReduction {
  /**
   * `none`: counts are of states. `symmetry`: they are of representatives. `por`: of the states and
   * transitions that partial-order reduction left. `all`: both.
   */
  readonly kind: Reduction
  /** Permutations that leave model and initial state as they are: the most states of an orbit. */
  readonly groupOrder: number
  /** The symmetric types of the model with their sizes; empty if it is not reduced by them. */
  readonly types: readonly { readonly name: string; readonly size: number }[]
}

/** No reduction: every state is kept apart. */
export const unreduced: AppliedReduction = { kind: 'none', groupOrder: 1, types: [] }

/**
 * True if every reachable state has a counterpart in the search, so that what is true in none of
 * its states is true nowhere. Partial-order reduction sees to the properties themselves alone.
 */
export function seesAllStates({ kind }: AppliedReduction): boolean {
  return kind === 'none' || kind === 'symmetry'
}

/** A reduction ready to be compiled in. */
export interface PreparedReduction {
  /** Null if all states are kept apart. */
  readonly group: SymmetryGroup | null
  /** Null if all enabled actions are explored. */
  readonly stubborn: StubbornTables | null
  readonly applied: AppliedReduction
}

/**
 * Prepares what was asked for. `all` is every reduction that there is. A definition that says
 * nothing (one made by an older version of the package) asks for none.
 * @param order  gives the actions in the order in which compiled code writes successors
 * @throws Diagnostic ZC305, ZC306 if the model cannot be reduced
 */
export function prepareReduction(
  model: Model,
  asked: Reduction = 'none',
  order: (model: Model) => readonly number[],
): PreparedReduction {
  const divides = asked === 'symmetry' || asked === 'all'
  const group = divides ? symmetryGroup(model) : null
  const groupOrder = group?.elements.length ?? 1
  const types = divides ? model.sorts.map(({ name, size }) => ({ name, size })) : []
  const leavesOut = asked === 'por' || asked === 'all'
  const options = { order: leavesOut ? order(model) : [], isSymmetric: groupOrder > 1 }
  const stubborn = leavesOut ? stubbornTables(model, options) : null
  if (leavesOut && stubborn === null)
    throw new Diagnostic('ZC306', `model ${model.name}: it has too many actions and properties`, {
      hint: `partial-order reduction takes up to ${MEMBERS_MAX}; search without it`,
    })
  return { group, stubborn, applied: { kind: asked, groupOrder, types } }
}
