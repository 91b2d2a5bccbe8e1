/** Conflicts: no double write goes unnoticed, and nothing harmless is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { conflictsOf } from '../../src/ir/conflict.js'
import { compare, constant, isTrue, not, variableAt } from '../../src/ir/expression.js'
import type { Expression, Location } from '../../src/ir/expression.js'
import type { Model, Update, Variable } from '../../src/ir/model.js'
import { modelAndStates } from '../generators/random-model.js'

const site = (): undefined => undefined
const read = (variable: number): Expression => ({ kind: 'read', location: variableAt(variable) })
const variables: readonly Variable[] = Array.from({ length: 6 }, (_, i) => ({
  name: `v${i}`,
  type: { kind: 'int', lo: 0, hi: 3 },
  initial: 0,
  site,
}))
const assign = (location: Location): Update => ({
  kind: 'assign',
  location,
  value: constant(1),
  site,
})
const picked = (index: number): Location => ({
  elements: [0, 1, 2],
  indices: [{ expression: read(index), size: 3 }],
})
const conflicts = (...updates: readonly Update[]): number => conflictsOf(updates, variables).length

/** Writes of the interpreter that fail because a variable is written twice. */
function writesTwice(model: Model, action: number, state: readonly number[]): boolean {
  const interpreter = new Interpreter(model)
  try {
    if (interpreter.isEnabled(action, state)) interpreter.take(action, state)
    return false
  } catch (error) {
    if (error instanceof ModelError) return error.code === 'ZC403'
    throw error
  }
}

describe('conflictsOf', () => {
  it('finds writes of one variable and of elements that may be the same', () => {
    expect(conflicts(assign(variableAt(0)), assign(variableAt(1)))).toBe(0)
    expect(conflicts(assign(variableAt(0)), assign(variableAt(0)))).toBe(1)
    expect(conflicts(assign(picked(3)), assign(variableAt(1)))).toBe(1)
    expect(conflicts(assign(picked(3)), assign(variableAt(5)))).toBe(0)
    expect(conflicts(assign(picked(3)), assign(picked(4)))).toBe(1)
  })

  it('is certain of a variable written twice without conditions', () => {
    const [only] = conflictsOf([assign(variableAt(0)), assign(variableAt(0))], variables)
    expect(only !== undefined && isTrue(only.condition)).toBe(true)
  })

  it('lets opposite branches write the same variable', () => {
    const condition = compare('lt', read(3), constant(2))
    const write = [assign(variableAt(0))]
    const branch: Update = { kind: 'if', condition, then: write, otherwise: write }
    const opposite: Update = { kind: 'if', condition: not(condition), then: write, otherwise: [] }
    const then: Update = { kind: 'if', condition, then: write, otherwise: [] }
    expect(conflicts(branch)).toBe(0)
    expect(conflicts(then, opposite)).toBe(0)
    expect(conflicts(then, then)).toBe(1)
  })

  it('is true in every state where the interpreter sees a variable written twice', () => {
    let seen = 0
    fc.assert(
      fc.property(modelAndStates({ mayFail: true }), ({ model, states }) => {
        for (const state of states)
          model.actions.forEach(({ updates }, action) => {
            if (!writesTwice(model, action, state)) return
            seen++
            const isNoticed = conflictsOf(updates, model.variables).some(({ condition }) => {
              try {
                return evaluate(condition, state) !== 0
              } catch (error) {
                // It may fail only where the action fails as well, with the same consequence.
                return error instanceof ModelError
              }
            })
            expect(isNoticed).toBe(true)
          })
      }),
      { numRuns: 1500, seed: 7 },
    )
    expect(seen).toBeGreaterThan(20)
  })

  it('is false in every state where an action succeeds', () => {
    fc.assert(
      fc.property(modelAndStates({ mayFail: true }), ({ model, states }) => {
        const interpreter = new Interpreter(model)
        for (const state of states)
          model.actions.forEach(({ updates }, action) => {
            try {
              if (!interpreter.isEnabled(action, state)) return
              interpreter.take(action, state)
            } catch (error) {
              if (error instanceof ModelError) return
              throw error
            }
            for (const { condition } of conflictsOf(updates, model.variables))
              expect(evaluate(condition, state)).toBe(0)
          })
      }),
      { numRuns: 500 },
    )
  })
})
