/**
 * get_user_pages of the source page, and two threads that make its lock order matter: one touches
 * a mapping of the same file, one calls mmap.
 *
 *   mmap_lock: readers and one writer; a writer that waits keeps new readers out (rwsem)
 *   fault on the mapping of guest_memfd: mmap_lock for read, then the invalidate lock for read
 */
import { and, bool, int, not, step, waitUntil } from 'zapcheck'
import type { ModelBuilder, Statements } from 'zapcheck'
import type { State } from './state.js'

/** mmap_lock of the process, and the two threads. */
export type MmapLock = ReturnType<typeof declareMmap>

/** Declares mmap_lock with the threads that use it. */
export function declareMmap(m: ModelBuilder, s: State) {
  const lock = m.state({ mmap: { readers: int(0, 2), waits: bool(), writer: bool() } }).mmap
  if (s.p.mmap !== 'threads') return lock
  const { readers, waits, writer } = lock
  const read = [and(not(waits), not(writer)), readers.increase()]
  m.process(
    'touch',
    { actor: 'user thread', source: 'virt/kvm/guest_memfd.c kvm_gmem_fault_user_mapping' },
    [
      step('mmap_read_lock', read),
      step('filemap_invalidate_lock_shared', s.invalidateLock.acquireRead()),
      step('filemap_invalidate_unlock_shared', s.invalidateLock.releaseRead()),
      step('mmap_read_unlock', readers.decrease()),
    ],
  )
  m.process('mmap', { actor: 'mmap thread', source: 'mm/mmap.c' }, [
    step('mmap_write_lock_waits', waits.set(true)),
    waitUntil('mmap_write_lock', readers.is(0), waits.set(false), writer.set(true)),
    step('mmap_write_unlock', writer.set(false)),
  ])
  return lock
}

/** GUP of the source page; of a mapping of guest_memfd it takes the invalidate lock for read. */
export function pinSource(s: State, lock: MmapLock | null): Statements {
  if (lock === null) return []
  const { readers, waits, writer } = lock
  return [
    waitUntil('GUP_mmap_read_lock', and(not(waits), not(writer)), readers.increase()),
    s.p.source === 'gmem'
      ? waitUntil('GUP_kvm_gmem_fault_user_mapping', not(s.invalidateLock.isWriteHeld))
      : [],
    step('GUP_mmap_read_unlock', readers.decrease()),
  ]
}
