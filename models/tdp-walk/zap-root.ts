/**
 * Z1: a root is invalidated, and all below it is zapped with mmu_lock held for read, so that the
 * zapper can give the lock away between any two SPTEs. No vCPU uses the root any more; a notifier
 * still finds it.
 *
 * Source: arch/x86/kvm/mmu/tdp_mmu.c (v6.16) `kvm_tdp_mmu_invalidate_roots`,
 * `kvm_tdp_mmu_zap_invalidated_roots`, `tdp_mmu_zap_root`, `__tdp_mmu_zap_root`.
 */
import { assert, branch, each, or, step } from 'zapcheck'
import type { ModelBuilder, Statements } from 'zapcheck'
import { declareIterator, lock, unlock, walk } from './iterator.js'
import type { Iterator } from './iterator.js'
import { account, flushTlbsOf, isHuge, isPage } from './state.js'
import type { State } from './state.js'
import { handleRemovedTable, unlink } from './tables.js'

/** Declares the task, if the variant has it. */
export function declareRootZap(m: ModelBuilder, s: State) {
  const { p, mmuLock } = s
  if (!p.invalidate) return null
  const it = declareIterator(m, p, 'zap')
  const [root] = each(1).map(r => s.root[r])
  if (root === undefined) return null
  const isEmpty = or(...each(p.entries).map(e => root.entry[e].isNot('none'))).not()
  const source = 'kvm_mmu_zap_all_fast, kvm_tdp_mmu_zap_invalidated_roots, v6.16'
  const process = m.process('zap', { actor: 'ioctl', source }, [
    // The request to load another root, with its flush, is waited for in the same section.
    step(
      'Z1.1_kvm_tdp_mmu_invalidate_roots',
      s.slotsLock.acquire('zap'),
      mmuLock.isFree,
      root.isValid.set(false),
      flushTlbsOf(s, 0),
    ),
    step('Z1.2_read_lock', lock(s, it, false)),
    p.passes === 'bottom-up' ? pass(s, it, '4K') : [],
    pass(s, it, 'root'),
    step(
      'Z1.2_read_unlock',
      assert(
        isEmpty,
        'a zapped root is empty',
        'an SPTE survives the zap of its root: the page table leaks, and KVM writes accessed ' +
          'and dirty bits back to pages that are not mapped any more',
      ),
      unlock(s, it, false),
      s.slotsLock.release(),
      [it.entry.set(0), it.table.set(0)],
    ),
  ])
  return { iterator: it, process }
}

/** __tdp_mmu_zap_root: every SPTE at one level. Nobody else changes SPTEs of the root meanwhile. */
function pass(s: State, it: Iterator, level: '4K' | 'root'): Statements {
  const prefix = `Z1.2_${level}`
  const entry = s.root[0].entry.at(it.entry)
  const leaf = s.table.at(it.table.number()).leaf.at(it.leaf)
  const zapEntry = [
    branch(entry.isNot('none'), [
      branch(
        isHuge(entry),
        [step(`${prefix}_zap_huge_page`, entry.set('none'), account(s, -1))],
        [
          step(
            `${prefix}_zap_table`,
            entry.set('none'),
            unlink(s, entry, k => it.table.set(k)),
          ),
          handleRemovedTable(s, prefix, it.table.number()),
        ],
      ),
    ]),
  ]
  const zapLeaf = [
    branch(isPage(leaf), [step(`${prefix}_zap_leaf`, leaf.set('none'), account(s, -1))]),
  ]
  return walk(s, {
    iterator: it,
    prefix,
    entry: e => s.root[0].entry.at(e),
    goesDown: level === '4K',
    isExclusive: false,
    // No vCPU runs on the root any more, and one that loads another root flushes.
    owesNothing: true,
    visitEntry: level === '4K' ? [] : zapEntry,
    visitLeaf: level === '4K' ? zapLeaf : [],
  })
}
