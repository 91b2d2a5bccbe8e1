/**
 * The ioctl: KVM_SET_USER_MEMORY_REGION creates slot A, deletes it and creates it again, `deletes`
 * times. Its task holds slots_lock, so there is one such task at a time.
 *
 *   CREATE ─▶ M2 publish INVALID ─▶ synchronize_srcu ─▶ M3 zap (Z1, Z2 or both)
 *          ─▶ M6 publish without the slot ─▶ synchronize_srcu ─▶ M7 free ─▶ CREATE_again ─▶ M2 ...
 *          └▶ M5 prepare fails (MOVE): publish the old slot again ─▶ synchronize_srcu ─▶ error
 *
 * MOVE takes the same way. Its slot is at another gfn afterwards, which the guest does not touch
 * here: to the page tables that gfn is like that of a new slot. Page k is `released` when no slot
 * at gfn A is in front of it any more.
 */
import { and, branch, choose, each, either, exit, forEach, or, step, waitUntil } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { A, B, directRoots } from './state.js'
import type { State } from './state.js'
import { flushShadowMemslot } from './zap.js'

/** Declares the process of the ioctl and what the host does with pages that it gets back. */
export function declareDeletion(
  m: ModelBuilder,
  s: State,
  vcpus: readonly ProcessHandle[],
): ProcessHandle {
  const pages = s.p.notifier ? [...each(s.p.deletes), s.pageB - 1] : each(s.p.deletes)
  const source =
    s.p.change === 'delete'
      ? 'munmap of the page after the slot is gone: no memslot, so no notifier zaps it'
      : 'munmap of the page after the slot has moved: a notifier zaps its new gfn only'
  for (const k of pages)
    m.action('host_reuses_page', { page: k })
      .by('host')
      .source(source)
      .when(s.slot.isReleased(k), s.slot.isReused(k).not())
      .do(s.slot.reuse(k))
  const options = {
    actor: 'KVM_SET_USER_MEMORY_REGION',
    source: 'virt/kvm/kvm_main.c kvm_set_memslot, v6.16',
  }
  return m.process('ioctl', options, [
    step('CREATE', configuration(s), s.slot.create()),
    refusedMove(s),
    forEach('deletion', s.p.deletes, () => [
      pauseVcpus(s, vcpus),
      toggleFlag(s),
      s.p.prepareFails === 'before-zap' ? either(change(s), failsEarly(s)) : change(s),
      s.pause === null ? [] : step('resume_all_vcpus', s.pause.isPaused.set(false)),
    ]),
  ])
}

/** M1 to M7 and the creation after it. */
function change(s: State): Statements {
  const isEarly = s.p.bug === 'zap-before-invalid'
  return [
    isEarly ? flushShadowMemslot(s) : [],
    step(
      'M2_kvm_swap_active_memslots_INVALID',
      noNotifier(s),
      noPrefault(s),
      s.slot.publishInvalid(),
      s.p.prepareFails === 'after-zap' ? rememberA(s) : [],
    ),
    synchronizeSrcu(s, 'M2_synchronize_srcu'),
    isEarly ? [] : flushShadowMemslot(s),
    s.p.prepareFails === 'after-zap' ? [either(finish(s), failsLate(s))] : finish(s),
  ]
}

/** M6, M7: the slot is gone from its gfn, or moved; then another one is created there. */
function finish(s: State): Statements {
  const isMove = s.p.change !== 'delete'
  const publish = step(
    `M6_kvm_swap_active_memslots_${isMove ? 'moved' : 'absent'}`,
    noNotifier(s),
    s.slot.publishAbsent(),
  )
  const synchronize = synchronizeSrcu(s, 'M6_synchronize_srcu')
  const free = step(freeStep(s), s.slot.free())
  return [
    publish,
    s.p.bug === 'free-before-sync' ? [free, synchronize] : [synchronize, free],
    step('CREATE_again', noNotifier(s), noPrefault(s), forgetA(s), s.slot.createNext()),
  ]
}

/** Userspace that calls KVM_PRE_FAULT_MEMORY and this ioctl one after the other. */
function noPrefault(s: State): Item {
  return s.prefaulting === null ? [] : s.prefaulting.isEmpty()
}

/** The label of M7. */
export function freeStep(s: State): string {
  return s.p.change === 'delete' ? 'M7_kvm_free_memslot' : 'M7_kfree_old_memslot'
}

/** M5: kvm_prepare_memory_region returns an error; kvm_activate_memslot undoes the INVALID mark. */
function failsLate(s: State): Statements {
  return [
    step('M5_kvm_prepare_memory_region_fails'),
    step('M5_kvm_swap_active_memslots_old', noNotifier(s), s.slot.publishOld()),
    synchronizeSrcu(s, 'M5_synchronize_srcu'),
    step('M5_kvm_set_memslot_returns_error', forgetA(s)),
  ]
}

/** The same before M2, where no kernel calls it. */
function failsEarly(s: State): Statements {
  return [
    step('M5_kvm_prepare_memory_region_fails', rememberA(s)),
    step('M5_kvm_set_memslot_returns_error', forgetA(s)),
  ]
}

/** The label that comes next where a MOVE is certain to fail. */
export function failureStep(s: State): string {
  return s.p.prepareFails === 'before-zap'
    ? 'M5_kvm_set_memslot_returns_error'
    : 'M5_kvm_swap_active_memslots_old'
}

/** A MOVE of a slot with guest_memfd ends before anything has changed. */
function refusedMove(s: State): Statements {
  if (s.p.change !== 'move' || s.tdx === null) return []
  return [branch(s.privateGfn(A), [step('kvm_set_memory_region_EINVAL'), exit()])]
}

/** What the guest has of gfn A when the ioctl makes its first change. */
function rememberA(s: State): Item {
  if (s.before === null) return []
  const { mapped, accepted } = s.before
  return [mapped.set(isMappedA(s)), accepted.set(isAcceptedA(s))]
}

function forgetA(s: State): Item {
  return s.before === null ? [] : [s.before.mapped.set(false), s.before.accepted.set(false)]
}

/** A vCPU's walk can find gfn A: in a valid direct root, or in the mirror root. */
export function isMappedA(s: State): Bool {
  const roots = directRoots(s).map(root => root.isValid.and(root.maps(A)))
  return or(...roots, s.tdx === null ? or() : s.tdx.mirror.maps(A))
}

/** The guest of a TD has accepted the page of gfn A. */
export function isAcceptedA(s: State): Bool {
  return s.tdx === null ? or() : s.tdx.accepted.has(A)
}

/** KVM_MR_FLAGS_ONLY takes KVM_MEM_ZAP_LEAFS_ONLY away; the patch refuses that with -EINVAL. */
function toggleFlag(s: State): Statements {
  const { zapLeafsOnly } = s.config
  if (s.p.bug !== 'flag-toggles') return []
  const flagsOnly = step('KVM_MR_FLAGS_ONLY', zapLeafsOnly, zapLeafsOnly.set(false))
  return [either([], [flagsOnly])]
}

/** QEMU's pause_all_vcpus: kicks every vCPU thread out of KVM_RUN and waits for it. */
function pauseVcpus(s: State, vcpus: readonly ProcessHandle[]): Statements {
  if (s.pause === null) return []
  return [
    step('pause_all_vcpus', s.pause.isPaused.set(true)),
    waitUntil('all_vcpus_paused', and(...vcpus.map(v => v.at('V0_kvm_arch_vcpu_ioctl_run')))),
  ]
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
  const { bug, decides, mmu, slots } = s.p
  const ignoresFlag = decides === 'flag-ignored'
  const hasFlag = decides === 'slot-flag' || ignoresFlag
  const hasQuirk = decides === 'quirk' || decides === 'quirk-only'
  const bit = [false, true]
  const kinds = s.tdx === null ? bit.slice(0, 1) : bit
  const kindsOfA = slots === 'any' ? kinds : kinds.filter(a => a === (slots === 'private'))
  const alternatives: Record<string, Item> = {}
  for (const a of kindsOfA)
    for (const b of kinds)
      for (const flag of hasFlag ? bit : bit.slice(0, 1))
        for (const quirk of hasQuirk ? bit : bit.slice(0, 1)) {
          if (hasFlag && a && !flag && bug !== 'no-gmem-flag-check') continue
          // Of an architecture that ignores the flag only slots that have it are of interest.
          if (ignoresFlag && !flag) continue
          // KVM_MEM_ZAP_LEAFS_ONLY without the TDP MMU: -EINVAL.
          if (flag && mmu === 'shadow') continue
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
  const values = Object.values(alternatives)
  return [values.length === 1 ? values : choose(alternatives), dirtyLogging(s)]
}

/** KVM_MEM_LOG_DIRTY_PAGES of slot B, as userspace likes. */
function dirtyLogging(s: State): Item {
  if (s.nx === null) return []
  return choose({ 'B logs dirty pages': s.nx.logsDirty.set(true), 'no dirty log': [] })
}

function privateSet(a: boolean, b: boolean): readonly number[] {
  return [...(a ? [A] : []), ...(b ? [B] : [])]
}
