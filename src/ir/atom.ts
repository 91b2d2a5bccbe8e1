/** Atoms: comparisons of one variable with one value, as guards are mostly made of. */
import { not } from './expression.js'
import type { Expression, VariableIndex } from './expression.js'
import type { Variable } from './model.js'
import { rangeOf } from './type.js'

/** `variable == value`, with value in the variable's range. */
export interface Atom {
  readonly variable: VariableIndex
  readonly value: number
}

/** The atom that `e` means, or null if it is something else. */
export function asAtom(e: Expression, variables: readonly Variable[]): Atom | null {
  if (e.kind === 'read' && e.location.indices.length === 0) return boolAtom(e, variables, 1)
  if (e.kind === 'not' && e.operand.kind === 'read' && e.operand.location.indices.length === 0)
    return boolAtom(e.operand, variables, 0)
  if (e.kind !== 'compare') return null
  const read = scalarRead(e.left) ?? scalarRead(e.right)
  const other = scalarRead(e.left) === null ? e.left : e.right
  if (read === null || other.kind !== 'constant') return null
  const { lo, hi } = rangeOf(variables[read]!.type)
  if (other.value < lo || other.value > hi) return null
  if (e.operator === 'eq') return { variable: read, value: other.value }
  if (e.operator === 'ne' && hi - lo === 1)
    return { variable: read, value: other.value === lo ? hi : lo }
  return null
}

/** The atom whose negation `e` means, or null. */
export function asNegatedAtom(e: Expression, variables: readonly Variable[]): Atom | null {
  return asAtom(not(e), variables)
}

function scalarRead(e: Expression): VariableIndex | null {
  return e.kind === 'read' && e.location.indices.length === 0 ? e.location.elements[0]! : null
}

function boolAtom(
  read: Expression & { readonly kind: 'read' },
  variables: readonly Variable[],
  value: number,
): Atom | null {
  const variable = read.location.elements[0]!
  return variables[variable]!.type.kind === 'bool' ? { variable, value } : null
}
