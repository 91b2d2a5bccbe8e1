/**
 * What userspace does, again and again, each time with K2 inside:
 *
 *   punch     fallocate(PUNCH_HOLE) on guest_memfd; the page goes back to the host
 *   delete    KVM_SET_USER_MEMORY_REGION deletes the slot of gfn A and creates it again
 *   convert   KVM_SET_MEMORY_ATTRIBUTES for gfn A, after the guest has asked
 *   split     a 2M page is demoted (or the attempt is given up), and promoted again
 */
import { and, assert, branch, each, either, or, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, SetVariable, SmallIndex } from 'zapcheck'
import type { Statements } from 'zapcheck'
import { doNoVcpus, errors, removeLeafs, removeTable, track } from './removal.js'
import { A, gfnNames } from './state.js'
import type { State } from './state.js'

/** Declares the tasks of userspace. */
export function declareVmm(m: ModelBuilder, s: State): readonly ProcessHandle[] {
  if (s.p.vmm === 'none') return []
  return each(s.p.zappers).map(z => {
    const isAlone = s.p.zappers === 1
    const options = {
      ...(isAlone ? {} : { with: { task: z } }),
      actor: isAlone ? 'VMM' : `VMM task ${z}`,
      repeats: true,
      source: 'arch/x86/kvm/vmx/tdx.c tdx_sept_remove_private_spte, v7.0',
    }
    return m.process('vmm', options, task(s, z))
  })
}

function task(s: State, z: SmallIndex): Statements {
  switch (s.p.vmm) {
    case 'delete':
      return deleteSlot(s)
    case 'convert':
      return convert(s)
    case 'split':
      return split(s)
    default:
      return punch(s, z)
  }
}

/** The begin of the section in which faults retry, and mmu_lock for the removal. */
function lock(s: State, suffix = ''): Statements {
  const begin = s.invalidation.begin()
  // The begin is a write section of its own where the removal has the read lock.
  if (s.p.bug === 'zap-under-read-lock')
    return [
      step(lockLabel + suffix, s.mmuLock.isFree, begin),
      step(`K2_read_lock${suffix}`, s.mmuLock.acquireRead()),
    ]
  return [step(lockLabel + suffix, s.mmuLock.acquireWrite(), begin)]
}

function unlock(s: State): Item {
  return s.p.bug === 'zap-under-read-lock' ? s.mmuLock.releaseRead() : s.mmuLock.releaseWrite()
}

const lockLabel = 'kvm_gmem_invalidate_begin'
const unlockLabel = 'K2_unlock'

/** kvm_gmem_punch_hole: remove, truncate, end. With two tasks each has its own gfn. */
function punch(s: State, z: SmallIndex): Statements {
  const gfns = s.p.zappers === 2 ? each(s.p.gfns).filter(g => g === z) : each(s.p.gfns)
  const end = (range: readonly SmallIndex[]): Item => [
    s.mmuLock.isFree,
    s.invalidation.end(),
    range.map(g => truncate(s, g)),
  ]
  if (s.p.zap === 'batch')
    return [
      lock(s),
      removeLeafs(s, gfns, ''),
      errors(s, ''),
      step(unlockLabel, unlock(s)),
      step('truncate_and_kvm_gmem_invalidate_end', end(gfns)),
    ]
  const arms = gfns.map(g => {
    const suffix = s.p.gfns === 1 || s.p.zappers === 2 ? '' : `_${gfnNames[g === 0 ? 0 : 1]}`
    return [
      lock(s, suffix),
      removeLeafs(s, [g], suffix),
      errors(s, suffix),
      step(unlockLabel + suffix, unlock(s)),
      step(`truncate_and_kvm_gmem_invalidate_end${suffix}`, end([g])),
    ]
  })
  return [either(...arms)]
}

/** The folio leaves the file, and the host has the page, unless KVM has a reference to it. */
function truncate(s: State, g: SmallIndex): Item {
  const { backing, unclean, leaked, pages } = s
  const all = each(s.p.gfns)
  const keep = (set: SetVariable<never>): Item =>
    when(pages.isOwned(backing[g].number()), set.add(backing[g]))
  return [
    assert(
      and(...all.map(page => or(backing[g].isNot(page), unclean.has(page).not()))),
      'a page is given back clean',
      "the host gets a page with cache lines of the TD's key, or with the TD's data: a later " +
        'write-back corrupts it, and reading it is an integrity error (#MC)',
    ),
    leaked === null ? [] : when(backing[g].isSome(), keep(leaked)),
    backing[g].clear(),
  ]
}

/** kvm_set_memslot: INVALID, zap, absent; then the slot is created again. */
function deleteSlot(s: State): Statements {
  if (s.slot === null) return []
  const { slot, srcu, rootIsValid } = s.slot
  const gfns: readonly SmallIndex[] = s.p.zap === 'all' ? each(s.p.gfns) : [A]
  const table = s.p.zap === 'all' ? removeTable(s, '') : []
  const isTableFirst = s.p.bug === 'table-first'
  return [
    step('M2_kvm_swap_active_memslots_INVALID', slot.set('invalid'), srcu.publish()),
    waitUntil('M2_synchronize_srcu', srcu.isSynchronized),
    step(
      s.p.zap === 'all' ? 'Z1_kvm_tdp_mmu_invalidate_roots_mirror' : 'Z2_write_lock',
      s.mmuLock.acquireWrite(),
      s.p.zap === 'all' ? rootIsValid.set(false) : [],
    ),
    isTableFirst ? table : [],
    removeLeafs(s, gfns, ''),
    isTableFirst ? [] : table,
    errors(s, ''),
    // The next fault loads a new root, which for the TDX module is the same one.
    step(unlockLabel, unlock(s), s.p.zap === 'all' ? rootIsValid.set(true) : []),
    step('M6_kvm_swap_active_memslots_absent', slot.set('absent'), srcu.publish()),
    waitUntil('M6_synchronize_srcu', srcu.isSynchronized),
    step('CREATE_again', slot.set('valid')),
  ]
}

/** kvm_vm_set_mem_attributes, in both directions; only the way to shared finds leafs. */
function convert(s: State): Statements {
  if (s.conversion === null) return []
  const { attribute } = s.conversion
  return [
    either(
      [
        step(
          'kvm_vm_set_mem_attributes_shared',
          attribute.is('to-shared'),
          s.mmuLock.acquireWrite(),
          s.invalidation.begin(),
        ),
        s.p.bug === 'trust-hint' ? [] : removeLeafs(s, [A], ''),
        errors(s, ''),
        // Without the removal the host takes the guest's word that the page is shared.
        step(unlockLabel, unlock(s), s.p.bug === 'trust-hint' ? s.backing[A].clear() : []),
        step('attributes_stored_and_end', s.invalidation.end(), attribute.set('shared')),
      ],
      [
        step('kvm_vm_set_mem_attributes_private', attribute.is('to-private')),
        step('attributes_stored', attribute.set('private')),
      ],
    ),
  ]
}

/** A 2M page is blocked, tracked and demoted, or unblocked again; later the reverse. */
function split(s: State): Statements {
  const { tdx, mirror } = s
  const arm = ''
  const leafs = each(s.p.gfns).map(g => mirror.leaf[g])
  const demoted = [mirror.table.set('LINKED'), leafs.map(leaf => leaf.set('LEAF'))]
  const merged = [mirror.table.set('HUGE'), leafs.map(leaf => leaf.set('NONE'))]
  const block = (what: string): Statements => [
    doNoVcpus(s, `K2_tdh_mem_range_block_${what}`, tdx.rangeBlock(tdx.table), arm),
  ]
  const unblock = (what: string): Statements => [
    doNoVcpus(s, `K2_tdh_mem_range_unblock_${what}`, tdx.rangeUnblock(tdx.table), arm),
  ]
  const tracked = (what: string): Statements => track(s, `K2_${what}`, arm)
  const isEarly = s.p.bug === 'unblock-early'
  const promote = tdx.pagePromote()
  const demote = doNoVcpus(s, 'K2_tdh_mem_page_demote', tdx.pageDemote(), arm, demoted)
  return [
    step('write_lock', mirror.table.is('HUGE', 'LINKED'), s.mmuLock.acquireWrite()),
    branch(
      mirror.table.is('HUGE'),
      s.p.bug === 'demote-no-block'
        ? [demote]
        : [
            block('2M'),
            isEarly ? either([unblock('2M')], [tracked('2M'), demote]) : tracked('2M'),
            // kvm_tdp_mmu_split_huge_pages gives up, or goes on.
            isEarly ? [] : either([unblock('2M')], [demote]),
          ],
      [
        block('table'),
        tracked('table'),
        // Refused while a page is pending, or busy: the table is unblocked again.
        branch(
          promote.isOk,
          [step('K2_tdh_mem_page_promote', promote.effect, merged)],
          unblock('table'),
        ),
      ],
    ),
    errors(s, ''),
    step(unlockLabel, unlock(s)),
  ]
}
