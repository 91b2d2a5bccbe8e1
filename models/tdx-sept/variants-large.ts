/**
 * Larger scopes, for runs that may take longer.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'
const rows: readonly Variant<Parameters>[] = [
  row(
    'V1-2gfns-locks',
    'V1 with two gfns and the locks of the module.',
    { gfns: 2 },
    [4_848_005, 14_356_084, 116],
  ),
  row('V1-3vcpus', 'V1 with three vCPUs.', { vcpus: 3 }, [2_786_271, 10_436_489, 94]),
  row(
    'V1-3vcpus-2gfns',
    'V1 with three vCPUs and two gfns, without locks.',
    { vcpus: 3, gfns: 2, locks: false },
    [5_462_976, 19_351_109, 84],
  ),
  row(
    'V4-locks',
    'V4, the batch, with the locks of the module.',
    { zap: 'batch', gfns: 2 },
    [1_943_641, 5_723_555, 110],
  ),
  row(
    'V1-delete-locks',
    'V1-delete with the locks of the module.',
    { vmm: 'delete', gfns: 2, guest: 'benign' },
    [1_055_940, 3_305_210, 98],
  ),
]

/** The variants that the suite leaves out. */
export const largeVariants: readonly Variant<Parameters>[] = rows.map(variant => ({
  ...variant,
  tier: 'large',
}))
