/** Requests and kicks by themselves: who entered without its request, and who is waited for. */
import { expect, test } from 'vitest'
import { and, bool, defineModel, each, implies, not, or } from 'zapcheck'
import { vcpuRequests } from '../../../models/components/vcpu-requests.js'
import { explore } from './explore.js'

/** A task makes a request and waits; two vCPUs enter and leave. */
const request = (entersWithout: boolean) =>
  defineModel({
    name: 'request',
    about: 'TLB_FLUSH is requested of all vCPUs, and then waited for.',
    build(m) {
      const vcpus = m.symmetric('vcpu', 2)
      const { r, made, waited } = m.state({ r: vcpuRequests(vcpus), made: bool(), waited: bool() })
      for (const v of each(vcpus)) {
        m.action('take', { v })
          .when(r.isRequested('TLB_FLUSH', v), not(r.isInGuest(v)))
          .do(r.take('TLB_FLUSH', v))
        m.action('enter', { v })
          .when(not(r.isInGuest(v)), entersWithout ? and() : r.isUnrequested(v))
          .do(r.enterGuest(v))
        m.action('exit', { v }).when(r.isInGuest(v)).do(r.exitGuest(v))
      }
      m.action('request').when(not(made)).do(made.set(true), r.makeAll('TLB_FLUSH'))
      m.action('waited').when(made, r.isAcknowledged, not(waited)).do(waited.set(true))
      const pending = each(vcpus).map(v => and(r.isInGuest(v), r.isRequested('TLB_FLUSH', v)))
      m.invariant(
        'nobody is in the guest with a request that was waited for',
        implies(waited, not(or(...pending))),
      )
      m.invariant(
        'a vCPU that is kicked is in the guest',
        and(...each(vcpus).map(v => implies(r.isKicked(v), r.isInGuest(v)))),
      )
      m.reachable('one is in the guest before the wait is over', and(made, or(...pending)))
      m.reachable('none needs a kick', and(made, r.isAcknowledged, not(waited)))
    },
  })

test('after the wait no vCPU is in the guest that has not taken the request', () => {
  expect(explore(request(false)).violated).toEqual([])
})

test('a vCPU that enters without a look at its requests is missed by the wait', () => {
  expect(explore(request(true)).violated).toEqual([
    'nobody is in the guest with a request that was waited for',
  ])
})

test('a kick without a request is waited for as well', () => {
  const definition = defineModel({
    name: 'kick',
    about: 'kickAll for vCPUs of which some are in the guest.',
    build(m) {
      const vcpus = m.symmetric('vcpu', 2)
      const { r, isKicking } = m.state({ r: vcpuRequests(vcpus), isKicking: bool() })
      for (const v of each(vcpus)) {
        m.action('enter', { v })
          .when(not(r.isInGuest(v)), not(isKicking))
          .do(r.enterGuest(v))
        m.action('exit', { v }).when(r.isInGuest(v)).do(r.exitGuest(v))
      }
      m.action('kick').when(not(isKicking)).do(isKicking.set(true), r.kickAll())
      m.deadlock('allowed')
      m.invariant(
        'an acknowledged kick leaves nobody inside',
        implies(and(isKicking, r.isAcknowledged), r.inGuest.isEmpty()),
      )
      m.reachable('somebody is waited for', and(isKicking, not(r.isAcknowledged)))
    },
  })
  expect(explore(definition).violated).toEqual([])
})
