/**
 * The invalidation protocol between those who take mappings away and page faults: how many
 * sections from begin to end are open, a sequence number that each end raises, and the hull of the
 * ranges of the open sections.
 *
 *   begin ─▶ zap ─▶ page or attribute changes ─▶ end        in_progress > 0 from begin to end
 *   fault: seen := seq ─▶ find the page ─▶ mmu_lock ─▶ mustRetry(seen, gfn)? ─▶ install
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_mmu_invalidate_begin`, `kvm_mmu_invalidate_range_add`,
 * `kvm_mmu_invalidate_end`, `kvm_mmu_notifier_invalidate_range_start` and `_end`,
 * `kvm_swap_active_memslots`; include/linux/kvm_host.h `mmu_invalidate_retry_gfn`.
 *
 * The sequence number is a counter that wraps. That is sound while fewer sections end during one
 * fault than it has values, which a model ensures by the number of its operations.
 *
 * The kernel leaves the hull as it is at the last end, and forgets it at the next begin. Here the
 * last end empties it, as nobody reads it in between; unless the count can be wrong, as a fault
 * then reads a hull that no open section has.
 */
import { and, counter, index, int, not, or, part, when } from 'zapcheck'
import type { Assignment, Bool, Int, IntLike, IntVariable, Item } from 'zapcheck'

/** What of the protocol a model has. */
export interface InvalidationShape {
  /** Sections that can be open at the same time. */
  readonly sections: number
  /** Values of the sequence number. */
  readonly sequence: number
  /** gfns that the hull can cover; 0 for a model in which every section has the same range. */
  readonly gfns: number
  /**
   * The count can be wrong: one below zero and one more than `sections` are states, not errors of
   * the model, so that a property can find them.
   */
  readonly canMiscount?: boolean
}

/** The gfns `from` to `to` - 1. */
export interface GfnRange {
  readonly from: IntLike
  readonly to: IntLike
}

/** The protocol as models use it. */
export interface Invalidation {
  /** mn_active_invalidate_count, which keeps the memslots from being swapped. */
  readonly active: Int
  readonly isActive: Bool
  /** mmu_invalidate_in_progress; a model of unlocked updates stores to it by itself. */
  readonly inProgress: IntVariable
  readonly isInProgress: Bool
  /** mmu_invalidate_seq. */
  readonly seq: IntVariable
  /** The gfn is in the hull of the open sections; true of every gfn if there is no hull. */
  isInHull(gfn: IntLike): Bool
  /** mmu_invalidate_retry_gfn: a fault on `gfn` that took the snapshot `seen`. */
  mustRetry(seen: IntLike, gfn: IntLike): Bool
  /** The same for a model without hull; `isInRange` says whether the fault is in the range. */
  mustRetryIf(seen: IntLike, isInRange: Bool): Bool
  /** mn_active_invalidate_count++ and --. */
  enter(): Item
  leave(): Item
  /**
   * kvm_mmu_invalidate_begin, under the write lock; with the first kvm_mmu_invalidate_range_add if
   * that is not a step of its own.
   */
  begin(range?: GfnRange): Item
  /** kvm_mmu_invalidate_range_add in a later step of an open section. */
  addRange(range: GfnRange): Item
  /** kvm_mmu_invalidate_end, under the write lock. */
  end(): Item
}

/** The protocol's state; no section is open at first. */
export function invalidation(shape: InvalidationShape) {
  const { sections, sequence, gfns, canMiscount = false } = shape
  const slack = canMiscount ? 1 : 0
  const fields = {
    active: int(0, sections),
    inProgress: int(-slack, sections + slack, 0),
    seq: counter(sequence),
    /** The hull is [lo, hi); both 0 stand for INVALID_GPA, a hull without a range. */
    hull: { lo: index(gfns + 1), hi: index(gfns + 1) },
  }
  return part(fields, ({ active, inProgress, seq, hull }): Invalidation => {
    const isOpen = inProgress.isNot(0)
    /** What `if (kvm->mmu_invalidate_in_progress)` finds; only a wrong count is below zero. */
    const isInProgress = canMiscount ? isOpen : inProgress.gt(0)
    const lo = hull.lo.number()
    const hi = hull.hi.number()
    const least = (a: Int, b: IntLike): Int => a.lt(b).pick(a, b)
    const most = (a: Int, b: IntLike): Int => a.gt(b).pick(a, b)
    const widen = ({ from, to }: GfnRange, isEmpty: Bool): readonly Assignment[] => [
      hull.lo.set(isEmpty.pick(from, least(lo, from))),
      hull.hi.set(isEmpty.pick(to, most(hi, to))),
    ]
    const empty = [hull.lo.set(0), hull.hi.set(0)]
    const isInHull = (gfn: IntLike): Bool => (gfns === 0 ? or(true) : and(lo.le(gfn), hi.gt(gfn)))
    const mustRetryIf = (seen: IntLike, isInRange: Bool): Bool =>
      or(and(isInProgress, isInRange), seq.isNot(seen))
    return {
      active,
      isActive: active.gt(0),
      inProgress,
      isInProgress,
      seq,
      isInHull,
      mustRetry: (seen, gfn) => mustRetryIf(seen, isInHull(gfn)),
      mustRetryIf,
      enter: () => active.increase(),
      leave: () => active.decrease(),
      begin: range => [
        inProgress.increase(),
        range === undefined ? when(not(isOpen), empty) : widen(range, not(isOpen)),
      ],
      addRange: range => widen(range, hi.is(0)),
      end: () => [
        seq.increase(),
        inProgress.decrease(),
        canMiscount ? [] : when(inProgress.is(1), empty),
      ],
    }
  })
}
