/**
 * One root of the TDP MMU with the page tables below it, in two levels: the entry of the root
 * points to a table (a non-leaf SPTE), and the table's entries point to pages (leaf SPTEs).
 *
 *   root ──entry──▶ table ──leaf[gfn]──▶ page
 *
 * Source: arch/x86/kvm/mmu/tdp_mmu.c (v6.16): `struct kvm_mmu_page` of a root with `role.invalid`
 * and `tdp_mmu_scheduled_root_to_zap`, `tdp_mmu_link_sp`, `tdp_mmu_map_handle_target_level`,
 * `tdp_mmu_zap_leafs`, `handle_removed_pt`.
 *
 * A table leaves the tree together with its leafs, in one step. In the kernel the children of an
 * unlinked table are exchanged for FROZEN_SPTE one by one; a walker that still writes into the
 * unlinked table meets FROZEN_SPTE and retries, which is what the walk from the root does here.
 */
import { all, array, bool, each, enumeration, indexOrNone, part, when } from 'zapcheck'
import type { Assignment, Bool, Int, IntLike, Item, SmallIndex } from 'zapcheck'

/** A root as models use it. `g` is a gfn, `page` a page frame. */
export interface TdpRoot {
  /** No root lives here yet. */
  readonly isUnused: Bool
  /** The root is on the list and not `role.invalid`. */
  readonly isValid: Bool
  /** `role.invalid` and `tdp_mmu_scheduled_root_to_zap`: its zap is still to come. */
  readonly isScheduled: Bool
  /** `role.invalid`, and its zap has begun. */
  readonly isZapped: Bool
  /** No SPTE below the root is present. */
  readonly isEmpty: Bool
  /** The root's entry points to a table. */
  readonly hasTable: Bool
  /** No leaf below the root is present. */
  readonly hasNoLeaf: Bool
  /** A walk from the root finds a present leaf for `g`. */
  maps(g: IntLike): Bool
  /** A walk from the root finds `page` for `g`. */
  mapsPage(g: IntLike, page: IntLike): Bool
  /** The page of a present leaf, as a number. */
  pageOf(g: IntLike): Int
  /** kvm_tdp_mmu_alloc_root. */
  allocate(): Item
  /** kvm_tdp_mmu_invalidate_roots, for this root; nothing if it is not valid. */
  invalidate(): Item
  /** The zapper takes the root: `tdp_mmu_scheduled_root_to_zap` := false. */
  startZap(): Item
  /** tdp_mmu_link_sp: a new, empty table. */
  linkTable(): Assignment
  /** The leaf of `g` becomes present. */
  install(g: IntLike, page: IntLike): Assignment
  /** The leaf of `g` becomes non-present. */
  zapLeaf(g: IntLike): Assignment
  /** The root's entry becomes non-present; the table goes with all leafs in it. */
  zapTable(): Item
}

/** A root with `gfns` leaf entries that can point to `pages` page frames. */
export function tdpRoot(gfns: number, pages: number) {
  const fields = {
    state: enumeration('unused', 'valid', 'invalid', 'zapped'),
    table: bool(),
    leaf: array(gfns, indexOrNone(pages)),
  }
  return part(fields, ({ state, table, leaf }): TdpRoot => {
    const hasNoLeaf = all(gfns, (g: SmallIndex) => leaf[g].isNone())
    return {
      isUnused: state.is('unused'),
      isValid: state.is('valid'),
      isScheduled: state.is('invalid'),
      isZapped: state.is('zapped'),
      isEmpty: table.not().and(hasNoLeaf),
      hasTable: table,
      hasNoLeaf,
      maps: g => table.and(leaf.at(g).isSome()),
      mapsPage: (g, page) => table.and(leaf.at(g).is(page)),
      pageOf: g => leaf.at(g).number(),
      allocate: () => state.set('valid'),
      invalidate: () => when(state.is('valid'), state.set('invalid')),
      startZap: () => state.set('zapped'),
      linkTable: () => table.set(true),
      install: (g, page) => leaf.at(g).set(page),
      zapLeaf: g => leaf.at(g).clear(),
      zapTable: () => [table.set(false), each(gfns).map(g => leaf[g].clear())],
    }
  })
}
