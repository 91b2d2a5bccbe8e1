/**
 * M3, kvm_arch_flush_shadow_memslot: which zap is chosen, and the zaps.
 *
 * Z1, kvm_mmu_zap_all_fast: with mmu_lock held for write all roots become invalid and every vCPU is
 * asked to drop obsolete roots and kicked out of the guest; then, with mmu_lock held for read, the
 * invalid roots are zapped. Nothing is flushed: a vCPU flushes when it loads its next root.
 *
 * Z2, kvm_mmu_zap_memslot_leafs: with mmu_lock held for write the slot's leafs are zapped in all
 * roots, then all TLBs are flushed; tables stay.
 *
 * K2 is the removal of one leaf of a TD's private page: the mirror SPTE, TDH.MEM.RANGE.BLOCK,
 * TDH.MEM.TRACK and a kick, TDH.MEM.PAGE.REMOVE. The page loses its acceptance.
 */
import { assert, branch, call, each, either, implies, step, waitUntil, when } from 'zapcheck'
import type { Item, SmallIndex, Statement, Statements } from 'zapcheck'
import { A, allRoots, directRoots, gfnNames, gfns } from './state.js'
import type { Gfn, State } from './state.js'

/** Which zaps a variant has: fast ones, and the label at whose step leaf zaps end. */
export function zapsOf(s: State): { readonly fast: boolean; readonly leafs: string | null } {
  const { decides, vm, zap } = s.p
  const end = 'Z2.5_write_unlock'
  if (decides === 'always' || (decides === 'vm-type' && vm === 'default')) {
    if (zap === 'hybrid') return { fast: true, leafs: vm === 'tdx' ? `private.${end}` : null }
    return zap === 'leafs' ? { fast: false, leafs: end } : { fast: true, leafs: null }
  }
  if (decides === 'vm-type' || (decides === 'quirk' && vm === 'tdx'))
    return { fast: false, leafs: end }
  return { fast: zap !== 'leafs', leafs: end }
}

/** kvm_arch_flush_shadow_memslot: the zap that the policy chooses for slot A. */
export function flushShadowMemslot(s: State): Statements {
  const { decides, vm } = s.p
  if (decides === 'vm-type') return vm === 'default' ? policyZap(s) : zapLeafs(s, true)
  if (decides === 'quirk' && vm !== 'default') return zapLeafs(s, true)
  const wantsLeafs = {
    always: null,
    'slot-flag': s.config.zapLeafsOnly,
    quirk: s.config.quirkDisabled,
    'quirk-only': s.config.quirkDisabled,
    any: null,
  }[decides]
  if (decides === 'any') return [either(zapLeafs(s, true), policyZap(s))]
  if (wantsLeafs === null || s.p.zap === 'leafs') return policyZap(s)
  return [branch(wantsLeafs, zapLeafs(s, true), policyZap(s))]
}

/** The zap of the parameter `zap`. */
function policyZap(s: State): Statements {
  switch (s.p.zap) {
    case 'leafs':
      return zapLeafs(s, true)
    case 'hybrid':
      return [zapAllFast(s, false), s.tdx === null ? [] : call('private', zapLeafs(s, false))]
    default:
      return zapAllFast(s, s.p.zap === 'fast-all')
  }
}

/** Z1; `withMirror` is what the kernel must not do to the mirror root of a TD. */
function zapAllFast(s: State, withMirror: boolean): Statements {
  const { mmuLock, requests, tdx } = s
  const roots = withMirror ? allRoots(s) : directRoots(s)
  const lock = [mmuLock.acquireWrite(), s.slot.startZap()]
  const invalidate = step(
    'Z1.1_kvm_tdp_mmu_invalidate_roots',
    roots.map(root => root.invalidate()),
  )
  const request = step(
    'Z1.1_kvm_make_all_cpus_request',
    requests.makeAll('MMU_FREE_OBSOLETE_ROOTS'),
  )
  const wait: Statements =
    s.p.bug === 'request-no-wait'
      ? []
      : [waitUntil('Z1.1_wait_for_kicked_vcpus', requests.isAcknowledged)]
  const unlock = mmuLock.releaseWrite()
  const zap = [
    step('Z1.2_read_lock', mmuLock.acquireRead()),
    each(s.p.deletes).map(r => zapDirectRoot(s, r)),
    withMirror && tdx !== null ? zapMirrorRoot(s) : [],
    step('Z1.2_read_unlock', zappedRootsAreEmpty(s), mmuLock.releaseRead()),
  ]
  const first = step('Z1.1_write_lock', lock)
  const split = [
    step('Z1.1_write_unlock_early', unlock),
    step('Z1.1_write_lock_again', mmuLock.acquireWrite()),
  ]
  const last = step('Z1.1_write_unlock', unlock)
  switch (s.p.bug) {
    case 'request-first':
      return [first, request, wait, split, invalidate, last, zap]
    case 'invalidate-first':
      return [first, invalidate, split, request, wait, last, zap]
    case 'request-late':
      return [first, invalidate, split.slice(0, 1), zap, split.slice(1), request, wait, last]
    default:
      return [first, invalidate, request, wait, last, zap]
  }
}

/** P7: kvm_tdp_mmu_zap_invalidated_roots is done. */
function zappedRootsAreEmpty(s: State): Item {
  return allRoots(s).map(root =>
    assert(
      implies(root.isZapped, root.isEmpty),
      'invalidated roots are zapped before the ioctl goes on',
      'an SPTE of an invalidated root is left behind when the deletion goes on: KVM may ' +
        "write back accessed and dirty bits to a page that is not the guest's any more",
    ),
  )
}

/** tdp_mmu_zap_root with mmu_lock held for read: 4K entries first, then the tables, or top down. */
function zapDirectRoot(s: State, r: SmallIndex): Statement {
  const root = s.direct[r]
  const start = step(`Z1.2_tdp_mmu_zap_root_${r}`, root.startZap())
  const leafs = gfns.map(g => [
    yieldReadLock(s, `root${r}_${gfnNames[g]}`),
    step(`Z1.2_zap_4K_root${r}_${gfnNames[g]}`, root.zapLeaf(g)),
  ])
  const table = step(`Z1.2_zap_table_root${r}`, root.zapTable())
  return branch(root.isScheduled, [start, s.p.passes === 'top-down' ? [] : leafs, table])
}

/** tdp_mmu_iter_cond_resched. Only a writer would notice, and without a notifier there is none. */
function yieldReadLock(s: State, where: string): Statements {
  if (s.notifier === null) return []
  return [
    either(
      [],
      [
        step(`Z1.2_cond_resched_unlock_${where}`, s.mmuLock.releaseRead()),
        step(`Z1.2_cond_resched_lock_${where}`, s.mmuLock.acquireRead()),
      ],
    ),
  ]
}

/** The same for the mirror root, as a zap-all would do that knows nothing of TDX. */
function zapMirrorRoot(s: State): Statement {
  const { mirror, accepted } = mirrorOf(s)
  const start = step('Z1.2_tdp_mmu_zap_root_mirror', mirror.startZap())
  // Every entry takes a step, also a non-present one: the pass is behind it then.
  const leafs = gfns.map(g =>
    removePrivatePage(s, g, 'Z1.2', [step(`Z1.2_zap_4K_mirror_${gfnNames[g]}_not_present`)]),
  )
  // A leaf that is still there goes with its table, blocked and tracked as in K2.
  const table = step(
    'Z1.2_zap_table_mirror',
    mirror.zapTable(),
    accepted.clear(),
    each(s.vcpus).map(v => gfns.map(g => when(s.privateGfn(g), s.vcpu[v].tlb[g].clear()))),
  )
  return branch(mirror.isScheduled, [start, s.p.passes === 'top-down' ? [] : leafs, table])
}

/** Z2; without `withDirect` only the mirror root's leafs. */
function zapLeafs(s: State, withDirect: boolean): Statements {
  const { mmuLock } = s
  const { bug } = s.p
  const unlock = step('Z2.5_write_unlock', mmuLock.releaseWrite())
  return [
    step('Z2.1_write_lock', mmuLock.acquireWrite(), s.slot.startZap()),
    withDirect ? each(s.p.deletes).map(r => zapSlotLeaf(s, r)) : [],
    s.tdx === null ? [] : removePrivatePage(s, A, 'Z2.2'),
    // tdp_mmu_iter_cond_resched: flush what is owed, let others have the lock, go on.
    either(
      [],
      [
        bug === 'yield-no-flush' ? [] : flush(s, 'Z2.3'),
        step('Z2.3_cond_resched_unlock', mmuLock.releaseWrite()),
        step('Z2.3_cond_resched_lock', mmuLock.acquireWrite()),
      ],
    ),
    bug === 'flush-after-unlock' ? unlock : [],
    bug === 'no-flush' ? [] : flush(s, 'Z2.5'),
    bug === 'flush-after-unlock' ? [] : unlock,
  ]
}

/** kvm_flush_remote_tlbs, if it is owed. */
function flush(s: State, label: string): Statement {
  const { requests, flushOwed } = s
  return branch(flushOwed, [
    step(`${label}_kvm_flush_remote_tlbs`, requests.makeAll('TLB_FLUSH'), flushOwed.set(false)),
    waitUntil(`${label}_wait_for_kicked_vcpus`, requests.isAcknowledged),
  ])
}

/** tdp_mmu_zap_leafs: a flush is owed unless the root is invalid. */
function zapSlotLeaf(s: State, r: SmallIndex): Statement {
  const root = s.direct[r]
  return branch(root.maps(A), [
    step(
      `Z2.2_tdp_mmu_zap_leafs_root${r}`,
      root.zapLeaf(A),
      when(root.isValid, s.flushOwed.set(s.p.bug !== 'no-flush')),
    ),
  ])
}

/**
 * K2: tdx_sept_remove_private_spte. With mmu_lock held for read, which KVM never does, the mirror
 * leaf is frozen until the page is removed; with the lock held for write it need not be, and a
 * flush is owed as for any leaf of a valid root.
 * @param otherwise  what happens if the leaf is not present; given where the lock is held for read
 */
function removePrivatePage(s: State, g: Gfn, where: string, otherwise?: Statements): Statement {
  const { mirror, accepted, frozen } = mirrorOf(s)
  const name = gfnNames[g]
  const isShared = otherwise !== undefined
  const remove = [
    step(
      `${where}_tdh_mem_range_block_${name}`,
      mirror.zapLeaf(g),
      accepted.remove(g),
      isShared ? frozen.add(g) : [],
      s.requests.kickAll(),
    ),
    waitUntil(
      `${where}_tdh_mem_page_remove_${name}`,
      s.requests.isAcknowledged,
      each(s.vcpus).map(v => s.vcpu[v].tlb[g].clear()),
      isShared ? frozen.remove(g) : s.flushOwed.set(true),
    ),
  ]
  return branch(mirror.maps(g), remove, otherwise)
}

function mirrorOf(s: State) {
  if (s.tdx === null) throw new TypeError('only a TD has a mirror root')
  return s.tdx
}
