/**
 * The page fault of a vCPU: the one order in which KVM looks things up, locks, checks again and
 * maps. What each stage finds and does is the model's; that it comes in this order is defined here.
 *
 *   V5 slot ─▶ V6 snapshot ─▶ V7 attributes ─▶ V10 page ─▶ V12 lock ─▶ V13 stale? ─▶ V15 map ─▶ V16
 *
 * Source: arch/x86/kvm/mmu/mmu.c (v6.16) `kvm_mmu_faultin_pfn` (V5 to V11),
 * `kvm_tdp_mmu_page_fault` (V12, V13, V16), `is_page_fault_stale`; arch/x86/kvm/mmu/tdp_mmu.c
 * `kvm_tdp_mmu_map` (V14, V15).
 *
 * The unlocked checks V9 and V11 are not here: they only retry earlier what V13 makes retry under
 * mmu_lock.
 */
import { branch, step } from 'zapcheck'
import type { Bool, Item, ReadWriteLock, Statement, Statements } from 'zapcheck'

/** The stages before mmu_lock is taken. */
export type LookupStage = 'slot' | 'snapshot' | 'attributes' | 'page'

/** A way on which the fault ends early: retry, or an exit to userspace. */
export interface WayOut {
  readonly when: Bool
  readonly then: Statements
}

/** One stage: the ways out, tried in their order, and what happens if none is taken. */
export interface Stage {
  readonly waysOut?: readonly WayOut[]
  readonly steps: Statements
}

/** The stages of a model's fault; a stage that is not given does not exist in the model. */
export interface PageFault {
  /** V5, V8: kvm_vcpu_gfn_to_memslot, and what a missing or an INVALID slot leads to. */
  readonly slot?: Stage
  /** V6: the snapshot of mmu_invalidate_seq, with its read barrier. */
  readonly snapshot?: Stage
  /** V7: the fault's kind against the memory attributes of the gfn. */
  readonly attributes?: Stage
  /** V10: get_user_pages or kvm_gmem_get_pfn; no lock is held. */
  readonly page?: Stage
  /** The order of the stages; another one than the kernel's is a seeded bug. */
  readonly order?: readonly LookupStage[]
  readonly mmuLock: ReadWriteLock
  /** V13: is_page_fault_stale. */
  readonly isStale: Bool
  /**
   * V14, V15: the walk and the installation, with mmu_lock held for read. `unlock` is V16, which
   * ends the fault; `giveUp` is what a step that retries instead does: unlock and forget.
   */
  readonly map: (unlock: Statement, giveUp: Item) => Statements
  /** What the end of a fault forgets. */
  readonly forget: Item
  /** mmu_lock is held for write, as the shadow MMU does. */
  readonly isExclusive?: boolean
  /** Stands before the labels of V12, V13 and V16, where a process has two kinds of faults. */
  readonly prefix?: string
}

/** The kernel's order since v6.9. */
export const kernelOrder: readonly LookupStage[] = ['slot', 'snapshot', 'attributes', 'page']

/** The statements of one fault. After the last one the vCPU goes on to enter the guest again. */
export function pageFault(fault: PageFault): Statements {
  return (fault.order ?? kernelOrder).reduceRight<Statements>(
    (rest, name) => stage(fault[name], rest),
    underLock(fault),
  )
}

function stage(found: Stage | undefined, rest: Statements): Statements {
  if (found === undefined) return rest
  const goOn: Statements = [found.steps, rest]
  return (found.waysOut ?? []).reduceRight<Statements>(
    (otherwise, { when, then }) => [branch(when, then, otherwise)],
    goOn,
  )
}

/** V12 to V16. */
function underLock(fault: PageFault): Statements {
  const { mmuLock, isStale, map, forget, isExclusive = false, prefix = '' } = fault
  const mode = isExclusive ? 'write' : 'read'
  const lock = isExclusive ? mmuLock.acquireWrite() : mmuLock.acquireRead()
  const giveUp = [isExclusive ? mmuLock.releaseWrite() : mmuLock.releaseRead(), forget]
  const unlock = step(`${prefix}V16_${mode}_unlock`, giveUp)
  const retry: Statement = step(`${prefix}V13_is_page_fault_stale_RETRY`, giveUp)
  return [
    step(`${prefix}V12_${mode}_lock`, lock),
    branch(isStale, [retry], [step(`${prefix}V13_is_page_fault_stale_no`), map(unlock, giveUp)]),
  ]
}
