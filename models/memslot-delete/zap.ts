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
import { assert, branch, call, each, either, implies, or, step, waitUntil, when } from 'zapcheck'
import type { Item, SmallIndex, Statement, Statements } from 'zapcheck'
import { zapMemslotPages, zapObsoletePages, zapRmaps } from './shadow.js'
import { A, allRoots, directRoots, gfnNames, gfns, shadowRoots } from './state.js'
import type { Gfn, State } from './state.js'

/** Which zaps a variant has: fast ones, and the label at whose step leaf zaps end. */
export function zapsOf(s: State): { readonly fast: boolean; readonly leafs: string | null } {
  const { decides, mmu, vm, zap } = s.p
  const end = 'Z2.5_write_unlock'
  if (isFixed(decides) || (decides === 'vm-type' && vm === 'default')) {
    if (zap === 'hybrid') return { fast: true, leafs: vm === 'tdx' ? `private.${end}` : null }
    return zap === 'leafs' ? { fast: false, leafs: end } : { fast: true, leafs: null }
  }
  if (decides === 'vm-type' || (decides === 'quirk' && vm !== 'default'))
    return { fast: false, leafs: end }
  // Without a TDP MMU nobody can have KVM_MEM_ZAP_LEAFS_ONLY.
  const isRefused = decides === 'slot-flag' && mmu === 'shadow'
  return { fast: zap !== 'leafs', leafs: isRefused ? null : end }
}

/** Nobody may choose another zap than that of the parameter. */
function isFixed(decides: State['p']['decides']): boolean {
  return decides === 'always' || decides === 'flag-ignored'
}

/** kvm_arch_flush_shadow_memslot: the zap that the policy chooses for slot A. */
export function flushShadowMemslot(s: State): Statements {
  const { decides, vm } = s.p
  if (decides === 'vm-type') return vm === 'default' ? policyZap(s) : zapLeafs(s, true)
  if (decides === 'quirk' && vm !== 'default') return zapLeafs(s, true)
  const wantsLeafs = {
    always: null,
    'slot-flag': s.config.zapLeafsOnly,
    'flag-ignored': null,
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
  const lock = [mmuLock.acquireWrite(), startZap(s)]
  const invalidate = step(
    'Z1.1_kvm_tdp_mmu_invalidate_roots',
    roots.map(root => root.invalidate()),
    shadowRoots(s).map(({ tree }) => tree.invalidate()),
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
  const obsolete = zapObsoletePages(s)
  const zapRoots = [
    step('Z1.2_read_lock', mmuLock.acquireRead()),
    each(s.p.deletes).map(r => zapDirectRoot(s, r)),
    withMirror && tdx !== null ? zapMirrorRoot(s) : [],
    step('Z1.2_read_unlock', zappedRootsAreEmpty(s), mmuLock.releaseRead()),
  ]
  const zap = s.p.mmu === 'shadow' ? [] : zapRoots
  const first = step('Z1.1_write_lock', lock)
  const split = [
    step('Z1.1_write_unlock_early', unlock),
    step('Z1.1_write_lock_again', mmuLock.acquireWrite()),
  ]
  const last = step('Z1.1_write_unlock', unlock)
  switch (s.p.bug) {
    case 'request-first':
      return [first, request, wait, split, invalidate, obsolete, last, zap]
    case 'invalidate-first':
      return [first, invalidate, split, request, wait, obsolete, last, zap]
    case 'request-late':
      return [
        [first, invalidate, split.slice(0, 1), zap],
        [split.slice(1), request, wait, obsolete, last],
      ]
    default:
      return [first, invalidate, request, wait, obsolete, last, zap]
  }
}

/** The zap of the slot begins. */
function startZap(s: State): Item {
  const { slot, dma } = s
  if (dma === null) return slot.startZap()
  return [slot.startZap(), when(dma.device.is('attached'), dma.device.set('zapped'))]
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
  const untrack = s.nx === null ? [] : s.nx.nxListed[r].set(false)
  const table = step(`Z1.2_zap_table_root${r}`, root.zapTable(), untrack)
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
  const { bug, hypothesis, mmu } = s.p
  const lock = lockOfLeafZap(s)
  const unlock = step('Z2.5_write_unlock', lock.release)
  const isMirrorLeftOut = hypothesis === 'H2' || hypothesis === 'H7'
  return [
    step('Z2.1_write_lock', lock.acquire, withDirect ? startZap(s) : s.slot.startZap()),
    withDirect ? zapRmaps(s) : [],
    withDirect && mmu !== 'shadow' ? each(s.p.deletes).map(r => zapSlotLeaf(s, r)) : [],
    s.tdx === null || isMirrorLeftOut ? [] : removePrivatePage(s, A, 'Z2.2'),
    yieldWriteLock(s, 'Z2.3'),
    s.shadow === null ? [] : [zapMemslotPages(s), yieldWriteLock(s, 'Z2.4')],
    bug === 'flush-after-unlock' ? unlock : [],
    bug === 'no-flush' ? [] : flush(s, 'Z2.5'),
    bug === 'flush-after-unlock' ? [] : unlock,
  ]
}

/** mmu_lock for write, or for read where the variant asks whether that would do. */
function lockOfLeafZap({ p, mmuLock }: State) {
  if (p.bug === 'leafs-read-lock')
    return { acquire: mmuLock.acquireRead(), release: mmuLock.releaseRead() }
  return { acquire: mmuLock.acquireWrite(), release: mmuLock.releaseWrite() }
}

/** tdp_mmu_iter_cond_resched: flush what is owed, let others have the lock, go on. */
function yieldWriteLock(s: State, where: string): Statement {
  const lock = lockOfLeafZap(s)
  const isFlushLeftOut = s.p.bug === 'yield-no-flush' || s.p.bug === 'no-flush'
  return either(
    [],
    [
      isFlushLeftOut ? [] : flush(s, where),
      step(`${where}_cond_resched_unlock`, lock.release),
      step(`${where}_cond_resched_lock`, lock.acquire),
    ],
  )
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
function zapSlotLeaf(s: State, r: SmallIndex): Statements {
  const root = s.direct[r]
  if (s.p.hypothesis === 'H7') return []
  const zap = branch(root.maps(A), [
    step(
      `Z2.2_tdp_mmu_zap_leafs_root${r}`,
      root.zapLeaf(A),
      when(root.isValid, s.flushOwed.set(s.p.bug !== 'no-flush')),
    ),
  ])
  return [zap]
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
  if (s.death !== null) return branch(mirror.maps(g), removeUntracked(s, g, where))
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

/**
 * K2 without TDH.MEM.TRACK and its kick: the TDX module refuses to remove the page, KVM_BUG_ON
 * kills the VM, and every vCPU leaves the guest for good.
 */
function removeUntracked(s: State, g: Gfn, where: string): Statements {
  const { mirror, accepted } = mirrorOf(s)
  const { requests, death } = s
  const name = gfnNames[g]
  return [
    step(`${where}_tdh_mem_range_block_${name}`, mirror.zapLeaf(g), accepted.remove(g)),
    step(
      `${where}_tdh_mem_page_remove_${name}_TLB_TRACKING_NOT_DONE`,
      assert(
        or(),
        'TDH.MEM.PAGE.REMOVE succeeds',
        'the TDX module refuses to remove a page, KVM_BUG_ON: the VM is dead',
      ),
      death === null ? [] : death.isBugged.set(true),
      requests.kickAll(),
    ),
    waitUntil(`${where}_wait_for_kicked_vcpus`, requests.isAcknowledged),
  ]
}

function mirrorOf(s: State) {
  if (s.tdx === null) throw new TypeError('only a TD has a mirror root')
  return s.tdx
}
