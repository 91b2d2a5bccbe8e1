/**
 * guest_memfd: one file that backs private memory, in three parts that models take as they need
 * them, and the locks that go with them.
 *
 *   file      open ─last fput─▶ dying (refcount 0, ->release not yet run) ─▶ released
 *   folio     absent ─kvm_gmem_get_folio─▶ page, not up to date ─▶ page, up to date
 *             absent ◀────────────────── truncate ──────────────────────────────┘
 *   bindings  index ──▶ slot object, or none
 *
 *        slots_lock  >  filemap invalidate lock  >  folio lock  >  mmu_lock
 *                       write: punch, bind, unbind, populate, release
 *                       read:  allocate, memory error
 *
 * A page fault takes SRCU, the folio lock for a moment and mmu_lock for read; it takes no
 * invalidate lock. What a fault sees of the file is one check, `get_file_active`, and one lookup
 * of the binding.
 *
 * Source: virt/kvm/guest_memfd.c (v6.18) `kvm_gmem_get_folio`, `kvm_gmem_mark_prepared` (v6.11 to
 * v6.18), `kvm_gmem_bind`, `kvm_gmem_unbind`, `kvm_gmem_release`, `kvm_gmem_punch_hole`,
 * `get_file_active`.
 *
 * A folio is one page (true up to v7.0). Which page a new folio gets is the caller's choice: the
 * page allocator is not part of this. Folios live as long as the inode: `release` does not touch
 * them.
 */
import { and, array, bool, each, enumeration, indexOrNone, or, part, rwlock, when } from 'zapcheck'
import type {
  Assignment,
  Bool,
  Index,
  IndexLike,
  Int,
  IntLike,
  Item,
  PartDeclaration,
  SmallIndex,
  SymmetricType,
} from 'zapcheck'

/** The struct file of a guest_memfd as models use it. */
export interface GmemFile {
  /** get_file_active: somebody has a reference, so another one can be taken. */
  readonly isActive: Bool
  /** The last reference is gone, and kvm_gmem_release has not run. */
  readonly isDying: Bool
  readonly isReleased: Bool
  /** The last fput: the reference count becomes 0. */
  close(): Item
  /** The end of kvm_gmem_release: the struct is freed. */
  release(): Item
}

/** A file, open at first. */
export function gmemFile() {
  return part({ state: enumeration('open', 'dying', 'released') }, ({ state }): GmemFile => ({
    isActive: state.is('open'),
    isDying: state.is('dying'),
    isReleased: state.is('released'),
    close: () => state.set('dying'),
    release: () => state.set('released'),
  }))
}

/** The folio at one index of the page cache as models use it. */
export interface GmemFolio<S extends string = never> {
  readonly isPresent: Bool
  readonly isAbsent: Bool
  /** The page of a folio that is present; as an index of arrays only where it is. */
  readonly page: Index<S>
  hasPage(page: IndexLike<S>): Bool
  /** folio_test_uptodate. Until v6.18 it means prepared, since v7.0 content is initialised. */
  readonly isUptodate: Bool
  /** kvm_gmem_get_folio with FGP_CREAT: a page, with whatever its content was. */
  create(page: IndexLike<S>): Item
  /** folio_mark_uptodate, kvm_gmem_mark_prepared. */
  markUptodate(): Assignment
  /** truncate_inode_pages_range: the folio leaves the page cache. */
  truncate(): Item
}

/** The folio of one index, absent at first, with one of `pages` page frames when present. */
export function gmemFolio(pages: number): PartDeclaration<never, GmemFolio>
export function gmemFolio<S extends string>(
  pages: SymmetricType<S>,
): PartDeclaration<never, GmemFolio<S>>
export function gmemFolio(
  pages: number | SymmetricType<string>,
): PartDeclaration<never, GmemFolio> | PartDeclaration<never, GmemFolio<string>> {
  const page = (typeof pages === 'number' ? indexOrNone(pages) : indexOrNone(pages)) as ReturnType<
    typeof indexOrNone<string>
  >
  const declaration = part({ page, uptodate: bool() }, f => ({
    isPresent: f.page.isSome(),
    isAbsent: f.page.isNone(),
    page: f.page,
    hasPage: (wanted: IndexLike<string>) => f.page.is(wanted),
    isUptodate: f.uptodate,
    create: (fresh: IndexLike<string>) => [f.page.set(fresh), f.uptodate.set(false)],
    markUptodate: () => f.uptodate.set(true),
    truncate: () => [f.page.clear(), f.uptodate.set(false)],
  }))
  return declaration as unknown as PartDeclaration<never, GmemFolio<string>>
}

/** The xarray of a file that leads from index to slot as models use it. `slot` is a slot object. */
export interface GmemBindings {
  readonly isEmpty: Bool
  isBound(index: IntLike): Bool
  isBoundTo(index: IntLike, slot: IntLike): Bool
  /** Some index is bound to the slot. */
  refersTo(slot: IntLike): Bool
  /** The slot of an index that is bound. */
  slotAt(index: IntLike): Int
  /** xa_store_range in kvm_gmem_bind, for one index. */
  bind(index: IntLike, slot: IntLike): Assignment
  /** xa_store_range(NULL) in kvm_gmem_unbind, for one index. */
  unbind(index: IntLike): Assignment
  /** The same for every index of the slot. */
  unbindSlot(slot: IntLike): Item
}

/** The bindings of `indices` indices to `slots` slot objects; none at first. */
export function gmemBindings(indices: number, slots: number) {
  return part({ slot: array(indices, indexOrNone(slots)) }, ({ slot }): GmemBindings => {
    const entries = each(indices).map((i: SmallIndex) => slot[i])
    return {
      isEmpty: and(...entries.map(entry => entry.isNone())),
      isBound: i => slot.at(i).isSome(),
      isBoundTo: (i, k) => slot.at(i).is(k),
      refersTo: k => or(...entries.map(entry => entry.is(k))),
      slotAt: i => slot.at(i).number(),
      bind: (i, k) => slot.at(i).set(k),
      unbind: i => slot.at(i).clear(),
      unbindSlot: k => entries.map(entry => when(entry.is(k), entry.clear())),
    }
  })
}

/** filemap_invalidate_lock (write) and filemap_invalidate_lock_shared (read) of the inode. */
export function filemapInvalidateLock(readersMax: number) {
  return rwlock(readersMax)
}
