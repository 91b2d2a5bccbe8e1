/** The variants, with verdicts and counts. `docs/models/snp-launch.md` explains them. */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('merged', 'The kernel with all fixes.', {}, [624, 1224, 24]),
  row(
    'Y13',
    'Y13: a second SNP_LAUNCH_UPDATE of a page is not refused with -EEXIST.',
    { bug: 'no-assigned-check' },
    [1404, 2766, 32],
    { 'a page is measured once': 8, "a launched page stays the guest's": 7 },
  ),
  row(
    'Y14',
    'Y14: L3 without the immutable bit; a malicious host changes the page in between.',
    { host: 'malicious', bug: 'not-immutable' },
    [10_484, 33_463, 37],
    { 'the launched page is what was measured': 8 },
  ),
  row(
    'Y14-immutable',
    'Y14: with the bit the RMP refuses that.',
    { host: 'malicious' },
    [5424, 14_837, 37],
  ),
  row(
    'Y14-creating',
    'Y14-immutable while a vCPU is being created, without -EBUSY.',
    { host: 'malicious', creation: 'unchecked' },
    [5424, 14_645, 37],
  ),
  row(
    'S5',
    "Corpus S5: LAUNCH_FINISH again: the host writes to a VMSA that is the guest's.",
    { bug: 'vmsa-resync' },
    [808, 1488, 28],
    { "the host never writes to a guest's page": 9 },
  ),
  row(
    'S6',
    'Corpus S6: LAUNCH_FINISH without the vCPU mutexes: the VMSA is a mix.',
    { bug: 'vmsa-sync-unlocked' },
    [2160, 4804, 24],
    { 'the encrypted VMSA is one register state': 8 },
  ),
  row(
    'creating',
    'Corpus S6, negative control: LAUNCH_FINISH while a vCPU is being created harms nothing.',
    { creation: 'unchecked' },
    [624, 1200, 24],
  ),
  row(
    'reclaim-freed',
    'A page that firmware does not give back is freed in place of leaked.',
    { bug: 'failed-reclaim-freed' },
    [608, 1169, 24],
    { 'no assigned page is freed': 5 },
  ),
  row(
    'error-keeps-mutexes',
    'LAUNCH_FINISH that refuses a protected vCPU returns with the vCPU mutexes.',
    { bug: 'error-keeps-mutexes' },
    [648, 1240, 24],
    { 'deadlock freedom': 11 },
  ),
]
