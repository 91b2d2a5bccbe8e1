/**
 * Claims of the discussion of populate after prefault (guest_memfd series patch 9/12, July 2024),
 * and two findings of the kernel's history about guest_memfd.
 */
import type { Claim, ClaimCase } from 'zapcheck'

const seed = '004_9ec37cab4e7dc034.txt'

const order = 'populate succeeds after a prefault'
const again = 'populate can be repeated after an error that passes'
const complete = 'each call of the launch is complete by itself'
const clears = 'clearing never hits guest content'
const once = 'the image of a page is measured once'
const leak = 'the guest reads no data of the host'
const free = 'finalize does not depend on prefaults'
const image = 'the image is complete at finalize'
const measured = 'a page is measured once'
const kept = "a launched page stays the guest's"

/** A case of one model. */
const caseOf =
  (model: string) =>
  (
    variant: string,
    property: string,
    predicts: ClaimCase['predicts'],
    when: string,
  ): ClaimCase => ({ model, variant, property, predicts, when })

const of = caseOf('guest-memfd-launch')
const life = caseOf('tdx-lifecycle')
const snp = caseOf('snp-launch')

/** The claims of seed 004. */
export const seed004Claims: readonly Claim[] = [
  {
    id: '004-01',
    seed,
    claim: 'After KVM_PRE_FAULT_MEMORY, KVM_TDX_INIT_MEM_REGION fails with -EEXIST.',
    expected: 'confirmed',
    cases: [of('W2', order, 'violated', 'up to date means prepared, with a check in common code')],
    why: 'No race is needed: the prefault marks the folio, and populate refuses what is marked.',
  },
  {
    id: '004-02',
    seed,
    claim: 'Keeping the check in sev.c only avoids it.',
    expected: 'confirmed',
    cases: [
      of('W3', order, 'holds', 'only SNP refuses a page that is there'),
      of('W3', once, 'holds', 'PAGE.ADD refuses an entry that is not FREE'),
      of('W3', clears, 'holds', 'only SNP refuses a page that is there'),
    ],
    why: 'What the check was for is the work of the TDX module, in the case of a TD.',
  },
  {
    id: '004-03',
    seed,
    claim: 'A prefault that does not populate should perhaps not mark the folio.',
    expected: 'confirmed',
    cases: [of('W4', order, 'holds', 'a prefault before finalize does not mark the folio')],
    why: 'Then the check says what it means: populated.',
  },
  {
    id: '004-04',
    seed,
    claim: 'A bool from kvm_arch_gmem_prepare does it, at the price of clearing for nothing.',
    expected: 'confirmed',
    cases: [
      of('W4', order, 'holds', 'userspace makes one call after the other'),
      of('W4', clears, 'holds', 'userspace makes one call after the other'),
      of('W4-race', clears, 'holds', 'another thread prefaults between PAGE.ADD and the mark'),
    ],
    why:
      'Clearing comes before PAGE.ADD, so it hits no image. With a prefault in another thread, ' +
      'between PAGE.ADD and the mark, it does. That it is ugly is a matter of taste.',
    otherwise: {
      verdict: 'depends',
      why:
        'The notes look at one thread only. Two threads have a window between PAGE.ADD and ' +
        'folio_mark_uptodate, in which a prefault finds the folio not marked and clears it.',
    },
  },
  {
    id: '004-05',
    seed,
    claim: 'Populate marks the folio by itself, so the prefault may leave it out.',
    expected: 'confirmed',
    cases: [
      of('W4', clears, 'holds', 'populate marks the folio'),
      of('W4-no-mark', clears, 'violated', 'populate does not mark the folio'),
      of('W4-race', clears, 'holds', 'another thread prefaults before populate marks the folio'),
    ],
    why: 'Without the mark of populate the next prefault clears a page that the TD owns.',
    otherwise: {
      verdict: 'depends',
      why:
        'As the notes say for one thread. With two, the mark comes too late for a prefault ' +
        'between PAGE.ADD and the mark, unless a lock keeps the prefault out.',
    },
  },
  {
    id: '004-06',
    seed,
    claim: 'Clearing could move into the gmem_prepare callbacks.',
    expected: 'depends',
    cases: [
      of('W5-tdx', leak, 'holds', 'TDX: PAGE.ADD and ACCEPT overwrite the page'),
      of('W5-snp', leak, 'holds', 'SNP: its callback clears before RMPUPDATE'),
      of('W5-snp', clears, 'holds', 'SNP: its callback clears before RMPUPDATE'),
      of('W5-snp-late', clears, 'holds', 'SNP: its callback clears after RMPUPDATE'),
      of('W5-sw', leak, 'holds', 'a software-protected VM, which has no callback'),
    ],
    why: 'It depends on the VM type, and for SNP on the order.',
  },
  {
    id: '004-07',
    seed,
    claim: 'The explicit prefault has to match the populate, or later calls fail.',
    expected: 'confirmed',
    cases: [
      of('W2', complete, 'violated', 'populate needs a prefault before'),
      of('W6', complete, 'violated', 'populate prefaults by itself, and PAGE.ADD was busy'),
      of('W1-tdx', complete, 'holds', 'the page is added when its SPTE is installed'),
      of(
        'no-premapped-check',
        'a leaf of a finalized TD has its entry',
        'violated',
        'finalize does not look for pages that wait for PAGE.ADD',
      ),
      life('prefault-open', free, 'violated', 'a prefault before finalize is allowed'),
      life('prefault-open', image, 'holds', 'finalize looks for pages that wait for PAGE.ADD'),
      life('prefault-unchecked', image, 'violated', 'finalize does not look for such pages'),
      life('launch', free, 'holds', 'a prefault before finalize is refused'),
    ],
    why:
      'A prefault without populate makes KVM_TDX_FINALIZE_VM return -EINVAL, and it has to: else ' +
      'the TD starts with leafs that have no entry, and without a page of its image.',
  },
  {
    id: '004-08',
    seed,
    claim: 'There is no fundamental issue with staying the course.',
    expected: 'refuted',
    cases: [
      of('W2', order, 'holds', 'as posted'),
      of('W3', order, 'holds', 'fix A: only SNP refuses a page that is there'),
      of('W3', again, 'holds', 'fix A: only SNP refuses a page that is there'),
      of('W4', order, 'holds', 'fix B: a prefault before finalize does not mark the folio'),
      of('W4', again, 'holds', 'fix B: a prefault before finalize does not mark the folio'),
      of('W4-race', clears, 'holds', 'fix B, and another thread prefaults during populate'),
      of('W6', again, 'holds', 'v6.16: populate prefaults by itself'),
      of('W7', again, 'holds', 'the first step of the rework: maps first and adds afterwards'),
    ],
    why:
      'As posted every launch ends in -EEXIST. Fix A is all it takes: populate succeeds after a ' +
      'prefault, and when it is repeated. Fix B does the same for one thread.',
    otherwise: {
      verdict: 'depends',
      why:
        'The notes judge the form of v6.16 alone, in which a PAGE.ADD that is busy once makes ' +
        'each later populate fail with -EEXIST (derived by reading, not known to be reported). ' +
        'That form has left the course: its populate does the prefault. The course itself, an ' +
        'explicit prefault and then populate, keeps the properties with fix A, so what the mail ' +
        'says is true of it. What remains is that calls have to match, which is claim 004-07.',
    },
  },
  {
    id: '004-09',
    seed,
    claim: 'The series helps users of SEV to keep the order.',
    expected: 'confirmed',
    cases: [
      of('W20', order, 'violated', 'a prefault is allowed before SNP_LAUNCH_FINISH'),
      of('W20-6.11', order, 'violated', 'the same in the form of the series'),
      of('W20-in-turn', order, 'violated', 'the same if userspace makes one call after the other'),
      of('W20', clears, 'violated', 'a prefault is allowed while the launch works on the page'),
      of('W1-snp', order, 'holds', 'pre_fault_allowed is set by SNP_LAUNCH_FINISH'),
      of('W1-snp', clears, 'holds', 'pre_fault_allowed is set by SNP_LAUNCH_FINISH'),
      of('W1-snp-6.18', order, 'holds', 'as merged in v6.11'),
      of('W1-snp', once, 'holds', 'a page that is assigned is refused'),
      of('measure-twice', once, 'violated', 'a page that is assigned is not refused'),
      snp('merged', measured, 'holds', 'a page that is assigned is refused with -EEXIST'),
      snp('Y13', measured, 'violated', 'a page that is assigned is not refused'),
      snp('Y13', kept, 'violated', 'a page that is assigned is not refused'),
    ],
    why:
      'Wrong orders end in an error: prefault -EOPNOTSUPP, a second image -EEXIST. If a prefault ' +
      'were allowed, the image would be refused after it, and cleared by it in a race.',
  },
]

/** Findings of the kernel's history. */
export const guestMemfdFindings: readonly Claim[] = [
  {
    id: 'X-6',
    seed: null,
    claim: 'Unbind was skipped while the file was dying: release met a freed slot (until v6.18).',
    expected: 'confirmed',
    cases: [
      {
        model: 'guest-memfd',
        variant: 'W14',
        property: 'no binding leads to a freed slot',
        predicts: 'violated',
        when: 'unbind returns early',
      },
      {
        model: 'guest-memfd',
        variant: 'W14-fixed',
        property: 'no binding leads to a freed slot',
        predicts: 'holds',
        when: 'the bindings of a dying file go without its lock',
      },
    ],
    why: 'slots_lock keeps the release out until the bindings are gone, so no other lock is needed.',
  },
  {
    id: 'X-13',
    seed: null,
    claim: 'A PAGE.ADD that is busy makes each later populate fail with -EEXIST (v6.16).',
    expected: 'confirmed',
    cases: [
      of('W6', again, 'violated', 'the inner prefault marks the folio before PAGE.ADD'),
      of('W7', again, 'violated', 'the leaf is there before PAGE.ADD'),
      of('W1-tdx', again, 'holds', 'PAGE.ADD is part of the installation'),
    ],
    why: 'Derived by reading; not known to be reported. v7.0 adds the page with its SPTE.',
  },
]
