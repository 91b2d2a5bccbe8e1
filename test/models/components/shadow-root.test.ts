/** A shadow root by itself: in which slot object its shadow page is counted. */
import { expect, test } from 'vitest'
import { and, defineModel, implies, not, or } from 'zapcheck'
import { shadowRoot } from '../../../models/components/shadow-root.js'
import { explore } from './explore.js'

test('a shadow page is counted in the slot object that it was linked for', () => {
  const definition = defineModel({
    name: 'shadow-page',
    about: 'A shadow page is linked for one of two slot objects, and zapped.',
    build(m) {
      const { root } = m.state({ root: shadowRoot(2, 1, 2) })
      const { tree } = root
      m.action('allocate').when(tree.isUnused).do(tree.allocate())
      for (const object of [0, 1])
        m.action('link', { object })
          .when(tree.isValid, not(tree.hasTable))
          .do(root.linkPage(object, object))
      m.action('install')
        .when(tree.hasTable, not(tree.maps(0)))
        .do(tree.install(0, 0))
      m.action('zap').when(tree.hasTable).do(root.zapPage())
      m.invariant('counted once', not(and(root.isCountedIn(0), root.isCountedIn(1))))
      m.invariant(
        'counted while it is there',
        or(root.isCountedIn(0), root.isCountedIn(1)).is(tree.hasTable),
      )
      m.invariant('where the guest keeps it', implies(root.isCountedIn(1), root.tableGfn.is(1)))
      m.invariant('its leafs go with it', implies(not(tree.hasTable), tree.hasNoLeaf))
      m.reachable('the other object', and(root.isCountedIn(1), tree.maps(0)))
    },
  })
  expect(explore(definition)).toEqual({ states: 6, violated: [] })
})
