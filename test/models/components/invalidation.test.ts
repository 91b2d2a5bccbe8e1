/**
 * The invalidation protocol by itself: the hull of several ranges, and a count that is wrong.
 */
import { expect, test } from 'vitest'
import { and, defineModel, implies, not } from 'zapcheck'
import { invalidation } from '../../../models/components/invalidation.js'
import { explore } from './explore.js'

test('the hull covers all ranges that were added, until the last section ends', () => {
  const definition = defineModel({
    name: 'hull',
    about: 'Two sections with a range each, added after the begin.',
    build(m) {
      const { i } = m.state({ i: invalidation({ sections: 2, sequence: 3, gfns: 4 }) })
      const { inProgress, seq } = i
      m.action('begin').when(seq.is(0), inProgress.lt(2)).do(i.begin())
      m.action('add_low')
        .when(inProgress.gt(0), i.isInHull(0).not())
        .do(i.addRange({ from: 0, to: 1 }))
      m.action('add_high')
        .when(inProgress.gt(0), i.isInHull(3).not())
        .do(i.addRange({ from: 3, to: 4 }))
      m.action('end').when(inProgress.gt(0), seq.lt(2)).do(i.end())
      m.deadlock('allowed')
      m.invariant('a closed hull is empty', implies(inProgress.is(0), not(i.isInHull(0))))
      m.invariant('the hull has no hole', implies(and(i.isInHull(0), i.isInHull(3)), i.isInHull(2)))
      m.reachable('both', and(i.isInHull(0), i.isInHull(3)))
      m.reachable('one', and(i.isInHull(3), not(i.isInHull(0))))
      m.reachable(
        'no fault is held off after the last end',
        and(seq.gt(0), not(i.mustRetry(seq, 0))),
      )
    },
  })
  expect(explore(definition).violated).toEqual([])
})

test('a count below zero holds faults off as well, with the hull that was left', () => {
  const definition = defineModel({
    name: 'below-zero',
    about: 'One begin and two ends.',
    build(m) {
      const shape = { sections: 1, sequence: 4, gfns: 2, canMiscount: true }
      const { i } = m.state({ i: invalidation(shape) })
      const { inProgress, seq } = i
      m.action('begin')
        .when(seq.is(0), inProgress.is(0))
        .do(i.begin({ from: 0, to: 1 }))
      m.action('end').when(i.isInHull(0), seq.lt(2)).do(i.end())
      m.deadlock('allowed')
      m.invariant('never below zero', inProgress.ge(0))
      m.reachable('held off', and(inProgress.is(-1), i.mustRetry(seq, 0), not(i.mustRetry(seq, 1))))
    },
  })
  expect(explore(definition)).toEqual({ states: 4, violated: ['never below zero'] })
})
