/**
 * The vCPU: KVM_RUN from srcu_read_lock to guest mode, the page fault path, and what the hardware
 * does while the guest runs. Labels are the step numbers of the design notes with the kernel's
 * function.
 *
 *   V0 ─▶ V1 ─▶ V2 ─▶ guest ─▶ V4 ─▶ V5 ─▶ V6 ─▶ V10 ─▶ V12 ─▶ V13 ─▶ V14 ─▶ V15 ─▶ V16 ─▶ V1 ...
 *
 * The order is that of `components/page-fault.ts`. V7 (memory attributes) has no effect here:
 * attributes do not change. V8 is part of V5: what the slot looked like then does not change any
 * more.
 */
import { branch, call, choose, either, leave, loopWhile, or, step, waitUntil, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { kernelOrder, pageFault } from '../components/page-fault.js'
import type { LookupStage, Stage } from '../components/page-fault.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { A, B, directRoots, flushTlb, gfnNames, gfns, hasObsoleteRoot, walkHits } from './state.js'
import type { Gfn, State } from './state.js'

/** Declares the process of one vCPU and the hardware actions of its guest mode. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/x86.c vcpu_run and arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault, v6.16'
  const run = [
    waitUntil('V0_kvm_arch_vcpu_ioctl_run', s.slot.wasCreated, s.slot.srcu.enter(v)),
    loopWhile(true, [either(beforeEntry(s, v), [enterGuest(s, v), either(...exits(s, v))])]),
  ]
  const process = m.process(
    'vcpu',
    { with: { v }, actor, repeats: true, source },
    s.p.prefault === 'no' ? run : [either(run, prefault(s, v))],
  )
  for (const g of gfns) declareHardware(m, s, v, g, actor)
  return process
}

/** V1: requests are served and a root is loaded. */
function beforeEntry(s: State, v: Vcpu): Statements {
  const { root } = s.vcpu[v]
  const { requests } = s
  return [
    either(
      [
        waitUntil(
          'V1_kvm_mmu_free_obsolete_roots',
          requests.isRequested('MMU_FREE_OBSOLETE_ROOTS', v),
          requests.take('MMU_FREE_OBSOLETE_ROOTS', v),
          when(hasObsoleteRoot(s, v), root.clear()),
        ),
      ],
      [
        waitUntil(
          'V1_kvm_vcpu_flush_tlb_all',
          requests.isRequested('TLB_FLUSH', v),
          requests.take('TLB_FLUSH', v),
          flushTlb(s, v),
        ),
      ],
      [loadRoot(s, v)],
    ),
  ]
}

/** V1: kvm_mmu_load. */
function loadRoot(s: State, v: Vcpu): Statement {
  return step(
    'V1_kvm_mmu_load',
    s.vcpu[v].root.isNone(),
    s.mmuLock.isWriteHeld.not(),
    pickRoot(s, v),
    s.p.bug === 'no-local-flush' ? [] : flushTlb(s, v),
  )
}

/** kvm_tdp_mmu_alloc_root: the valid root, or the next one, which becomes valid. */
function pickRoot(s: State, v: Vcpu): Item {
  const { root } = s.vcpu[v]
  const roots = directRoots(s)
  return roots.map((r, i) => {
    const isNew = r.isUnused.and(...roots.map((other, j) => (j < i ? other.isUnused.not() : true)))
    const noneValid = isNew.and(...roots.map(other => other.isValid.not()))
    return when(r.isValid, root.set(i), when(noneValid, [root.set(i), r.allocate()]))
  })
}

/** V2: the check of the requests and the entry are one step. */
function enterGuest(s: State, v: Vcpu): Statements[number] {
  return step(
    'V2_vcpu_enter_guest',
    s.requests.isUnrequested(v),
    s.vcpu[v].root.isSome(),
    s.slot.srcu.exit(v),
    s.requests.enterGuest(v),
  )
}

/** V4: the ways out of the guest. */
function exits(s: State, v: Vcpu): readonly Statements[] {
  const { fault, tlb } = s.vcpu[v]
  const misses = (g: Gfn): Bool => tlb[g].isNone().and(walkHits(s, v, g).not())
  const violation = (g: Gfn): Item => [misses(g), fault.gfn.set(g)]
  return [
    [step('V4_exit_to_userspace', s.requests.exitGuest(v)), leave()],
    [step('V4_kick', s.requests.isKicked(v), s.requests.exitGuest(v), s.slot.srcu.enter(v))],
    [
      step(
        'V4_ept_violation',
        choose({ [gfnNames[A]]: violation(A), [gfnNames[B]]: violation(B) }),
        s.requests.exitGuest(v),
        s.slot.srcu.enter(v),
      ),
      faultPath(s, v),
    ],
  ]
}

/** V5 to V16 of one fault. */
function faultPath(s: State, v: Vcpu): Statements {
  return pageFault({
    slot: findSlot(s, v),
    ...beyondSlot(s, v, step('V10_kvm_faultin_pfn_EFAULT', forget(s, v), s.slot.srcu.exit(v))),
    map: (unlock, giveUp) => mapPage(s, v, [unlock], giveUp),
    forget: forget(s, v),
  })
}

/**
 * What a fault of the guest and one of KVM_PRE_FAULT_MEMORY have in common beside the slot.
 * @param fails  V10 fails, which ends the fault and its SRCU section; null if it cannot fail
 */
function beyondSlot(s: State, v: Vcpu, fails: Statement | null) {
  const { notifier } = s
  return {
    // Without a notifier there is nothing to compare the number with.
    ...(notifier === null ? {} : { snapshot: snapshot(notifier, v) }),
    page: findPage(s, v, fails),
    order: orderOf(s),
    mmuLock: s.mmuLock,
    isStale: isFaultStale(s, v),
  }
}

/**
 * KVM_PRE_FAULT_MEMORY: kvm_vcpu_pre_fault_memory, kvm_mmu_reload, kvm_tdp_page_prefault, which
 * retries in place. Everything is one SRCU section, and the guest does not run.
 */
function prefault(s: State, v: Vcpu): Statements {
  const { fault, root } = s.vcpu[v]
  const { slot, requests, prefaulting } = s
  const isIdle = slot.isValid.or(slot.isAbsent.and(slot.isFreed(slot.incarnation)))
  const end = [forget(s, v), slot.srcu.exit(v), prefaulting === null ? [] : prefaulting.remove(v)]
  const freesObsoleteRoots = s.p.bug !== 'prefault-ignores-request'
  const reload = [
    branch(freesObsoleteRoots ? requests.isRequested('MMU_FREE_OBSOLETE_ROOTS', v) : or(), [
      step(
        'V1_kvm_mmu_free_obsolete_roots',
        requests.take('MMU_FREE_OBSOLETE_ROOTS', v),
        when(hasObsoleteRoot(s, v), root.clear()),
      ),
    ]),
    branch(root.isNone(), [loadRoot(s, v)], [step('V1_kvm_mmu_reload_has_root')]),
  ]
  const retried = keepGfn(s, v)
  const brokenSrcu = s.p.bug === 'no-srcu-sync' || s.p.bug === 'no-first-srcu-sync'
  const path = pageFault({
    slot: prefaultSlot(s, v, end, retried),
    // SRCU keeps the page behind a slot that was found, so V10 fails only where it is broken.
    ...beyondSlot(s, v, brokenSrcu ? step('V10_kvm_faultin_pfn_EFAULT', end) : null),
    map: (unlock, giveUp) =>
      mapPage(s, v, [unlock, step('kvm_vcpu_pre_fault_memory_returns', end), leave()], giveUp),
    forget: retried,
  })
  const inLoop = s.p.prefault === 'reload-in-loop'
  return [
    call('prefault', [
      step(
        'V0_kvm_vcpu_pre_fault_memory',
        slot.wasCreated,
        choose({ [gfnNames[A]]: fault.gfn.set(A), [gfnNames[B]]: fault.gfn.set(B) }),
        slot.srcu.enter(v),
        prefaulting === null ? [] : [isIdle, prefaulting.add(v)],
      ),
      inLoop ? [] : reload,
      loopWhile(true, [inLoop ? reload : [], path, inLoop ? [] : retryInPlace(s, v)]),
    ]),
  ]
}

/** V5, V8 of a prefault. */
function prefaultSlot(s: State, v: Vcpu, end: Item, retried: Item): Stage {
  const { slot } = s
  const isA = s.vcpu[v].fault.gfn.is(A)
  // The error instead of a retry came in 6.18.
  const invalid =
    s.p.bug === 'prefault-retries-invalid'
      ? [step('V8_invalid_slot_RET_PF_RETRY', retried)]
      : [step('V8_invalid_slot_EAGAIN', end), leave()]
  return {
    waysOut: [
      { when: isA.and(slot.isInvalid), then: invalid },
      { when: isA.and(slot.isAbsent), then: [step('V8_no_slot_ENOENT', end), leave()] },
    ],
    steps: [foundSlot(s, v)],
  }
}

/**
 * The next round of the loop. A round that is bound to be refused again changes nothing, so it
 * waits here until a round ends in another way. Only a signal would end the loop otherwise.
 */
function retryInPlace(s: State, v: Vcpu): Statement {
  const { slot } = s
  const isA = s.vcpu[v].fault.gfn.is(A)
  const retriesInvalid = s.p.bug === 'prefault-retries-invalid'
  const ends = or(isA.and(slot.isAbsent), retriesInvalid ? or() : isA.and(slot.isInvalid))
  const maps = hasObsoleteRoot(s, v).not().and(isA.and(slot.isInvalid).not())
  return step('kvm_tdp_page_prefault_retries', or(ends, maps))
}

/** Wrong orders, or the kernel's. */
function orderOf(s: State): readonly LookupStage[] {
  if (s.p.bug === 'seq-before-slot') return ['snapshot', 'slot', 'page']
  if (s.p.bug === 'seq-after-pfn') return ['slot', 'page', 'snapshot']
  return kernelOrder
}

/** V5, V8: the slot of the faulting gfn. */
function findSlot(s: State, v: Vcpu): Stage {
  const { fault } = s.vcpu[v]
  const { slot } = s
  const isA = fault.gfn.is(A)
  // Before 6.18 tdx_handle_ept_violation retried a private fault in place, inside of the SRCU
  // section. Nothing happens in that loop, so it waits in V5 until the slot is not INVALID.
  const retriesInPlace = s.p.bug === 'retry-holds-srcu' ? s.privateGfn(A) : or()
  return {
    waysOut: [
      {
        when: isA.and(slot.isInvalid, retriesInPlace.not()),
        then: [
          s.p.invalidCopy
            ? step('V5_kvm_vcpu_gfn_to_memslot_INVALID', fault.slot.set(slot.incarnation))
            : [],
          step('V8_invalid_slot_RET_PF_RETRY', forget(s, v)),
        ],
      },
      {
        when: isA.and(slot.isAbsent),
        then: [step('V8_no_slot_exit_mmio', forget(s, v), slot.srcu.exit(v)), leave()],
      },
    ],
    steps: [foundSlot(s, v)],
  }
}

/** V5. */
function foundSlot(s: State, v: Vcpu): Statement {
  const { fault } = s.vcpu[v]
  const isA = fault.gfn.is(A)
  return step(
    'V5_kvm_vcpu_gfn_to_memslot',
    isA.and(s.slot.isInvalid).not(),
    fault.slot.set(isA.pick(s.slot.incarnation, s.slotB)),
  )
}

/** V6. */
function snapshot({ notifier, seen }: NonNullable<State['notifier']>, v: Vcpu): Stage {
  return { steps: [step('V6_mmu_invalidate_seq', seen[v].set(notifier.seq))] }
}

/** The fault is over. */
function forget(s: State, v: Vcpu): Item {
  return [s.vcpu[v].fault.gfn.set(A), keepGfn(s, v)]
}

/** The fault is to be tried again in place. */
function keepGfn(s: State, v: Vcpu): Item {
  const { fault } = s.vcpu[v]
  const seen = s.notifier === null ? [] : s.notifier.seen[v].set(0)
  return [fault.slot.set(0), fault.page.set(0), seen]
}

/** V10: get_user_pages on the slot's address, or guest_memfd. */
function findPage(s: State, v: Vcpu, fails: Statement | null): Stage {
  const { fault } = s.vcpu[v]
  const { slot } = s
  const object = fault.slot.number()
  const isA = object.isNot(s.slotB)
  return {
    waysOut:
      fails === null
        ? []
        : [{ when: isA.and(slot.isReused(slot.pageBehind(object))), then: [fails, leave()] }],
    steps: [
      step('V10_kvm_faultin_pfn', fault.page.set(isA.pick(slot.pageBehind(object), s.pageB))),
    ],
  }
}

/** V14 and V15: page tables; `after` is V16 and what follows it. */
function mapPage(s: State, v: Vcpu, after: Statements, giveUp: Item): Statements {
  const target = targetRoot(s, v)
  return [
    loopWhile(target.hasTable.not(), [step('V14_tdp_mmu_link_sp', target.linkTable)]),
    branch(
      target.isFrozen,
      [step('V14_frozen_spte_RET_PF_RETRY', giveUp)],
      [step('V15_tdp_mmu_map_handle_target_level', target.install), after],
    ),
  ]
}

/** V13: the direct root is obsolete, also for a private fault, or an invalidation came between. */
export function isFaultStale(s: State, v: Vcpu): Bool {
  const isObsolete = s.p.bug === 'no-stale-check' ? or() : hasObsoleteRoot(s, v)
  if (s.notifier === null) return isObsolete
  const { notifier, seen } = s.notifier
  return or(isObsolete, notifier.mustRetryIf(seen[v], s.vcpu[v].fault.gfn.is(A)))
}

/** tdp_mmu_get_root_for_fault: the mirror root for a private gfn, else the vCPU's direct root. */
function targetRoot(s: State, v: Vcpu) {
  const { fault, root } = s.vcpu[v]
  const direct = s.direct.at(root.number())
  const gfn = fault.gfn.number()
  const page = fault.page.number()
  if (s.tdx === null)
    return {
      hasTable: direct.hasTable,
      isFrozen: or(),
      linkTable: direct.linkTable(),
      install: direct.install(gfn, page),
    }
  const { mirror, frozen } = s.tdx
  const isPrivate = s.privateGfn(gfn)
  return {
    isFrozen: canFreeze(s) ? isPrivate.and(frozen.has(gfn)) : or(),
    hasTable: isPrivate.and(mirror.hasTable).or(isPrivate.not().and(direct.hasTable)),
    linkTable: when(isPrivate, mirror.linkTable(), direct.linkTable()),
    install: when(isPrivate, mirror.install(gfn, page), direct.install(gfn, page)),
  }
}

/** Only a zap under a read lock freezes a leaf. */
function canFreeze(s: State): boolean {
  return s.p.zap === 'fast-all'
}

/** H1, and ACCEPT of a TD: they take no lock and happen whenever the vCPU is in the guest. */
function declareHardware(m: ModelBuilder, s: State, v: Vcpu, g: Gfn, actor: string): void {
  const { root, tlb } = s.vcpu[v]
  const direct = s.direct.at(root.number())
  const inGuest = s.requests.isInGuest(v)
  m.action('V3_tlb_fill', { v, gfn: gfnNames[g] })
    .by(actor)
    .source('hardware walk of EPT or NPT')
    .when(inGuest, tlb[g].isNone(), s.privateGfn(g).not(), root.isSome().and(direct.maps(g)))
    .do(tlb[g].set(direct.pageOf(g)))
  if (s.tdx === null) return
  const { mirror, accepted } = s.tdx
  m.action('V3_tlb_fill_private', { v, gfn: gfnNames[g] })
    .by(actor)
    .source('hardware walk of the Secure-EPT; the entry is MAPPED')
    .when(inGuest, tlb[g].isNone(), s.privateGfn(g), accepted.has(g), mirror.maps(g))
    .do(tlb[g].set(mirror.pageOf(g)))
  m.action('TDG_MEM_PAGE_ACCEPT', { v, gfn: gfnNames[g] })
    .by(actor)
    .source('TDX module: the Secure-EPT entry PENDING becomes MAPPED')
    .when(inGuest, s.privateGfn(g), mirror.maps(g), accepted.has(g).not())
    .do(accepted.add(g))
}
