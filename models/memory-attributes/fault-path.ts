/**
 * The vCPU: a page fault from its exit to the installed leaf, and the hardware's TLB. Labels are
 * the step numbers of the design notes on memslot deletion with the kernel's function.
 *
 *   V4 ─▶ V5 slot ─▶ V6 snapshot ─▶ V7 attribute ─▶ V10 page
 *      ─▶ V12 lock ─▶ V13 stale? ─▶ V15 map ─▶ V16 unlock
 *
 * Source: arch/x86/kvm/mmu/mmu_internal.h `kvm_mmu_do_page_fault`; arch/x86/kvm/mmu/mmu.c (v6.16)
 * `kvm_mmu_faultin_pfn`, `kvm_mmu_faultin_pfn_private`, `is_page_fault_stale`,
 * `kvm_mmu_hugepage_adjust`.
 */
import { and, assert, choose, implies, not, or, step } from 'zapcheck'
import type { Bool, Int, Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import type { LookupStage, Stage } from '../components/page-fault.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { installations, isMapped } from './page-tables.js'
import { isTaken, kinds, slotGfns } from './state.js'
import type { State } from './state.js'

/** The steps of a fault that has found the memslot and may still use it. */
export const stepsInSlot = (s: State): readonly string[] => [
  ...(s.p.usesSeq ? ['V6_mmu_invalidate_seq'] : []),
  ...(s.p.bug === 'fault-takes-slots-lock' ? ['V7_mutex_lock_slots_lock'] : []),
  'V7_kvm_mem_is_private',
  'V10_kvm_mmu_faultin_pfn',
  'V12_read_lock',
  'V13_is_page_fault_stale_no',
  'V15_kvm_tdp_mmu_map',
  'V16_read_unlock',
]

/** Declares the process of one vCPU. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault, v6.16'
  const process = m.process('vcpu', { with: { v }, actor, repeats: true, source }, [
    step('V4_kvm_mmu_do_page_fault', choose(accesses(s, v))),
    faultPath(s, v),
  ])
  declareTlb(m, s, v, actor)
  return process
}

/** The guest touches a gfn that has no leaf of the kind that it asks for. */
function accesses(s: State, v: Vcpu): Record<string, Item> {
  const { gfn, kind } = s.vcpu[v]
  const alternatives: Record<string, Item> = {}
  for (const g of slotGfns(s)) {
    if (s.p.vm === 'sw') {
      const isAbsent = kinds.map(k => implies(s.attribute[g].is(k), not(isMapped(s, g, k))))
      alternatives[`gfn ${g}`] = [and(...isAbsent), gfn.set(g), kind.set(s.attribute[g])]
      continue
    }
    for (const k of s.p.vm === 'plain' ? (['shared'] as const) : kinds)
      alternatives[`gfn ${g} ${k}`] = [not(isMapped(s, g, k)), gfn.set(g), kind.set(k)]
  }
  return alternatives
}

/** V5 to V16 of one fault. */
function faultPath(s: State, v: Vcpu): Statements {
  const { gfn, kind, seen } = s.vcpu[v]
  const { usesSeq, bug } = s.p
  const lock = step('V7_mutex_lock_slots_lock', s.slotsLock.acquire('fault'))
  const isLocked = bug === 'fault-takes-slots-lock'
  const unlock = isLocked ? s.slotsLock.release() : []
  return pageFault({
    ...(s.memslot === null ? {} : { slot: findSlot(s, v) }),
    ...(usesSeq
      ? {
          snapshot: {
            steps: [
              step('V6_mmu_invalidate_seq', seen.set(s.invalidation.seq)),
              isLocked ? lock : [],
            ],
          },
        }
      : {}),
    attributes: {
      waysOut: [
        {
          when: kind.is(s.attribute.at(gfn)).not(),
          then: [step('V7_KVM_EXIT_MEMORY_FAULT', unlock, forget(s, v))],
        },
      ],
      steps: [step('V7_kvm_mem_is_private', unlock)],
    },
    page: findPage(s, v),
    order: orderOf(s),
    mmuLock: s.mmuLock,
    isStale: isFaultStale(s, v),
    map: end => [
      step('V15_kvm_tdp_mmu_map', choose(installations(s, v)), pageIsNotGone(s, v), forget(s, v)),
      end,
    ],
    forget: forget(s, v),
  })
}

/** Wrong orders, or the kernel's. */
function orderOf(s: State): readonly LookupStage[] {
  if (!s.p.seqBeforeAttr) return ['slot', 'attributes', 'snapshot', 'page']
  if (!s.p.seqBeforePage) return ['slot', 'page', 'snapshot', 'attributes']
  return ['slot', 'snapshot', 'attributes', 'page']
}

/** V5, V8: the slot of the faulting gfn; SRCU is held until the fault is over. */
function findSlot(s: State, v: Vcpu): Stage {
  return {
    waysOut: [
      {
        when: s.slot.isInvalid,
        then: [step('V8_invalid_slot_RET_PF_RETRY', forget(s, v))],
      },
      {
        when: s.slot.isAbsent,
        then: [step('V8_kvm_handle_noslot_fault', forget(s, v))],
      },
    ],
    steps: [step('V5_kvm_vcpu_gfn_to_memslot')],
  }
}

/** V10: guest_memfd or get_user_pages, with no lock held. */
function findPage(s: State, v: Vcpu): Stage {
  const { second } = s
  const steps = [
    step(
      'V10_kvm_mmu_faultin_pfn',
      second === null ? [] : second.isFresh[v].set(and(isOnTaken(s, v), second.taken.isGone)),
    ),
  ]
  if (s.p.gmem || s.p.vm === 'plain') return { steps }
  return {
    waysOut: [
      {
        when: s.vcpu[v].kind.is('private'),
        then: [step('V10_no_guest_memfd_KVM_EXIT_MEMORY_FAULT', forget(s, v))],
      },
    ],
    steps,
  }
}

/** V13: mmu_invalidate_retry_gfn, with the parts that the model's parameters leave. */
function isFaultStale(s: State, v: Vcpu): Bool {
  const { gfn, seen } = s.vcpu[v]
  const { invalidation } = s
  const isChanging = and(invalidation.isInProgress, invalidation.isInHull(gfn.number()))
  if (!s.p.usesSeq) return isChanging
  return s.p.bug === 'narrow-seq'
    ? or(isChanging, signExtended(seen).isNot(invalidation.seq))
    : invalidation.mustRetry(seen, gfn.number())
}

/** A number of three bits that was kept in two signed ones: 2 and 3 come back as 6 and 7. */
function signExtended(seen: Int): Int {
  const low = seen.mod(4)
  return low.ge(2).pick(low.plus(4), low)
}

/** The fault is one on the page that the second invalidator takes away. */
function isOnTaken(s: State, v: Vcpu): Bool {
  const { gfn, kind } = s.vcpu[v]
  if (s.second === null) return or()
  const taken = s.p.secondInvalidator === 'punch' ? 'private' : 'shared'
  const isIn = slotGfns(s).map(g => and(gfn.is(g), isTaken(s, g)))
  return and(or(...isIn), kind.is(taken))
}

/** A page that is given back must not be mapped any more, by an old leaf or by a new one. */
export const freedPage = {
  name: 'no mapping of a freed page',
  meaning:
    'a page table maps a page that PUNCH_HOLE or the host has taken away: the guest reaches ' +
    'memory of somebody else',
}

function pageIsNotGone(s: State, v: Vcpu): Item {
  const { second } = s
  if (second === null) return []
  const isOld = and(isOnTaken(s, v), second.taken.isGone, not(second.isFresh[v]))
  return assert(not(isOld), freedPage.name, freedPage.meaning)
}

/** The fault is over. */
function forget(s: State, v: Vcpu): Item {
  const { gfn, kind, seen } = s.vcpu[v]
  const isFresh = s.second === null ? [] : s.second.isFresh[v].set(false)
  return [gfn.set(0), kind.set('shared'), seen.set(0), isFresh]
}

/** The hardware caches what it finds in the page tables, at any time. */
function declareTlb(m: ModelBuilder, s: State, v: Vcpu, actor: string): void {
  const { tlb } = s
  if (tlb === null) return
  for (const g of slotGfns(s))
    for (const k of kinds)
      m.action('V3_tlb_fill', { v, gfn: String(g), kind: k })
        .by(actor)
        .source('hardware walk of the page tables')
        .when(tlb[v][g].is('none'), isMapped(s, g, k))
        .do(tlb[v][g].set(k))
}
