/**
 * The check behind symmetric index types: swapping two neighbouring elements everywhere in the
 * model must give the same model. Transpositions of neighbours generate all permutations, so the
 * check covers every one. Whatever breaks the symmetry (an order, an element picked by name, an
 * action that one element lacks) makes some action or property have no counterpart.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { elementPosition, mapChildren, mapIndices } from './expression.js'
import type { Expression, Location, VariableIndex } from './expression.js'
import { isTotal, splitGuard } from './interval.js'
import type { Ranges } from './interval.js'
import { formatAction, typeRanges } from './model.js'
import type { ActionInstance, Model, Property, Sort, Update } from './model.js'
import { permuteValue, transposition } from './permutation.js'
import type { StatePermutation } from './permutation.js'
import { checkSortKinds, elementSort } from './sort-check.js'
import { formatType } from './type.js'

/** What the check asks of a model. */
export type SymmetryDemand =
  /** Elements are alike wherever the model means something. */
  | 'meaning'
  /**
   * They are alike in what fails, too: whether an index out of range is met may not depend on the
   * order in which elements are looked at. The reduction needs this: it must not miss an error.
   */
  | 'errors'

/** Throws Diagnostic ZC305 if some symmetric type of the model is not symmetric. */
export function checkSymmetry(model: Model, demand: SymmetryDemand = 'meaning'): void {
  if (model.sorts.every(({ size }) => size < 2)) return
  checkSortKinds(model)
  const numbering = new Numbering(typeRanges(model.variables), demand)
  const original = { numbering, actions: model.actions.map(a => numbering.action(a)) }
  for (const sort of model.sorts)
    for (let i = 0; i + 1 < sort.size; i++) checkSwap(model, original, sort, [i, i + 1])
}

type Swap = readonly [number, number]

/** The model as it is, in numbers. */
interface Original {
  readonly numbering: Numbering
  /** By action instance. */
  readonly actions: readonly number[]
}

function checkSwap(model: Model, { numbering, actions }: Original, sort: Sort, swap: Swap): void {
  const permutation = transposition(model, sort, ...swap)
  checkTypes(model, permutation.variables, sort)
  const change = new Swapping(model, sort.name, permutation)
  const known = new Set(actions)
  const swapped = model.actions.map(a => numbering.action(change.action(a)))
  for (const [i, action] of model.actions.entries()) {
    if (known.has(swapped[i] ?? -1)) continue
    throw new Diagnostic(
      'ZC305',
      `model ${model.name}, action ${formatAction(action)}: it breaks the symmetry of ` +
        `${sort.name}: it has no counterpart with ${swap.join(' and ')} swapped`,
      {
        place: action.site(),
        hint: numbering.hint(`treat all elements of ${sort.name} alike, or use a plain size`),
      },
    )
  }
  for (const property of model.properties) {
    const changed = numbering.property(change.property(property), swapped)
    if (numbering.property(property, actions) === changed) continue
    throw new Diagnostic(
      'ZC305',
      `model ${model.name}, property '${property.name}': it breaks the symmetry of ${sort.name}`,
      {
        place: property.site(),
        hint: numbering.hint(`say the same of all elements of ${sort.name}`),
      },
    )
  }
}

/** Variables that trade places must hold the same values. */
function checkTypes(model: Model, permutation: readonly VariableIndex[], sort: Sort): void {
  for (const [i, variable] of model.variables.entries()) {
    const other = model.variables[permutation[i] ?? i]
    if (other === undefined || formatType(other.type) === formatType(variable.type)) continue
    throw new Diagnostic(
      'ZC305',
      `model ${model.name}, variable ${variable.name}: it breaks the symmetry of ${sort.name}: ` +
        `${other.name} has another type`,
      { place: variable.site() },
    )
  }
}

/**
 * Applies a permutation of one sort to expressions, updates, actions and properties. What it leaves
 * as it is stays the same object.
 */
class Swapping {
  readonly #done = new Map<Expression, Expression>()

  constructor(
    private readonly model: Model,
    private readonly sort: string,
    private readonly permutation: StatePermutation,
  ) {}

  /**
   * The location that means, in the swapped state, what this one means in the state: along an index
   * that is an element of the sort, places move with the elements.
   */
  private location(location: Location): Location {
    const { variables, elements: renamed } = this.permutation
    const to = renamed.get(this.sort) ?? []
    const moves = location.indices.map(
      i => elementSort(i.expression, this.model) === this.sort && i.size === to.length,
    )
    const elements = [...location.elements]
    location.elements.forEach((variable, position) => {
      let rest = position
      const values = location.indices
        .map(({ size }, i) => [size, moves[i]] as const)
        .reverse()
        .map(([size, isMoving]) => {
          const value = rest % size
          rest = (rest - value) / size
          return isMoving === true ? (to[value] ?? value) : value
        })
        .reverse()
      elements[elementPosition(location, values)] = variables[variable] ?? variable
    })
    const isSame =
      elements.every((variable, i) => variable === location.elements[i]) &&
      location.indices.every(i => this.expression(i.expression) === i.expression)
    return isSame ? location : mapIndices({ ...location, elements }, e => this.expression(e))
  }

  expression(e: Expression): Expression {
    const done = this.#done.get(e)
    if (done !== undefined) return done
    const changed = this.#change(e)
    this.#done.set(e, changed)
    return changed
  }

  #change(e: Expression): Expression {
    if (e.kind === 'constant') {
      const value = permuteValue(this.permutation, e.type, e.value)
      return value === e.value ? e : { ...e, value }
    }
    if (e.kind === 'read' || e.kind === 'next') {
      const location = this.location(e.location)
      return location === e.location ? e : { kind: e.kind, location }
    }
    let isSame = true
    const changed = mapChildren(e, child => {
      const other = this.expression(child)
      if (other !== child) isSame = false
      return other
    })
    return isSame ? e : changed
  }

  private update(u: Update): Update {
    if (u.kind === 'assign')
      return { ...u, location: this.location(u.location), value: this.expression(u.value) }
    if (u.kind === 'assert') return { ...u, condition: this.expression(u.condition) }
    return {
      ...u,
      condition: this.expression(u.condition),
      then: u.then.map(x => this.update(x)),
      otherwise: u.otherwise.map(x => this.update(x)),
    }
  }

  action(a: ActionInstance): ActionInstance {
    const guard = a.guard.map(e => this.expression(e))
    return { ...a, guard, updates: a.updates.map(u => this.update(u)) }
  }

  property(p: Property): Property {
    if (p.kind === 'assertion') return p
    if (p.kind === 'deadlock') return { ...p, allowed: this.expression(p.allowed) }
    if (p.kind === 'step') return { ...p, predicates: p.predicates.map(e => this.expression(e)) }
    return { ...p, predicate: this.expression(p.predicate) }
  }
}

/**
 * Numbers parts of a model: those that differ only in the order of and, or, = and + have one
 * number.
 * What can fail keeps its place: whether it is evaluated depends on what stands before it.
 */
class Numbering {
  /** Numbers by kind of part and numbers of what it consists of. */
  readonly #numbers = new Map<string, number>()
  readonly #known = { safe: new Map<Expression, number>(), unsafe: new Map<Expression, number>() }

  constructor(
    private readonly ranges: Ranges,
    private readonly demand: SymmetryDemand,
  ) {}

  /** `plain`, or what would have to be different to meet the demand. */
  hint(plain: string): string {
    if (this.demand === 'meaning') return plain
    return 'an index may be out of range there: guard it, or search without symmetry'
  }

  #numberOf(part: string): number {
    const known = this.#numbers.get(part)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(part, number)
    return number
  }

  /**
   * `isSafe`: it is known that nothing in `e` fails where it is evaluated. Of two such expressions
   * the order of operands makes no difference: each has the value that parallel evaluation gives.
   */
  expression(e: Expression, isSafe = this.demand === 'meaning'): number {
    const known = isSafe ? this.#known.safe : this.#known.unsafe
    const before = known.get(e)
    if (before !== undefined) return before
    const number = this.#numberOf(this.#describe(e, isSafe))
    known.set(e, number)
    return number
  }

  #describe(e: Expression, isSafe: boolean): string {
    const number = (inner: Expression): number => this.expression(inner, isSafe)
    switch (e.kind) {
      case 'constant':
        return `constant ${e.value}`
      case 'read':
      case 'next':
        return `${e.kind} ${this.#location(e.location, isSafe)}`
      case 'and':
      case 'or': {
        if (!isSafe && isTotal(e, this.ranges)) return `total ${this.expression(e, true)}`
        return `${e.kind} ${this.#operands(e.operands, isSafe).join(' ')}`
      }
      case 'compare':
      case 'arithmetic':
      case 'bits': {
        const sides = operandsOf(e, e).map(number)
        const commutes = ['eq', 'ne'].includes(e.operator) || isAssociative(e)
        return `${e.kind} ${e.operator} ${(commutes ? sorted(sides) : sides).join(' ')}`
      }
      case 'not':
        return `not ${number(e.operand)}`
      case 'modulo':
        return `mod ${number(e.operand)} ${e.modulus}`
      case 'ite':
        return `ite ${[e.condition, e.then, e.otherwise].map(number).join(' ')}`
      case 'singleton':
        return `singleton ${number(e.member)}`
      case 'member':
        return `member ${number(e.member)} ${number(e.set)}`
      default:
        return `size ${number(e.set)}`
    }
  }

  /** Numbers of a junction's operands: sorted where their order makes no difference. */
  #operands(operands: readonly Expression[], isSafe: boolean): readonly number[] {
    const runs: number[][] = [[]]
    for (const operand of operands) {
      const number = this.expression(operand, isSafe)
      if (isSafe || isTotal(operand, this.ranges)) runs.at(-1)?.push(number)
      else runs.push([number], [])
    }
    return runs.flatMap(sorted)
  }

  #location({ elements, indices }: Location, isSafe?: boolean): string {
    const chosen = indices.map(i => this.expression(i.expression, isSafe))
    return `${elements.join()} at ${chosen.join()}`
  }

  #updates(updates: readonly Update[]): string {
    const numbers = updates.map(u => {
      if (u.kind === 'assign')
        return this.#numberOf(`set ${this.#location(u.location)} to ${this.expression(u.value)}`)
      const condition = this.expression(u.condition)
      if (u.kind === 'assert') return this.#numberOf(`assert ${condition} ${u.property}`)
      const branches = [u.then, u.otherwise].map(inner => `{${this.#updates(inner)}}`)
      return this.#numberOf(`if ${condition} ${branches.join(' ')}`)
    })
    return sorted(numbers).join()
  }

  action({ name, guard, updates }: ActionInstance): number {
    return this.#numberOf(`action ${this.#guard(guard)} -> ${this.#updates(updates)} ${name}`)
  }

  #guard(guard: readonly Expression[]): string {
    if (this.demand === 'meaning') return this.#operands(guard, true).join()
    const { total, partial } = splitGuard(guard, this.ranges)
    return `${this.#operands(total, true).join()} then ${this.#operands(partial, false).join()}`
  }

  /** `actions` are the numbers of the actions that a step property's predicates belong to. */
  property(p: Property, actions: readonly number[]): string {
    if (p.kind === 'assertion') return p.name
    if (p.kind === 'deadlock') return String(this.expression(p.allowed))
    if (p.kind !== 'step') return String(this.expression(p.predicate))
    const steps = p.predicates.map((e, i) => `${actions[i] ?? ''} ${this.expression(e)}`)
    return steps.sort().join()
  }
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b)
}

type Binary = Expression & { readonly kind: 'compare' | 'arithmetic' | 'bits' }

/** True if operands can be reordered and regrouped freely (all of these also commute). */
function isAssociative({ kind, operator }: Binary): boolean {
  return kind !== 'compare' && ['add', 'mul', 'and', 'or'].includes(operator)
}

/** The operands of `e`; of nested ones as well where that makes no difference: a + (b + c). */
function operandsOf(e: Binary, outer: Binary): readonly Expression[] {
  return [e.left, e.right].flatMap(side =>
    isAssociative(outer) && side.kind === outer.kind && side.operator === outer.operator
      ? operandsOf(side, outer)
      : [side],
  )
}
