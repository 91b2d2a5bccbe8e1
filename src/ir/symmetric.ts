/**
 * The check behind symmetric index types: swapping two neighbouring elements everywhere in the
 * model must give the same model. Transpositions of neighbours generate all permutations, so the
 * check covers every one. Whatever breaks the symmetry (an order, an element picked by name, an
 * action that one element lacks) makes some action or property have no counterpart.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { mapChildren, mapIndices } from './expression.js'
import type { Expression, Location } from './expression.js'
import { formatAction } from './model.js'
import type { ActionInstance, Model, Property, Sort, Update } from './model.js'
import { setMembers } from './type.js'
import type { ScalarType } from './type.js'

/** Throws Diagnostic ZC305 if some symmetric type of the model is not symmetric. */
export function checkSymmetry(model: Model): void {
  if (model.sorts.every(({ size }) => size < 2)) return
  const texts = model.actions.map(actionText)
  for (const sort of model.sorts)
    for (let i = 0; i + 1 < sort.size; i++) checkSwap(model, texts, sort, [i, i + 1])
}

type Swap = readonly [number, number]

function checkSwap(model: Model, texts: readonly string[], sort: Sort, swap: Swap): void {
  const permutation = variablePermutation(model, sort, swap)
  const change = new Swapping(sort.name, swap, permutation)
  const known = new Set(texts)
  const swapped = model.actions.map(a => actionText(change.action(a)))
  for (const [i, action] of model.actions.entries()) {
    if (known.has(swapped[i] ?? '')) continue
    throw new Diagnostic(
      'ZC305',
      `model ${model.name}, action ${formatAction(action)}: it breaks the symmetry of ` +
        `${sort.name}: it has no counterpart with ${swap.join(' and ')} swapped`,
      {
        place: action.site(),
        hint: `treat all elements of ${sort.name} alike, or use a plain size`,
      },
    )
  }
  for (const property of model.properties) {
    if (propertyText(property, texts) === propertyText(change.property(property), swapped)) continue
    throw new Diagnostic(
      'ZC305',
      `model ${model.name}, property '${property.name}': it breaks the symmetry of ${sort.name}`,
      { place: property.site(), hint: `say the same of all elements of ${sort.name}` },
    )
  }
}

/** Where each variable goes when two elements of a sort are swapped. */
function variablePermutation(model: Model, sort: Sort, [i, j]: Swap): readonly number[] {
  const permutation = model.variables.map((_, v) => v)
  for (const array of sort.arrays) {
    // Arrays may be nested in one another: compose, outer and inner swaps act on different axes.
    const a = array[i] ?? []
    const b = array[j] ?? []
    a.forEach((variable, k) => {
      const other = b[k] ?? variable
      const moved = permutation[variable] ?? variable
      permutation[variable] = permutation[other] ?? other
      permutation[other] = moved
    })
  }
  return permutation
}

/** Applies a swap to expressions, updates, actions and properties. */
class Swapping {
  constructor(
    private readonly sort: string,
    private readonly swap: Swap,
    private readonly permutation: readonly number[],
  ) {}

  private value(value: number, type: ScalarType | null): number {
    const [i, j] = this.swap
    if (type === null || !('sort' in type) || type.sort !== this.sort) return value
    if (type.kind === 'index') return value === i ? j : value === j ? i : value
    const members = setMembers(value).map(m => (m === i ? j : m === j ? i : m))
    return members.reduce((bits, m) => bits | (1 << m), 0)
  }

  private location(location: Location): Location {
    const elements = location.elements.map(v => this.permutation[v] ?? v)
    return mapIndices({ ...location, elements }, e => this.expression(e))
  }

  expression(e: Expression): Expression {
    if (e.kind === 'constant') return { ...e, value: this.value(e.value, e.type) }
    if (e.kind === 'read' || e.kind === 'next')
      return { kind: e.kind, location: this.location(e.location) }
    return mapChildren(e, child => this.expression(child))
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

type Binary = Expression & { readonly kind: 'compare' | 'arithmetic' | 'bits' }

/** True if operands can be reordered and regrouped freely (all of these also commute). */
function isAssociative({ kind, operator }: Binary): boolean {
  return kind !== 'compare' && ['add', 'mul', 'and', 'or'].includes(operator)
}

/** A text that is equal for expressions that differ only in the order of and, or, = and +. */
function expressionText(e: Expression): string {
  switch (e.kind) {
    case 'constant':
      return String(e.value)
    case 'read':
    case 'next':
      return `${e.kind} ${locationText(e.location)}`
    case 'and':
    case 'or':
      return `(${e.operands.map(expressionText).sort().join(` ${e.kind} `)})`
    case 'compare':
    case 'arithmetic':
    case 'bits': {
      const sides = operandsOf(e, e).map(expressionText)
      const commutes = ['eq', 'ne'].includes(e.operator) || isAssociative(e)
      return `(${(commutes ? sides.sort() : sides).join(` ${e.operator} `)})`
    }
    case 'not':
      return `not ${expressionText(e.operand)}`
    case 'modulo':
      return `(${expressionText(e.operand)} mod ${e.modulus})`
    case 'ite':
      return `(${[e.condition, e.then, e.otherwise].map(expressionText).join(' ? ')})`
    case 'singleton':
      return `{${expressionText(e.member)}}`
    case 'member':
      return `(${expressionText(e.member)} in ${expressionText(e.set)})`
    default:
      return `|${expressionText(e.set)}|`
  }
}

/** The operands of `e`; of nested ones as well where that makes no difference: a + (b + c). */
function operandsOf(e: Binary, outer: Binary): readonly Expression[] {
  return [e.left, e.right].flatMap(side =>
    isAssociative(outer) && side.kind === outer.kind && side.operator === outer.operator
      ? operandsOf(side, outer)
      : [side],
  )
}

/** An array over a sort that a swap reordered is the same if an index expression follows. */
function locationText({ elements, indices }: Location): string {
  if (indices.length === 0) return elements.join()
  const chosen = indices.map(i => expressionText(i.expression))
  return `${[...elements].sort((a, b) => a - b).join()}[${chosen.join('][')}]`
}

function updatesText(updates: readonly Update[]): string {
  return updates
    .map(u => {
      if (u.kind === 'assign') return `${locationText(u.location)} := ${expressionText(u.value)}`
      if (u.kind === 'assert') return `assert ${u.property} ${expressionText(u.condition)}`
      const { condition, then, otherwise } = u
      return `if ${expressionText(condition)} {${updatesText(then)}} {${updatesText(otherwise)}}`
    })
    .sort()
    .join('; ')
}

function actionText({ name, guard, updates }: ActionInstance): string {
  return `${name}: ${guard.map(expressionText).sort().join(' & ')} -> ${updatesText(updates)}`
}

/** `actions` are the texts of the actions that a step property's predicates belong to. */
function propertyText(p: Property, actions: readonly string[]): string {
  if (p.kind === 'assertion') return p.name
  if (p.kind === 'deadlock') return expressionText(p.allowed)
  if (p.kind !== 'step') return expressionText(p.predicate)
  const texts = p.predicates.map((e, i) => `${actions[i] ?? ''} | ${expressionText(e)}`)
  return texts.sort().join('\n')
}
