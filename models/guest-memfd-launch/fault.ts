/**
 * KVM_PRE_FAULT_MEMORY and the faults of the guest: the fault path with guest_memfd's part in it,
 * and what the guest does with a page that is mapped.
 */
import { and, assert, branch, either, leave, not, or, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import { getFolio, prepareFolio, put } from './state.js'
import type { State } from './state.js'

/** Declares the vCPU: prefaults before finalize, faults and accesses after it. */
export function declareVcpu(m: ModelBuilder, s: State): ProcessHandle {
  const { p, phase, leaf, slot } = s
  const isLaunch = p.vm === 'sw' ? and() : phase.is('prelaunch')
  const hasSlot = slot.is('valid')
  const isAlone = p.concurrent ? and() : s.slotsLock.isFree
  const isRefused = p.prefault === 'refused' && p.vm !== 'sw'
  const prefault: Statements = isRefused
    ? [waitUntil('F_KVM_PRE_FAULT_MEMORY_EOPNOTSUPP', isLaunch), leave()]
    : [waitUntil('F_KVM_PRE_FAULT_MEMORY', isLaunch, hasSlot, isAlone)]
  const options = {
    actor: 'vCPU',
    source: 'arch/x86/kvm/mmu/mmu.c kvm_arch_vcpu_pre_fault_memory, kvm_tdp_page_fault, v7.0',
    repeats: true,
  }
  const violation = waitUntil('V4_violation', phase.is('finalized'), leaf.isNone(), hasSlot)
  // A refusal changes nothing, and would hide a deadlock of the other threads.
  const start = isRefused && p.mmap !== 'none' ? [violation] : [either(prefault, [violation])]
  const process = m.process('vcpu', options, [start, faultPath(s)])
  declareAccess(m, s)
  return process
}

/** V6 to V16; the slot cannot go meanwhile, since its deletion waits for SRCU. */
function faultPath(s: State): Statements {
  const { invalidation, fault, isPrivate, mmuLock } = s
  const forget = [put(s, fault.page), fault.seen.set(0)]
  const getPfn: Statements = [
    step('V10_kvm_gmem_get_folio', s.folioLock.acquire('fault'), getFolio(s, fault.page)),
    prepare(s),
  ]
  return pageFault({
    snapshot: { steps: [step('V6_mmu_invalidate_seq', fault.seen.set(invalidation.seq))] },
    attributes: {
      waysOut: [
        { when: not(isPrivate), then: [step('V7_KVM_EXIT_MEMORY_FAULT', fault.seen.set(0))] },
      ],
      steps: [],
    },
    page: { steps: getPfn },
    mmuLock,
    isStale: invalidation.mustRetry(fault.seen, 0),
    map: (unlock, giveUp) => installLeaf(s, unlock, giveUp),
    forget,
  })
}

/** G3, G4; a failure of the preparation ends the fault. */
function prepare(s: State): Statements {
  const { fault, folioLock, p } = s
  const marks = p.prefault === 'unmarked' ? s.phase.is('finalized') : true
  const { ok, fails } = prepareFolio(s, fault.page.number(), marks)
  const isEarly = s.phase.is('prelaunch')
  const markPrefaulted = when(isEarly, s.prefaulted.set(true))
  const prepared = step('V10_kvm_gmem_prepare_folio', ok, markPrefaulted, folioLock.release())
  if (fails === null || p.fails === 0) return [prepared]
  const giveUp = [folioLock.release(), put(s, fault.page), fault.seen.set(0)]
  return [either([prepared], [step('V10_kvm_arch_gmem_prepare_fails', fails, giveUp), leave()])]
}

/** V15; the entry of the Secure-EPT is made here once the TD is finalized. */
function installLeaf(s: State, unlock: Statement, giveUp: Item): Statements {
  const { leaf, fault, tdx, phase } = s
  const label = 'V15_tdp_mmu_map_handle_target_level'
  const page = fault.page.number()
  const spurious = step('V15_RET_PF_SPURIOUS', giveUp)
  if (tdx === null)
    return [branch(leaf.isSome(), [spurious], [step(label, leaf.set(page)), unlock])]
  const aug = tdx.module.pageAug(0, page)
  const premap = step('V15_nr_premapped_increase', leaf.set(page), tdx.premapped.set(true))
  const augment = step(label, aug.isOk, aug.effect, leaf.set(page))
  const isLate = s.p.prefault === 'refused'
  const install = isLate ? augment : branch(phase.is('prelaunch'), [premap], [augment])
  return [branch(leaf.isSome(), [spurious], [install, unlock])]
}

/** What the guest does with a mapped page, and what it must find there. */
function declareAccess(m: ModelBuilder, s: State): void {
  const { leaf, content, phase, tdx, snp, p } = s
  const page = leaf.number()
  const isMapped = and(phase.is('finalized'), leaf.isSome())
  const isAccessible = tdx === null ? isMapped : and(isMapped, tdx.module.isAccessible(0))
  const isOwned = snp === null ? and() : snp.rmp.isGuests(page, 0)
  // A private read of SNP gives garbage for what was not written with the guest's key.
  const seesStale = p.vm === 'snp' ? or() : content.at(page).is('stale')
  m.action('guest_access')
    .by('vCPU')
    .source('a private access of the guest, through the NPT or the Secure-EPT')
    .when(isAccessible, content.at(page).isNot('guest'))
    .do(
      assert(
        isOwned,
        'a page of the guest is prepared at its first access',
        "a private page is mapped that the RMP says is the host's: #NPF with the RMP bit at each " +
          'access, without end',
      ),
      assert(
        not(seesStale),
        'the guest reads no data of the host',
        'a page is mapped with what the host had in it: data of somebody else leaks into the guest',
      ),
      content.at(page).set('guest'),
    )
  if (tdx !== null)
    m.action('TDG_MEM_PAGE_ACCEPT')
      .by('vCPU')
      .source('TDX module: the entry becomes MAPPED, and the page zero')
      .when(isMapped, tdx.module.pageAccept(0).isOk)
      .do(tdx.module.pageAccept(0).effect, content.at(page).set('zero'))
}
