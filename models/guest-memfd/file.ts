/**
 * The file and the slots: CREATE with bind, DELETE with unbind, punch, allocation, memory error,
 * last close and release.
 *
 *   slots_lock: CREATE, DELETE, release        invalidate lock: bind, unbind, punch, release
 */
import { and, assert, branch, either, leave, not, or, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import { folioPage, slots, truncate, zapBound, zapSlot } from './state.js'
import type { State } from './state.js'

/** Declares the ioctls of one slot: it is created once and deleted once. */
export function declareSlot(m: ModelBuilder, s: State, k: 0 | 1): ProcessHandle {
  const { slotsLock, invalidateLock, bindings, file, srcu, p } = s
  const { life, hasFile, isForeign } = s.slot[k]
  const locksBind = p.bug !== 'bind-no-lock'
  const slotsLast = p.bug === 'bind-invalidate-lock-first'
  const isTaken = p.bug === 'no-overlap-check' ? or() : bindings.isBound(0)
  const unlockBind = locksBind ? invalidateLock.releaseWrite() : []
  const giveUp = [unlockBind, life.set('none'), slotsLock.release()]
  const bind = [hasFile.set(true), bindings.bind(0, k), unlockBind]
  const options = {
    with: { slot: k },
    actor: `KVM_SET_USER_MEMORY_REGION ${k}`,
    source: 'virt/kvm/kvm_main.c kvm_set_memory_region, virt/kvm/guest_memfd.c, v6.18',
  }
  return m.process('ioctl', options, [
    // The fd is userspace's, so the file is active, else -EBADF.
    waitUntil(
      'CREATE',
      file.isActive,
      life.is('none'),
      life.set('binding'),
      slotsLast ? [] : slotsLock.acquire('ioctl'),
    ),
    foreign(s, k),
    locksBind ? step('B2_filemap_invalidate_lock', invalidateLock.acquireWrite()) : [],
    slotsLast ? step('CREATE_slots_lock', slotsLock.acquire('ioctl')) : [],
    branch(
      isTaken,
      [step('B2_kvm_gmem_bind_EINVAL_overlap', giveUp)],
      [
        step('B3_kvm_gmem_bind', bind, life.set('created')),
        step('M6_kvm_swap_active_memslots_valid', life.set('valid'), slotsLock.release()),
        step('DELETE', slotsLock.acquire('ioctl')),
        step('M2_kvm_swap_active_memslots_INVALID', life.set('invalid'), srcu.publish()),
        waitUntil('M2_synchronize_srcu', srcu.isSynchronized),
        step('M3_kvm_arch_flush_shadow_memslot', s.mmuLock.isFree, zapSlot(s, k)),
        unbind(s, k),
        step('M7_kvm_free_memslot', life.set('freed'), isForeign.set(false), slotsLock.release()),
      ],
    ),
  ])
}

/** The file of another VM: -EINVAL, or the binding of a kernel that does not look. */
function foreign(s: State, k: 0 | 1): Statements {
  const { isForeign, life } = s.slot[k]
  if (s.p.bug === 'no-owner-check')
    return [step('B1_file_of_another_VM_accepted', isForeign.set(true))]
  if (!s.p.foreign) return []
  const giveUp = [life.set('none'), s.slotsLock.release()]
  return [
    either(
      [step('B1_file_of_this_VM')],
      [step('B1_kvm_gmem_bind_EINVAL_other_VM', giveUp), leave()],
    ),
  ]
}

/** U: the bindings go under the lock; of a dying file without it. */
function unbind(s: State, k: 0 | 1): Statements {
  const { invalidateLock, bindings, file, p } = s
  const { hasFile } = s.slot[k]
  const clear: Item = [hasFile.set(false), when(bindings.isBoundTo(0, k), bindings.unbind(0))]
  const active: Statements =
    p.bug === 'unbind-no-lock'
      ? [step('U_kvm_gmem_unbind', clear)]
      : [
          step('U_filemap_invalidate_lock', invalidateLock.acquireWrite()),
          step('U_kvm_gmem_unbind', clear, invalidateLock.releaseWrite()),
        ]
  const dying: Statements =
    p.bug === 'unbind-skips-dying'
      ? [step('U_get_file_active_fails_return')]
      : [step('U_kvm_gmem_unbind_dying', clear)]
  return [
    branch(not(hasFile), [step('U_already_released')], [branch(file.isActive, active, dying)]),
  ]
}

/** The threads that properties look at; no memory error in most variants. */
export interface FileThreads {
  readonly punch: ProcessHandle
  readonly failure: ProcessHandle | null
}

/** Declares what userspace does with the file, and the release. */
export function declareFile(m: ModelBuilder, s: State): FileThreads {
  const { file, folio, invalidateLock, folioLock, left } = s
  m.action('A_kvm_gmem_allocate')
    .by('userspace')
    .source('fallocate: kvm_gmem_allocate, with the invalidate lock for read')
    .when(file.isActive, not(invalidateLock.isWriteHeld), folio.isAbsent)
    .do(folio.create(folioPage(s)))
  const failure = s.p.memoryError ? declareError(m, s) : null
  const punch = m.process('punch', { actor: 'fallocate', repeats: true }, [
    waitUntil(
      'P1_filemap_invalidate_lock',
      file.isActive,
      left.punches.gt(0),
      left.punches.decrease(),
      invalidateLock.acquireWrite(),
    ),
    invalidate(s, 'P2_kvm_gmem_invalidate_begin'),
    step('P3_truncate_inode_pages_range', folioLock.isFree, truncate(s)),
    invalidateEnd(s, 'P4_kvm_gmem_invalidate_end'),
    step('P5_filemap_invalidate_unlock', invalidateLock.releaseWrite()),
  ])
  // Bind and fallocate hold a reference to the file; a fault holds one with the folio lock.
  m.action('fput')
    .by('userspace')
    .when(
      file.isActive,
      punch.at('P1_filemap_invalidate_lock'),
      folioLock.isFree,
      ...slots.map(k => s.slot[k].life.isNot('binding')),
    )
    .do(file.close())
  declareRelease(m, s)
  return { punch, failure }
}

/** P2: nothing if no slot is bound. */
function invalidate(s: State, label: string): Statements {
  const isBound = s.bindings.isBound(0)
  return [
    branch(
      isBound,
      [step(label, s.mmuLock.isFree, s.invalidation.begin(), zapBound(s))],
      [step(`${label}_not_bound`)],
    ),
  ]
}

/** P4: as P2. */
function invalidateEnd(s: State, label: string): Statements {
  const { invalidation, bindings } = s
  const balanced = invalidation.inProgress.gt(-1)
  return [
    branch(
      bindings.isBound(0),
      [step(label, s.mmuLock.isFree, balanced, invalidation.end())],
      [step(`${label}_not_bound`)],
    ),
  ]
}

/** R: kvm_gmem_release. Without slots_lock around it, it runs against the unbind. */
function declareRelease(m: ModelBuilder, s: State): void {
  const { file, slotsLock, invalidateLock, bindings } = s
  const isOrdered = s.p.bug !== 'release-invalidate-lock-first'
  const first = slotsLock.acquire('release')
  const second = invalidateLock.acquireWrite()
  const options = {
    actor: 'fput',
    source: 'virt/kvm/guest_memfd.c kvm_gmem_release, v6.18',
  }
  m.process('release', options, [
    waitUntil('R1_kvm_gmem_release', file.isDying, isOrdered ? first : second),
    step('R2_second_lock', isOrdered ? second : first),
    step(
      'R3_for_each_binding',
      slots.map(k => [
        assert(
          not(and(bindings.isBoundTo(0, k), s.slot[k].life.is('freed'))),
          'no binding leads to a freed slot',
          'the release of the file writes to a memslot that was freed: use after free',
        ),
        when(bindings.isBoundTo(0, k), s.slot[k].hasFile.set(false)),
      ]),
      s.mmuLock.isFree,
      zapBound(s),
      when(bindings.isBound(0), s.invalidation.seq.increase()),
    ),
    step(
      'R4_unlock',
      slots.map(k => when(bindings.isBoundTo(0, k), bindings.unbind(0))),
      file.release(),
      invalidateLock.releaseWrite(),
      slotsLock.release(),
    ),
    step('R5_evict_inode', s.folioLock.isFree, truncate(s)),
  ])
}

/** E: the folio stays, poisoned; the flag is there before the invalidation. */
function declareError(m: ModelBuilder, s: State): ProcessHandle {
  const { folio, left, isPoisoned, invalidateLock } = s
  return m.process('memory_failure', { actor: 'memory_failure', repeats: true }, [
    waitUntil(
      'E1_SetPageHWPoison',
      left.errors.gt(0),
      folio.isPresent,
      left.errors.decrease(),
      isPoisoned.set(true),
    ),
    step('E2_filemap_invalidate_lock_shared', invalidateLock.acquireRead()),
    invalidate(s, 'E3_kvm_gmem_error_folio_begin'),
    invalidateEnd(s, 'E4_kvm_gmem_error_folio_end'),
    step('E5_filemap_invalidate_unlock_shared', invalidateLock.releaseRead()),
  ])
}

/** No lock is held, so nobody is stuck. */
export function isIdle(s: State) {
  return and(s.slotsLock.isFree, s.invalidateLock.isFree, s.folioLock.isFree)
}
