/**
 * The invalidation protocol between an mmu_notifier and page faults: a sequence number and a range
 * that is being invalidated, and the count that keeps the memslots from being swapped meanwhile.
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_mmu_notifier_invalidate_range_start` and `_end`,
 * `kvm_mmu_invalidate_begin` and `_end`, `kvm_swap_active_memslots`; include/linux/kvm_host.h
 * `mmu_invalidate_retry_gfn`.
 *
 * There is one notifier, and it runs once, so counts are truth values and the number is 0 or 1.
 */
import { bool, int, part } from 'zapcheck'
import type { Bool, Int, IntLike, Item } from 'zapcheck'

/** The protocol as models use it. */
export interface MmuNotifier {
  /** mn_active_invalidate_count > 0. */
  readonly isActive: Bool
  /** mmu_invalidate_in_progress > 0. */
  readonly isInProgress: Bool
  /** mmu_invalidate_seq. */
  readonly seq: Int
  /** mmu_invalidate_retry_gfn: a fault with snapshot `seen`, whose gfn is in the range or not. */
  mustRetry(seen: IntLike, isInRange: Bool): Bool
  /** mn_active_invalidate_count++ and --. */
  enter(): Item
  leave(): Item
  /** kvm_mmu_invalidate_begin, with mmu_lock held for write. */
  begin(): Item
  /** kvm_mmu_invalidate_end, with mmu_lock held for write. */
  end(): Item
}

/** The protocol's state; no invalidation is active at first. */
export function mmuNotifier() {
  const fields = { active: bool(), inProgress: bool(), seq: int(0, 1) }
  return part(fields, ({ active, inProgress, seq }): MmuNotifier => ({
    isActive: active,
    isInProgress: inProgress,
    seq,
    mustRetry: (seen, isInRange) => inProgress.and(isInRange).or(seq.isNot(seen)),
    enter: () => active.set(true),
    leave: () => active.set(false),
    begin: () => inProgress.set(true),
    end: () => [inProgress.set(false), seq.increase()],
  }))
}
