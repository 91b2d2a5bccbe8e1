/**
 * The ioctl: KVM_SET_USER_MEMORY_REGION creates slot A, deletes it and creates it again, `deletes`
 * times. Its task holds slots_lock, so there is one such task at a time.
 *
 *   CREATE ─▶ M2 publish INVALID ─▶ synchronize_srcu ─▶ M3 zap (Z1, Z2 or both)
 *          ─▶ M6 publish without the slot ─▶ synchronize_srcu ─▶ M7 free ─▶ CREATE_again ─▶ M2 ...
 */
import { choose, each, forEach, step, waitUntil } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { A, B } from './state.js'
import type { State } from './state.js'
import { flushShadowMemslot } from './zap.js'

/** Declares the process of the ioctl and what the host does with pages that it gets back. */
export function declareDeletion(m: ModelBuilder, s: State): ProcessHandle {
  const pages = s.p.notifier ? [...each(s.p.deletes), s.pageB - 1] : each(s.p.deletes)
  for (const k of pages)
    m.action('host_reuses_page', { page: k })
      .by('host')
      .source('munmap of the page after the slot is gone: no memslot, so no notifier zaps it')
      .when(s.slot.isReleased(k), s.slot.isReused(k).not())
      .do(s.slot.reuse(k))
  const isEarly = s.p.bug === 'zap-before-invalid'
  const options = {
    actor: 'KVM_SET_USER_MEMORY_REGION',
    source: 'virt/kvm/kvm_main.c kvm_set_memslot, v6.16',
  }
  return m.process('ioctl', options, [
    step('CREATE', configuration(s), s.slot.create()),
    forEach('deletion', s.p.deletes, () => [
      isEarly ? flushShadowMemslot(s) : [],
      step('M2_kvm_swap_active_memslots_INVALID', noNotifier(s), s.slot.publishInvalid()),
      synchronizeSrcu(s, 'M2_synchronize_srcu'),
      isEarly ? [] : flushShadowMemslot(s),
      step('M6_kvm_swap_active_memslots_absent', noNotifier(s), s.slot.publishAbsent()),
      synchronizeSrcu(s, 'M6_synchronize_srcu'),
      step('M7_kvm_free_memslot', s.slot.free()),
      step('CREATE_again', noNotifier(s), s.slot.createNext()),
    ]),
  ])
}

/** The second half of kvm_swap_active_memslots. */
function synchronizeSrcu(s: State, label: string): Statement | Statements {
  const isLeftOut =
    s.p.bug === 'no-srcu-sync' || (s.p.bug === 'no-first-srcu-sync' && label.startsWith('M2'))
  return isLeftOut ? [] : waitUntil(label, s.slot.srcu.isSynchronized)
}

/** The first half of kvm_swap_active_memslots waits for notifiers between their start and end. */
function noNotifier(s: State): Item {
  if (s.notifier === null || s.p.bug === 'no-notifier-wait') return []
  return s.notifier.notifier.isActive.not()
}

/**
 * What userspace may choose: which gfns of a TD are private (slots with guest_memfd), the slot's
 * flag, the quirk. A slot with guest_memfd of a TD must have KVM_MEM_ZAP_LEAFS_ONLY where that
 * flag exists, else the ioctl returns -EINVAL and there is no slot.
 */
function configuration(s: State): Item {
  const hasFlag = s.p.decides === 'slot-flag'
  const hasQuirk = s.p.decides === 'quirk' || s.p.decides === 'quirk-only'
  const bit = [false, true]
  const kinds = s.tdx === null ? bit.slice(0, 1) : bit
  const alternatives: Record<string, Item> = {}
  for (const a of kinds)
    for (const b of kinds)
      for (const flag of hasFlag ? bit : bit.slice(0, 1))
        for (const quirk of hasQuirk ? bit : bit.slice(0, 1)) {
          if (hasFlag && a && !flag) continue
          const name = [
            ...(s.tdx === null ? [] : [a ? 'A private' : 'A shared', b ? 'B private' : 'B shared']),
            ...(hasFlag ? [flag ? 'ZAP_LEAFS_ONLY' : 'no flag'] : []),
            ...(hasQuirk ? [quirk ? 'quirk disabled' : 'quirk enabled'] : []),
          ].join(', ')
          alternatives[name] = [
            s.tdx === null ? [] : [s.tdx.mirror.allocate(), s.tdx.isPrivate.set(privateSet(a, b))],
            flag ? s.config.zapLeafsOnly.set(true) : [],
            quirk ? s.config.quirkDisabled.set(true) : [],
          ]
        }
  return Object.keys(alternatives).length === 1 ? Object.values(alternatives) : choose(alternatives)
}

function privateSet(a: boolean, b: boolean): readonly number[] {
  return [...(a ? [A] : []), ...(b ? [B] : [])]
}
