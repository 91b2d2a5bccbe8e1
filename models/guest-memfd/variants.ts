/**
 * The variants: rows W1, W12 and W14 to W16 of the design notes with the verdict and the counts of
 * each. Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('W1-snp', 'W1: the kernel of v7.0, SNP.', {}, [10_150, 22_570, 49]),
  row('W1-tdx', 'W1: a TD.', { vm: 'tdx' }, [8273, 18_526, 46]),
  row('W1-sw', 'W1: a software-protected VM.', { vm: 'sw' }, [10_150, 22_570, 49]),
  row(
    'W1-6.18',
    'W1: the kernel of v6.18, SNP: up to date means prepared.',
    { uptodate: 'prepared' },
    [10_150, 22_570, 49],
  ),
  row(
    'owner-check',
    'Bind refuses the file of another VM: -EINVAL.',
    { foreign: true },
    [10_688, 24_096, 51],
  ),
  row('error', 'A page fails.', { memoryError: true, punches: 0 }, [10_106, 26_482, 42]),
  row(
    'error-no-check',
    'A page fails, and a fault does not look.',
    { memoryError: true, punches: 0, bug: 'no-hwpoison-check' },
    [12_286, 31_820, 42],
    { 'a poisoned page is not mapped when its error was handled': 16 },
  ),
  row(
    'W12',
    'W12: the folio is prepared after its lock was dropped.',
    { vcpus: 2, punches: 0, vm: 'sw', bug: 'prepare-outside-folio-lock' },
    [13_203, 40_756, 42],
    { 'clearing never hits guest content': 16 },
  ),
  row(
    'W12-locked',
    'W12 with the folio lock.',
    { vcpus: 2, punches: 0, vm: 'sw' },
    [9749, 29_618, 42],
  ),
  row(
    'W14',
    'W14: unbind returns early while the file is dying (before v6.18).',
    { punches: 0, bug: 'unbind-skips-dying' },
    [2011, 4064, 37],
    { 'no slot is freed while a binding leads to it': 11, 'no binding leads to a freed slot': 14 },
  ),
  row(
    'W14-fixed',
    'W14 with the fix: the bindings of a dying file go without its lock.',
    { punches: 0 },
    [1891, 3944, 37],
  ),
  row(
    'W15',
    'W15: bind without the invalidate lock: an end without a begin.',
    { bug: 'bind-no-lock' },
    [15_858, 35_562, 47],
    {
      'no mapping of a freed page': 14,
      'invalidations are balanced': 6,
      'clearing never hits guest content': 31,
      'a page of the guest is prepared at its first access': 15,
    },
  ),
  row(
    'W15-unbind',
    'W15: unbind without the invalidate lock: a begin without an end.',
    { bug: 'unbind-no-lock' },
    [10_656, 23_661, 48],
    { 'invalidations are balanced': 13 },
  ),
  row(
    'W16',
    'W16: a fault does not look at the sequence number.',
    { bug: 'no-seq-check' },
    [12_742, 28_508, 51],
    {
      'no mapping of a freed page': 15,
      'clearing never hits guest content': 33,
      'a page of the guest is prepared at its first access': 16,
    },
  ),
  row('W16-tdx', 'W16 of a TD.', { vm: 'tdx', bug: 'no-seq-check' }, [10_285, 23_199, 49], {
    'no mapping of a freed page': 15,
    "a page that was given back is the host's": 15,
  }),
  row(
    'W16-sw',
    'W16 of a software-protected VM.',
    { vm: 'sw', bug: 'no-seq-check' },
    [12_742, 28_508, 51],
    {
      'no mapping of a freed page': 15,
      'clearing never hits guest content': 33,
      'the guest reads no data of the host': 16,
    },
  ),
  row(
    'no-overlap-check',
    'Bind does not refuse an index that is bound: -EINVAL is missing.',
    { bug: 'no-overlap-check' },
    [30_634, 78_741, 55],
    {
      'no mapping of a freed page': 18,
      'clearing never hits guest content': 24,
      'a page of the guest is prepared at its first access': 19,
    },
  ),
  row(
    'no-owner-check',
    'Bind does not refuse the file of another VM: -EINVAL is missing.',
    { bug: 'no-owner-check' },
    [11_350, 24_875, 51],
    {
      'no mapping of a freed page': 16,
      'clearing never hits guest content': 35,
      'a page of the guest is prepared at its first access': 17,
    },
  ),
  row(
    'lock-order-release',
    'Release takes the invalidate lock first: whoever has slots_lock has a reference to the file.',
    { punches: 0, bug: 'release-invalidate-lock-first' },
    [2171, 4714, 37],
  ),
  row(
    'lock-order-bind',
    'Bind takes the invalidate lock before slots_lock.',
    { punches: 0, bug: 'bind-invalidate-lock-first' },
    [2117, 4525, 39],
    { 'deadlock freedom': 11 },
  ),
]
