/** Texts of expressions: readable, and equal only for equal expressions. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { and, compare, constant, not, or, variableAt } from '../../src/ir/expression.js'
import type { Expression, Location } from '../../src/ir/expression.js'
import type { Variable } from '../../src/ir/model.js'
import { printExpression, printLocation, printTarget, printUpdate } from '../../src/ir/print.js'
import { expressionAndState } from '../generators/random-expression-in-model.js'

const site = (): undefined => undefined
const variables: readonly Variable[] = [
  { name: 'slot', type: { kind: 'bool' }, initial: 0, site },
  { name: 'sept[0]', type: { kind: 'enumeration', labels: ['free', 'mapped'] }, initial: 0, site },
  { name: 'sept[1]', type: { kind: 'enumeration', labels: ['free', 'mapped'] }, initial: 0, site },
  { name: 'i', type: { kind: 'int', lo: 0, hi: 3 }, initial: 0, site },
]
const slot: Expression = { kind: 'read', location: variableAt(0) }
const i: Expression = { kind: 'read', location: variableAt(3) }
const picked: Location = { elements: [1, 2], indices: [{ expression: i, size: 2 }] }
const print = (e: Expression): string => printExpression(e, variables)

describe('printExpression', () => {
  it('uses names and labels', () => {
    const mapped = constant(1, { kind: 'enumeration', labels: ['free', 'mapped'] })
    const isMapped = compare('eq', { kind: 'read', location: picked }, mapped)
    expect(print(and(slot, isMapped))).toBe('(slot & ({sept[0], sept[1]}[i] = mapped))')
    expect(print(or(not(slot), compare('lt', i, constant(2))))).toBe('(!slot | (i < 2))')
    expect(print({ kind: 'next', location: variableAt(0) })).toBe("slot'")
    expect(print({ kind: 'modulo', operand: i, modulus: 3 })).toBe('(i mod 3)')
    expect(print({ kind: 'member', set: constant(1), member: i, size: 2 })).toBe('(i in 1)')
  })

  it('tells apart what is grouped differently', () => {
    const [a, b, c] = [slot, i, constant(1)]
    expect(print(compare('eq', compare('eq', a, b), c))).not.toBe(
      print(compare('eq', a, compare('eq', b, c))),
    )
    const negated: Expression = { kind: 'not', operand: compare('eq', a, b) }
    expect(print(negated)).not.toBe(print(compare('eq', not(a), b)))
  })

  it('tells a junction of one operand, or of none, from the other kind', () => {
    const texts = (['and', 'or'] as const).flatMap(kind =>
      [[], [slot]].map(operands => print({ kind, operands })),
    )
    expect(new Set(texts).size).toBe(4)
  })

  it('gives equal texts to equal expressions only', () => {
    // Types of constants are not shown in full; all else is.
    const plain = (e: unknown): string =>
      JSON.stringify(e, (key, value: unknown) => (key === 'type' || key === 'size' ? null : value))
    fc.assert(
      fc.property(expressionAndState(4), ({ variables: all, expressions, numbers }) => {
        const list = [...expressions, ...numbers]
        for (const a of list)
          for (const b of list)
            if (plain(a) !== plain(b))
              expect(printExpression(a, all)).not.toBe(printExpression(b, all))
      }),
      { numRuns: 200 },
    )
  })
})

describe('printLocation, printTarget, printUpdate', () => {
  it('name the elements, or the array that an index picks from', () => {
    expect(printLocation(variableAt(1), variables)).toBe('sept[0]')
    expect(printLocation(picked, variables)).toBe('{sept[0], sept[1]}[i]')
    expect(printTarget(variableAt(1), variables)).toBe('sept[0]')
    expect(printTarget(picked, variables)).toBe('sept[..]')
  })

  it('show updates with their branches', () => {
    const set = { kind: 'assign', location: variableAt(3), value: constant(2), site } as const
    expect(printUpdate(set, variables)).toBe('i := 2')
    expect(
      printUpdate({ kind: 'if', condition: slot, then: [set], otherwise: [] }, variables),
    ).toBe('if slot {i := 2} else {}')
    expect(printUpdate({ kind: 'assert', property: 1, condition: slot }, variables)).toBe(
      'assert#1 slot',
    )
  })
})
