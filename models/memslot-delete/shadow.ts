/**
 * The shadow MMU: it translates for a nested guest (L2), or for every guest where the TDP MMU is
 * off. Faults hold mmu_lock for write; each leaf is in the rmap of its slot, and each shadow page
 * is counted in the metadata of the slot in which the guest keeps the table.
 *
 *   L1 ─vmlaunch─▶ L2 ─▶ fault ─▶ walk of the guest's table ─▶ V5 ─▶ V10 ─▶ write lock ─▶ V13
 *                                              ─▶ V14 account_shadowed ─▶ V15 rmap_add ─▶ unlock
 *
 * The guest keeps the table of L2 in gfn A or in gfn B, and does not move it while it is shadowed.
 */
import {
  and,
  assert,
  branch,
  choose,
  either,
  implies,
  loopWhile,
  or,
  step,
  waitUntil,
  when,
} from 'zapcheck'
import type { Bool, Item, ModelBuilder, Statement, Statements } from 'zapcheck'
import type { PageFault } from '../components/page-fault.js'
import type { ShadowRoot } from '../components/shadow-root.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { A, flushShadowTlb, forget, gfnNames, gfns, shadowRoots } from './state.js'
import { hasObsoleteShadowRoot } from './state.js'
import type { Gfn, State } from './state.js'

/** The state of the shadow MMU, which the variant must have. */
export function shadowOf(s: State) {
  if (s.shadow === null) throw new TypeError('there is no shadow MMU')
  return s.shadow
}

/** kvm_mmu_load of a vCPU that runs L2: mmu_alloc_shadow_roots, under the write lock. */
export function loadShadowRoot(s: State, v: Vcpu): Statement {
  const { isL2, root } = shadowOf(s).nested[v]
  const roots = shadowRoots(s).map(({ tree }) => tree)
  const pick = roots.map((tree, r) => {
    const earlier = roots.filter((_, other) => other < r)
    const isNext = and(tree.isUnused, ...earlier.map(other => other.isUnused.not()))
    const noneValid = and(isNext, ...roots.map(other => other.isValid.not()))
    return when(tree.isValid, root.set(r), when(noneValid, [root.set(r), tree.allocate()]))
  })
  return step('V1_kvm_mmu_load_shadow', isL2, root.isNone(), s.mmuLock.isFree, pick, [
    s.p.bug === 'no-local-flush' ? [] : flushShadowTlb(s, v),
  ])
}

/**
 * The ways out of the guest that only a vCPU with a shadow MMU has.
 * @param handle  V5 to V16 of a fault whose page table of the guest can be read
 */
export function shadowExits(s: State, v: Vcpu, handle: Statements): readonly Statements[] {
  const { isL2, table } = shadowOf(s).nested[v]
  const { fault } = s.vcpu[v]
  const { requests, slot } = s
  const exit = [requests.exitGuest(v), slot.srcu.enter(v)]
  const ways: Record<string, Item> = {}
  for (const g of gfns)
    for (const t of gfns)
      ways[`${gfnNames[g]} by the table in ${gfnNames[t]}`] = [
        missesInL2(s, v, g),
        keepsTableIn(s, v, t),
        fault.gfn.set(g),
        table.set(t),
      ]
  // FNAME(walk_addr_generic) reads the guest's table through the memslot that it is in.
  const isReadable = implies(table.is(A), slot.isValid)
  const notReadable = step('shadow_V5_walk_addr_generic_no_memslot', forget(s, v))
  const violation = [
    step('V4_shadow_page_fault', isL2, choose(ways), exit),
    branch(isReadable, handle, [notReadable]),
  ]
  if (s.p.mmu === 'shadow') return [violation]
  return [
    [step('V4_nested_vmx_run', isL2.not(), isL2.set(true), exit)],
    [step('V4_nested_vmx_vmexit', isL2, isL2.set(false), exit)],
    violation,
  ]
}

/** Neither the TLB nor a walk of the shadow pages has the gfn. */
function missesInL2(s: State, v: Vcpu, g: Gfn): Bool {
  const { root, tlb } = shadowOf(s).nested[v]
  return and(tlb[g].isNone(), root.isSome(), rootOf(s, v).tree.maps(g).not())
}

/** The shadow page below the vCPU's root is that of a table in `t`, or there is none. */
function keepsTableIn(s: State, v: Vcpu, t: Gfn): Bool {
  const { tree, tableGfn } = rootOf(s, v)
  return or(tree.hasTable.not(), tableGfn.is(t))
}

/** The vCPU's root of the shadow MMU. */
function rootOf(s: State, v: Vcpu): ShadowRoot {
  const { shadowRoot, nested } = shadowOf(s)
  return shadowRoot.at(nested[v].root.number())
}

/** FNAME(page_fault): from mmu_lock on all of it is under the write lock. */
export function shadowFault(
  s: State,
  v: Vcpu,
  lookup: Pick<PageFault, 'slot' | 'page'>,
): PageFault {
  const { fault } = s.vcpu[v]
  const { table } = shadowOf(s).nested[v]
  const root = rootOf(s, v)
  const object = table.is(A).pick(s.slot.incarnation, s.slotB)
  const install = root.tree.install(fault.gfn.number(), fault.page.number())
  return {
    ...lookup,
    mmuLock: s.mmuLock,
    isExclusive: true,
    prefix: 'shadow_',
    isStale: hasObsoleteShadowRoot(s, v),
    map: unlock => [
      loopWhile(root.tree.hasTable.not(), [
        step('shadow_V14_account_shadowed', root.linkPage(table.number(), object)),
      ]),
      step('shadow_V15_mmu_set_spte_rmap_add', install),
      unlock,
    ],
    forget: forget(s, v),
  }
}

/** H1 of a vCPU that runs L2. */
export function declareShadowHardware(m: ModelBuilder, s: State, v: Vcpu, actor: string): void {
  const { isL2, root, tlb } = shadowOf(s).nested[v]
  for (const g of gfns)
    m.action('V3_tlb_fill_L2', { v, gfn: gfnNames[g] })
      .by(actor)
      .source('hardware walk of the shadow pages')
      .when(s.requests.isInGuest(v), isL2, tlb[g].isNone())
      .when(root.isSome(), rootOf(s, v).tree.maps(g))
      .do(tlb[g].set(rootOf(s, v).tree.pageOf(g)))
}

/** The roots that can be in use when a zap runs: each fast zap brings one more. */
function oldRoots(s: State): readonly ShadowRoot[] {
  return shadowRoots(s).slice(0, s.p.deletes)
}

/** Z1.1: kvm_zap_obsolete_pages, after roots are invalid and requests are made; it may yield. */
export function zapObsoletePages(s: State): Statements {
  const { mmuLock } = s
  return oldRoots(s).map((root, r) =>
    branch(root.tree.isScheduled, [
      either(
        [],
        [
          step(`Z1.1_cond_resched_unlock_shadow${r}`, mmuLock.releaseWrite()),
          step(`Z1.1_cond_resched_lock_shadow${r}`, mmuLock.acquireWrite()),
        ],
      ),
      step(`Z1.1_kvm_zap_obsolete_pages_shadow${r}`, root.tree.startZap(), prepareZapPage(s, root)),
    ]),
  )
}

/** Z2.2: the rmap walk of kvm_unmap_gfn_range zaps the slot's leafs in all shadow pages. */
export function zapRmaps(s: State): Statements {
  if (s.p.leafs === 'seed' || s.p.hypothesis === 'H2') return []
  return oldRoots(s).map(({ tree }, r) =>
    branch(tree.maps(A), [
      step(`Z2.2_kvm_zap_all_rmap_sptes_shadow${r}`, zapRmapOf(s, tree), owesFlush(s)),
    ]),
  )
}

/** Z2.4: shadow pages of tables that the guest keeps in the slot; without this before 6.12. */
export function zapMemslotPages(s: State): Statements {
  if (s.p.leafs !== 'merged' || s.p.hypothesis === 'H2') return []
  return oldRoots(s).map((root, r) =>
    branch(and(root.tree.hasTable, root.tableGfn.is(A)), [
      step(
        `Z2.4_kvm_mmu_prepare_zap_page_shadow${r}`,
        prepareZapPage(s, root),
        s.flushOwed.set(s.p.bug !== 'no-flush'),
      ),
    ]),
  )
}

const zapRmapOf = (s: State, tree: ShadowRoot['tree']): Item =>
  s.p.hypothesis === 'H7' ? [] : tree.zapLeaf(A)

const owesFlush = (s: State): Item =>
  s.p.bug === 'no-flush' || s.p.hypothesis === 'H7' ? [] : s.flushOwed.set(true)

/** kvm_mmu_prepare_zap_page: unaccount_shadowed looks up the slot that the page is counted in. */
function prepareZapPage(s: State, root: ShadowRoot): Item {
  const { slot } = s
  const isFound = and(slot.isAbsent.not(), root.isCountedIn(slot.incarnation))
  return [
    assert(
      implies(and(root.tree.hasTable, root.tableGfn.is(A)), isFound),
      'unaccount_shadowed finds the memslot',
      'a shadow page is counted in a memslot that is gone: unaccount_shadowed dereferences NULL, ' +
        'or takes away from the count of another memslot at the same gfn',
    ),
    root.zapPage(),
  ]
}

/** The shrinker: mmu_shrink_scan with kvm_mmu_zap_oldest_mmu_pages, before v6.13. */
export function declareShrinker(m: ModelBuilder, s: State): void {
  if (s.shadow === null || !s.p.shrinker) return
  const { mmuLock, requests } = s
  const source = 'arch/x86/kvm/mmu/mmu.c mmu_shrink_scan, kvm_mmu_zap_oldest_mmu_pages, v6.12'
  m.process('shrinker', { actor: 'kswapd', source, repeats: true }, [
    either(
      ...shadowRoots(s).map((root, r) => [
        step(
          `kvm_mmu_zap_oldest_mmu_pages_shadow${r}`,
          root.tree.hasTable,
          mmuLock.acquireWrite(),
          prepareZapPage(s, root),
          requests.makeAll('TLB_FLUSH'),
        ),
      ]),
    ),
    waitUntil('kvm_mmu_commit_zap_page', requests.isAcknowledged, mmuLock.releaseWrite()),
  ])
}
