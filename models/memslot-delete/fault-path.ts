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
import {
  and,
  branch,
  call,
  choose,
  either,
  leave,
  loopWhile,
  or,
  step,
  waitUntil,
  when,
} from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { kernelOrder, pageFault } from '../components/page-fault.js'
import type { LookupStage, Stage } from '../components/page-fault.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { declareShadowHardware, loadShadowRoot, shadowExits, shadowFault } from './shadow.js'
import {
  A,
  B,
  directRoots,
  flushShadowTlb,
  flushTlb,
  forget,
  gfnNames,
  gfns,
  hasObsoleteRoot,
  hasObsoleteShadowRoot,
  keepGfn,
  walkHits,
} from './state.js'
import type { Gfn, State } from './state.js'

/** Declares the process of one vCPU and the hardware actions of its guest mode. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/x86.c vcpu_run and arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault, v6.16'
  const run = [
    waitUntil(
      'V0_kvm_arch_vcpu_ioctl_run',
      s.slot.wasCreated,
      s.pause === null ? [] : s.pause.isPaused.not(),
      s.slot.srcu.enter(v),
    ),
    loopWhile(true, [either(beforeEntry(s, v), [enterGuest(s, v), either(...exits(s, v))])]),
  ]
  const process = m.process(
    'vcpu',
    { with: { v }, actor, repeats: true, source },
    s.p.prefault === 'no' ? run : [either(run, prefault(s, v))],
  )
  if (s.p.mmu !== 'shadow') for (const g of touchedGfns(s)) declareHardware(m, s, v, g, actor)
  if (s.shadow !== null) declareShadowHardware(m, s, v, actor)
  return process
}

/** The gfns that the guest touches; tables of gfn B are no matter of the NX recovery of A's. */
function touchedGfns(s: State): readonly Gfn[] {
  return s.nx === null ? gfns : [A]
}

/** The vCPU does not run a nested guest; nothing to test where there is none. */
function isL1(s: State, v: Vcpu): Item {
  return s.p.mmu === 'nested' && s.shadow !== null ? s.shadow.nested[v].isL2.not() : []
}

/** V1: requests are served and a root is loaded. */
function beforeEntry(s: State, v: Vcpu): Statements {
  const { root } = s.vcpu[v]
  const { requests, shadow, death } = s
  return [
    either(
      [
        waitUntil(
          'V1_kvm_mmu_free_obsolete_roots',
          requests.isRequested('MMU_FREE_OBSOLETE_ROOTS', v),
          requests.take('MMU_FREE_OBSOLETE_ROOTS', v),
          when(hasObsoleteRoot(s, v), root.clear()),
          shadow === null ? [] : when(hasObsoleteShadowRoot(s, v), shadow.nested[v].root.clear()),
        ),
      ],
      [
        waitUntil(
          'V1_kvm_vcpu_flush_tlb_all',
          requests.isRequested('TLB_FLUSH', v),
          requests.take('TLB_FLUSH', v),
          flushTlb(s, v),
          flushShadowTlb(s, v),
        ),
      ],
      ...(s.p.mmu === 'shadow' ? [] : [[loadRoot(s, v)]]),
      ...(shadow === null ? [] : [[loadShadowRoot(s, v)]]),
      ...(death === null
        ? []
        : [[step('V2_KVM_REQ_VM_DEAD_EIO', death.isBugged, s.slot.srcu.exit(v)), leave()]]),
    ),
  ]
}

/** V1: kvm_mmu_load. */
function loadRoot(s: State, v: Vcpu): Statement {
  return step(
    'V1_kvm_mmu_load',
    isL1(s, v),
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
    s.death === null ? [] : s.death.isBugged.not(),
    hasRoot(s, v),
    s.slot.srcu.exit(v),
    s.requests.enterGuest(v),
  )
}

/** The vCPU has a root for what it runs. */
function hasRoot(s: State, v: Vcpu): Bool {
  const { root } = s.vcpu[v]
  if (s.shadow === null) return root.isSome()
  const { isL2, root: shadowRoot } = s.shadow.nested[v]
  return or(isL2.and(shadowRoot.isSome()), isL2.not().and(root.isSome()))
}

/** V4: the ways out of the guest. */
function exits(s: State, v: Vcpu): readonly Statements[] {
  const { fault, tlb } = s.vcpu[v]
  const misses = (g: Gfn): Bool => tlb[g].isNone().and(walkHits(s, v, g).not())
  const violation = (g: Gfn): Item => [misses(g), fault.gfn.set(g)]
  const touched = Object.fromEntries(touchedGfns(s).map(g => [gfnNames[g], violation(g)]))
  const tdpExit = [
    step(
      'V4_ept_violation',
      isL1(s, v),
      choose(touched),
      s.requests.exitGuest(v),
      s.slot.srcu.enter(v),
    ),
    faultPath(s, v),
  ]
  const fails = step('shadow_V10_kvm_faultin_pfn_EFAULT', forget(s, v), s.slot.srcu.exit(v))
  const lookup = {
    slot: findSlot(s, v, 'shadow_'),
    page: findPage(s, v, fails, 'shadow_'),
  }
  return [
    [step('V4_exit_to_userspace', s.requests.exitGuest(v)), leave()],
    [step('V4_kick', s.requests.isKicked(v), s.requests.exitGuest(v), s.slot.srcu.enter(v))],
    ...(s.p.mmu === 'shadow' ? [] : [tdpExit]),
    ...(s.shadow === null ? [] : shadowExits(s, v, pageFault(shadowFault(s, v, lookup)))),
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
function findSlot(s: State, v: Vcpu, prefix = ''): Stage {
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
          step(`${prefix}V8_invalid_slot_RET_PF_RETRY`, forget(s, v)),
        ],
      },
      {
        when: isA.and(slot.isAbsent),
        then: [step(`${prefix}V8_no_slot_exit_mmio`, forget(s, v), slot.srcu.exit(v)), leave()],
      },
    ],
    steps: [foundSlot(s, v, prefix)],
  }
}

/** V5. */
function foundSlot(s: State, v: Vcpu, prefix = ''): Statement {
  const { fault } = s.vcpu[v]
  const isA = fault.gfn.is(A)
  return step(
    `${prefix}V5_kvm_vcpu_gfn_to_memslot`,
    isA.and(s.slot.isInvalid).not(),
    fault.slot.set(isA.pick(s.slot.incarnation, s.slotB)),
  )
}

/** V6. */
function snapshot({ notifier, seen }: NonNullable<State['notifier']>, v: Vcpu): Stage {
  return { steps: [step('V6_mmu_invalidate_seq', seen[v].set(notifier.seq))] }
}

/** V10: get_user_pages on the slot's address, or guest_memfd. */
function findPage(s: State, v: Vcpu, fails: Statement | null, prefix = ''): Stage {
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
      step(
        `${prefix}V10_kvm_faultin_pfn`,
        fault.page.set(isA.pick(slot.pageBehind(object), s.pageB)),
      ),
    ],
  }
}

/** V14 and V15: page tables; `after` is V16 and what follows it. */
function mapPage(s: State, v: Vcpu, after: Statements, giveUp: Item): Statements {
  const target = targetRoot(s, v)
  return [
    loopWhile(target.hasTable.not(), [
      step('V14_tdp_mmu_link_sp', target.linkTable, tracksTable(s, v)),
    ]),
    branch(
      target.isFrozen,
      [step('V14_frozen_spte_RET_PF_RETRY', giveUp)],
      [step('V15_tdp_mmu_map_handle_target_level', target.install, makesType(s, v)), after],
    ),
  ]
}

/** track_possible_nx_huge_page: an instruction fetch needs a table in place of a huge page. */
function tracksTable(s: State, v: Vcpu): Item {
  if (s.nx === null) return []
  const { root, fault } = s.vcpu[v]
  const isPrivate = s.privateGfn(fault.gfn.number())
  const track = s.nx.nxListed.at(root.number()).set(true)
  return choose({ fetch: [isPrivate.not(), track], 'read or write': [] })
}

/** make_spte: the memory type of a new leaf follows noncoherent_dma_count. */
function makesType(s: State, v: Vcpu): Item {
  if (s.dma === null) return []
  const { root, fault } = s.vcpu[v]
  const isShared = and(fault.gfn.is(B), s.privateGfn(B).not())
  const type = s.dma.hasGuestType.at(root.number())
  return when(isShared, type.set(s.dma.device.isNot('none')))
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
