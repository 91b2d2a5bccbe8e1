/**
 * Properties of page ownership: what the host may touch and hand on.
 */
import { and, implies, invariant } from 'zapcheck'
import type { Bool, PropertySpecification } from 'zapcheck'

/** The host never writes to a page that the RMP does not give it; `hasPanicked` remembers it. */
export function hostKeepsOff(hasPanicked: Bool): PropertySpecification {
  return invariant(
    "the host never writes to a guest's page",
    hasPanicked.not(),
    'a write of the host to an assigned page: #PF with the RMP bit in kernel mode, panic',
  )
}

/** No page that was freed is still assigned. */
export function noAssignedPageFreed(
  pages: readonly { readonly isFreed: Bool; readonly isAssigned: Bool }[],
): PropertySpecification {
  return invariant(
    'no assigned page is freed',
    and(...pages.map(({ isFreed, isAssigned }) => implies(isFreed, isAssigned.not()))),
    "a page on the host's free list is still assigned to the guest or to firmware: whoever " +
      'gets it and writes to it crashes the host',
  )
}
