/** The memslot by itself: two incarnations, their objects and pages, and a reclaim. */
import { expect, test } from 'vitest'
import { and, bool, defineModel, each, implies, not, or, when } from 'zapcheck'
import { memslot } from '../../../models/components/memslot.js'
import { explore } from './explore.js'

/** The slot is deleted and created again while a vCPU reads the slots. */
const life = (waits: boolean) =>
  defineModel({
    name: 'life',
    about: 'A slot is created, deleted and created again; a vCPU looks it up.',
    build(m) {
      const vcpus = m.symmetric('vcpu', 1)
      const fields = { slot: memslot(2, 1, vcpus), holds: bool(), reclaimed: bool() }
      const { slot, holds, reclaimed } = m.state(fields)
      const { srcu } = slot
      const isSynchronized = waits ? srcu.isSynchronized : and()
      for (const v of each(vcpus)) {
        m.action('enter')
          .when(not(srcu.isInside(v)))
          .do(srcu.enter(v), when(and(slot.isValid, slot.incarnation.is(0)), holds.set(true)))
        m.action('exit').when(srcu.isInside(v)).do(srcu.exit(v), holds.set(false))
      }
      m.action('create').when(not(slot.wasCreated)).do(slot.create())
      m.action('publish_invalid').when(slot.isValid).do(slot.publishInvalid())
      const now = slot.incarnation
      m.action('zap')
        .when(slot.isInvalid, isSynchronized, not(slot.isZapped(now)))
        .do(slot.startZap())
      m.action('fail').when(slot.isInvalid, slot.isZapped(now)).do(slot.publishOld())
      m.action('publish_absent').when(slot.isInvalid, slot.isZapped(now)).do(slot.publishAbsent())
      m.action('free')
        .when(slot.isAbsent, slot.wasCreated, isSynchronized, not(slot.isFreed(now)))
        .do(slot.free())
      m.action('create_next').when(slot.isFreed(0), now.is(0)).do(slot.createNext())
      m.action('reuse')
        .when(slot.isReleased(0), not(slot.isReused(0)))
        .do(slot.reuse(0))
      m.action('reclaim')
        .when(slot.isBacked, not(reclaimed))
        .do(slot.reclaim(), reclaimed.set(true))
      m.deadlock('allowed')
      m.invariant('a reader keeps its object', not(and(holds, slot.isFreed(0))))
      m.invariant('a valid slot has a page', implies(slot.isValid, slot.isBacked))
      m.invariant('a page comes back once', not(and(slot.isReleased(0), slot.isReclaimed(0))))
      m.invariant('what is freed was zapped', implies(slot.isFreed(0), slot.isZapped(0)))
      m.reachable('a second incarnation', and(slot.isValid, now.is(1), slot.isReused(0)))
      m.reachable('the page of a reclaim is the last one', slot.pageBehind(now).is(2))
      m.reachable('INVALID while somebody reads', and(slot.isInvalid, holds))
      m.reachable('a failed change zaps and leaves the object', and(slot.isValid, or(reclaimed)))
    },
  })

test('a reader never loses the object that it has found', () => {
  expect(explore(life(true)).violated).toEqual([])
})

test('without synchronize_srcu it does', () => {
  expect(explore(life(false)).violated).toEqual(['a reader keeps its object'])
})
