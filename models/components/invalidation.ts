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
 */
import { and, counter, index, int, or, part } from 'zapcheck'
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
  /** kvm_mmu_invalidate_begin with the first kvm_mmu_invalidate_range_add, under the write lock. */
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
    /** The hull is [lo, hi); meaningless while no section is open, and then both 0. */
    hull: { lo: index(gfns + 1), hi: index(gfns + 1) },
  }
  return part(fields, ({ active, inProgress, seq, hull }): Invalidation => {
    const isOpen = inProgress.isNot(0)
    const lo = hull.lo.number()
    const hi = hull.hi.number()
    const least = (a: Int, b: IntLike): Int => a.lt(b).pick(a, b)
    const most = (a: Int, b: IntLike): Int => a.gt(b).pick(a, b)
    const widen = ({ from, to }: GfnRange): readonly Assignment[] => [
      hull.lo.set(isOpen.pick(least(lo, from), from)),
      hull.hi.set(isOpen.pick(most(hi, to), to)),
    ]
    const isInHull = (gfn: IntLike): Bool => (gfns === 0 ? or(true) : and(lo.le(gfn), hi.gt(gfn)))
    const mustRetryIf = (seen: IntLike, isInRange: Bool): Bool =>
      or(and(inProgress.gt(0), isInRange), seq.isNot(seen))
    return {
      active,
      isActive: active.gt(0),
      inProgress,
      isInProgress: inProgress.gt(0),
      seq,
      isInHull,
      mustRetry: (seen, gfn) => mustRetryIf(seen, isInHull(gfn)),
      mustRetryIf,
      enter: () => active.increase(),
      leave: () => active.decrease(),
      begin: range => [inProgress.increase(), range === undefined ? [] : widen(range)],
      addRange: widen,
      end: () => [
        seq.increase(),
        inProgress.decrease(),
        gfns === 0 ? [] : [hull.lo.set(inProgress.is(1).pick(0, lo))],
        gfns === 0 ? [] : [hull.hi.set(inProgress.is(1).pick(0, hi))],
      ],
    }
  })
}
