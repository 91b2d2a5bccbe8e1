/** RCU by itself: an object waits for the readers of its time, and for no others. */
import { expect, test } from 'vitest'
import { and, array, bool, defineModel, each, implies, not, or } from 'zapcheck'
import { rcu } from '../../../models/components/rcu.js'
import { explore } from './explore.js'

/** Readers come and go; `late`: somebody came after object 0 was handed in. */
const readers = (frees: 'after the grace period' | 'at once') =>
  defineModel({
    name: 'readers',
    about: 'Two vCPUs and a task read; two objects are handed to call_rcu.',
    build(m) {
      const vcpus = m.symmetric('vcpu', 2)
      const { r, gone, late } = m.state({
        r: rcu(vcpus, 1, 2),
        gone: array(2, bool()),
        late: bool(),
      })
      for (const reader of [...each(vcpus), 0]) {
        const name = typeof reader === 'number' ? 'task' : String(reader)
        m.action('enter', { reader: name })
          .when(not(r.isInside(reader)))
          .do(r.enter(reader), late.set(or(late, gone[0], r.isCalled(0))))
        m.action('exit', { reader: name }).when(r.isInside(reader)).do(r.exit(reader))
      }
      for (const o of each(2)) {
        m.action('call_rcu', { o })
          .when(not(r.isCalled(o)), not(gone[o]))
          .do(r.call(o))
        m.action('callback', { o })
          .when(frees === 'at once' ? r.isCalled(o) : r.isElapsed(o))
          .do(r.done(o), gone[o].set(true))
      }
      m.deadlock('allowed')
      const inside = [...each(vcpus), 0].map(reader => r.isInside(reader))
      m.invariant(
        'who was inside all the time has what was there',
        implies(and(gone[0], not(late)), not(and(...inside))),
      )
      m.reachable(
        'one waits, the other does not',
        and(r.isElapsed(0), r.isCalled(1), r.isInside(0)),
      )
      m.reachable('a later reader does not hold it up', and(r.isElapsed(0), ...inside))
    },
  })

test('an object is freed when all that were inside have left', () => {
  expect(explore(readers('after the grace period')).violated).toEqual([])
})

test('without the wait a reader loses what it holds', () => {
  expect(explore(readers('at once')).violated).toEqual([
    'who was inside all the time has what was there',
  ])
})
