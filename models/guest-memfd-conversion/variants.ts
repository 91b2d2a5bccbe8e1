/**
 * The variants: rows W1, W8 to W11 and W19 of the design notes with the verdict and the counts of
 * each. Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const late = { bind: 'late', design: 'implicit' } as const

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('W1', 'W1: explicit attributes, everything discarded.', {}, [100, 136, 12]),
  row('W1-sw', 'W1 of a software-protected VM.', { vm: 'sw' }, [50, 62, 11]),
  row('W1-touched', 'W1 while another vCPU touches the page.', { touches: true }, [116, 212, 13], {
    'a page is zero after its conversion': 8,
  }),
  row(
    'discard-first',
    'The old backing is discarded before the attribute is set.',
    { touches: true, order: 'discard-first' },
    [392, 740, 22],
    {
      'a gfn has one backing': 7,
      'a shared gfn has no private page': 11,
      'a page is zero after its conversion': 8,
    },
  ),
  row(
    'W8',
    'W8: pages are allocated before the file is bound: the notification is missed.',
    late,
    [325, 474, 14],
    {
      'a gfn has one backing': 4,
      'no conversion that the guest did not ask for': 3,
      'a page of the guest is prepared at its first access': 6,
      'a page is zero after its conversion': 9,
    },
  ),
  row(
    'W8-replay',
    'W8 with a replay under the lock of the registration.',
    { ...late, replay: 'locked' },
    [282, 412, 14],
    {
      'a gfn has one backing': 4,
      'no conversion that the guest did not ask for': 3,
      'a page is zero after its conversion': 9,
    },
  ),
  row(
    'W8-scan-first',
    'W8 with a replay that looks before it registers.',
    { ...late, replay: 'scan-first' },
    [366, 539, 16],
    {
      'a gfn has one backing': 6,
      "a page that was given back is the host's": 4,
      'no conversion that the guest did not ask for': 5,
      'an allocation is told once': 9,
      'a page of the guest is prepared at its first access': 8,
      'a page is zero after its conversion': 11,
    },
  ),
  row(
    'W8-register-first',
    'W8 with a replay that registers before it looks.',
    { ...late, replay: 'register-first' },
    [323, 478, 16],
    {
      'a gfn has one backing': 6,
      "a page that was given back is the host's": 5,
      'no conversion that the guest did not ask for': 5,
      'an allocation is told once': 4,
      'a page is zero after its conversion': 11,
    },
  ),
  row(
    'W8-merged',
    'W8 as merged: no notification, pages are prepared at their first use.',
    { bind: 'late' },
    [266, 374, 15],
    { 'a gfn has one backing': 4, 'a shared gfn has no private page': 1 },
  ),
  row(
    'W9',
    'W9: a stray fallocate of the implicit design converts the gfn.',
    { design: 'implicit', vm: 'sw', host: 'stray-fallocate' },
    [160, 209, 12],
    {
      'a gfn has one backing': 2,
      'no conversion that the guest did not ask for': 1,
      'an access reaches the backing that the guest means': 3,
      'a page is zero after its conversion': 7,
    },
  ),
  row(
    'W9-snp',
    'W9 of SNP: the access says its kind, and the exit repairs the slip.',
    { design: 'implicit', host: 'stray-fallocate' },
    [276, 402, 12],
    {
      'a gfn has one backing': 2,
      'no conversion that the guest did not ask for': 1,
      'a page is zero after its conversion': 7,
    },
  ),
  row(
    'W9-merged',
    'W9 as merged: a stray fallocate wastes memory.',
    { vm: 'sw', host: 'stray-fallocate' },
    [130, 166, 15],
    { 'a gfn has one backing': 2, 'a shared gfn has no private page': 1 },
  ),
  row('W9-merged-snp', 'W9 as merged, SNP.', { host: 'stray-fallocate' }, [260, 364, 16], {
    'a gfn has one backing': 2,
    'a shared gfn has no private page': 1,
  }),
  row(
    'W10-shared',
    'W10: the discard of shared memory is switched off.',
    { discard: 'private-only' },
    [232, 316, 17],
    { 'a gfn has one backing': 7, 'a page is zero after its conversion': 12 },
  ),
  row(
    'W10-lazy',
    'W10: discards are batched, at most one gfn waits for its own.',
    { discard: 'lazy', gfns: 2 },
    [91_280, 319_680, 38],
    {
      'a gfn has one backing': 6,
      'a shared gfn has no private page': 9,
      'a page is zero after its conversion': 10,
    },
  ),
  row(
    'W10-never',
    'W10: nothing is ever discarded.',
    { discard: 'never', gfns: 2 },
    [156_816, 456_192, 40],
    {
      'a gfn has one backing': 6,
      'a shared gfn has no private page': 9,
      'at most one gfn has two backings': 12,
      'a page is zero after its conversion': 10,
    },
  ),
  row(
    'W11',
    'W11: the implicit design: private memory is discarded by the conversion itself.',
    { design: 'implicit' },
    [88, 124, 12],
  ),
  row(
    'W11-shared',
    'W11 with the discard of shared memory switched off, which it allows.',
    { design: 'implicit', discard: 'private-only' },
    [180, 264, 14],
    { 'a gfn has one backing': 5, 'a page is zero after its conversion': 10 },
  ),
  row(
    'W19',
    'W19: the pending proposal without its guard: the host converts at will.',
    { design: 'pending', guard: false, vm: 'sw', host: 'at-will' },
    [294, 414, 17],
    {
      'private data stays out of shared memory': 8,
      'a gfn has one backing': 3,
      'a shared gfn has no private page': 7,
      'no conversion that the guest did not ask for': 1,
      'an access reaches the backing that the guest means': 3,
      'a page is zero after its conversion': 8,
    },
  ),
  row(
    'W19-guard',
    'W19: the pending proposal: the ioctl only completes what the guest asked.',
    { design: 'pending', vm: 'sw', host: 'at-will' },
    [120, 194, 12],
  ),
  row(
    'W19-merged',
    'W19 as merged: the host converts at will a software-protected VM.',
    { vm: 'sw', host: 'at-will' },
    [294, 414, 17],
    {
      'private data stays out of shared memory': 8,
      'a gfn has one backing': 3,
      'a shared gfn has no private page': 7,
      'no conversion that the guest did not ask for': 1,
      'an access reaches the backing that the guest means': 3,
      'a page is zero after its conversion': 8,
    },
  ),
  row(
    'W19-merged-snp',
    'W19 as merged, SNP: the access says its kind, and nothing leaks.',
    { host: 'at-will' },
    [472, 740, 18],
    {
      'a gfn has one backing': 4,
      'a shared gfn has no private page': 7,
      'no conversion that the guest did not ask for': 1,
      'a page is zero after its conversion': 8,
    },
  ),
]
