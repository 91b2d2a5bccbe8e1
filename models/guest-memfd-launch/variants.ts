/**
 * The variants: rows W1 to W7, W13, W20 and W21 of the design notes, and bugs of history, with the
 * verdict and the counts of each. Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const v6 = { uptodate: 'prepared', eexist: 'common' } as const
const seed004 = { ...v6, populate: 'after-prefault', prefault: 'allowed' } as const
const v616 = { ...v6, populate: 'inner-prefault', gup: 'under-lock' } as const
const oneThread = { ...seed004, concurrent: false } as const
const snp6 = { ...v6, vm: 'snp' } as const

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('W1-tdx', 'W1: the kernel of v7.0, a TD.', { slot: 'deleted' }, [295, 560, 22]),
  row('W1-snp', 'W1: the kernel of v7.0, SNP.', { vm: 'snp', slot: 'deleted' }, [536, 966, 32]),
  row('W1-sw', 'W1: the kernel of v7.0, a software-protected VM.', { vm: 'sw' }, [150, 292, 20]),
  row(
    'W1-snp-6.18',
    'W1: the kernel of v6.18, SNP: up to date means prepared.',
    snp6,
    [454, 819, 32],
  ),
  row(
    'W1-converted',
    'W1 while the gfn is made shared: populate refuses it.',
    { slot: 'converted' },
    [427, 892, 23],
  ),
  row(
    'W2',
    'W2: up to date means prepared, common check, prefault before finalize: -EEXIST.',
    seed004,
    [612, 1358, 31],
    { 'populate succeeds after a prefault': 8, 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W3',
    'W3, fix A: only SNP refuses a page that is there.',
    { ...seed004, eexist: 'arch' },
    [1820, 4065, 43],
    { 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W4',
    'W4, fix B: a prefault does not mark the folio before finalize.',
    { ...oneThread, prefault: 'unmarked' },
    [849, 1696, 34],
    { 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W4-race',
    'W4 with a prefault between PAGE.ADD and the mark: it clears the page of the TD.',
    { ...seed004, prefault: 'unmarked' },
    [2010, 4445, 43],
    { 'clearing never hits guest content': 16, 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W4-no-mark',
    'W4 if populate did not mark the folio either: the next prefault clears it.',
    { ...oneThread, prefault: 'unmarked', bug: 'populate-no-mark' },
    [1172, 2374, 34],
    { 'clearing never hits guest content': 17, 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W5-tdx',
    'W5, fix C: the callback clears; TDX has none.',
    { ...seed004, eexist: 'arch', clears: 'callback' },
    [1748, 3913, 43],
    { 'a mapped page is initialised': 8, 'each call of the launch is complete by itself': 4 },
  ),
  row(
    'W5-snp',
    'W5, fix C: the callback of SNP clears before RMPUPDATE.',
    { ...snp6, clears: 'callback' },
    [454, 819, 32],
  ),
  row(
    'W5-snp-late',
    'W5, fix C: the callback of SNP clears after RMPUPDATE.',
    { ...snp6, clears: 'callback', bug: 'clear-after-rmpupdate' },
    [454, 819, 32],
    { 'clearing never hits guest content': 5 },
  ),
  row(
    'W5-sw',
    'W5, fix C: a software-protected VM has no callback.',
    { ...v6, vm: 'sw', clears: 'callback' },
    [150, 292, 20],
    { 'a mapped page is initialised': 7, 'the guest reads no data of the host': 8 },
  ),
  row(
    'W6',
    'W6: the populate of v6.16, whose inner prefault marks the folio before PAGE.ADD.',
    v616,
    [253, 473, 22],
    {
      'populate can be repeated after an error that passes': 10,
      'each call of the launch is complete by itself': 7,
    },
  ),
  row('W6-never-busy', 'W6 if PAGE.ADD were never busy.', { ...v616, busy: 0 }, [156, 292, 18]),
  row(
    'W7',
    'W7: the first step of the rework maps first and adds afterwards.',
    { populate: 'map-then-add' },
    [254, 474, 21],
    {
      'populate can be repeated after an error that passes': 9,
      'each call of the launch is complete by itself': 6,
    },
  ),
  row(
    'no-premapped-check',
    'Finalize does not look for pages that wait for PAGE.ADD.',
    { ...v616, bug: 'no-premapped-check' },
    [256, 475, 22],
    {
      'a leaf of a finalized TD has its entry': 7,
      'populate can be repeated after an error that passes': 10,
    },
  ),
  row(
    'W13',
    'W13: populate without the invalidate lock: a punch comes between L1 and L4.',
    { bug: 'no-invalidate-lock' },
    [451, 987, 21],
    {
      'no mapping of a freed page': 7,
      "a page that was given back is the host's": 7,
      'a mapped page is initialised': 7,
      'the image of a page is measured once': 9,
      'a measured page stays in the file': 7,
      'the guest reads no data of the host': 9,
    },
  ),
  row('W13-snp', 'W13 of SNP.', { vm: 'snp', bug: 'no-invalidate-lock' }, [948, 1860, 30], {
    'the image of a page is measured once': 12,
    'a measured page stays in the file': 8,
  }),
  row(
    'W13-slots',
    'W13: populate without slots_lock: the slot is deleted meanwhile.',
    { slot: 'deleted', bug: 'no-slots-lock' },
    [1054, 2084, 32],
    {
      'no mapping of a freed page': 9,
      "a page that was given back is the host's": 9,
      'a mapped page is initialised': 9,
      'the image of a page is measured once': 10,
      'no leaf without a slot': 5,
      'clearing never hits guest content': 10,
      'the guest reads no data of the host': 11,
      'no use of a freed memslot': 4,
    },
  ),
  row(
    'no-attribute-check',
    'Populate does not look at the attribute of the gfn.',
    { slot: 'converted', bug: 'no-attribute-check' },
    [485, 1017, 23],
    { 'the image of a page is measured once': 10, 'a page of the image is private': 5 },
  ),
  row(
    'W20',
    'W20: a prefault of SNP before finalize makes the page private: -EEXIST.',
    { vm: 'snp', prefault: 'allowed' },
    [3959, 8625, 38],
    {
      'clearing never hits guest content': 8,
      'a page of the guest is prepared at its first access': 15,
      'populate succeeds after a prefault': 8,
      'populate can be repeated after an error that passes': 14,
    },
  ),
  row(
    'W20-6.11',
    'W20 of the series: up to date means prepared, with a check in common code.',
    { ...snp6, prefault: 'allowed' },
    [3959, 8625, 38],
    {
      'clearing never hits guest content': 8,
      'a page of the guest is prepared at its first access': 15,
      'populate succeeds after a prefault': 8,
      'populate can be repeated after an error that passes': 14,
    },
  ),
  row(
    'W20-in-turn',
    'W20 if userspace makes one call after the other.',
    { vm: 'snp', prefault: 'allowed', concurrent: false },
    [1329, 2681, 31],
    {
      'populate succeeds after a prefault': 12,
      'populate can be repeated after an error that passes': 18,
    },
  ),
  row(
    'W21',
    'W21: the source is pinned under the invalidate lock; another thread waits for mmap_lock.',
    { ...v616, mmap: 'threads' },
    [3881, 10_053, 32],
    {
      'populate can be repeated after an error that passes': 12,
      'each call of the launch is complete by itself': 9,
      'deadlock freedom': 5,
    },
  ),
  row(
    'W21-gmem',
    'W21: the source page is a mapping of the same file: populate waits for itself.',
    { ...v616, mmap: 'source', source: 'gmem' },
    [128, 214, 19],
    { 'deadlock freedom': 4 },
  ),
  row(
    'W21-fixed',
    'W21: the source is pinned before the locks are taken.',
    { ...v616, gup: 'before-locks', mmap: 'threads' },
    [4319, 11_173, 34],
    {
      'populate can be repeated after an error that passes': 14,
      'each call of the launch is complete by itself': 9,
    },
  ),
  row(
    'W21-gmem-fixed',
    'W21 with a source in the same file, pinned before the locks.',
    { ...v616, gup: 'before-locks', mmap: 'threads', source: 'gmem' },
    [4559, 11_667, 37],
    {
      'populate can be repeated after an error that passes': 16,
      'each call of the launch is complete by itself': 10,
    },
  ),
  row('W21-7.0', 'W21: the kernel of v7.0.', { mmap: 'threads' }, [4245, 11_042, 31]),
  row(
    'W21-gmem-7.0',
    'W21: the kernel of v7.0 with a source in the same file.',
    { mmap: 'threads', source: 'gmem' },
    [4470, 11_505, 32],
  ),
  row(
    'uptodate-early',
    'The folio is marked before the preparation, which fails.',
    { ...snp6, bug: 'uptodate-early' },
    [415, 735, 27],
    {
      'a mapped page is initialised': 14,
      'a page of the guest is prepared at its first access': 13,
      'populate can be repeated after an error that passes': 10,
    },
  ),
  row(
    'measure-twice',
    'SNP does not refuse a page that is assigned already.',
    { vm: 'snp', bug: 'measure-twice' },
    [568, 1029, 33],
    { 'the image of a page is measured once': 10 },
  ),
  row(
    'W1-snp-stays',
    'W1: the kernel of v7.0, SNP, a slot that stays.',
    { vm: 'snp' },
    [454, 819, 32],
  ),
  row(
    'prepare-again',
    'Preparation of SNP does not look whether the page is assigned.',
    { vm: 'snp', bug: 'prepare-again' },
    [450, 828, 27],
    { 'a page is prepared once': 11 },
  ),
]
