/**
 * Atoms: comparisons of one variable with one value. Several of them on one word fuse into a single
 * `(word & mask) == value`.
 */
import { not } from '../ir/expression.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import { rangeOf } from '../ir/type.js'
import type { Variable } from '../ir/model.js'
import type { Layout } from '../layout/layout.js'

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

/** A test of some bits of one word: `(word & mask) == value`. */
export interface MaskTest {
  readonly word: number
  readonly mask: bigint
  readonly value: bigint
}

/** Fuses a conjunction of atoms: one test per word. Null if two atoms contradict each other. */
export function fuseAtoms(atoms: readonly Atom[], layout: Layout): readonly MaskTest[] | null {
  const tests = new Map<number, { mask: bigint; value: bigint }>()
  const chosen = new Map<VariableIndex, number>()
  for (const { variable, value } of atoms) {
    const before = chosen.get(variable)
    if (before !== undefined && before !== value) return null
    chosen.set(variable, value)
    const { word, offsetBits, widthBits, lo } = layout.fields[variable]!
    if (widthBits === 0) continue
    const test = tests.get(word) ?? { mask: 0n, value: 0n }
    const mask = ((1n << BigInt(widthBits)) - 1n) << BigInt(offsetBits)
    test.value |= before === undefined ? BigInt(value - lo) << BigInt(offsetBits) : 0n
    test.mask |= mask
    tests.set(word, test)
  }
  return [...tests].map(([word, test]) => ({ word, ...test }))
}
