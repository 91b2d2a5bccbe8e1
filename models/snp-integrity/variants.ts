/**
 * The variants: rows of the design notes with the verdict and the counts of each. Properties that
 * are not named hold. `docs/models/snp-integrity.md` says where a verdict differs from what was
 * expected.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row(
    'Y2-bookkeeping',
    'Y2: a malicious host against a guest that validates each page once: all hold.',
    {},
    [15_932, 106_146, 24],
    { 'a page that becomes private again is fresh': 8 },
  ),
  row(
    'Y2-ignores-unchanged',
    'Y2: the guest keeps book but does not mind that PVALIDATE 0 changes nothing: replayed.',
    { guest: 'ignores-unchanged' },
    [25_060, 167_676, 24],
    {
      'a gfn is validated on one page only': 8,
      'no silent remap': 10,
      'a read returns the last write': 11,
      'a page that becomes private again is fresh': 8,
    },
  ),
  row(
    'Y2-lazy',
    'Y2: the guest validates whatever raises #VC: the host replays old data.',
    { guest: 'lazy' },
    [35_772, 263_684, 24],
    {
      'a gfn is validated on one page only': 6,
      'no silent remap': 8,
      'a read returns the last write': 9,
      'a page that becomes private again is fresh': 8,
    },
  ),
  {
    ...row(
      'Y2-bookkeeping-2',
      'Y2 with two gfns.',
      { gfns: 2, conversions: 1 },
      [414_389, 3_892_530, 25],
      { 'a page that becomes private again is fresh': 8 },
    ),
    tier: 'large',
  },
  {
    ...row(
      'Y2-bookkeeping-3-pages',
      'Y2 with three pages.',
      { pages: 3 },
      [231_680, 2_307_120, 30],
      { 'a page that becomes private again is fresh': 8 },
    ),
    tier: 'large',
  },
  row(
    'Y3',
    'Y3, Y5: a host that keeps pages: the guest finds its own old data.',
    { host: 'keeps' },
    [169, 306, 14],
    { 'a page that becomes private again is fresh': 9 },
  ),
  row(
    'Y5-frees',
    'Y5: a host that frees and clears pages: they come back fresh.',
    { host: 'frees' },
    [373, 782, 16],
  ),
  row(
    'denies',
    'The host takes a page and gives none again: SNP promises no service.',
    { host: 'denies' },
    [41, 63, 7],
    { 'deadlock freedom': 5 },
  ),
  row(
    'Y4-keeps',
    'Y4: the guest does not rescind and minds unchanged entries: it terminates for nothing.',
    { guest: 'no-rescind', host: 'keeps' },
    [63, 84, 9],
    { 'the guest terminates only under attack': 7 },
  ),
  row(
    'Y4-keeps-ignores',
    'Y4: the guest does not rescind and does not mind unchanged entries.',
    { guest: 'no-rescind-ignores', host: 'keeps' },
    [169, 306, 14],
    { 'a page that becomes private again is fresh': 9 },
  ),
  row(
    'Y4-frees',
    'Y4: the guest does not rescind, the host frees pages: nothing to notice.',
    { guest: 'no-rescind', host: 'frees' },
    [373, 782, 16],
  ),
  row(
    'Y4-malicious',
    'Y4 and Y5 against a malicious host: who does not rescind is replayed.',
    { guest: 'no-rescind' },
    [27_130, 181_420, 24],
    {
      'a gfn is validated on one page only': 8,
      'no silent remap': 10,
      'a read returns the last write': 11,
      'a page that becomes private again is fresh': 9,
    },
  ),
  row(
    'no-gpa-check',
    'Hardware that does not compare the gpa: two gfns are swapped.',
    { hardware: 'no-gpa-check', gfns: 2, conversions: 0 },
    [126_881, 1_265_966, 20],
    {
      'a gfn is validated on one page only': 6,
      'no silent remap': 8,
      'a read returns the last write': 8,
    },
  ),
  row('no-rmp', 'SEV-ES: encryption without an RMP.', { hardware: 'no-rmp' }, [3607, 30_252, 16], {
    'no silent remap': 4,
    'a read returns the last write': 5,
    'a page that becomes private again is fresh': 7,
  }),
  row(
    'no-encryption',
    'An RMP without encryption: integrity, but no confidentiality.',
    { encryption: false },
    [13_692, 75_926, 24],
    { 'the host reads no plain text': 4, 'a page that becomes private again is fresh': 8 },
  ),
  {
    ...row(
      'Y2-bookkeeping-2-3',
      'Y2 with two gfns and three pages.',
      { gfns: 2, pages: 3, conversions: 1 },
      [11_838_177, 171_295_983, 29],
      { 'a page that becomes private again is fresh': 8 },
    ),
    tier: 'large',
  },
]
