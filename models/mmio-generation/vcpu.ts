/**
 * The vCPU: it enters the guest, which reads and writes the gfn; it handles EPT violations
 * (nothing there, or not writable) and EPT misconfigurations (an MMIO SPTE).
 *
 *   violation ─▶ V5 slot ─▶ (no slot: V8 caches MMIO) ─▶ V12 ─▶ V13 ─▶ V15 leaf or MMIO SPTE
 *   misconfiguration ─▶ MMIO cache of the vCPU ─▶ check_mmio_spte ─▶ emulate, or as a violation
 */
import {
  and,
  branch,
  call,
  choose,
  either,
  goto,
  leave,
  loopWhile,
  or,
  step,
  waitUntil,
  when,
} from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import type { Stage } from '../components/page-fault.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { isFreshMmio, isNone, spteGeneration } from './state.js'
import type { State } from './state.js'

/** KVM_EXIT_MMIO: userspace emulates, and calls KVM_RUN again. */
const toUserspace = goto('V0_kvm_arch_vcpu_ioctl_run')

/** Declares the process of one vCPU and its hardware's walks. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/vmx/vmx.c handle_ept_violation, handle_ept_misconfig, v6.16'
  const { tlb } = s.vcpu[v]
  const isRunning = s.inGuest.has(v).and(s.obsolete.has(v).not())
  m.action('V3_tlb_fill', { v })
    .by(actor)
    .source('hardware walk of EPT or NPT')
    .when(isRunning, tlb.isNone(), s.spte.leaf.isSome())
    .do(tlb.set(s.spte.leaf))
  return m.process('vcpu', { with: { v }, actor, repeats: true, source }, [
    step('V0_kvm_arch_vcpu_ioctl_run', s.slot.srcu.enter(v)),
    loopWhile(true, [
      either(
        [waitUntil('V1_kvm_mmu_load', s.obsolete.has(v), s.obsolete.remove(v), tlb.clear())],
        [
          step(
            'V2_vcpu_enter_guest',
            s.obsolete.has(v).not(),
            s.slot.srcu.exit(v),
            s.inGuest.add(v),
          ),
          either(...exits(s, v, isRunning)),
        ],
      ),
    ]),
  ])
}

/** V4: the ways out of the guest. */
function exits(s: State, v: Vcpu, isRunning: Bool): readonly Statements[] {
  const { tlb, fault } = s.vcpu[v]
  const { spte } = s
  const leaveGuest = s.inGuest.remove(v)
  const isReadOnly = spte.leaf.isSome().and(spte.isWritable.not())
  const isMissing = tlb.isNone().and(isNone(s))
  const exitToKvm = [isRunning, leaveGuest, s.slot.srcu.enter(v)]
  const violation = step(
    'V4_ept_violation',
    exitToKvm,
    choose({
      read: isMissing,
      // A write through a read-only TLB entry is refused as well.
      write: [or(isMissing, isReadOnly), fault.isWrite.set(true)],
    }),
  )
  const misconfig = step('V4_ept_misconfig', exitToKvm, tlb.isNone(), spte.isMmio)
  return [
    [step('V4_exit_to_userspace', leaveGuest), leave()],
    [step('V4_kick', s.obsolete.has(v), leaveGuest, s.slot.srcu.enter(v))],
    [call('fault', [either([violation], [misconfig, handleMmio(s, v)]), faultPath(s, v)])],
  ]
}

/** handle_mmio_page_fault: emulated, tried again, or a fault like any other. */
function handleMmio(s: State, v: Vcpu): Statement {
  const { cache } = s.vcpu[v]
  const isCurrent = cache.generation.number().is(s.generation).and(cache.inFlux.is(s.inFlux))
  const emulate = s.slot.srcu.exit(v)
  const check = branch(
    isFreshMmio(s),
    [step('check_mmio_spte_RET_PF_EMULATE', remember(s, v), emulate), toUserspace],
    [step('check_mmio_spte_RET_PF_INVALID')],
  )
  return branch(
    cache.generation.isSome().and(isCurrent),
    [step('mmio_info_in_cache_RET_PF_EMULATE', emulate), toUserspace],
    [branch(s.spte.isMmio, [check], [step('get_mmio_spte_RET_PF_RETRY'), leave()])],
  )
}

/** vcpu_cache_mmio_info: nothing while the memslots are in flux (v5.1). */
function remember(s: State, v: Vcpu): Item {
  const { cache } = s.vcpu[v]
  if (s.p.bug === 'cache-in-flux')
    return [cache.generation.set(s.generation), cache.inFlux.set(s.inFlux)]
  return when(s.inFlux.not(), cache.generation.set(s.generation))
}

/** V5 to V16. */
function faultPath(s: State, v: Vcpu): Statements {
  const { fault } = s.vcpu[v]
  const forget = [fault.isWrite.set(false), fault.slot.clear()]
  return pageFault({
    slot: findSlot(s, v, forget),
    page: {
      steps: [
        branch(
          fault.slot.isNone(),
          [step('V8_kvm_handle_noslot_fault', remember(s, v))],
          [step('V10_kvm_faultin_pfn')],
        ),
      ],
    },
    mmuLock: s.mmuLock,
    isStale: s.obsolete.has(v),
    map: (unlock, giveUp) => mapIt(s, v, unlock, giveUp),
    forget,
  })
}

/** V5: the slot object, or none. Before v5.13 an INVALID slot was none (V8). */
function findSlot(s: State, v: Vcpu, forget: Item): Stage {
  const { slot } = s.vcpu[v].fault
  const found = step(
    'V5_kvm_vcpu_gfn_to_memslot',
    when(s.slot.isValid, slot.set(s.slot.incarnation)),
  )
  if (s.p.bug === 'invalid-slot-is-mmio') return { steps: [found] }
  // A loop around the fault that never leaves SRCU waits for the update, which waits for SRCU.
  const retry =
    s.p.bug === 'retry-in-srcu'
      ? [waitUntil('V8_invalid_slot_RET_PF_RETRY', s.slot.isInvalid.not(), forget)]
      : [step('V8_invalid_slot_RET_PF_RETRY', forget)]
  return { waysOut: [{ when: s.slot.isInvalid, then: retry }], steps: [found] }
}

/**
 * V15: a leaf that is there already and allows the access is left alone (v6.14), by a fault without
 * a slot as well; it is told apart by a WARN_ON_ONCE only.
 */
function mapIt(s: State, v: Vcpu, unlock: Statement, giveUp: Item): Statements {
  const { isWrite, slot } = s.vcpu[v].fault
  const { leaf, isWritable } = s.spte
  const isAllowed = and(leaf.isSome(), or(isWrite.not(), isWritable))
  return [
    branch(
      s.p.bug === 'no-spurious-check' ? or() : isAllowed,
      [step('V15_RET_PF_SPURIOUS', giveUp)],
      [branch(slot.isNone(), mapMmio(s, v, giveUp), [mapLeaf(s, v), unlock])],
    ),
  ]
}

/** V15 for a page: a read-only leaf for a read, and an upgrade for a write. */
function mapLeaf(s: State, v: Vcpu): Statement {
  const { isWrite, slot } = s.vcpu[v].fault
  const { leaf, isWritable, isMmio, generation } = s.spte
  return step(
    'V15_tdp_mmu_map_handle_target_level',
    leaf.set(slot),
    isWritable.set(or(isWrite, and(isWritable, leaf.is(slot)))),
    isMmio.set(false),
    generation.set(0),
  )
}

/** V15 where there is no slot: make_mmio_spte with the generation of now, and emulation. */
function mapMmio(s: State, v: Vcpu, giveUp: Item): Statements {
  const { leaf, isWritable, isMmio, generation } = s.spte
  const emulate = [giveUp, s.slot.srcu.exit(v)]
  const make = [
    step(
      'V15_make_mmio_spte',
      leaf.clear(),
      isWritable.set(false),
      isMmio.set(true),
      generation.set(spteGeneration(s)),
    ),
    step('V16_read_unlock_RET_PF_EMULATE', emulate),
    toUserspace,
  ]
  if (!s.p.refusesInFlux) return make
  return [branch(s.inFlux, [step('V15_in_flux_RET_PF_EMULATE', emulate), toUserspace], make)]
}
