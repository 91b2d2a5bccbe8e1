/**
 * Claims of the discussion of per-page memory attributes (RFC v11 patch 8/29, July and August
 * 2023), and the finding of 2025 about hugepages.
 */
import type { Claim, ClaimCase } from 'zapcheck'

const seed = '002_ab75a97db9c08eb5.txt'
const model = 'memory-attributes'

const kinds = 'a leaf has the kind of its pages'
const installs = 'a fault installs the kind of its page'
const hugepage = 'a hugepage has one attribute'
const mixed = 'mixed says whether attributes differ'
const count = 'in_progress counts the open invalidations'
const lock = 'invalidation state is written under mmu_lock'
const warning = 'a range is added only while an invalidation is in progress'
const success = 'success means that the pages have the attribute'
const progress = 'a call that succeeds gets further'
const error = 'an error changes no attribute'

/** A case of the model memory-attributes: a variant, a property, what the claim predicts, when. */
function of(
  variant: string,
  property: string,
  predicts: ClaimCase['predicts'],
  when: string,
): ClaimCase {
  return { model, variant, property, predicts, when }
}

/** The claims of seed 002. */
export const seed002Claims: readonly Claim[] = [
  {
    id: '002-01',
    seed,
    claim: 'Zapping before the attributes are updated is enough, inside of one invalidation.',
    expected: 'confirmed',
    cases: [
      of('D1', kinds, 'holds', 'zap and update are between one begin and its end'),
      of('D1', installs, 'holds', 'zap and update are between one begin and its end'),
      of('D4', installs, 'violated', 'the invalidation ends between zap and update'),
      of('D4-pairs', installs, 'violated', 'there are two invalidations, around two zaps'),
      of('D6', kinds, 'violated', 'there is no count, only a number that is raised'),
      of('D7', kinds, 'violated', 'there is no number, only a count'),
    ],
    why:
      'The claim is about the pair around zap and update: it must hold with it, and without ' +
      'each of its parts it must not. All four counterexamples are races of one fault.',
  },
  {
    id: '002-02',
    seed,
    claim:
      'A hook after the update is needed, to end the invalidation and to bring the hugepage ' +
      'metadata up to date, and it is the place to do so.',
    expected: 'depends',
    cases: [
      of('D1', mixed, 'holds', 'the hook updates the metadata, and whole hugepages are held off'),
      of(
        'D1',
        hugepage,
        'holds',
        'the hook updates the metadata, and whole hugepages are held off',
      ),
      of('D8-mixed-early', hugepage, 'holds', 'the metadata are set before the zap as well'),
      of('D8', hugepage, 'holds', 'the range alone is held off (before v6.15)'),
    ],
    why:
      'Metadata that only the hook updates are old while the attributes change. Without anything ' +
      'else a fault on a page beside the range installs a hugepage over it.',
  },
  {
    id: '002-03',
    seed,
    claim: 'on_unlock ends the invalidation outside of mmu_lock.',
    expected: 'confirmed',
    cases: [
      of('D2', lock, 'violated', 'the end is on_unlock, and nobody else invalidates'),
      of('D2-rfc', lock, 'violated', 'the whole form is that of RFC v11'),
      of('D1', lock, 'holds', 'the end is on_lock'),
    ],
    why: 'Each write of the count or the number is compared with who holds mmu_lock.',
  },
  {
    id: '002-04',
    seed,
    claim: 'That explains the warning in kvm_mmu_unmap_gfn_range below fallocate.',
    expected: 'confirmed',
    cases: [
      of('D2-punch', warning, 'violated', 'PUNCH_HOLE begins between load and store of the count'),
      of('D2-notifier', warning, 'violated', 'an mmu_notifier begins there'),
      of('D2', warning, 'holds', 'nobody else invalidates'),
      of('D1-punch', warning, 'holds', 'the end is under mmu_lock'),
    ],
    why:
      'The shortest counterexample ends in the warning of the trace in the mail: the count that ' +
      'PUNCH_HOLE has raised is overwritten by a decrement of the old value. It takes two ' +
      'invalidators; one alone shows nothing, which is why it went unnoticed.',
  },
  {
    id: '002-05',
    seed,
    claim: 'The quick fix is to end the invalidation under mmu_lock.',
    expected: 'confirmed',
    cases: [
      { model, variant: 'D1-punch', predicts: 'holds', when: 'the end comes first under the lock' },
      { model, variant: 'D3-last', predicts: 'holds', when: 'the end comes last under the lock' },
      { model, variant: 'D1-notifier', predicts: 'holds', when: 'an mmu_notifier invalidates too' },
    ],
    why: 'All properties hold with a second invalidator, wherever under the lock the end is.',
  },
  {
    id: '002-06',
    seed,
    claim: 'On 0 address and size say what was not set; what is before has the attribute.',
    expected: 'depends',
    cases: [
      of('D12', success, 'holds', 'a partial store is possible, and address and size come back'),
      of('D12', error, 'holds', 'a partial store is possible, and address and size come back'),
      of('D12-iow', success, 'holds', 'nothing comes back, and userspace takes 0 for all'),
      of('D12-by-slots', count, 'holds', 'the second pass is given what was set, be it nothing'),
      of('D12-all', mixed, 'holds', 'the second pass is given the whole range'),
    ],
    why:
      'The ioctl is declared _IOW, so nothing can come back, and the code reserves memory ' +
      'first, so nothing is ever partial: text and code disagree. As a design it can be done, ' +
      'if the second pass sees exactly what was set and still ends the invalidation.',
  },
  {
    id: '002-07',
    seed,
    claim: 'Userspace can call again with the address and size that came back.',
    expected: 'depends',
    cases: [
      of('D12', progress, 'holds', 'a call that sets nothing fails with -ENOMEM'),
      of('D1', progress, 'holds', 'a call does all or fails'),
      of('D12-zero', progress, 'holds', 'a call that sets nothing returns 0'),
      of('D12-iow-text', progress, 'holds', 'nothing comes back'),
    ],
    why:
      'The safe part: a call that returns 0 leaves less to do, so a loop of calls ends. That it ' +
      'ends is the temporal property []((returned 0 and size > 0) -> <>(size = 0 or an error)).',
  },
  {
    id: '002-08',
    seed,
    claim: 'Unaligned ranges, flags and unsupported attributes are refused, and nothing changes.',
    expected: 'confirmed',
    cases: [
      of('errors', error, 'holds', 'each wrong argument is tried'),
      of('errors', success, 'holds', 'each wrong argument is tried'),
      of('plain', kinds, 'holds', 'the supported set is empty, as in this patch'),
      of('no-alignment-check', success, 'violated', 'the check of the alignment is left out'),
      of('no-supported-check', kinds, 'violated', 'the check of the attribute is left out'),
      of('no-harmless-checks', kinds, 'holds', 'flags and empty ranges are not refused'),
    ],
    why:
      'Errors leave all as it was, and of the checks those of alignment and of supported ' +
      'attributes guard a property. No property of today depends on the other two.',
  },
  {
    id: '002-09',
    seed,
    claim: 'A fault may read the attributes without a lock.',
    expected: 'depends',
    cases: [
      of('D1', installs, 'holds', 'the fault takes its snapshot of the number first'),
      of('D1-sw', installs, 'holds', 'the attribute says what the fault is, and is read again'),
      of('D5', installs, 'holds', 'the fault takes its snapshot after that'),
    ],
    why: 'The number is what tells a fault under mmu_lock that what it has read is old.',
  },
  {
    id: '002-10',
    seed,
    claim: 'A begin only where a slot overlaps the range stays balanced with its end.',
    expected: 'confirmed',
    cases: [
      of('D1-memslots', count, 'holds', 'slots_lock is held over both passes'),
      of('D1-head', count, 'holds', 'a range lies in part outside of the slot'),
      of('no-slots-lock', count, 'violated', 'slots_lock is not held'),
    ],
    why: 'Both passes look for slots; slots_lock is why they find the same ones.',
  },
  {
    id: '002-11',
    seed,
    claim: 'A future attribute may need no invalidation where a call grants more.',
    expected: 'confirmed',
    otherwise: {
      verdict: 'depends',
      why:
        'The notes think of one page at a time. With hugepages a fault reads the new right of ' +
        'its page before the hook has marked the hugepage as mixed, and installs a leaf with ' +
        'that right over its neighbour. The claim needs the mark before the store.',
    },
    cases: [
      {
        model: 'attribute-grants',
        variant: 'grants-4K',
        property: 'a leaf allows no more than its pages',
        predicts: 'holds',
        when: 'pages are mapped one by one',
      },
      {
        model: 'attribute-grants',
        variant: 'grants-2M-mixed-early',
        property: 'a leaf allows no more than its pages',
        predicts: 'holds',
        when: 'a hugepage is marked as mixed before the right is stored',
      },
      {
        model: 'attribute-grants',
        variant: 'grants-2M',
        property: 'a leaf allows no more than its pages',
        predicts: 'holds',
        when: 'a hugepage is marked as mixed afterwards, as today',
      },
    ],
    why: 'Grants leave out begin, zap and end; revocations do not.',
  },
]

/** Findings of the kernel's history that this model decides. */
export const attributeFindings: readonly Claim[] = [
  {
    id: 'X-5',
    seed: null,
    claim: 'A hugepage can be installed over pages whose attributes are being changed.',
    expected: 'confirmed',
    cases: [
      of('D8', hugepage, 'violated', 'the range alone is held off (before v6.15)'),
      of('D8-private', kinds, 'violated', 'the same for a page that becomes shared'),
      of('D9', hugepage, 'violated', 'the hugepage at the tail is forgotten'),
      of('D1-hugepages', hugepage, 'holds', 'head and tail are held off as whole hugepages'),
    ],
    why: 'The fault is on a page beside the range, which nothing holds off.',
  },
]
