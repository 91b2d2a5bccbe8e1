/** Selecting properties changes what is checked, and nothing else. */
import { expect, test } from 'vitest'
import { Diagnostic } from '../../src/base/diagnostic.js'
import { selectProperties } from '../../src/cli/select-properties.js'
import { search } from '../../src/interpret/search.js'
import { validate } from '../../src/ir/validate.js'
import { everyKind } from '../trace/models.js'

const model = everyKind.instantiate()

test('each property alone has the depth that it has among the others', () => {
  const whole = search(model)
  model.properties.forEach(({ name }, i) => {
    const alone = selectProperties(model, [name])
    validate(alone)
    const found = search(alone)
    expect(found.depths).toEqual([whole.depths[i]])
    expect([found.states, found.transitions]).toEqual([whole.states, whole.transitions])
  })
})

test('no names select all, unknown names are refused', () => {
  expect(selectProperties(model, [])).toBe(model)
  expect(() => selectProperties(model, ['nothing'])).toThrow(Diagnostic)
})
