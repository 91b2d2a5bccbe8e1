/**
 * The vCPU: the fault path with kvm_gmem_get_pfn in it, and the guest's accesses.
 */
import { and, assert, branch, choose, leave, not, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, Statement, Statements } from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import { clear, folioPage, put, slots } from './state.js'
import type { State, Vcpu } from './state.js'

/** Declares the faults of one vCPU, and the accesses of the guest. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): void {
  const { slot, fault, srcu, invalidation, leaf } = s
  const { page, seen } = fault[v]
  const k = fault[v].slot.number()
  const forget = [put(s, v), seen.set(0), fault[v].slot.set(0), srcu.exit(v)]
  const early: Item = [seen.set(0), fault[v].slot.set(0), srcu.exit(v)]
  const alternatives: Record<string, Item> = {}
  for (const i of slots)
    alternatives[`gfn${i}`] = [slot[i].life.is('valid'), leaf[i].isNone(), fault[v].slot.set(i)]
  const install = step(
    'V15_tdp_mmu_map_handle_target_level',
    leaf.at(k).set(page.number()),
    s.p.vm === 'tdx' ? s.isOwned.at(page.number()).set(true) : [],
  )
  const options = {
    with: { v },
    actor: `vCPU ${v.slice(v.indexOf('#') + 1)}`,
    source: 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault, virt/kvm/guest_memfd.c kvm_gmem_get_pfn',
    repeats: true,
  }
  m.process('vcpu', options, [
    pageFault({
      slot: { steps: [step('V5_kvm_vcpu_gfn_to_memslot', choose(alternatives), srcu.enter(v))] },
      snapshot: { steps: [step('V6_mmu_invalidate_seq', seen.set(invalidation.seq))] },
      page: { waysOut: waysOut(s, v, early), steps: getPfn(s, v) },
      mmuLock: s.mmuLock,
      isStale: s.p.bug === 'no-seq-check' ? or() : invalidation.mustRetry(seen, 0),
      map: (unlock, giveUp) => [
        branch(leaf.at(k).isSome(), [step('V15_RET_PF_SPURIOUS', giveUp)], [install, unlock]),
      ],
      forget,
    }),
  ])
}

/** G1, G2: the file is being closed, or the index is not bound to the slot any more. */
function waysOut(s: State, v: Vcpu, early: Item) {
  const k = s.fault[v].slot.number()
  const isGone = or(not(s.slot.at(k).hasFile), not(s.file.isActive))
  const isLost = not(s.bindings.isBoundTo(0, k))
  const isPoisoned = s.p.bug === 'no-hwpoison-check' ? or() : s.isPoisoned
  const out = (label: string, when: Bool) => ({ when, then: [step(label, early), leave()] })
  return [
    out('V10_kvm_gmem_get_pfn_EFAULT', isGone),
    out('V10_kvm_gmem_get_pfn_EIO', isLost),
    ...(s.p.memoryError ? [out('V10_kvm_gmem_get_pfn_EHWPOISON', isPoisoned)] : []),
  ]
}

/** G2 to G4, with the folio lock held from the first to the last step. */
function getPfn(s: State, v: Vcpu): Statements {
  const { folio, folioLock, p } = s
  const { page, mustClear } = s.fault[v]
  const at = page.number()
  const found = folioPage(s)
  const take = [
    folioLock.isFree,
    page.set(found),
    when(folio.isAbsent, folio.create(found)),
    mustClear.set(not(folio.isUptodate)),
  ]
  const prepare: Item = p.vm === 'snp' ? s.isOwned.at(at).set(true) : []
  const isPrepared = p.uptodate === 'initialised' ? prepare : when(mustClear, prepare)
  const ready: Item = [
    when(mustClear, clear(s, at)),
    isPrepared,
    when(folio.isPresent, folio.markUptodate()),
    mustClear.set(false),
  ]
  const isLocked = p.bug !== 'prepare-outside-folio-lock'
  const steps: readonly Statement[] = [
    step('V10_kvm_gmem_get_folio', take, isLocked ? folioLock.acquire('fault') : []),
    step('V10_kvm_gmem_prepare_folio', ready, isLocked ? folioLock.release() : []),
  ]
  return steps
}

/** The guest reads and writes a mapped page. */
export function declareAccess(m: ModelBuilder, s: State, k: 0 | 1): void {
  const leaf = s.leaf[k]
  const page = leaf.number()
  const { vm } = s.p
  // A TD accepts the page, which zeroes it; SNP reads garbage where it did not write.
  const isZeroed = vm === 'sw' ? s.content.at(page).isNot('stale') : and()
  m.action('guest_access', { gfn: k })
    .by('guest')
    .when(leaf.isSome(), s.content.at(page).isNot('guest'))
    .do(
      assert(
        isZeroed,
        'the guest reads no data of the host',
        'a page is mapped with what the host had in it',
      ),
      assert(
        vm === 'sw' ? and() : s.isOwned.at(page),
        'a page of the guest is prepared at its first access',
        "a private page is mapped that hardware says is the host's",
      ),
      s.content.at(page).set('guest'),
    )
}
