/** What actions do to conditions: necessary enabling sets, where a first look misses something. */
import { expect, test } from 'vitest'
import { defined } from '../../src/base/assert.js'
import { array, defineModel, int, set } from '../../src/index.js'
import { printExpression } from '../../src/ir/print.js'
import { originsOf } from '../../src/reduce/stubborn.js'
import { stubbornTables } from '../../src/reduce/stubborn-tables.js'

const definition = defineModel({
  name: 'touches',
  about: 'For tests.',
  params: {},
  build(m) {
    const s = m.state({ inside: set(2), x: array(2, int(0, 2)), wide: int(0, 40), n: int(0, 3) })
    const element = s.x.at(s.wide.mod(2))
    m.action('enter').do(s.inside.add(1))
    m.action('empty').do(s.inside.clear())
    m.action('store').do(s.x[0].set(2))
    m.action('move').do(s.wide.set(3))
    m.action('count').when(s.n.lt(3)).do(s.n.increase())
    m.action('a').when(s.inside.isEmpty().not()).do([])
    m.action('b').when(element.is(2)).do([])
    m.action('c').when(s.n.is(0)).do([])
    m.deadlock('allowed')
  },
})

/** By condition: the actions that may make it true. */
function enablingSets(): Record<string, string[]> {
  const model = definition.instantiate({})
  const tables = defined(stubbornTables(model) ?? undefined)
  return Object.fromEntries(
    tables.conditions.map(({ expression, enabling }) => [
      printExpression(expression, model.variables),
      originsOf(tables, enabling).map(origin => defined(model.actions[origin]).name),
    ]),
  )
}

test('a set read as a whole is enabled by what adds to it, an element by store and index', () => {
  const sets = Object.values(enablingSets())
  expect(sets).toContainEqual(['enter'])
  expect(sets).toContainEqual(['store', 'move'])
  expect(sets).not.toContainEqual(['enter', 'empty'])
})

test('a number that is only added to is never 0 again', () => {
  expect(enablingSets()['(n = 0)']).toEqual([])
})
