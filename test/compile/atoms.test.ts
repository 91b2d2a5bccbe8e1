/** Atoms: which comparisons fuse, and into what. */
import { describe, expect, test } from 'vitest'
import { fuseAtoms } from '../../src/compile/atoms.js'
import { asAtom, asNegatedAtom } from '../../src/ir/atom.js'
import { compare, constant, not, variableAt } from '../../src/ir/expression.js'
import type { Expression } from '../../src/ir/expression.js'
import type { Variable } from '../../src/ir/model.js'
import { layoutOf } from '../../src/layout/layout.js'

const site = (): undefined => undefined
const variables: readonly Variable[] = [
  { name: 'flag', type: { kind: 'bool' }, initial: 0, site },
  { name: 'pc', type: { kind: 'enumeration', labels: ['a', 'b', 'c'] }, initial: 0, site },
  { name: 'two', type: { kind: 'int', lo: 5, hi: 6 }, initial: 5, site },
  { name: 'one', type: { kind: 'int', lo: 3, hi: 3 }, initial: 3, site },
]
const layout = layoutOf({
  name: 'm',
  parameters: {},
  variables,
  actions: [],
  properties: [],
  sorts: [],
})
const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })

describe('atoms', () => {
  test('a truth value and its negation are atoms', () => {
    expect(asAtom(read(0), variables)).toEqual({ variable: 0, value: 1 })
    expect(asAtom(not(read(0)), variables)).toEqual({ variable: 0, value: 0 })
  })

  test('a comparison with a constant on either side is one', () => {
    expect(asAtom(compare('eq', read(1), constant(2)), variables)).toEqual({
      variable: 1,
      value: 2,
    })
    expect(asAtom(compare('eq', constant(2), read(1)), variables)).toEqual({
      variable: 1,
      value: 2,
    })
  })

  test('unequal is an atom only where two values are possible', () => {
    expect(asAtom(compare('ne', read(2), constant(5)), variables)).toEqual({
      variable: 2,
      value: 6,
    })
    expect(asAtom(compare('ne', read(1), constant(0)), variables)).toBeNull()
    expect(asNegatedAtom(compare('ne', read(1), constant(0)), variables)).toEqual({
      variable: 1,
      value: 0,
    })
  })

  test('a value outside of the range is none', () => {
    expect(asAtom(compare('eq', read(1), constant(3)), variables)).toBeNull()
  })

  test('atoms of one word fuse into one test', () => {
    const tests = fuseAtoms(
      [
        { variable: 0, value: 1 },
        { variable: 1, value: 2 },
        { variable: 2, value: 6 },
      ],
      layout,
    )
    expect(tests).toEqual([{ word: 0, mask: 0b1111n, value: 0b1101n }])
  })

  test('a variable of one value needs no test, and contradictions are noticed', () => {
    expect(fuseAtoms([{ variable: 3, value: 3 }], layout)).toEqual([])
    expect(
      fuseAtoms(
        [
          { variable: 1, value: 1 },
          { variable: 1, value: 2 },
        ],
        layout,
      ),
    ).toBeNull()
  })
})
