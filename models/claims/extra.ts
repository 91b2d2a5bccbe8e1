/**
 * Findings of the kernel's history that are not in the seeds, as claims. Each model's author adds
 * those of the model.
 */
import type { Claim } from 'zapcheck'

const stale = 'no stale mapping after deletion'
const counted = 'no use of a freed memslot by a shadow page'
const found = 'the NX recovery worker finds the memslot'
const reused = 'flush before reuse'

const memslotDelete: readonly Claim[] = [
  {
    id: 'X-1',
    seed: null,
    claim:
      'The use after free by a fault that overtakes a leaf zap (proposed and withdrawn in ' +
      'October 2024) cannot happen, because KVM_RUN holds SRCU.',
    expected: 'confirmed',
    cases: [
      { ...ofDelete('A3', stale), predicts: 'holds', when: 'a fault holds SRCU' },
      { ...ofDelete('B1-leafs', stale), predicts: 'violated', when: 'SRCU is not synchronized' },
      { ...ofDelete('B1-fast', stale), predicts: 'holds', when: 'the zap is the fast one anyway' },
    ],
    why: 'With SRCU no schedule does it; without, the fast zap hides it: its stale check refuses.',
  },
  {
    id: 'X-2',
    seed: null,
    claim: 'The leaf zap of 6.12-rc leaves shadow pages behind, which outlive their memslot.',
    expected: 'confirmed',
    cases: [
      { ...ofDelete('B3-rc', counted), predicts: 'violated', when: 'rmaps are walked only' },
      { ...ofDelete('B3-merged', counted), predicts: 'holds', when: 'shadow pages go, too' },
      { ...ofDelete('B3-fast', counted), predicts: 'holds', when: 'the zap is the fast one' },
    ],
    why: 'A shadow page is counted in the slot of the table; unaccount_shadowed finds it no more.',
  },
  {
    id: 'X-3',
    seed: null,
    claim:
      'Before 6.18 KVM_PRE_FAULT_MEMORY, and a private fault of a TD, wait inside of SRCU for a ' +
      'slot that is INVALID, and the deletion waits for SRCU.',
    expected: 'confirmed',
    cases: [
      {
        ...ofDelete('B9', 'deadlock freedom'),
        predicts: 'violated',
        when: 'a private fault retries in place',
      },
      {
        ...ofDelete('B9-prefault', 'deadlock freedom'),
        predicts: 'violated',
        when: 'a prefault retries in place',
      },
      {
        ...ofDelete('B9-prefault-fixed', 'deadlock freedom'),
        predicts: 'holds',
        when: 'a prefault returns -EAGAIN',
      },
      { ...ofDelete('C3', 'deadlock freedom'), predicts: 'holds', when: 'a private fault leaves' },
      {
        model: 'tdx-sept',
        variant: 'V12',
        property: 'deadlock freedom',
        predicts: 'violated',
        when: 'tdx_handle_ept_violation retries in place',
      },
      {
        model: 'tdx-sept',
        variant: 'V12-fixed',
        property: 'deadlock freedom',
        predicts: 'holds',
        when: 'its retry ends when the slot is INVALID',
      },
    ],
    why: 'Either waits for the other: a deadlock, which no fairness resolves.',
  },
  {
    id: 'X-4',
    seed: null,
    claim: 'Before v5.18 an mmu_notifier skipped invalid roots that were not zapped yet.',
    expected: 'confirmed',
    cases: [
      {
        ...ofDelete('B4', 'no stale mapping after reclaim'),
        predicts: 'violated',
        when: 'only valid roots are visited',
      },
      {
        ...ofDelete('B4-fixed', 'no stale mapping after reclaim'),
        predicts: 'holds',
        when: 'invalid roots are visited as well',
      },
    ],
    why: 'The zap comes to a leaf whose page the host has reclaimed meanwhile.',
  },
  {
    id: 'X-8',
    seed: null,
    claim:
      'A table that a leaf zap leaves behind makes the NX recovery worker warn when another slot ' +
      'logs dirty pages.',
    expected: 'confirmed',
    cases: [
      { ...ofDelete('C5', found), predicts: 'violated', when: 'the zap is of leafs' },
      { ...ofDelete('C5-tdx', found), predicts: 'violated', when: 'shared memory of a TD goes' },
      { ...ofDelete('C5-fast', found), predicts: 'holds', when: 'the zap is the fast one' },
    ],
    why: 'WARN_ON_ONCE(!slot) in kvm_mmu_sp_dirty_logging_enabled; derived by reading the source.',
  },
  {
    id: 'X-12',
    seed: null,
    claim: 'Roots have to be invalidated and requests be made in one critical section.',
    expected: 'depends',
    cases: [
      { ...ofDelete('A1', reused), predicts: 'holds', when: 'it is one section' },
      { ...ofDelete('B5-i', reused), predicts: 'violated', when: 'requests come first' },
      { ...ofDelete('B5-ii', reused), predicts: 'violated', when: 'invalidation comes first' },
    ],
    why:
      'Requests in a first section are taken in vain. Requests in a second one are early enough ' +
      'if they come before the zap: the comment in the kernel demands more than is needed.',
  },
]

/** A property of a variant of memslot-delete. */
function ofDelete(variant: string, property: string) {
  return { model: 'memslot-delete', variant, property }
}

const mustSucceed = 'a SEAMCALL that must succeed does'
const repaired = 'an RMP fault is repaired'

const otherModels: readonly Claim[] = [
  {
    id: 'X-7',
    seed: null,
    claim: 'VP.INIT contends with the removal of a page by PUNCH_HOLE; mmu_lock for write helps.',
    expected: 'confirmed',
    cases: [
      { ...ofLifecycle('V6'), predicts: 'violated', when: 'VP.INIT runs without mmu_lock' },
      { ...ofLifecycle('V6-fixed'), predicts: 'holds', when: 'it holds mmu_lock for write' },
    ],
    why: 'VP.INIT takes TDR exclusively, and no kick helps: the second try is busy as well.',
  },
  {
    id: 'X-9',
    seed: null,
    claim: 'A folio that is kept and bound at another gfn gives RMP faults without end on SNP.',
    expected: 'confirmed',
    cases: [
      { ...ofRmp('Y6'), predicts: 'violated', when: 'the folio is kept' },
      { ...ofRmp('Y6-punched'), predicts: 'holds', when: 'it is punched out before' },
      { ...ofRmp('Y6-checks-gpa'), predicts: 'holds', when: 'sev_gmem_prepare compares the gpa' },
    ],
    why:
      'sev_gmem_prepare takes any assigned page for prepared. Decided as a state at rest that no ' +
      'step of the model leaves.',
  },
  {
    id: 'X-10',
    seed: null,
    claim: 'The RMP is lazy: a SHARED gfn may have an assigned page until that is freed.',
    expected: 'confirmed',
    cases: [
      {
        model: 'snp-rmp',
        variant: 'Y3-keep',
        property: 'scenario: a shared page stays assigned',
        predicts: 'holds',
        when: 'the page is kept: it happens',
      },
      { model: 'snp-rmp', variant: 'Y3-keep', predicts: 'holds', when: 'it breaks nothing' },
      { model: 'snp-rmp', variant: 'Y5-punch', predicts: 'holds', when: 'the page is freed' },
    ],
    why: 'Attributes change at once, the RMP at the first fault and when the page is freed.',
  },
]

function ofLifecycle(variant: string) {
  return { model: 'tdx-lifecycle', variant, property: mustSucceed }
}

function ofRmp(variant: string) {
  return { model: 'snp-rmp', variant, property: repaired }
}

/** The findings, in the order of their numbers. */
export const extraClaims: readonly Claim[] = [...memslotDelete, ...otherModels]
