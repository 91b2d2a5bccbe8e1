/**
 * Stubborn sets by the reference semantics, one state at a time: which enabled actions have to be
 * explored. Slow and obvious; the compiled code must choose the same.
 *
 * From an enabled action, its seed, a set grows until it is closed:
 *
 *   an enabled action     brings all actions and events that do not accord with it;
 *   a disabled member     brings the necessary enabling set of one of its false conjuncts: the
 *                         first that brings no new enabled action, else the first of all; or, if
 *                         only a conjunct that can fail is false, all that may change such a one.
 *
 * Enabled actions are looked at before other members, each kind in ascending order. The set counts
 * if one of its enabled actions is not sticky. Of all seeds, in ascending order, the first with the
 * fewest enabled actions is taken; all enabled actions if none has fewer. A set that comes to have
 * an earlier seed is given up: it is hardly ever smaller than the set of that seed.
 *
 * Sources: A. Valmari, "Stubborn sets for reduced state space generation" (1989); A. Laarman,
 * E. Pater, J. van de Pol, M. Weber, "Guard-based partial-order reduction" (SPIN 2013).
 */
import type { State } from '../interpret/evaluate.js'
import { evaluate } from '../interpret/evaluate.js'
import type { Interpreter } from '../interpret/interpreter.js'
import { defined } from '../base/assert.js'
import { bitCount } from './stubborn-tables.js'
import type { MemberSet, StubbornTables } from './stubborn-tables.js'

/** The special actions that are enabled. No action may meet a model error in `state`. */
export function enabledMembers(
  { members, actionCount }: StubbornTables,
  interpreter: Interpreter,
  state: State,
): MemberSet {
  return members.slice(0, actionCount).reduce((set, { special }, i) => {
    const isChosen = special.choice.every(e => evaluate(e, state) !== 0)
    return isChosen && interpreter.isEnabled(special.origin, state) ? set | (1n << BigInt(i)) : set
  }, 0n)
}

/** The enabled special actions that have to be explored; all of `enabled`, or fewer. */
export function stubbornSubset(
  tables: StubbornTables,
  state: State,
  enabled: MemberSet,
): MemberSet {
  let best = enabled
  let bestCount = bitCount(enabled)
  for (let seed = 0; seed < tables.actionCount && bestCount > 1; seed++) {
    if (!has(enabled, seed)) continue
    const bit = 1n << BigInt(seed)
    const explored = closure(tables, state, enabled, bit) & enabled
    const isGivenUp = (explored & (bit - 1n)) !== 0n
    const count = bitCount(explored)
    const progresses = tables.members.some((m, i) => has(explored, i) && !m.isSticky)
    if (isGivenUp || count >= bestCount || !progresses) continue
    best = explored
    bestCount = count
  }
  return best
}

/** The least closed set with `seed`, as far as false conjuncts are chosen as above. */
function closure(
  { members, conditions }: StubbornTables,
  state: State,
  enabled: MemberSet,
  seed: MemberSet,
): MemberSet {
  let set = seed
  let work = seed
  while (work !== 0n) {
    const first = (work & enabled) === 0n ? work : work & enabled
    const bit = first & -first
    const least = bitCount(bit - 1n)
    work ^= bit
    const { dependents, needs, changing } = defined(members[least])
    let brought = dependents
    if (!has(enabled, least)) {
      const missing = needs
        .map(c => defined(conditions[c]))
        .filter(c => evaluate(c.expression, state) === 0)
      const chosen = missing.find(c => (c.enabling & enabled & ~set) === 0n) ?? missing[0]
      brought = chosen?.enabling ?? changing
    }
    work |= brought & ~set
    set |= brought
  }
  return set
}

function has(set: MemberSet, member: number): boolean {
  return ((set >> BigInt(member)) & 1n) === 1n
}

/** The actions of the model, ascending, that `set` has special actions of. */
export function originsOf({ members, actionCount }: StubbornTables, set: MemberSet): number[] {
  const origins = members
    .slice(0, actionCount)
    .filter((_, i) => has(set, i))
    .map(m => m.special.origin)
  return origins.sort((a, b) => a - b)
}
