/**
 * Cells: the smallest parts of a state that the analyses for partial-order reduction tell apart. A
 * variable is one cell, but a set is one cell for each possible member, so that actions which add
 * different members to one set do not meet.
 *
 * `specialize` is an expression where some cells have known values: everything that they decide is
 * folded, and a location whose indices become constants becomes a single variable.
 */
import { defined } from '../base/assert.js'
import {
  and,
  arithmetic,
  bitsValue,
  compare,
  constant,
  elementPosition,
  ite,
  mapChildren,
  mapIndices,
  not,
  or,
  variableAt,
} from '../ir/expression.js'
import type { Expression, Location, VariableIndex } from '../ir/expression.js'
import type { Model } from '../ir/model.js'
import type { ScalarType } from '../ir/type.js'

/** A variable, or one possible member of a set variable; numbers from 0 on. */
export type Cell = number

/** Values of cells; those of a set's members are 0 and 1. */
export type KnownValues = ReadonlyMap<Cell, number>

/** The cells of a model. */
export class Cells {
  private readonly first: readonly Cell[]
  private readonly read = new WeakMap<Expression, ReadonlySet<Cell>>()
  private readonly types: readonly ScalarType[]

  constructor(model: Model) {
    let next = 0
    this.types = model.variables.map(v => v.type)
    this.first = this.types.map(type => {
      const cell = next
      next += type.kind === 'set' ? type.size : 1
      return cell
    })
  }

  /** The type of a variable. */
  typeOf(variable: VariableIndex): ScalarType {
    return defined(this.types[variable])
  }

  /** The cell of a variable that is no set. */
  of(variable: VariableIndex): Cell {
    return defined(this.first[variable])
  }

  /** The cell of one possible member of a set. */
  ofMember(variable: VariableIndex, member: number): Cell {
    return defined(this.first[variable]) + member
  }

  /** All cells of a variable. */
  all(variable: VariableIndex): readonly Cell[] {
    const type = this.typeOf(variable)
    const first = this.of(variable)
    return type.kind === 'set' ? Array.from({ length: type.size }, (_, i) => first + i) : [first]
  }

  /** The cells that an expression may read, in this state or the next. */
  readBy(e: Expression): ReadonlySet<Cell> {
    const known = this.read.get(e) ?? this.collect(e)
    this.read.set(e, known)
    return known
  }

  private collect(e: Expression): ReadonlySet<Cell> {
    const found = new Set<Cell>()
    const visit = (part: Expression): void => {
      const member = this.memberOf(part)
      if (member !== null) {
        found.add(member)
        return
      }
      if (part.kind === 'read' || part.kind === 'next')
        for (const v of part.location.elements) for (const cell of this.all(v)) found.add(cell)
      mapChildren(part, child => {
        visit(child)
        return child
      })
    }
    visit(e)
    return found
  }

  /** The cell that `e` reads if it asks for one member of one set variable, else null. */
  memberOf(e: Expression): Cell | null {
    if (e.kind !== 'member' || e.member.kind !== 'constant') return null
    const variable = staticRead(e.set)
    const { value } = e.member
    return variable === null || value < 0 || value >= e.size ? null : this.ofMember(variable, value)
  }

  /** The cell and value that `e` asks for, if it does nothing else; null otherwise. */
  demandOf(e: Expression): readonly [Cell, number] | null {
    if (e.kind === 'not') {
      const demand = this.demandOf(e.operand)
      const isTwoValued = e.operand.kind === 'member' || e.operand.kind === 'read'
      return demand === null || !isTwoValued ? null : [demand[0], 1 - demand[1]]
    }
    const member = this.memberOf(e)
    if (member !== null) return [member, 1]
    const truth = staticRead(e)
    if (truth !== null) return this.typeOf(truth).kind === 'bool' ? [this.of(truth), 1] : null
    if (e.kind !== 'compare' || e.operator !== 'eq') return null
    const [variable, other] =
      e.right.kind === 'constant' ? [staticRead(e.left), e.right] : [staticRead(e.right), e.left]
    if (variable === null || other.kind !== 'constant') return null
    return this.typeOf(variable).kind === 'set' ? null : [this.of(variable), other.value]
  }

  /** `e` where `known` holds. It can be evaluated, with the same result, wherever `e` can. */
  specialize(e: Expression, known: KnownValues): Expression {
    const inner = (part: Expression): Expression => this.specialize(part, known)
    switch (e.kind) {
      case 'read':
        return this.specialRead(settled(mapIndices(e.location, inner)), known)
      case 'next':
        return { kind: 'next', location: settled(mapIndices(e.location, inner)) }
      case 'not':
        return not(inner(e.operand))
      case 'and':
        return and(...e.operands.map(inner))
      case 'or':
        return or(...e.operands.map(inner))
      case 'compare':
        return compare(e.operator, inner(e.left), inner(e.right))
      case 'arithmetic':
        return arithmetic(e.operator, inner(e.left), inner(e.right))
      case 'ite':
        return ite(inner(e.condition), inner(e.then), inner(e.otherwise))
      default:
        return this.fold(mapChildren(e, inner), known)
    }
  }

  private specialRead(location: Location, known: KnownValues): Expression {
    const e: Expression = { kind: 'read', location }
    if (location.indices.length > 0) return e
    const variable = defined(location.elements[0])
    const values = this.all(variable).map(cell => known.get(cell))
    if (values.includes(undefined)) return e
    const type = this.typeOf(variable)
    if (type.kind !== 'set') return constant(defined(values[0]), type)
    return constant(
      values.reduce<number>((set, bit, i) => set | (defined(bit) << i), 0),
      type,
    )
  }

  private fold(e: Expression, known: KnownValues): Expression {
    const member = this.memberOf(e)
    const value = member === null ? undefined : known.get(member)
    if (value !== undefined) return constant(value, { kind: 'bool' })
    if (e.kind === 'modulo' && e.operand.kind === 'constant')
      return constant(((e.operand.value % e.modulus) + e.modulus) % e.modulus)
    if (e.kind === 'bits' && e.left.kind === 'constant' && e.right.kind === 'constant')
      return constant(bitsValue(e.operator, e.left.value, e.right.value))
    if (e.kind === 'singleton' && isWithin(e.member, e.size))
      return constant(2 ** defined(valueOf(e.member)))
    if (e.kind === 'member' && e.set.kind === 'constant' && isWithin(e.member, e.size))
      return constant((e.set.value >> defined(valueOf(e.member))) & 1, { kind: 'bool' })
    return e
  }
}

/** The variable that `e` reads, if it is nothing but the read of one. */
export function staticRead(e: Expression): VariableIndex | null {
  if (e.kind !== 'read' || e.location.indices.length > 0) return null
  return defined(e.location.elements[0])
}

/** The location without indices, if all of them are constants in range. */
export function settled(location: Location): Location {
  const { indices, elements } = location
  if (!indices.every(i => isWithin(i.expression, i.size))) return location
  const values = indices.map(i => defined(valueOf(i.expression)))
  return variableAt(defined(elements[elementPosition(location, values)]))
}

function valueOf(e: Expression): number | undefined {
  return e.kind === 'constant' ? e.value : undefined
}

function isWithin(e: Expression, size: number): boolean {
  return e.kind === 'constant' && e.value >= 0 && e.value < size
}
