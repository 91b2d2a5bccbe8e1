/**
 * The second invalidator, which shares the count, the number and the hull with the ioctl and holds
 * no slots_lock: PUNCH_HOLE of guest_memfd on a private page, or an mmu_notifier on a shared one.
 *
 *   P2 begin ─▶ P2 zap ─▶ P3 the page is freed ─▶ P4 end        (N1, N2, N3, N4)
 *
 * Source: virt/kvm/guest_memfd.c (v6.16) `kvm_gmem_punch_hole`, `kvm_gmem_invalidate_begin` and
 * `_end`; virt/kvm/kvm_main.c `kvm_mmu_notifier_invalidate_range_start` and `_end`;
 * mm/mmu_notifier.c `mn_hlist_invalidate_range_start` (a start that fails, v5.12).
 */
import { and, assert, choose, either, exit, not, or, step, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import type { GfnRange } from '../components/invalidation.js'
import { freedPage } from './fault-path.js'
import { flush, isMapped, zap } from './page-tables.js'
import { isTaken, slotGfns, units } from './state.js'
import type { Kind, State } from './state.js'

/** kvm_mmu_invalidate_range_add: WARN_ON_ONCE(!kvm->mmu_invalidate_in_progress). */
export function warnIfNotInProgress(s: State): Item {
  return assert(
    s.invalidation.isInProgress,
    'a range is added only while an invalidation is in progress',
    'WARN_ON_ONCE(!kvm->mmu_invalidate_in_progress) in kvm_mmu_invalidate_range_add (at first in ' +
      'kvm_mmu_unmap_gfn_range): page faults are not held off although mappings are being zapped',
  )
}

/** kvm_mmu_invalidate_end with KVM_BUG_ON(kvm->mmu_invalidate_in_progress < 0). */
export function invalidateEnd(s: State): Item {
  return [
    assert(
      s.invalidation.inProgress.gt(0),
      'an end has its begin',
      'KVM_BUG_ON(kvm->mmu_invalidate_in_progress < 0) in kvm_mmu_invalidate_end',
    ),
    s.invalidation.end(),
  ]
}

/** The labels of a second invalidator. */
const labels = {
  punch: {
    actor: 'fallocate',
    source: 'virt/kvm/guest_memfd.c kvm_gmem_punch_hole, v6.16',
    kind: 'private',
    begin: 'P2_kvm_mmu_invalidate_begin',
    zap: 'P2_kvm_mmu_unmap_gfn_range',
    free: 'P3_truncate_inode_pages_range',
    end: 'P4_kvm_mmu_invalidate_end',
    unlock: 'P4_KVM_MMU_UNLOCK',
  },
  notifier: {
    actor: 'mm',
    source: 'virt/kvm/kvm_main.c kvm_mmu_notifier_invalidate_range_start and _end, v6.16',
    kind: 'shared',
    begin: 'N1_kvm_mmu_invalidate_begin',
    zap: 'N2_kvm_mmu_unmap_gfn_range',
    free: 'N3_page_is_freed',
    end: 'N4_kvm_mmu_invalidate_end',
    unlock: 'N4_KVM_MMU_UNLOCK',
  },
} as const

/** The labels of the model's second invalidator. */
export function labelsOf(s: State) {
  return s.p.secondInvalidator === 'none' ? null : labels[s.p.secondInvalidator]
}

/** Declares the second invalidator; null if there is none. */
export function declareInvalidator(m: ModelBuilder, s: State): ProcessHandle | null {
  const own = labelsOf(s)
  const { second, invalidation, mmuLock } = s
  if (own === null || second === null) return null
  const { taken } = second
  const all = units(s)
  const choices = all.map((gfns, i) => [`gfns ${gfns.join(' and ')}`, taken.unit.set(i)] as const)
  const wantsPrivate = own.kind === 'private' || s.p.bug === 'notifier-zaps-private'
  const isWanted = (kind: Kind) => or(kind === own.kind || (kind === 'private' && wantsPrivate))
  const isStillMapped = slotGfns(s).map(g => and(isTaken(s, g), isMapped(s, g, own.kind)))
  return m.process(own.kind === 'private' ? 'punch' : 'notifier', own, [
    step(
      own.begin,
      mmuLock.acquireWrite(),
      choose(Object.fromEntries(choices)),
      invalidation.begin(),
    ),
    step(
      own.zap,
      warnIfNotInProgress(s),
      all.map((gfns, i) => when(taken.unit.is(i), invalidation.addRange(rangeOf(gfns)))),
      zap(s, g => isTaken(s, g), isWanted),
      flush(s),
      mmuLock.releaseWrite(),
    ),
    started(
      s,
      step(
        own.free,
        assert(not(or(...isStillMapped)), freedPage.name, freedPage.meaning),
        taken.isGone.set(true),
      ),
    ),
    step(own.end, mmuLock.acquireWrite(), invalidateEnd(s)),
    step(own.unlock, mmuLock.releaseWrite()),
  ])
}

/** The range from the first to the last of the gfns. */
function rangeOf(gfns: readonly number[]): GfnRange {
  return { from: Math.min(...gfns), to: Math.max(...gfns) + 1 }
}

/**
 * Another subscriber of the mmu_notifier, which comes after KVM, cannot start without blocking. The
 * start as a whole has failed then; since v5.12 mm calls the end of all that have one.
 */
function started(s: State, free: Statement): Statements {
  if (s.p.secondInvalidator !== 'notifier' || !s.p.errors) return [free]
  const isPaired = s.p.bug !== 'start-fails-without-end'
  return [
    either(
      [step('N2_other_subscriber_starts'), free],
      [step('N2_other_subscriber_EAGAIN'), isPaired ? [] : exit()],
    ),
  ]
}
