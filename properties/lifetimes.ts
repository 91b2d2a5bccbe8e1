/**
 * Properties of lifetimes: who may still hold what.
 */
import { and, implies, invariant } from 'zapcheck'
import type { Bool, Int, PropertySpecification } from 'zapcheck'

/** Something that can be held, and its end. */
export interface Holding {
  readonly isHeld: Bool
  /** It must not be held any more. */
  readonly isOver: Bool
}

const neverOver = (holdings: readonly Holding[]): Bool =>
  and(...holdings.map(({ isHeld, isOver }) => implies(isHeld, isOver.not())))

/** No reader holds an object that was freed; `what` names the object. */
export function noUseAfterFree(what: string, holdings: readonly Holding[]): PropertySpecification {
  return invariant(
    `no use of a freed ${what}`,
    neverOver(holdings),
    `a reader still holds a ${what} that was freed: use after free`,
  )
}

/** No page fault holds a memslot when the zap of that memslot is under way or done. */
export function noFaultAcrossZap(holdings: readonly Holding[]): PropertySpecification {
  return invariant(
    'no fault holds the slot when its zap runs',
    neverOver(holdings),
    'a page fault that found the memslot before it was marked INVALID is still under way ' +
      'when the zap runs: the zap can pass before the fault installs its mapping',
  )
}

/** No vCPU runs in the guest on a root whose zap has begun. */
export function noRunOnZappedRoot(holdings: readonly Holding[]): PropertySpecification {
  return invariant(
    'no vCPU runs on a zapped root',
    neverOver(holdings),
    'a vCPU is in the guest on a root whose page tables are being freed: its walks, and its ' +
      'cached upper levels, lead into pages that are used for something else',
  )
}

/** No vCPU is left on an obsolete root without a request to drop it. */
export function noObsoleteRootKept(holdings: readonly Holding[]): PropertySpecification {
  return invariant(
    'no vCPU keeps an obsolete root',
    neverOver(holdings),
    'a vCPU has an obsolete root, and no request to drop it is pending: it reaches the guest ' +
      'on that root, and each of its faults is refused as stale, without end',
  )
}

/** Every invalidation that was begun is ended when no notifier is between start and end. */
export function balancedInvalidations(notifier: {
  readonly isActive: Bool
  readonly isInProgress: Bool
}): PropertySpecification {
  return invariant(
    'invalidations are balanced',
    implies(notifier.isInProgress, notifier.isActive),
    'mmu_invalidate_in_progress stays up after the notifier ended: every fault in the range ' +
      'retries without end',
  )
}

/** No invalidation is ended that was not begun: the count of open sections is not negative. */
export function noEndWithoutBegin(inProgress: Int): PropertySpecification {
  return invariant(
    'no invalidation ends that was not begun',
    inProgress.ge(0),
    'mmu_invalidate_in_progress falls below zero: KVM_BUG_ON in kvm_mmu_invalidate_end, and ' +
      'the next invalidation in the range is not seen by page faults',
  )
}
