/**
 * The host reclaims the page behind slot A, once: an mmu_notifier between start and end.
 *
 *   N1 start ─▶ N2 begin, zap, flush (if a memslot is there) ─▶ N3 page is gone ─▶ N4 end ─▶ N5
 *
 * Pages of guest_memfd are not reclaimed in this way, so slot A is a shared one.
 */
import { branch, or, step, waitUntil, when } from 'zapcheck'
import type { ModelBuilder, Statements } from 'zapcheck'
import { A, directRoots, shadowRoots } from './state.js'
import type { State } from './state.js'

/** Declares the process of the notifier, if the variant has one. */
export function declareReclaim(m: ModelBuilder, s: State): void {
  if (s.notifier === null) return
  const { notifier } = s.notifier
  const { slot, mmuLock } = s
  const options = {
    actor: 'mmu_notifier',
    source: 'virt/kvm/kvm_main.c kvm_mmu_notifier_invalidate_range_start and _end, v6.16',
  }
  m.process('notifier', options, [
    waitUntil('N1_range_start', slot.isBacked, s.privateGfn(A).not(), notifier.enter()),
    branch(slot.isAbsent.not(), zapRange(s)),
    // The deletion may have ended meanwhile; the page is then released already.
    step('N3_page_is_reclaimed', when(slot.isBacked, slot.reclaim())),
    branch(slot.isAbsent.not(), [
      waitUntil('N4_kvm_mmu_invalidate_end', mmuLock.isFree, notifier.end()),
    ]),
    step('N5_range_end', notifier.leave()),
  ])
}

/** N2: kvm_unmap_gfn_range in all roots, with mmu_lock held for write. */
function zapRange(s: State): Statements {
  if (s.notifier === null) return []
  const { notifier } = s.notifier
  const { mmuLock, requests } = s
  const roots = directRoots(s)
  const onlyValid = s.p.bug === 'valid-roots-only'
  const visited = roots.map(root => (onlyValid ? root.isValid.and(root.maps(A)) : root.maps(A)))
  const trees = [...roots, ...shadowRoots(s).map(({ tree }) => tree)]
  const isFlushOwed = or(...trees.map(root => root.isValid.and(root.maps(A))))
  const zap = [
    roots.map((root, r) => when(visited[r] ?? or(), root.zapLeaf(A))),
    shadowRoots(s).map(({ tree }) => tree.zapLeaf(A)),
  ]
  return [
    step('N2_write_lock_kvm_mmu_invalidate_begin', mmuLock.acquireWrite(), notifier.begin()),
    branch(
      isFlushOwed,
      [
        step('N2_kvm_unmap_gfn_range_flush', zap, requests.makeAll('TLB_FLUSH')),
        waitUntil('N2_wait_for_kicked_vcpus', requests.isAcknowledged),
      ],
      [step('N2_kvm_unmap_gfn_range', zap)],
    ),
    step('N2_write_unlock', mmuLock.releaseWrite()),
  ]
}
