/**
 * Properties of the invalidation protocol: mmu_invalidate_in_progress, mmu_invalidate_seq and the
 * faults that are held off by them.
 */
import { implies, invariant, or, stepProperty } from 'zapcheck'
import type { ActionView, Bool, Int, PropertySpecification } from 'zapcheck'

/** The count is the number of sections from begin to end that are open. */
export function countsOpenSections(
  inProgress: Int,
  sections: readonly Bool[],
): PropertySpecification {
  const [first, ...others] = sections.map(isOpen => isOpen.pick(1, 0))
  const open = first === undefined ? 0 : others.reduce((sum, one) => sum.plus(one), first)
  return invariant(
    'in_progress counts the open invalidations',
    inProgress.is(open),
    'mmu_invalidate_in_progress is not the number of open invalidations: too low, and faults ' +
      'install mappings of what is going away; too high for good, and faults retry without end',
  )
}

/**
 * The fields of the protocol change only while mmu_lock is held for write.
 * @param isHeldBy  for an action, whether its actor holds the lock before or after it; null for
 *   one that cannot hold it
 */
export function writtenUnderWriteLock(
  isChanged: Bool,
  isHeldBy: (action: ActionView) => Bool | null,
): PropertySpecification {
  return stepProperty(
    'invalidation state is written under mmu_lock',
    action => implies(isChanged, isHeldBy(action) ?? or()),
    'mmu_invalidate_in_progress or mmu_invalidate_seq is changed without mmu_lock: an update by ' +
      'another task can be lost',
  )
}

/**
 * A fault is judged stale only if it is.
 * @param isStale  of an action that gives a fault up as stale: an invalidation of its gfn is open
 *   or has ended since its snapshot; else null
 */
export function retriesOnlyIfStale(
  isStale: (action: ActionView) => Bool | null,
): PropertySpecification {
  return stepProperty(
    'a fault retries only for an invalidation',
    action => isStale(action) ?? true,
    'a page fault is given up as stale although no invalidation of its gfn is open, and none ' +
      'ended since its snapshot: the vCPU faults again and again',
  )
}
