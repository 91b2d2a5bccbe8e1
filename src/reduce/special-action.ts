/**
 * Special actions: an action instance for one value of each variable that it indexes arrays with.
 *
 *   map(v)  when pc[v] = lock  do sept[fg[v]] := mapped
 *      =>   when pc[v] = lock & fg[v] = 0  do sept[0] := mapped,    the same for fg[v] = 1, ...
 *
 * At most one of them is enabled where the action is, and does what the action does; so a search is
 * the same with special actions, and an analysis sees which element is meant.
 */
import { assert, defined } from '../base/assert.js'
import { compare, constant, isFalse, isTrue, not, variableAt, walk } from '../ir/expression.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import { splitGuard } from '../ir/interval.js'
import { typeRanges } from '../ir/model.js'
import type { ActionInstance, Model, Update } from '../ir/model.js'
import { rangeOf } from '../ir/type.js'
import type { ScalarType } from '../ir/type.js'
import { settled, staticRead } from './cells.js'
import type { Cell, Cells, KnownValues } from './cells.js'

/** What happens to some instance under known values. */
export interface SpecialAction {
  /** Position in `Model.actions`; -1 for an event that is no action. */
  readonly origin: number
  /** Values that the guard asks for. */
  readonly known: KnownValues
  /** What tells it from the other special actions of its instance. */
  readonly choice: readonly Expression[]
  /** Conjuncts that cannot fail, those that ask for the known values included. */
  readonly total: readonly Expression[]
  /** Conjuncts that can fail, in the order in which they are evaluated after all others. */
  readonly partial: readonly Expression[]
  readonly updates: readonly Update[]
}

/** Guard and updates, where they come from. */
export type Specializable = Pick<ActionInstance, 'guard' | 'updates'> & { readonly origin: number }

/** Most values of a variable for which an action is told apart. */
const VALUES_MAX = 16

/** Specializes actions of one model. */
export class Specializer {
  constructor(
    private readonly model: Model,
    private readonly cells: Cells,
  ) {}

  /** The special actions of an instance; it stays whole if there would be more than `countMax`. */
  specialize(action: Specializable, countMax: number): readonly SpecialAction[] {
    const { total, partial } = splitGuard(action.guard, typeRanges(this.model.variables))
    const plain = this.settle({ ...action, known: new Map(), choice: [], total, partial })
    if (plain === null) return []
    let current: readonly SpecialAction[] = [plain]
    for (;;) {
      const next = current.flatMap(a => this.splitOnce(a))
      if (next.length > countMax) return [plain]
      if (next.length === current.length && next.every((a, i) => a === current[i])) return current
      current = next
    }
  }

  /** One action for each value of one variable that indexes something; itself if there is none. */
  private splitOnce(action: SpecialAction): readonly SpecialAction[] {
    const variable = this.indexVariable(action)
    if (variable === null) return [action]
    const { type } = defined(this.model.variables[variable])
    const { lo, hi } = rangeOf(type)
    return Array.from({ length: hi - lo + 1 }, (_, i) => lo + i).flatMap(value => {
      const test = isEqual(variable, value, type)
      const choice = [...action.choice, test]
      return this.settle({ ...action, choice, total: [...action.total, test] }) ?? []
    })
  }

  /** A variable of few values that stands in an index; null if there is none. */
  private indexVariable(action: SpecialAction): VariableIndex | null {
    let found: VariableIndex | null = null
    const consider = (e: Expression): void => {
      const variable = staticRead(e)
      if (variable === null || found !== null) return
      const { type } = defined(this.model.variables[variable])
      const { lo, hi } = rangeOf(type)
      if (type.kind !== 'set' && hi - lo < VALUES_MAX) found = variable
    }
    const visit = (e: Expression): void =>
      walk(e, part => {
        if (part.kind === 'read' || part.kind === 'next')
          for (const { expression } of part.location.indices) walk(expression, consider)
        if (part.kind === 'member' || part.kind === 'singleton') walk(part.member, consider)
      })
    ;[...action.total, ...action.partial].forEach(visit)
    const visitUpdates = (updates: readonly Update[]): void => {
      for (const u of updates)
        if (u.kind === 'assign') {
          visit(u.value)
          for (const { expression } of u.location.indices) walk(expression, consider)
        } else {
          visit(u.condition)
          if (u.kind === 'if') [u.then, u.otherwise].forEach(visitUpdates)
        }
    }
    visitUpdates(action.updates)
    return found
  }

  /** The action with all that its own guard decides folded; null if it is never enabled. */
  private settle(action: SpecialAction): SpecialAction | null {
    const known = new Map<Cell, number>(action.known)
    let total = action.total
    for (;;) {
      const size = known.size
      for (const e of total) {
        const demand = this.cells.demandOf(e)
        if (demand === null) continue
        const before = known.get(demand[0])
        if (before !== undefined && before !== demand[1]) return null
        known.set(...demand)
      }
      if (known.size === size && total !== action.total) break
      const folded = total.flatMap(e => {
        if (this.cells.demandOf(e) !== null) return [e]
        const special = this.cells.specialize(e, known)
        return special.kind === 'and' ? special.operands : [special]
      })
      total = folded.filter(e => !isTrue(e))
      if (total.some(isFalse)) return null
    }
    const inner = (e: Expression): Expression => this.cells.specialize(e, known)
    const partial = action.partial.map(inner).filter(e => !isTrue(e))
    return { ...action, known, total, partial, updates: specialUpdates(action.updates, inner) }
  }
}

/** The test of a variable for one value, in the form that guards have. */
function isEqual(variable: VariableIndex, value: number, type: ScalarType): Expression {
  const read: Expression = { kind: 'read', location: variableAt(variable) }
  if (type.kind === 'bool') return value === 1 ? read : not(read)
  return compare('eq', read, constant(value, type))
}

function specialUpdates(
  updates: readonly Update[],
  inner: (e: Expression) => Expression,
): readonly Update[] {
  return updates.flatMap((u): readonly Update[] => {
    if (u.kind === 'assert') return [{ ...u, condition: inner(u.condition) }]
    if (u.kind === 'assign') {
      const indices = u.location.indices.map(i => ({ ...i, expression: inner(i.expression) }))
      const location = settled({ elements: u.location.elements, indices })
      assert(location.elements.length > 0, 'a location has an element')
      return [{ ...u, location, value: inner(u.value) }]
    }
    const condition = inner(u.condition)
    const then = specialUpdates(u.then, inner)
    const otherwise = specialUpdates(u.otherwise, inner)
    if (isTrue(condition)) return then
    if (isFalse(condition)) return otherwise
    return [{ kind: 'if', condition, then, otherwise }]
  })
}
