/**
 * What else userspace does: it punches the page out of the file, finalizes the VM, and, where the
 * variant says so, deletes the slot or makes the gfn shared.
 */
import { and, not, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle } from 'zapcheck'
import { alone } from './populate.js'
import { truncate } from './state.js'
import type { State } from './state.js'

/** Declares punch, finalize, and what happens to the gfn. */
export function declareIoctls(
  m: ModelBuilder,
  s: State,
  vcpu: ProcessHandle,
): ProcessHandle | null {
  const { phase, slot, slotsLock, invalidateLock, mmuLock, tdx, p } = s
  const isLaunch = phase.is('prelaunch')
  // Finalize takes kvm->lock and slots_lock; of a TD it refuses while pages wait for PAGE.ADD.
  const waits = tdx === null || p.bug === 'no-premapped-check' ? null : tdx.premapped
  if (p.vm !== 'sw')
    m.action('FINALIZE')
      .by('userspace')
      .source('SNP_LAUNCH_FINISH, KVM_TDX_FINALIZE_VM: pre_fault_allowed := true')
      .when(isLaunch, slotsLock.isFree, ...(waits === null ? [] : [waits.not()]))
      .do(phase.set('finalized'), tdx?.opState.set('RUNNABLE') ?? [])
  if (waits !== null)
    m.action('FINALIZE_EINVAL')
      .by('userspace')
      .source('arch/x86/kvm/vmx/tdx.c tdx_td_finalize, v6.16: nr_premapped')
      .when(isLaunch, slotsLock.isFree, waits)
      .do(alone())
  // A fault holds SRCU, and the ioctl waits for it.
  const isOutside = vcpu.at('V4_violation')
  const isQuiet = and(slotsLock.isFree, invalidateLock.isFree, mmuLock.isFree)
  if (p.slot === 'deleted')
    m.action('M7_kvm_free_memslot')
      .by('KVM_SET_USER_MEMORY_REGION')
      .source('deletion with the unbind; slots_lock and the invalidate lock are held')
      .when(slot.is('valid'), isQuiet, isOutside)
      .do(slot.set('freed'), zap(s))
  if (p.slot === 'converted')
    m.action('KVM_SET_MEMORY_ATTRIBUTES_shared')
      .by('userspace')
      .source('virt/kvm/kvm_main.c: slots_lock is held')
      .when(s.isPrivate, slotsLock.isFree, mmuLock.isFree, isOutside)
      .do(s.isPrivate.set(false), zap(s))
  return declarePunch(m, s)
}

/** P: fallocate(FALLOC_FL_PUNCH_HOLE). */
function declarePunch(m: ModelBuilder, s: State): ProcessHandle | null {
  const { invalidateLock, mmuLock, invalidation, left, folioLock, slot } = s
  if (s.p.punches === 0) return null
  const isBound = slot.is('valid')
  const options = {
    actor: 'fallocate',
    source: 'virt/kvm/guest_memfd.c kvm_gmem_punch_hole, v6.18',
    repeats: true,
  }
  return m.process('punch', options, [
    waitUntil(
      'P1_filemap_invalidate_lock',
      left.punches.gt(0),
      left.punches.decrease(),
      invalidateLock.acquireWrite(),
    ),
    step(
      'P2_kvm_gmem_invalidate_begin',
      mmuLock.isFree,
      when(isBound, [invalidation.begin(), zap(s)]),
    ),
    step(
      'P3_truncate_inode_pages_range',
      folioLock.isFree,
      truncate(s),
      s.measured.set(0),
      s.prefaulted.set(false),
      s.failed.set(false),
    ),
    step(
      'P4_kvm_gmem_invalidate_end',
      mmuLock.isFree,
      when(invalidation.isInProgress, invalidation.end()),
    ),
    step('P5_filemap_invalidate_unlock', invalidateLock.releaseWrite()),
  ])
}

/** kvm_mmu_unmap_gfn_range; of a TD also block, track, remove. Content of a TD is cleared. */
function zap(s: State): Item {
  const { leaf, tdx, content } = s
  if (tdx === null) return leaf.clear()
  const { pamt, premapped } = tdx
  const entry = tdx.module.entry(0)
  return [
    leaf.clear(),
    premapped.set(false),
    when(not(entry.is('FREE')), [
      tdx.entry[0].set('FREE'),
      pamt.clear(0),
      [0, 1, 2].map(p => when(pamt.isBehind(0, p), content.at(p).set('stale'))),
    ]),
  ]
}
