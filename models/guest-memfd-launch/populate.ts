/**
 * kvm_gmem_populate: the initial image, page by page, in four forms for a TD and in that of SNP.
 *
 *   slots_lock ─▶ (GUP) ─▶ invalidate lock ─▶ L1 folio ─▶ L2 uptodate? ─▶ L3 private?
 *              ─▶ L4 post_populate ─▶ L5 mark uptodate ─▶ unlock
 */
import { and, assert, branch, either, leave, not, or, step, waitUntil, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { pinSource } from './source-page.js'
import type { MmapLock } from './source-page.js'
import { getFolio, prepareFolio, put } from './state.js'
import type { State } from './state.js'

/** Declares the launch thread. A software-protected VM has no populate. */
export function declarePopulate(
  m: ModelBuilder,
  s: State,
  mmapLock: MmapLock | null,
  vcpu: ProcessHandle,
): ProcessHandle | null {
  const { p, slotsLock, invalidateLock, folioLock, populate, slot, phase } = s
  if (p.vm === 'sw') return null
  const call = p.vm === 'tdx' ? 'KVM_TDX_INIT_MEM_REGION' : 'KVM_SEV_SNP_LAUNCH_UPDATE'
  const locks = p.bug !== 'no-slots-lock'
  const excludes = p.bug !== 'no-invalidate-lock'
  const gup = pinSource(s, mmapLock)
  const refuses = p.eexist === 'common' ? s.folio.isUptodate : or()
  return m.process(
    'populate',
    { actor: call, source: 'virt/kvm/guest_memfd.c kvm_gmem_populate', repeats: true },
    [
      waitUntil(
        `L0_${call}`,
        phase.is('prelaunch'),
        slot.is('valid'),
        p.concurrent ? [] : vcpu.at('V4_violation'),
        locks ? slotsLock.acquire('populate') : [],
      ),
      p.gup === 'before-locks' ? gup : [],
      excludes ? step('L1_filemap_invalidate_lock', invalidateLock.acquireWrite()) : [],
      step(
        'L1_kvm_gmem_get_folio',
        assert(
          slot.is('valid'),
          'no use of a freed memslot',
          'populate goes on with a memslot that was deleted and freed: use after free',
        ),
        folioLock.isFree,
        getFolio(s, populate.page),
      ),
      branch(refuses, [step('L2_EEXIST', transientOnly(s), giveUp(s)), leave()]),
      p.bug === 'no-attribute-check'
        ? []
        : branch(not(s.isPrivate), [step('L3_EINVAL', giveUp(s)), leave()]),
      p.gup === 'under-lock' ? gup : [],
      p.vm === 'tdx' ? populateTd(s) : populateSnp(s),
      p.bug === 'populate-no-mark'
        ? step('L5_unlock', giveUp(s))
        : step(
            'L5_folio_mark_uptodate',
            when(s.folio.isPresent, s.folio.markUptodate()),
            giveUp(s),
          ),
    ],
  )
}

/** Reference and locks are given back. */
function giveUp(s: State): Item {
  return [
    put(s, s.populate.page),
    s.p.bug === 'no-invalidate-lock' ? [] : s.invalidateLock.releaseWrite(),
    s.p.bug === 'no-slots-lock' ? [] : s.slotsLock.release(),
  ]
}

/** An error that stays is right only for a page that has its image. */
function transientOnly(s: State): Item {
  const isDone = s.measured.gt(0)
  return [
    assert(
      or(isDone, not(s.prefaulted)),
      'populate succeeds after a prefault',
      'userspace maps a page in advance, and the ioctl that brings the image then refuses it',
    ),
    assert(
      or(isDone, not(s.failed)),
      'populate can be repeated after an error that passes',
      'the first try failed for a lock that was busy, and each later one is refused for good: ' +
        'the launch cannot go on unless userspace punches the page out of the file',
    ),
  ]
}

/** The image is in the page; it was measured. */
function imaged(s: State): Item {
  const page = s.populate.page.number()
  return [
    assert(
      s.isPrivate,
      'a page of the image is private',
      'the image goes into a page whose gfn is shared: the guest reaches another page there',
    ),
    s.content.at(page).set('image'),
    when(s.measured.lt(2), s.measured.increase()),
    s.failed.set(false),
  ]
}

/** L4 of SNP: sev_gmem_post_populate. */
function populateSnp(s: State): Statements {
  if (s.snp === null) return []
  const { rmp } = s.snp
  const page = s.populate.page.number()
  const again: Statements =
    s.p.bug === 'measure-twice'
      ? [
          branch(rmp.isAssigned(page), [
            step('L4_SNP_LAUNCH_UPDATE_again', imaged(s), giveUp(s)),
            leave(),
          ]),
        ]
      : [branch(rmp.isAssigned(page), [step('L4_EEXIST', transientOnly(s), giveUp(s)), leave()])]
  return [
    again,
    step('L4_rmp_make_private', rmp.rmpupdate(page, { gfn: 0, immutable: true }).update),
    either(
      [step('L4_SNP_LAUNCH_UPDATE', rmp.launchUpdate(page), imaged(s))],
      [
        step(
          'L4_SNP_LAUNCH_UPDATE_fails',
          s.left.fails.gt(0),
          s.left.fails.decrease(),
          rmp.rmpupdate(page, 'HYPERVISOR').update,
          s.failed.set(true),
          s.p.bug === 'uptodate-early' ? s.folio.markUptodate() : [],
        ),
        step('L4_unlock', giveUp(s)),
        leave(),
      ],
    ),
  ]
}

/** L4 of a TD: tdx_gmem_post_populate. */
function populateTd(s: State): Statements {
  const { tdx, p, leaf, populate, folioLock } = s
  if (tdx === null) return []
  const page = populate.page.number()
  const add = tdx.module.pageAdd(0, page)
  const refused = (label: string): Statements => [step(label, transientOnly(s), giveUp(s)), leave()]
  const busy = (label: string): Statements => [
    step(label, s.left.busy.gt(0), s.left.busy.decrease(), s.failed.set(true), giveUp(s)),
    leave(),
  ]
  const drop = tdx.premapped.set(false)
  const addAfter: Statements = [
    either(
      [
        branch(
          add.isOk,
          [step('L4_tdh_mem_page_add', add.effect, imaged(s), drop)],
          refused('L4_tdh_mem_page_add_EIO'),
        ),
      ],
      busy('L4_tdh_mem_page_add_EBUSY'),
    ),
  ]
  const premap = [leaf.set(page), tdx.premapped.set(true)]
  switch (p.populate) {
    case 'after-prefault':
      return [
        branch(leaf.isNone(), [step('L4_not_premapped_EIO', alone(), giveUp(s)), leave()]),
        addAfter,
      ]
    case 'inner-prefault':
      return [
        step('L4_kvm_tdp_map_page_prepare_folio', folioLock.isFree, prepareFolio(s, page, true).ok),
        branch(leaf.isNone(), [step('L4_kvm_tdp_map_page_nr_premapped_increase', premap)]),
        addAfter,
      ]
    case 'map-then-add':
      return [
        branch(
          leaf.isNone(),
          [step('L4_kvm_tdp_mmu_map_private_pfn', premap)],
          refused('L4_kvm_tdp_mmu_map_private_pfn_EIO'),
        ),
        addAfter,
      ]
    default:
      return [addInInstall(s, add.isOk, [add.effect, imaged(s), leaf.set(page)])]
  }
}

/** v7.0: PAGE.ADD between FROZEN_SPTE and the final SPTE; busy restores the SPTE and retries. */
function addInInstall(s: State, isOk: Bool, install: Item): Statement {
  const label = 'L4_tdp_mmu_set_spte_tdh_mem_page_add'
  return branch(
    and(s.leaf.isNone(), isOk),
    [
      either(
        [step(label, install)],
        [
          step('L4_tdh_mem_page_add_busy_RET_PF_RETRY', s.left.busy.gt(0), s.left.busy.decrease()),
          step(`${label}_again`, install),
        ],
      ),
    ],
    [step('L4_kvm_tdp_mmu_map_private_pfn_EIO', transientOnly(s), giveUp(s)), leave()],
  )
}

/** The call fails because another one was not made before. */
export function alone(): Item {
  return assert(
    or(),
    'each call of the launch is complete by itself',
    'a call fails because of one that userspace made, or forgot, before: it has to match them',
  )
}
