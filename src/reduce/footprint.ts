/**
 * Footprints: what a special action reads and writes, cell by cell, and what it can do to the truth
 * of a condition. Dynamic locations that are left count as all of their elements.
 */
import { defined } from '../base/assert.js'
import { isFalse, isTrue } from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { intervalOf, isAlways, isNever } from '../ir/interval.js'
import type { Ranges } from '../ir/interval.js'
import { typeRanges } from '../ir/model.js'
import type { Model, Update } from '../ir/model.js'
import { printExpression } from '../ir/print.js'
import { relevantStepPredicate } from '../ir/step-predicate.js'
import { rangeOf } from '../ir/type.js'
import type { Interval } from '../ir/type.js'
import { staticRead } from './cells.js'
import type { Cell, Cells, KnownValues } from './cells.js'
import type { SpecialAction } from './special-action.js'

/** How an action writes one cell. */
export type CellWrite =
  /** Gives it this value, always or sometimes. */
  | { readonly kind: 'constant'; readonly value: number; readonly isCertain: boolean }
  /**
   * Adds this to a number, always. The result is in `range`, or a model error; a number that wraps
   * may also have any other value.
   */
  | {
      readonly kind: 'delta'
      readonly amount: number
      readonly range: Interval
      readonly wraps: boolean
    }
  /** Gives it some value in `range`, or leaves it alone. */
  | { readonly kind: 'other'; readonly range: Interval }

/** What an action reads and writes. */
export interface Footprint {
  /** Cells that its partial conjuncts, updates, assertions and step properties read. */
  readonly reads: ReadonlySet<Cell>
  readonly writes: ReadonlyMap<Cell, CellWrite>
}

/** What an action may do to a condition, where it is enabled. */
export interface Influence {
  readonly mayMakeTrue: boolean
  readonly mayMakeFalse: boolean
}

const NO_INFLUENCE: Influence = { mayMakeTrue: false, mayMakeFalse: false }

/** More ways than this in which an action may leave the cells of a condition are not told apart. */
const OUTCOMES_MAX = 16

/** Computes footprints and influences for one model. */
export class Footprints {
  private readonly ranges: Ranges

  constructor(
    private readonly model: Model,
    private readonly cells: Cells,
  ) {
    this.ranges = typeRanges(model.variables)
  }

  /** The footprint of an action; step properties count as assertions inside it. */
  of(action: SpecialAction): Footprint {
    const reads = new Set<Cell>()
    const writes = new Map<Cell, CellWrite>()
    const read = (e: Expression): void => {
      for (const cell of this.cells.readBy(e)) reads.add(cell)
    }
    action.partial.forEach(read)
    this.addUpdates(action.updates, true, read, writes)
    for (const p of this.model.properties) {
      if (p.kind !== 'step' || action.origin < 0) continue
      const predicate = relevantStepPredicate(p, action.origin, this.model)
      if (!isTrue(predicate)) read(this.cells.specialize(predicate, action.known))
    }
    return { reads, writes }
  }

  private addUpdates(
    updates: readonly Update[],
    isCertain: boolean,
    read: (e: Expression) => void,
    writes: Map<Cell, CellWrite>,
  ): void {
    for (const u of updates) {
      if (u.kind !== 'assign') {
        read(u.condition)
        if (u.kind === 'if')
          for (const branch of [u.then, u.otherwise]) this.addUpdates(branch, false, read, writes)
        continue
      }
      u.location.indices.forEach(i => read(i.expression))
      const isOne = u.location.indices.length === 0
      for (const variable of u.location.elements)
        this.addWrite(variable, u.value, isCertain && isOne, read, writes)
    }
  }

  private addWrite(
    variable: number,
    value: Expression,
    isCertain: boolean,
    read: (e: Expression) => void,
    writes: Map<Cell, CellWrite>,
  ): void {
    const type = this.cells.typeOf(variable)
    const put = (cell: Cell, write: CellWrite): void => {
      const before = writes.get(cell)
      writes.set(cell, before === undefined ? write : either(before, write))
    }
    if (type.kind === 'set') {
      const change = setChange(variable, value)
      if (change === null) read(value)
      for (let member = 0; member < type.size; member++) {
        const write = memberWrite(change, value, member, isCertain)
        if (write !== null) put(this.cells.ofMember(variable, member), write)
      }
      return
    }
    const cell = this.cells.of(variable)
    const range = this.rangeOfValue(variable, value)
    if (value.kind === 'constant' && range.lo === range.hi)
      put(cell, { kind: 'constant', value: range.lo, isCertain })
    else {
      const amount = isCertain ? amountAdded(variable, value) : null
      if (amount === null) read(value)
      const wraps = type.kind === 'counter'
      put(
        cell,
        amount === null ? { kind: 'other', range } : { kind: 'delta', amount, range, wraps },
      )
    }
  }

  /** The values that a variable can have after the assignment; all if it wraps. */
  private rangeOfValue(variable: number, value: Expression): Interval {
    const type = this.cells.typeOf(variable)
    const all = rangeOf(type)
    const { lo, hi } = intervalOf(value, this.ranges)
    if (lo >= all.lo && hi <= all.hi) return { lo, hi }
    // What is out of range wraps, or is a model error and has no state after it.
    if (type.kind === 'counter') return all
    return hi < all.lo || lo > all.hi ? all : { lo: Math.max(lo, all.lo), hi: Math.min(hi, all.hi) }
  }

  /** What taking the action does to `condition`, in states where `known` holds as well. */
  influence(
    { known: own }: SpecialAction,
    { writes }: Footprint,
    condition: Expression,
    known: KnownValues = new Map(),
  ): Influence {
    const touched = [...this.cells.readBy(condition)].filter(cell => writes.has(cell))
    if (touched.length === 0) return NO_INFLUENCE
    const before = new Map([...own, ...known])
    const old = this.cells.specialize(condition, before)
    const oldText = printExpression(old, this.model.variables)
    let mayMakeTrue = false
    let mayMakeFalse = false
    for (const { after, ranges, written } of this.outcomes(touched, writes, before)) {
      const now = this.cells.specialize(condition, after)
      // A text says all only if nothing is left in it of what was written: a set of which some
      // members are known, or an array with an unknown index, reads the same before and after.
      const isExact = !written.some(cell => this.cells.readBy(now).has(cell))
      if (isExact && printExpression(now, this.model.variables) === oldText) continue
      const interval = intervalOf(now, ranges)
      if (!isTrue(old) && !isFalse(now) && !isNever(interval)) mayMakeTrue = true
      if (!isFalse(old) && !isTrue(now) && !isAlways(interval)) mayMakeFalse = true
    }
    return { mayMakeTrue, mayMakeFalse }
  }

  /** The ways in which an action may leave some cells. */
  private outcomes(
    touched: readonly Cell[],
    writes: ReadonlyMap<Cell, CellWrite>,
    before: KnownValues,
  ): readonly Outcome[] {
    const fixed = new Map(before)
    const optional: [Cell, number][] = []
    const vague = new Map<Cell, Interval>()
    for (const cell of touched) {
      const write = defined(writes.get(cell))
      if (write.kind !== 'constant') {
        fixed.delete(cell)
        vague.set(cell, write.range)
      } else if (write.isCertain) fixed.set(cell, write.value)
      else optional.push([cell, write.value])
    }
    const ranges = this.rangesAfter(vague, touched, writes)
    if (2 ** optional.length > OUTCOMES_MAX) {
      for (const [cell] of optional) fixed.delete(cell)
      return [{ after: fixed, ranges: this.ranges, written: touched }]
    }
    return Array.from({ length: 2 ** optional.length }, (_, chosen) => {
      const after = new Map(fixed)
      optional.forEach(([cell, value], i) => {
        if (((chosen >> i) & 1) === 1) after.set(cell, value)
      })
      const left = optional.filter((_, i) => ((chosen >> i) & 1) === 0).map(([cell]) => cell)
      return { after, ranges, written: touched.filter(cell => !left.includes(cell)) }
    })
  }

  /** Ranges of variables where some have just been given a value that is known by its range. */
  private rangesAfter(
    vague: ReadonlyMap<Cell, Interval>,
    touched: readonly Cell[],
    writes: ReadonlyMap<Cell, CellWrite>,
  ): Ranges {
    if (vague.size === 0) return this.ranges
    return variable => {
      const all = rangeOf(this.cells.typeOf(variable))
      if (this.cells.typeOf(variable).kind === 'set') return all
      const cell = this.cells.of(variable)
      // Only a delta is certain to be there; any other write may leave the old value.
      return touched.includes(cell) && writes.get(cell)?.kind === 'delta'
        ? defined(vague.get(cell))
        : all
    }
  }
}

interface Outcome {
  readonly after: KnownValues
  readonly ranges: Ranges
  /** Cells that have, or may have, another value than before. */
  readonly written: readonly Cell[]
}

/** One write or the other. */
function either(a: CellWrite, b: CellWrite): CellWrite {
  if (a.kind === 'constant' && b.kind === 'constant' && a.value === b.value)
    return { ...a, isCertain: a.isCertain && b.isCertain }
  const [x, y] = [a, b].map((w): Interval => {
    return w.kind === 'constant' ? { lo: w.value, hi: w.value } : w.range
  })
  const range = {
    lo: Math.min(defined(x).lo, defined(y).lo),
    hi: Math.max(defined(x).hi, defined(y).hi),
  }
  return { kind: 'other', range }
}

/** Members of a set that get the value 1 (added) or 0 (taken away). */
interface SetChange {
  readonly members: number
  readonly value: number
}

/** What an assignment of a set does to one member; null if it leaves it alone. */
function memberWrite(
  change: SetChange | null,
  value: Expression,
  member: number,
  isCertain: boolean,
): CellWrite | null {
  if (change !== null)
    return ((change.members >> member) & 1) === 0
      ? null
      : { kind: 'constant', value: change.value, isCertain }
  if (value.kind === 'constant')
    return { kind: 'constant', value: (value.value >> member) & 1, isCertain }
  return { kind: 'other', range: { lo: 0, hi: 1 } }
}

/** The members that an assignment of a set adds or takes away, if it does no more. */
function setChange(variable: number, value: Expression): SetChange | null {
  if (value.kind !== 'bits' || value.right.kind !== 'constant') return null
  if (value.operator === 'and' || staticRead(value.left) !== variable) return null
  return { members: value.right.value, value: value.operator === 'or' ? 1 : 0 }
}

/** The constant that an assignment of a number adds to it, null if it does something else. */
function amountAdded(variable: number, value: Expression): number | null {
  if (value.kind !== 'arithmetic' || value.operator === 'mul') return null
  if (staticRead(value.left) !== variable || value.right.kind !== 'constant') return null
  return value.operator === 'add' ? value.right.value : -value.right.value
}
