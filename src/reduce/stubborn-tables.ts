/**
 * What has to be known of a model to find stubborn sets in its states: found once, before the
 * search.
 *
 * *Members* are the special actions, and behind them the *events*: an event is like an action that
 * does nothing and is enabled where an invariant is violated (a witness is reached), one for each
 * way in which that can come about. Sets of members are bits.
 *
 * docs/internals/partial-order.md says why this is enough.
 */
import { defined } from '../base/assert.js'
import { and, not, walk } from '../ir/expression.js'
import type { Expression, Location } from '../ir/expression.js'
import { isTotal } from '../ir/interval.js'
import { typeRanges, walkUpdates } from '../ir/model.js'
import type { Model } from '../ir/model.js'
import { printExpression } from '../ir/print.js'
import { Cells } from './cells.js'
import { doAccord, footed, mayDisturb } from './dependence.js'
import type { Footed } from './dependence.js'
import { Footprints } from './footprint.js'
import { stickyActions } from './progress.js'
import { Specializer } from './special-action.js'
import type { SpecialAction } from './special-action.js'

/** A set of members: bit i for member i. */
export type MemberSet = bigint

/** A conjunct of some guard, which cannot fail. */
export interface Condition {
  readonly expression: Expression
  /** Necessary enabling set: the actions that may make it true. */
  readonly enabling: MemberSet
}

/** An action or event. */
export interface Member {
  readonly special: SpecialAction
  /** What must join it where it is enabled; nothing for an event. */
  readonly dependents: MemberSet
  /** Its total conjuncts: positions in `conditions`. */
  readonly needs: readonly number[]
  /** What may change one of its partial conjuncts; 0 if it has none. */
  readonly changing: MemberSet
  /** May be on a cycle without any other sticky one. Events are not asked. */
  readonly isSticky: boolean
}

/** The tables of a model. */
export interface StubbornTables {
  readonly members: readonly Member[]
  /** The first so many members are actions. */
  readonly actionCount: number
  readonly conditions: readonly Condition[]
}

/** Most members: more would make code and time of each state grow without bounds. */
export const MEMBERS_MAX = 512

/** How finely members are told apart; coarser if there are too many. */
interface Grain {
  /** Most special actions of an instance. */
  readonly specialsMax: number
  /** Most ways in which a property is violated. */
  readonly eventsMax: number
}

const GRAINS: readonly Grain[] = [
  { specialsMax: 64, eventsMax: 64 },
  { specialsMax: 8, eventsMax: 64 },
  { specialsMax: 1, eventsMax: 64 },
  { specialsMax: 1, eventsMax: 1 },
]

/** What the tables are for. */
export interface StubbornOptions {
  /**
   * Actions in the order in which members are numbered; those that are left out are never enabled.
   * @defaultValue all, in the order of the model
   */
  readonly order?: readonly number[]
  /** The search is reduced by symmetry as well. */
  readonly isSymmetric?: boolean
}

/** The tables of a model, or null if there would be more than MEMBERS_MAX members. */
export function stubbornTables(
  model: Model,
  { order = model.actions.map((_, i) => i), isSymmetric = false }: StubbornOptions = {},
): StubbornTables | null {
  for (const grain of GRAINS) {
    const builder = new TableBuilder(model, order, grain)
    if (builder.memberCount <= MEMBERS_MAX) return builder.build(isSymmetric)
  }
  return null
}

class TableBuilder {
  private readonly cells: Cells
  private readonly footprints: Footprints
  private readonly actions: readonly Footed[]
  private readonly events: readonly Footed[]
  private readonly conditions: Condition[] = []
  private readonly positions = new Map<string, number>()

  constructor(
    private readonly model: Model,
    order: readonly number[],
    { specialsMax, eventsMax }: Grain,
  ) {
    this.cells = new Cells(model)
    this.footprints = new Footprints(model, this.cells)
    const specializer = new Specializer(model, this.cells)
    const foot = (action: SpecialAction): Footed => footed(action, this.cells, this.footprints)
    const actions = order.flatMap(origin => {
      const { guard, updates } = defined(model.actions[origin])
      return specializer.specialize({ guard, updates, origin }, specialsMax)
    })
    const events = model.properties.flatMap(p => {
      if (p.kind !== 'invariant' && p.kind !== 'reachable') return []
      const event = p.kind === 'invariant' ? not(p.predicate) : p.predicate
      const guards = waysOf(event, model, eventsMax)
      return guards.flatMap(guard =>
        specializer.specialize({ guard, updates: [], origin: -1 }, specialsMax),
      )
    })
    this.actions = actions.map(foot)
    this.events = events.map(foot)
  }

  get memberCount(): number {
    return this.actions.length + this.events.length
  }

  build(isSymmetric: boolean): StubbornTables {
    const dependents = this.dependents()
    const costs = dependents.map(set => 1 / (1 + bitCount(set)))
    const sticky = stickyActions(
      this.actions.map(a => a.action),
      this.actions.map(a => a.footprint),
      costs,
    )
    const shapes = isSymmetric ? this.actions.map(a => this.shapeOf(a.action.origin)) : []
    const stickyShapes = new Set(shapes.filter((_, i) => sticky[i]))
    const members = [...this.actions, ...this.events].map(({ action }, i): Member => ({
      special: action,
      dependents: dependents[i] ?? 0n,
      needs: action.total.map(e => this.condition(e)),
      changing: this.writersOf(action.partial),
      isSticky: sticky[i] === true || stickyShapes.has(shapes[i] ?? ''),
    }))
    return { members, actionCount: this.actions.length, conditions: this.conditions }
  }

  private dependents(): MemberSet[] {
    const { actions, events, cells, footprints } = this
    const sets = actions.map(() => 0n)
    actions.forEach((a, i) => {
      actions.slice(0, i).forEach((b, j) => {
        if (doAccord(a, b, cells, footprints)) return
        sets[i] = defined(sets[i]) | bit(j)
        sets[j] = defined(sets[j]) | bit(i)
      })
      events.forEach((event, j) => {
        if (mayDisturb(a, event, cells, footprints))
          sets[i] = defined(sets[i]) | bit(actions.length + j)
      })
    })
    return sets
  }

  private condition(expression: Expression): number {
    const text = printExpression(expression, this.model.variables)
    const known = this.positions.get(text)
    if (known !== undefined) return known
    const enabling = this.actions.reduce((set, { action, footprint }, i) => {
      const { mayMakeTrue } = this.footprints.influence(action, footprint, expression)
      return mayMakeTrue ? set | bit(i) : set
    }, 0n)
    this.positions.set(text, this.conditions.length)
    return this.conditions.push({ expression, enabling }) - 1
  }

  /**
   * What an instance has in common with its images under any permutation of elements: operators and
   * names of variables without their indices.
   */
  private shapeOf(origin: number): string {
    const { guard, updates } = defined(this.model.actions[origin])
    const words = new Set<string>()
    const name = (location: Location): void => {
      for (const v of location.elements)
        words.add(defined(this.model.variables[v]).name.replace(/\d+/g, ''))
    }
    const visit = (e: Expression): void =>
      walk(e, part => {
        words.add('operator' in part ? part.operator : part.kind)
        if (part.kind === 'read') name(part.location)
      })
    guard.forEach(visit)
    walkUpdates(updates, u => {
      words.add(u.kind)
      if (u.kind !== 'assign') visit(u.condition)
      else {
        words.add(':=')
        name(u.location)
        visit(u.value)
        for (const { expression } of u.location.indices) visit(expression)
      }
    })
    return [...words].sort().join(' ')
  }

  private writersOf(expressions: readonly Expression[]): MemberSet {
    const read = new Set(expressions.flatMap(e => [...this.cells.readBy(e)]))
    return this.actions.reduce((set, { footprint }, i) => {
      const writes = [...footprint.writes.keys()].some(cell => read.has(cell))
      return writes ? set | bit(i) : set
    }, 0n)
  }
}

function bit(member: number): MemberSet {
  return 1n << BigInt(member)
}

/** Number of members. */
export function bitCount(set: MemberSet): number {
  let count = 0
  for (let rest = set; rest !== 0n; rest &= rest - 1n) count++
  return count
}

/**
 * The ways in which `e` can be true, as conjunctions; itself as the only one if it can fail or
 * there are too many.
 */
function waysOf(e: Expression, model: Model, countMax: number): readonly (readonly Expression[])[] {
  if (!isTotal(e, typeRanges(model.variables))) return [[e]]
  return disjunction(e, true, countMax) ?? [[e]]
}

/** Disjunctive normal form of `e`, or of its negation; null if it is too long. */
function disjunction(
  e: Expression,
  isPositive: boolean,
  countMax: number,
): readonly Expression[][] | null {
  if (e.kind === 'not') return disjunction(e.operand, !isPositive, countMax)
  if (e.kind !== 'and' && e.kind !== 'or') return [[isPositive ? e : not(e)]]
  let ways: readonly Expression[][] = (e.kind === 'or') === isPositive ? [] : [[]]
  for (const operand of e.operands) {
    const inner = disjunction(operand, isPositive, countMax)
    if (inner === null) return null
    ways =
      (e.kind === 'or') === isPositive
        ? [...ways, ...inner]
        : ways.flatMap(way => inner.map(other => [...way, ...other]))
    if (ways.length > countMax) return null
  }
  return ways.filter(way => and(...way).kind !== 'constant')
}
