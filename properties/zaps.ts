/**
 * Properties of zaps: what has to be removed, in which order, and what must not be touched.
 */
import { and, implies, invariant, next, stepProperty } from 'zapcheck'
import type { ActionView, Bool, PropertySpecification } from 'zapcheck'

/** The private root is the same and valid for the life of the VM. */
export function rootNeverZapped(isValid: Bool): PropertySpecification {
  return invariant(
    'private root never zapped',
    isValid,
    'the root of the private page tables is invalidated: the TDX module knows one root for ' +
      'the life of a TD, which can be neither replaced nor emptied',
  )
}

/** A table is removed only when none of its leafs is present. */
export function leavesBeforeNonLeaves(
  tables: readonly { readonly isLinked: Bool; readonly hasNoLeaf: Bool }[],
): PropertySpecification {
  const ordered = tables.map(({ isLinked, hasNoLeaf }) =>
    implies(and(isLinked, next(isLinked).not()), hasNoLeaf),
  )
  return stepProperty(
    'leaves zapped before non-leaves',
    and(...ordered),
    'a page table page is removed while a leaf below it is present: TDH.MEM.SEPT.REMOVE refuses ' +
      'unless all entries of the table are free',
  )
}

/** Present mappings stay present: `name` says whose. */
export function preciseZap(
  name: string,
  mappings: readonly Bool[],
  meaning: string,
): PropertySpecification {
  const kept = mappings.map(isPresent => implies(isPresent, next(isPresent)))
  return stepProperty(name, and(...kept), meaning)
}

/**
 * No mapping is installed on behalf of something that was zapped.
 * @param isLate  of an action that installs a mapping: what it installs for was zapped; else null
 */
export function noInstallAfterZap(
  isLate: (action: ActionView) => Bool | null,
): PropertySpecification {
  return stepProperty(
    'no install after zap',
    action => isLate(action)?.not() ?? true,
    'a page fault installs a mapping of a memslot whose zap has begun: nothing will remove ' +
      'it again',
  )
}

/**
 * No page table entry is written below a root that is not valid; `isObsolete` as `isLate` above.
 */
export function noInstallInObsoleteRoot(
  isObsolete: (action: ActionView) => Bool | null,
): PropertySpecification {
  return stepProperty(
    'no install in an obsolete root',
    action => isObsolete(action)?.not() ?? true,
    'a page fault writes below a root that was invalidated, where the zap may have passed ' +
      'already: KVM_MMU_WARN_ON(root->role.invalid) in kvm_tdp_mmu_map, and a leaked page ' +
      'table',
  )
}

/**
 * An ioctl that returns an error has changed nothing: `name` says of what.
 * @param kept  where it is certain to fail: what there was before the ioctl, and what there is
 */
export function neutralFailure(
  name: string,
  kept: readonly { readonly isFailed: Bool; readonly had: Bool; readonly has: Bool }[],
  meaning: string,
): PropertySpecification {
  const unchanged = kept.map(({ isFailed, had, has }) => implies(and(isFailed, had), has))
  return invariant(name, and(...unchanged), meaning)
}
