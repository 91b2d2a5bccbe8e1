/**
 * An mmu_notifier takes the page away that is behind all gfns: leafs are zapped in every root, also
 * in invalid ones, with mmu_lock held for write; the zapper may give the lock away in between.
 *
 *   N2 begin, zap leafs of each root, flush ─▶ N3 page is reclaimed ─▶ N4 end
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_mmu_notifier_invalidate_range_start` and `_end`;
 * arch/x86/kvm/mmu/tdp_mmu.c `kvm_tdp_mmu_unmap_gfn_range`, `tdp_mmu_zap_leafs`.
 */
import { assert, branch, each, not, step, when } from 'zapcheck'
import type { Item, ModelBuilder, Statements } from 'zapcheck'
import { declareIterator, flush, lock, unlock, walk } from './iterator.js'
import type { Iterator } from './iterator.js'
import { account, isHuge, isPage, mapsPage0 } from './state.js'
import type { State } from './state.js'

/** Declares the task, if the variant has it. */
export function declareNotifier(m: ModelBuilder, s: State) {
  const { p, mmuLock, invalidation } = s
  if (!p.notifier) return null
  const it = declareIterator(m, p, 'notifier')
  const ended = p.counters ? each(s.vcpus).map(v => s.vcpu[v].inVain.set(0)) : []
  const process = m.process('notifier', { actor: 'mmu_notifier', source }, [
    step('N2_write_lock_kvm_mmu_invalidate_begin', lock(s, it, true), invalidation.begin()),
    each(p.roots).map(r => zapLeafs(s, it, r)),
    flush(s, it, 'N2_kvm_flush_remote_tlbs'),
    step(
      'N2_write_unlock',
      assert(
        not(mapsPage0(s)),
        'a leaf zap leaves no leaf in its range',
        'a leaf of the range is still present when the zap returns: the guest goes on to use ' +
          'a page that is given to somebody else',
      ),
      unlock(s, it, true),
      [it.entry.set(0), it.table.set(0)],
    ),
    step('N3_page_is_reclaimed', s.page.set(1), s.isReused.set(true)),
    step('N4_kvm_mmu_invalidate_end', mmuLock.isFree, invalidation.end(), ended),
  ])
  return { iterator: it, process }
}

const source = 'virt/kvm/kvm_main.c kvm_mmu_notifier_invalidate_range_start and _end, v6.16'

/** tdp_mmu_zap_leafs of one root. */
function zapLeafs(s: State, it: Iterator, r: number): Statements {
  const root = s.root.at(r)
  const prefix = `N2_root${r}`
  const entry = root.entry.at(it.entry)
  const leaf = s.table.at(it.table.number()).leaf.at(it.leaf)
  // Zapping SPTEs of invalid roots needs no flush: no vCPU runs on them.
  const zapped: Item = [
    account(s, -1),
    when(root.isValid, [it.flush.set(true), it.isOwed.set(true)]),
  ]
  const overwrites = s.p.bug === 'leaf-zap-flush-overwritten'
  return walk(s, {
    iterator: it,
    prefix,
    entry: e => root.entry.at(e),
    goesDown: true,
    isExclusive: true,
    start: overwrites ? it.flush.set(false) : [],
    visitEntry: [
      branch(isHuge(entry), [step(`${prefix}_zap_huge_page`, entry.set('none'), zapped)]),
    ],
    visitLeaf: [branch(isPage(leaf), [step(`${prefix}_zap_leaf`, leaf.set('none'), zapped)])],
  })
}
