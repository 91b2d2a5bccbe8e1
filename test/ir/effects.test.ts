/** What actions may read and write. */
import { describe, expect, test } from 'vitest'
import septZap from '../../models/sept-zap.js'
import { readVariables, variablesOf, writtenVariables } from '../../src/ir/effects.js'
import type { ActionInstance } from '../../src/ir/model.js'
import { defined } from '../../src/base/assert.js'

const model = septZap.instantiate({ vcpus: 2, gfns: 2 })
const names = (variables: Iterable<number>): string[] =>
  [...new Set(variables)].map(v => defined(model.variables[v]).name).sort()
const actions = (name: string): readonly ActionInstance[] =>
  model.actions.filter(action => action.name === name)

describe('effects', () => {
  test('every variable is written by some action, and read by some action or property', () => {
    const written = model.actions.flatMap(({ updates }) => writtenVariables(updates))
    expect(names(written)).toEqual(names(model.variables.keys()))
    const read = model.actions.flatMap(action => [...readVariables(action)])
    expect(new Set(read).size).toBeGreaterThan(written.length / model.actions.length)
  })

  test('instances of one action for different vCPUs write different variables', () => {
    const [first] = model.actions
    const instances = actions(defined(first).name)
    const sets = instances.map(({ updates }) => names(writtenVariables(updates)).join())
    expect(new Set(sets).size).toBe(instances.length)
  })

  test('what a guard reads is read', () => {
    for (const action of model.actions)
      for (const conjunct of action.guard)
        for (const variable of variablesOf(conjunct))
          expect(readVariables(action).has(variable)).toBe(true)
  })
})
