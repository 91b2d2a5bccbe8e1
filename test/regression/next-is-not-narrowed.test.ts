/**
 * Would have let through: a violated step property as held. What the guard says of a variable
 * before the action was taken to hold for its value after the action, too.
 */
import { expect, test } from 'vitest'
import { assume, intervalOf } from '../../src/ir/interval.js'
import { compare, constant, variableAt } from '../../src/ir/expression.js'

test('a guard narrows what is known before the action, and not what is known after it', () => {
  const location = variableAt(0)
  const isZero = compare('eq', { kind: 'read', location }, constant(0))
  const ranges = assume(isZero, () => ({ lo: 0, hi: 3 }))
  expect(intervalOf({ kind: 'read', location }, ranges)).toEqual({ lo: 0, hi: 0 })
  expect(intervalOf({ kind: 'next', location }, ranges)).toEqual({ lo: 0, hi: 3 })
})
