/**
 * One root of the shadow MMU, which translates for a nested guest, or for every guest where there
 * is no TDP: a shadow page with leafs in place of a page table of the guest.
 *
 *   root ──entry──▶ shadow page ──leaf[gfn]──▶ page
 *                     │   └─ rmap of the leaf's slot
 *                     └─ sp->gfn, where the guest keeps the table: write-protected, and counted in
 *                        the metadata of the memslot there
 *
 * Source: arch/x86/kvm/mmu/mmu.c (v6.16): `kvm_mmu_get_shadow_page`, `account_shadowed`,
 * `unaccount_shadowed`, `kvm_mmu_prepare_zap_page`, `kvm_zap_all_rmap_sptes`, `mmu_valid_gen`.
 *
 * The root is invalid when its `mmu_valid_gen` is not the VM's, which is one state of a `TdpRoot`
 * as well; the layout below it is the same.
 */
import { index, part } from 'zapcheck'
import type { Bool, Int, IntLike, Item } from 'zapcheck'
import { tdpRoot } from './tdp-root.js'
import type { TdpRoot } from './tdp-root.js'

/** A root of the shadow MMU as models use it. */
export interface ShadowRoot {
  /** Root, shadow page and leafs. */
  readonly tree: TdpRoot
  /** sp->gfn of the shadow page: where the guest keeps the table. */
  readonly tableGfn: Int
  /** There is a shadow page, and it is counted in the metadata of this slot object. */
  isCountedIn(object: IntLike): Bool
  /** kvm_mmu_get_shadow_page with account_shadowed. */
  linkPage(gfn: IntLike, object: IntLike): Item
  /** kvm_mmu_prepare_zap_page with unaccount_shadowed; the leafs go, too. */
  zapPage(): Item
}

/** A root with `gfns` leaf entries for `pages` page frames; slots are `objects` slot objects. */
export function shadowRoot(gfns: number, pages: number, objects: number) {
  const fields = { tree: tdpRoot(gfns, pages), gfn: index(gfns), object: index(objects) }
  return part(fields, ({ tree, gfn, object }): ShadowRoot => ({
    tree,
    tableGfn: gfn.number(),
    isCountedIn: k => tree.hasTable.and(object.is(k)),
    linkPage: (g, k) => [tree.linkTable(), gfn.set(g), object.set(k)],
    zapPage: () => [tree.zapTable(), gfn.set(0), object.set(0)],
  }))
}
