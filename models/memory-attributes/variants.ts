/**
 * The variants: rows of the design notes with the verdict and the counts of each. Properties that
 * are not named hold. `docs/models/memory-attributes.md` says where a verdict differs from what was
 * expected.
 */
import { violated } from 'zapcheck'
import type { ExpectedVerdict, Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'

/**
 * One variant: its counts are states, transitions and depth; violated properties with the depth.
 */
function row(
  name: string,
  about: string,
  params: Partial<Parameters>,
  [states, transitions, depth]: readonly [number, number, number],
  violations: Readonly<Record<string, number>> = {},
): Variant<Parameters> {
  const properties: Record<string, ExpectedVerdict> = {}
  for (const [property, at] of Object.entries(violations)) properties[property] = violated(at)
  return { name, about, params, expect: { states, transitions, depth, properties } }
}

/** One vCPU: enough for every race of one fault with calls. */
const one = { vcpus: 1 } as const
/** RFC v11: the end after the unlock; neither hugepages nor roots of a TD are told apart. */
const rfc = { endPlacement: 'unlocked', extendRange: 'none', filter: 'all' } as const

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('D1', 'D1: the kernel as merged: all holds.', {}, [25_232, 75_624, 33]),
  row(
    'D1-one',
    'D1 with one vCPU: what most of the other variants differ from.',
    { ...one },
    [954, 1944, 27],
  ),
  row(
    'D1-calls',
    'D1 with three calls: private, shared, and back.',
    { ...one, calls: 3 },
    [23_177, 49_788, 45],
  ),
  row(
    'D1-private',
    'D1 where all pages are private at first.',
    { initially: 'private' },
    [25_232, 75_624, 33],
  ),
  row(
    'D1-sizes',
    'D1 where the backing may allow a hugepage or not.',
    { backing: 'any' },
    [45_751, 145_342, 34],
  ),
  row(
    'D1-sw',
    'D1 for a VM in which the attribute says what a fault is.',
    { vm: 'sw' },
    [15_910, 42_956, 31],
  ),
  row(
    'D1-tdx',
    'D1 for a TD: the zap filter selects the root of the old kind.',
    { ...one, vm: 'tdx', calls: 2 },
    [7940, 16_960, 37],
  ),
  row(
    'D1-hugepages',
    'D1 with two hugepages: head and tail of a range.',
    { ...one, hugepages: 2 },
    [4755, 9938, 44],
  ),
  row(
    'D1-head',
    'D1 with a slot that begins in the middle of a hugepage.',
    { ...one, hugepages: 2, slot: 'head' },
    [2855, 6157, 36],
  ),
  row(
    'D1-tail',
    'D1 with a slot that ends in the middle of a hugepage.',
    { ...one, hugepages: 2, slot: 'tail' },
    [3422, 7175, 36],
  ),
  row('D1-tlb', 'D1 with TLBs.', { ...one, tlb: true, calls: 2 }, [10_655, 27_426, 39]),
  row(
    'D1-yield',
    'D1 where the zap drops mmu_lock after each gfn.',
    { ...one, yields: true, tlb: true, hugepages: 2 },
    [21_775, 73_138, 55],
  ),
  row(
    'D1-setters',
    'D1 with two tasks that call the ioctl.',
    { ...one, setters: 2 },
    [21_621, 56_129, 37],
  ),
  row(
    'D1-memslots',
    'D1 while the slot is deleted and created again: attributes stay.',
    { ...one, memslotChanges: true },
    [3756, 8440, 38],
  ),
  row(
    'D1-punch',
    'D3: the end under mmu_lock, with PUNCH_HOLE as a second invalidator: all holds.',
    { ...one, secondInvalidator: 'punch' },
    [5103, 13_098, 32],
  ),
  row(
    'punch-one-gfn',
    'PUNCH_HOLE of half of a hugepage that holds off faults on that half only.',
    { ...one, secondInvalidator: 'punch', takes: 'gfn' },
    [11_181, 29_589, 32],
    { 'no mapping of a freed page': 19 },
  ),
  row(
    'D1-notifier',
    'D3 with an mmu_notifier.',
    { ...one, secondInvalidator: 'notifier' },
    [5332, 13_601, 32],
  ),
  row(
    'D2',
    'D2: the end after the unlock, and no other invalidator: only the lock rule is broken.',
    { endPlacement: 'unlocked' },
    [31_524, 96_528, 37],
    { 'invalidation state is written under mmu_lock': 10 },
  ),
  row(
    'D2-rfc',
    'D2 in the form of RFC v11, with 4K pages as there.',
    { ...rfc, ...one, backing: 'small', calls: 2 },
    [12_101, 25_623, 45],
    { 'invalidation state is written under mmu_lock': 10 },
  ),
  row(
    'D2-punch',
    'D2 with PUNCH_HOLE: an update of the count is lost.',
    { ...one, endPlacement: 'unlocked', secondInvalidator: 'punch' },
    [10_754, 26_666, 36],
    {
      'invalidation state is written under mmu_lock': 10,
      'in_progress counts the open invalidations': 13,
      'a fault retries only for an invalidation': 23,
      'no mapping of a freed page': 22,
      'a range is added only while an invalidation is in progress': 14,
      'an end has its begin': 16,
    },
  ),
  row(
    'D2-punch-calls',
    'D2 with PUNCH_HOLE and a second call, which is open while the count is zero.',
    { ...one, endPlacement: 'unlocked', secondInvalidator: 'punch', calls: 2 },
    [133_228, 329_900, 54],
    {
      'a leaf has the kind of its pages': 32,
      'no leaf of the old kind while attributes change': 30,
      'a fault installs the kind of its page': 31,
      'a hugepage has one attribute': 32,
      'invalidation state is written under mmu_lock': 10,
      'in_progress counts the open invalidations': 13,
      'a fault retries only for an invalidation': 23,
      'no mapping of a freed page': 22,
      'a range is added only while an invalidation is in progress': 14,
      'an end has its begin': 16,
    },
  ),
  row(
    'D2-notifier',
    'D2 with an mmu_notifier.',
    { ...one, endPlacement: 'unlocked', secondInvalidator: 'notifier' },
    [11_031, 27_263, 36],
    {
      'invalidation state is written under mmu_lock': 10,
      'in_progress counts the open invalidations': 13,
      'a fault retries only for an invalidation': 23,
      'no mapping of a freed page': 22,
      'a range is added only while an invalidation is in progress': 14,
      'an end has its begin': 16,
    },
  ),
  row(
    'D3-last',
    'D3 with the end after the post handler, and still under mmu_lock.',
    { ...one, endPlacement: 'lockedLast', secondInvalidator: 'punch' },
    [5003, 12_902, 32],
  ),
  row(
    'D3-last-two',
    'The same with two vCPUs and nobody else.',
    { endPlacement: 'lockedLast' },
    [24_288, 73_092, 33],
  ),
  row(
    'D4',
    'D4: the invalidation ends before the attributes are stored.',
    { ...one, endPlacement: 'beforeStore' },
    [1495, 2895, 32],
    {
      'a leaf has the kind of its pages': 14,
      'no leaf of the old kind while attributes change': 13,
      'a fault installs the kind of its page': 14,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'D4-pairs',
    'D4: a begin and end around each of two zaps, before and after the store.',
    { ...one, endPlacement: 'twoPairs' },
    [1517, 2969, 30],
    {
      'a leaf has the kind of its pages': 14,
      'no leaf of the old kind while attributes change': 13,
      'a fault installs the kind of its page': 14,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'D4-pairs-small',
    'The same with 4K pages: the second zap removes what the fault installed.',
    { ...one, endPlacement: 'twoPairs', backing: 'small' },
    [2635, 5285, 31],
    {
      'no leaf of the old kind while attributes change': 13,
      'a fault installs the kind of its page': 14,
    },
  ),
  row(
    'D5',
    'D5, A2: the fault looks at the attribute before it takes the snapshot.',
    { ...one, seqBeforeAttr: false },
    [959, 1898, 31],
    { 'a leaf has the kind of its pages': 15, 'a fault installs the kind of its page': 15 },
  ),
  row(
    'D6',
    'D6: no mmu_invalidate_in_progress, the number is raised before the zap.',
    { ...one, usesIp: false },
    [1486, 2868, 31],
    {
      'a leaf has the kind of its pages': 13,
      'no leaf of the old kind while attributes change': 12,
      'a fault installs the kind of its page': 13,
      'a hugepage has one attribute': 13,
    },
  ),
  row('D7', 'D7: faults do not compare the number.', { ...one, usesSeq: false }, [766, 1566, 28], {
    'a leaf has the kind of its pages': 14,
    'a fault installs the kind of its page': 14,
  }),
  row(
    'D8',
    'D8, before v6.15: only the range itself is held off.',
    { ...one, extendRange: 'none' },
    [1066, 2140, 27],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 12,
      'a hugepage has one attribute': 13,
    },
  ),
  row(
    'D8-private',
    'A1: the same with a page that becomes shared.',
    { ...one, extendRange: 'none', initially: 'private' },
    [1066, 2140, 27],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 12,
      'a hugepage has one attribute': 13,
    },
  ),
  row(
    'D8-one-private',
    'The fix of D8 at the scope of A1.',
    { ...one, initially: 'private' },
    [954, 1944, 27],
  ),
  row(
    'D8-mixed-early',
    'D8 mended the other way: hugepages are marked as mixed before the zap.',
    { ...one, extendRange: 'none', mixedEarly: true, hugepages: 2 },
    [5659, 11_665, 44],
  ),
  row(
    'D8-small',
    'D8 without hugepages: the range is enough.',
    { ...one, extendRange: 'none', backing: 'small' },
    [1586, 3324, 28],
  ),
  row(
    'D9',
    'D9: the hugepage at the head of the range is held off, the one at its tail is not.',
    { ...one, extendRange: 'head', hugepages: 2 },
    [5054, 10_478, 44],
    {
      'a leaf has the kind of its pages': 16,
      'no leaf of the old kind while attributes change': 12,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'D10',
    'D10, before v6.9: the next level is looked at although it does not fit the slot.',
    { ...one, hugepages: 2, slot: 'small', bug: 'lpage-info-overflow' },
    [954, 1944, 27],
    { 'lpage_info is read inside of its bounds': 8 },
  ),
  row(
    'D10-merged',
    'D10 with the check that the hugepage ends in the slot.',
    { ...one, hugepages: 2, slot: 'small' },
    [954, 1944, 27],
  ),
  row(
    'D11',
    'D11: the call does not look whether there is anything to do.',
    { ...one, calls: 2, bug: 'skip-equal-check' },
    [9322, 19_669, 36],
  ),
  row(
    'D11-unlocked',
    'D11: it looks before it takes slots_lock, and another task calls.',
    { ...one, setters: 2, bug: 'equal-check-unlocked' },
    [40_214, 111_124, 38],
    { 'success means that the pages have the attribute': 10 },
  ),
  row(
    'D12',
    'D12: a partial store, of which the post handler sees what was set.',
    { ...one, store: 'partial', reports: 'rest', calls: 2 },
    [10_333, 22_381, 34],
  ),
  row(
    'D12-by-slots',
    'D12 where kvm_handle_gfn_range is given what was set, be it nothing.',
    { ...one, store: 'partial', reports: 'rest', postRange: 'prefix-by-slots' },
    [1046, 2182, 26],
    {
      'in_progress counts the open invalidations': 6,
      'a fault retries only for an invalidation': 12,
    },
  ),
  row(
    'D12-all',
    'D12 where the post handler sees the whole range.',
    { ...one, store: 'partial', reports: 'rest', postRange: 'all' },
    [1371, 2729, 26],
    {
      'a leaf has the kind of its pages': 15,
      'a hugepage has one attribute': 15,
      'mixed says whether attributes differ': 7,
    },
  ),
  row(
    'D12-error',
    'D12 where a partial store ends in -ENOMEM.',
    { ...one, store: 'partial-error', reports: 'rest' },
    [1226, 2528, 26],
    { 'an error changes no attribute': 9 },
  ),
  row(
    'D12-zero',
    'D12 where 0 is returned even if nothing was done.',
    { ...one, store: 'partial-zero', reports: 'rest' },
    [1226, 2528, 26],
    { 'a call that succeeds gets further': 8 },
  ),
  row(
    'D12-iow',
    'D12 with an ioctl that copies nothing back: userspace takes 0 for all.',
    { ...one, store: 'partial', reports: 'all' },
    [1226, 2528, 26],
    { 'success means that the pages have the attribute': 9 },
  ),
  row(
    'D12-iow-text',
    'The same, and userspace reads address and size as the text says.',
    { ...one, store: 'partial', reports: 'nothing' },
    [1226, 2528, 26],
    { 'a call that succeeds gets further': 3 },
  ),
  row(
    'D13',
    'D13: the zap of a TD removes the leafs of the new kind.',
    { ...one, vm: 'tdx', filter: 'new' },
    [1239, 2425, 34],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 13,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'D13-direct',
    'D13 without a mirror root: the filter selects nothing.',
    { ...one, filter: 'new' },
    [954, 1944, 27],
  ),
  row(
    'D13-all',
    'A TD whose zap removes both kinds.',
    { ...one, vm: 'tdx', filter: 'all', calls: 2 },
    [7680, 16_424, 37],
  ),
  row(
    'D14',
    'D14: no zap where the slot cannot be private.',
    { ...one, gmem: false, bug: 'no-zap-without-gmem' },
    [927, 1943, 21],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 13,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'D14-merged',
    'A slot that cannot be private is zapped too.',
    { ...one, gmem: false },
    [800, 1702, 20],
  ),
  row(
    'D15',
    'D15: a slot is created without a look at the attributes.',
    { ...one, memslotChanges: true, bug: 'no-mixed-at-creation' },
    [3818, 8506, 38],
    {
      'a leaf has the kind of its pages': 21,
      'a hugepage has one attribute': 21,
      'mixed says whether attributes differ': 13,
    },
  ),
  row(
    'D16',
    'D16: no flush after the zap.',
    { ...one, tlb: true, bug: 'no-flush' },
    [3036, 6670, 37],
    { 'no translation of the old kind after the ioctl': 16 },
  ),
  row('D16-merged', 'The flush at the same scope.', { ...one, tlb: true }, [1509, 3817, 29]),
  row(
    'D16-read-lock',
    'D16: the zap with mmu_lock held for read.',
    { ...one, tlb: true, bug: 'zap-read-lock' },
    [2430, 6280, 30],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 12,
      'a fault installs the kind of its page': 13,
      'no translation of the old kind after the ioctl': 16,
      'a hugepage has one attribute': 13,
      'invalidation state is written under mmu_lock': 4,
    },
  ),
  row(
    'M8-slot',
    'Attributes that belong to the slot are lost with it.',
    { ...one, memslotChanges: true, storage: 'slot' },
    [3755, 8395, 38],
    { 'only the ioctl changes attributes': 14 },
  ),
  row(
    'no-slots-lock',
    'The ioctl without slots_lock: begin and end find different slots.',
    { ...one, memslotChanges: true, bug: 'no-slots-lock' },
    [6602, 16_548, 40],
    {
      'a leaf has the kind of its pages': 20,
      'a fault installs the kind of its page': 20,
      'mixed says whether attributes differ': 12,
      'in_progress counts the open invalidations': 11,
      'a fault retries only for an invalidation': 21,
      'an end has its begin': 12,
    },
  ),
  row(
    'errors',
    'Wrong arguments and failing allocations: nothing changes.',
    { ...one, errors: true, calls: 2 },
    [7209, 17_325, 37],
  ),
  row(
    'no-alignment-check',
    'Address and size need not be aligned: a page is set in part.',
    { ...one, errors: true, bug: 'no-alignment-check' },
    [1226, 2771, 27],
    { 'success means that the pages have the attribute': 9 },
  ),
  row(
    'plain',
    'A VM without private memory: private is not supported.',
    { ...one, errors: true, vm: 'plain' },
    [135, 375, 10],
  ),
  row(
    'no-supported-check',
    'The same without the check: nothing is zapped.',
    { ...one, errors: true, vm: 'plain', bug: 'no-supported-check' },
    [540, 1167, 19],
    {
      'a leaf has the kind of its pages': 15,
      'no leaf of the old kind while attributes change': 13,
      'a hugepage has one attribute': 14,
    },
  ),
  row(
    'no-harmless-checks',
    'Neither flags nor an empty range are refused: no property needs it.',
    { ...one, errors: true, bug: 'no-harmless-checks' },
    [1023, 2278, 27],
  ),
  row(
    'T3',
    'T3: the snapshot is kept in a narrower, signed variable.',
    { ...one, calls: 3, bug: 'narrow-seq' },
    [20_731, 44_472, 40],
    { 'a fault retries only for an invalidation': 23 },
  ),
  row(
    'T16',
    'T16, before v5.12: the start of an mmu_notifier fails, and no end follows.',
    { ...one, secondInvalidator: 'notifier', errors: true, bug: 'start-fails-without-end' },
    [6815, 19_594, 33],
    {
      'in_progress counts the open invalidations': 3,
      'a fault retries only for an invalidation': 9,
    },
  ),
  row(
    'T16-merged',
    'The start of an mmu_notifier fails, and its end follows.',
    { ...one, secondInvalidator: 'notifier', errors: true },
    [8932, 25_318, 33],
  ),
  row(
    'T18',
    'T18: the fault looks the page up before it takes the snapshot.',
    { ...one, secondInvalidator: 'notifier', seqBeforePage: false },
    [6406, 16_291, 33],
    { 'no mapping of a freed page': 12 },
  ),
  row(
    'A3',
    'A3: an mmu_notifier zaps private pages of a TD with the shared ones.',
    {
      ...one,
      vm: 'tdx',
      initially: 'private',
      secondInvalidator: 'notifier',
      bug: 'notifier-zaps-private',
    },
    [6629, 17_180, 32],
    { 'a notifier keeps private pages of a TD': 10 },
  ),
  row(
    'A3-merged',
    'An mmu_notifier zaps shared pages of a TD only.',
    { ...one, vm: 'tdx', initially: 'private', secondInvalidator: 'notifier' },
    [9078, 24_242, 32],
  ),
  row(
    'slots-lock-in-fault',
    'A fault takes slots_lock for its look at the attribute, inside SRCU: a deletion waits for it.',
    { ...one, memslotChanges: true, bug: 'fault-takes-slots-lock' },
    [3656, 7632, 41],
    { 'deadlock freedom': 6 },
  ),
  {
    ...row(
      'large',
      'The scope of the notes: four gfns, two vCPUs, two calls, PUNCH_HOLE.',
      { hugepages: 2, calls: 2, secondInvalidator: 'punch' },
      [37_692_339, 134_055_563, 67],
    ),
    tier: 'large',
  },
]
