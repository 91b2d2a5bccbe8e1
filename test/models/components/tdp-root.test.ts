/** A root by itself: its life, its table and its leafs. */
import { expect, test } from 'vitest'
import { and, defineModel, implies, not } from 'zapcheck'
import { tdpRoot } from '../../../models/components/tdp-root.js'
import { explore } from './explore.js'

test('a TDP root translates through its table, which takes its leafs along', () => {
  const definition = defineModel({
    name: 'root',
    about: 'One root with two gfns and two pages.',
    build(m) {
      const { root } = m.state({ root: tdpRoot(2, 2) })
      m.action('allocate').when(root.isUnused).do(root.allocate())
      m.action('link').when(root.isValid, not(root.hasTable)).do(root.linkTable())
      for (const g of [0, 1])
        m.action('install', { g })
          .when(root.isValid, root.hasTable, not(root.maps(g)))
          .do(root.install(g, 1 - g))
      m.action('zap_leaf').when(root.maps(0)).do(root.zapLeaf(0))
      m.action('invalidate').do(root.invalidate())
      m.action('start_zap').when(root.isScheduled).do(root.startZap())
      m.action('zap_table').when(root.isZapped, root.hasTable).do(root.zapTable())
      m.invariant('no translation without a table', implies(root.maps(0), root.hasTable))
      m.invariant('one page for each gfn', implies(root.maps(1), root.mapsPage(1, 0)))
      m.invariant('empty is without leafs', implies(root.isEmpty, root.hasNoLeaf))
      m.invariant('only a used root is invalidated', implies(root.isUnused, root.isEmpty))
      m.reachable('leafs without a table are gone', and(root.isZapped, root.isEmpty))
      m.reachable('a table without leafs is not empty', and(root.hasNoLeaf, not(root.isEmpty)))
      m.reachable('scheduled with leafs', and(root.isScheduled, root.maps(0), root.maps(1)))
    },
  })
  // Unused; valid, scheduled and zapped, each without a table or with one and two leafs.
  expect(explore(definition)).toEqual({ states: 16, violated: [] })
})
