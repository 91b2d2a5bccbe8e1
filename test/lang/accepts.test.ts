/** What a model accepts of itself: reasons are given, and names are its own. */
import { bool, defineModel, flag } from 'zapcheck'
import { expect, test } from 'vitest'
import { checkAcceptedNames } from '../../src/lang/accepts.js'
import type { Accepts } from '../../src/lang/accepts.js'

const definition = (accepts: Accepts) =>
  defineModel({
    name: 'demo',
    about: 'A switch, which has a second action if asked.',
    params: { extra: flag(false) },
    accepts,
    build(m, { extra }) {
      const s = m.state({ on: bool(false) })
      m.action('turn').do(s.on.set(true))
      if (extra) m.action('more').do(s.on.set(false))
      m.invariant('fine', s.on.or(s.on.not()))
    },
  })

test('a reason is one sentence at least', () => {
  for (const reason of ['', ' '])
    expect(() => definition({ dead: { turn: reason } })).toThrow("accepts 'turn' without a reason")
  expect(definition({ vacuous: { fine: 'why not' } }).accepts).toEqual({
    vacuous: { fine: 'why not' },
  })
  expect(definition({}).accepts).toEqual({})
})

test('a name that no form of the model has is refused, with the nearest one', () => {
  const { instantiate } = definition({})
  const forms = [instantiate(), instantiate({ extra: true })]
  checkAcceptedNames({ dead: { more: 'x', turn: 'x' }, vacuous: { fine: 'x' } }, forms)
  expect(() => checkAcceptedNames({ dead: { mort: 'x' } }, forms)).toThrow(
    expect.objectContaining({ code: 'ZC307', hint: "did you mean 'more'?" }),
  )
  expect(() => checkAcceptedNames({ vacuous: { more: 'x' } }, forms)).toThrow('no such property')
})

test('other forms of the model are asked for only as long as a name is missing', () => {
  const { instantiate } = definition({})
  function* forms() {
    yield instantiate()
    throw new Error('one was enough')
  }
  checkAcceptedNames({ dead: { turn: 'x' } }, forms())
  checkAcceptedNames({}, [])
  expect(() => checkAcceptedNames({ dead: { more: 'x' } }, forms())).toThrow('one was enough')
})
