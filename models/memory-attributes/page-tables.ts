/**
 * Page tables and TLBs: which leafs cover a gfn, how a fault installs one, what a zap removes.
 *
 * All kinds of VM but a TD have one direct root, in which a gfn has one leaf, of either kind. A TD
 * has a direct root for shared leafs and a mirror root for private ones, of 4K only.
 *
 * Source: arch/x86/kvm/mmu/tdp_mmu.c (v6.16) `kvm_tdp_mmu_map`, `tdp_mmu_map_handle_target_level`
 * (a 2M leaf in place of a table takes the 4K leafs below it away), `tdp_mmu_split_huge_page`,
 * `kvm_tdp_mmu_unmap_gfn_range`, `kvm_gfn_range_filter_to_root_types`.
 */
import { and, each, or, when } from 'zapcheck'
import type { Bool, Item, SmallIndex } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import { gfnsOf, hugepageOf, kinds, slotGfns, slotHugepages } from './state.js'
import type { Kind, State } from './state.js'

/** Some leaf of the kind covers the gfn. */
export function isMapped(s: State, g: SmallIndex, kind: Kind): Bool {
  if (s.mirror !== null && kind === 'private') return s.mirror[g]
  return or(s.small[g].is(kind), s.large[hugepageOf(g)].is(kind))
}

/** Some leaf covers the gfn. */
export function isMappedAtAll(s: State, g: SmallIndex): Bool {
  return or(...kinds.map(kind => isMapped(s, g, kind)))
}

/** The fault's gfn allows a 2M leaf: kvm_mmu_hugepage_adjust. */
function allowsLarge(s: State, v: Vcpu): Bool {
  const { gfn, kind } = s.vcpu[v]
  const isAligned = slotHugepages(s).map(h =>
    and(or(...gfnsOf(h).map(g => gfn.is(g))), s.mixed[h].not()),
  )
  return and(or(...isAligned), s.p.vm === 'tdx' ? kind.is('shared') : true)
}

/** What a fault can install: sizes with their conditions and updates. */
export function installations(s: State, v: Vcpu): Readonly<Record<string, Item>> {
  const large = allowsLarge(s, v)
  const small = { '4K': s.p.backing === 'huge' ? [large.not(), install4K(s, v)] : install4K(s, v) }
  if (s.p.backing === 'small' || slotHugepages(s).length === 0) return small
  return { ...small, '2M': [large, install2M(s, v)] }
}

function install4K(s: State, v: Vcpu): Item {
  const { gfn, kind } = s.vcpu[v]
  return slotGfns(s).map(g => {
    const h = hugepageOf(g)
    const [other] = gfnsOf(h).filter(x => x !== g)
    const toDirect = kinds.map(k =>
      when(kind.is(k), [
        s.small[g].set(k),
        // A 2M leaf in the way is split: the other gfn keeps what it maps to.
        other === undefined
          ? []
          : when(s.large[h].is('none').not(), [
              s.small[other].set(s.large[h]),
              s.large[h].set('none'),
            ]),
      ]),
    )
    if (s.mirror === null) return when(gfn.is(g), toDirect)
    const [shared = []] = toDirect
    return when(gfn.is(g), [shared, when(kind.is('private'), s.mirror[g].set(true))])
  })
}

function install2M(s: State, v: Vcpu): Item {
  const { gfn, kind } = s.vcpu[v]
  return slotHugepages(s).map(h =>
    when(or(...gfnsOf(h).map(g => gfn.is(g))), [
      kinds.map(k => when(kind.is(k), s.large[h].set(k))),
      gfnsOf(h).map(g => s.small[g].set('none')),
    ]),
  )
}

/**
 * Removes the leafs that cover one of the gfns, whole 2M leafs too.
 * @param isIn  whether a gfn is among them
 * @param isWanted  for a TD: whether leafs of the kind are removed
 */
export function zap(
  s: State,
  isIn: (g: SmallIndex) => Bool,
  isWanted: (kind: Kind) => Bool = () => or(true),
): Item {
  const { mirror } = s
  const zapsDirect = mirror === null ? or(true) : isWanted('shared')
  return [
    slotGfns(s).map(g => when(and(zapsDirect, isIn(g)), s.small[g].set('none'))),
    each(s.p.hugepages).map(h =>
      when(and(zapsDirect, or(...gfnsOf(h).map(isIn))), s.large[h].set('none')),
    ),
    mirror === null
      ? []
      : slotGfns(s).map(g => when(and(isWanted('private'), isIn(g)), mirror[g].set(false))),
  ]
}

/** kvm_flush_remote_tlbs: every vCPU has dropped its translations when it returns. */
export function flush(s: State): Item {
  const { tlb } = s
  if (tlb === null) return []
  return each(s.vcpus).map(v => each(s.gfns).map(g => tlb[v][g].set('none')))
}
