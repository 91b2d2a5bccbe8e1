/**
 * guest-memfd-in-place: conversion of a page in place (a proposal that is still being designed):
 * one folio serves both kinds, so a conversion has to take the page from the host, or from the
 * guest, and to decide what becomes of its content.
 *
 *   shared ──unmap from the host, no other reference?──▶ private     else -EAGAIN
 *   private ──zap, owner := host, content scrubbed─────▶ shared
 *
 * `docs/models/guest-memfd.md` has the tables of steps and verdicts.
 */
import {
  and,
  assert,
  bool,
  branch,
  choose,
  defineModel,
  enumeration,
  implies,
  leave,
} from 'zapcheck'
import { not, or, step, waitUntil, when } from 'zapcheck'
import type { Statement, Statements } from 'zapcheck'
import { filemapInvalidateLock } from '../components/guest-memfd.js'
import { parameters } from './parameters.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'guest-memfd-in-place',
  about: 'Conversion in place: one page for both kinds, and references of the host to it.',
  sources: [
    'discussion of June 2022 on patch 4 of the UPM series, v6: in-place encryption',
    'proposals of 2024 to 2026 for in-place conversion of guest_memfd: a conversion fails with ' +
      '-EAGAIN while somebody else has a reference to the folio',
  ],
  omits: [
    'Faults of the guest and mmu_lock: the zap is one step; guest-memfd has the races of faults',
    'Content beyond who wrote it last: host, guest, or nobody (zero)',
    'Hardware beyond the owner of the page: a write of the host to a page of the guest is the error',
  ],
  params: parameters,
  variants,
  build(m, { references, keeps, asks }) {
    const s = m.state({
      phase: enumeration('prelaunch', 'finalized'),
      kind: enumeration('shared', 'private'),
      /** The page is the guest's, by RMP or TDX module. */
      isOwned: bool(),
      content: enumeration('zero', 'host', 'guest'),
      isMapped: bool(),
      /** get_user_pages of somebody who will write. */
      isPinned: bool(),
      wantsShared: bool(),
      /** The image was copied in before the start, or the guest wrote: it is the guest's. */
      isTrusted: bool(),
      invalidateLock: filemapInvalidateLock(1),
    })
    const { kind, isOwned, content, isMapped, isPinned, invalidateLock, phase } = s
    const hostWrite = [
      assert(
        not(isOwned),
        'the host never writes a page of the guest',
        'a reference that the host kept writes a page after its conversion: #PF with the RMP bit ' +
          'in the host, or a machine check of a TD',
      ),
      when(isOwned, [], content.set('host')),
    ]
    m.action('kvm_gmem_fault_user_mapping')
      .by('host')
      .when(kind.is('shared'), isMapped.not(), not(invalidateLock.isWriteHeld))
      .do(isMapped.set(true))
    m.action('get_user_pages').by('device').when(isMapped, isPinned.not()).do(isPinned.set(true))
    m.action('write_through_mapping').by('host').when(isMapped).do(hostWrite)
    m.action('write_through_pin').by('device').when(isPinned).do(hostWrite)
    m.action('unpin_user_page').by('device').when(isPinned).do(isPinned.set(false))
    m.action('FINALIZE')
      .by('userspace')
      .when(phase.is('prelaunch'), invalidateLock.isFree)
      .do(phase.set('finalized'))
    const runs = phase.is('finalized')
    m.action('guest_asks_for_shared')
      .by('guest')
      .when(runs, kind.is('private'), s.wantsShared.not())
      .do(s.wantsShared.set(true))
    m.action('guest_write')
      .by('guest')
      .when(runs, kind.is('private'))
      .do(content.set('guest'), s.isTrusted.set(true))

    const check = (label: string, unlocks: boolean): Statement =>
      branch(
        isPinned,
        [step(`${label}_EAGAIN`, unlocks ? invalidateLock.releaseWrite() : []), leave()],
        [step(`${label}_folio_ref_count`)],
      )
    const unmap = step('I2_unmap_mapping_range', isMapped.set(false))
    const lock = step('I1_filemap_invalidate_lock', invalidateLock.acquireWrite())
    const orders: Readonly<Record<typeof references, Statements>> = {
      checked: [lock, unmap, check('I3', true)],
      'checked-first': [check('I3', false), lock, unmap],
      unchecked: [lock, unmap],
      'keeps-lock': [lock, unmap, check('I3', false)],
    }
    // Kept content is what the host wrote: the image, before the start.
    const mayKeep = { never: or(), prelaunch: phase.is('prelaunch'), always: and() }[keeps]
    const unlock = invalidateLock.releaseWrite()
    m.process('to_private', { actor: 'userspace', repeats: true }, [
      waitUntil('I0_convert_to_private', kind.is('shared')),
      orders[references],
      step(
        'I4_make_private',
        isOwned.set(true),
        kind.set('private'),
        choose({
          keep: [mayKeep, s.isTrusted.set(phase.is('prelaunch'))],
          scrub: [content.set('zero'), s.isTrusted.set(false)],
        }),
        unlock,
      ),
    ])
    const handOver = assert(
      implies(content.is('guest'), s.wantsShared),
      'private data stays out of shared memory',
      'the host reads what the guest wrote as private',
    )
    m.process('to_shared', { actor: 'userspace', repeats: true }, [
      waitUntil(
        'I5_convert_to_shared',
        kind.is('private'),
        asks ? or(s.wantsShared, phase.is('prelaunch')) : and(),
        invalidateLock.acquireWrite(),
      ),
      step(
        'I6_zap_and_make_shared',
        kind.set('shared'),
        isOwned.set(false),
        keeps === 'always' ? handOver : content.set('zero'),
        s.isTrusted.set(false),
        s.wantsShared.set(false),
        unlock,
      ),
    ])
    m.invariant(
      "private content is not the host's after the start",
      implies(and(runs, kind.is('private')), or(content.isNot('host'), s.isTrusted)),
      'after the start the host gives the guest a private page with content of its choice',
    )
    m.reachable('scenario: the guest has data in the page', content.is('guest'))
  },
})
