/**
 * Properties of page tables and TLBs: what a translation may still lead to.
 */
import { and, implies, invariant, next, stepProperty } from 'zapcheck'
import type { Bool, Int, PropertySpecification } from 'zapcheck'

/** A translation, in a page table or a TLB, that must not be there when its target is gone. */
export interface Translation {
  /** The translation is present, and somebody can use it. */
  readonly isPresent: Bool
  /** What it leads to belongs to somebody else. */
  readonly isGone: Bool
}

const never = (translations: readonly Translation[]): Bool =>
  and(...translations.map(({ isPresent, isGone }) => implies(isPresent, isGone.not())))

/** No page table entry leads to a page that was given back; `name` says when. */
export function noStaleMapping(
  name: string,
  entries: readonly Translation[],
): PropertySpecification {
  return invariant(
    name,
    never(entries),
    'a page table still maps a page that was given back to the host: the guest reaches ' +
      'memory that is not its own any more, or KVM writes accessed and dirty bits back to a ' +
      'page that was freed',
  )
}

/** No TLB entry that a vCPU can use leads to a page that somebody else uses by now. */
export function flushBeforeReuse(entries: readonly Translation[]): PropertySpecification {
  return invariant(
    'flush before reuse',
    never(entries),
    'a vCPU in the guest reaches, through its TLB, a page that the host has given to somebody else',
  )
}

/** A leaf never changes from one page to another without being non-present in between. */
export function leafKeepsPage(
  leafs: readonly { readonly isPresent: Bool; readonly page: Int }[],
): PropertySpecification {
  const keeps = leafs.map(({ isPresent, page }) =>
    implies(and(isPresent, next(isPresent)), page.is(next(page))),
  )
  return stepProperty(
    'a present leaf keeps its page',
    and(...keeps),
    'a present leaf is replaced by one with another page, with no zap and no flush in between: ' +
      'BUG() in handle_changed_spte',
  )
}
