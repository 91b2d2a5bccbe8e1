/** Structural equality of expressions. */
import { unreachable } from '../base/assert.js'
import type { Expression, Location } from './expression.js'

/** True for expressions that are written alike. Most pairs differ at the first look. */
export function isSame(a: Expression, b: Expression): boolean {
  if (a === b) return true
  switch (a.kind) {
    case 'constant':
      return b.kind === a.kind && a.value === b.value
    case 'read':
    case 'next':
      return b.kind === a.kind && isSameLocation(a.location, b.location)
    case 'not':
      return b.kind === a.kind && isSame(a.operand, b.operand)
    case 'and':
    case 'or':
      return b.kind === a.kind && areSame(a.operands, b.operands)
    case 'compare':
    case 'arithmetic':
    case 'bits':
      if (b.kind !== a.kind || b.operator !== a.operator) return false
      return isSame(a.left, b.left) && isSame(a.right, b.right)
    case 'modulo':
      return b.kind === a.kind && b.modulus === a.modulus && isSame(a.operand, b.operand)
    case 'ite':
      if (b.kind !== a.kind || !isSame(a.condition, b.condition)) return false
      return isSame(a.then, b.then) && isSame(a.otherwise, b.otherwise)
    case 'singleton':
      return b.kind === a.kind && b.size === a.size && isSame(a.member, b.member)
    case 'member':
      if (b.kind !== a.kind || b.size !== a.size) return false
      return isSame(a.member, b.member) && isSame(a.set, b.set)
    case 'cardinality':
      return b.kind === a.kind && isSame(a.set, b.set)
    default:
      return unreachable(a)
  }
}

function areSame(a: readonly Expression[], b: readonly Expression[]): boolean {
  return a.length === b.length && a.every((e, i) => isSame(e, b[i]!))
}

function isSameLocation(a: Location, b: Location): boolean {
  if (a.elements.length !== b.elements.length || a.indices.length !== b.indices.length) return false
  if (a.elements.some((element, i) => element !== b.elements[i])) return false
  const expressions = (l: Location): Expression[] => l.indices.map(i => i.expression)
  return areSame(expressions(a), expressions(b))
}
