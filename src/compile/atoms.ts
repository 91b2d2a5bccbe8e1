/** Atoms on one word of a packed state fuse into a single test, `(word & mask) == value`. */
import type { Atom } from '../ir/atom.js'
import type { VariableIndex } from '../ir/expression.js'
import type { Layout } from '../layout/layout.js'

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
