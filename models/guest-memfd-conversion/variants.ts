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
  row('W1', 'W1: explicit attributes, everything discarded.', {}, [52, 70, 11]),
  row('W1-sw', 'W1 of a software-protected VM.', { vm: 'sw' }, [26, 32, 10]),
  row('W1-touched', 'W1 while another vCPU touches the page.', { touches: true }, [68, 122, 13], {
    'a page is zero after its conversion': 8,
  }),
  row(
    'discard-first',
    'The old backing is discarded before the attribute is set.',
    { touches: true, order: 'discard-first' },
    [232, 410, 22],
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
    [112, 158, 16],
    { 'a page of the guest is prepared at its first access': 5 },
  ),
  row(
    'W8-replay',
    'W8 with a replay under the lock of the registration.',
    { ...late, replay: 'locked' },
    [94, 131, 12],
  ),
  row(
    'W8-scan-first',
    'W8 with a replay that looks before it registers.',
    { ...late, replay: 'scan-first' },
    [118, 166, 14],
    { 'a page of the guest is prepared at its first access': 7 },
  ),
  row(
    'W8-register-first',
    'W8 with a replay that registers before it looks.',
    { ...late, replay: 'register-first' },
    [706, 1493, 17],
    {
      'a gfn has one backing': 3,
      "a page that was given back is the host's": 7,
      'no conversion that the guest did not ask for': 2,
      'an allocation is told once': 4,
      'a page of the guest is prepared at its first access': 5,
      'a page is zero after its conversion': 8,
    },
  ),
  row(
    'W8-merged',
    'W8 as merged: no notification, pages are prepared at their first use.',
    { bind: 'late' },
    [140, 189, 21],
    { 'a gfn has one backing': 3, 'a shared gfn has no private page': 1 },
  ),
  row(
    'W9',
    'W9: a stray fallocate of the implicit design converts the gfn.',
    { design: 'implicit', vm: 'sw', host: 'stray-fallocate' },
    [81, 105, 14],
    {
      'a gfn has one backing': 2,
      'no conversion that the guest did not ask for': 1,
      'an access reaches the backing that the guest means': 3,
      'a page is zero after its conversion': 8,
    },
  ),
  row(
    'W9-snp',
    'W9 of SNP: the access says its kind, and the exit repairs the slip.',
    { design: 'implicit', host: 'stray-fallocate' },
    [144, 210, 11],
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
    [69, 89, 19],
    { 'a gfn has one backing': 2, 'a shared gfn has no private page': 1 },
  ),
  row('W9-merged-snp', 'W9 as merged, SNP.', { host: 'stray-fallocate' }, [138, 194, 20], {
    'a gfn has one backing': 2,
    'a shared gfn has no private page': 1,
  }),
  row(
    'W10-shared',
    'W10: the discard of shared memory is switched off.',
    { discard: 'private-only' },
    [120, 162, 15],
    { 'a gfn has one backing': 7, 'a page is zero after its conversion': 12 },
  ),
  row(
    'W10-lazy',
    'W10: discards are batched, at most one gfn waits for its own.',
    { discard: 'lazy', gfns: 2 },
    [45_056, 135_392, 38],
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
    [46_656, 132_192, 38],
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
    [46, 64, 10],
  ),
  row(
    'W11-shared',
    'W11 with the discard of shared memory switched off, which it allows.',
    { design: 'implicit', discard: 'private-only' },
    [96, 138, 13],
    { 'a gfn has one backing': 5, 'a page is zero after its conversion': 10 },
  ),
  row(
    'W19',
    'W19: the pending proposal without its guard: the host converts at will.',
    { design: 'pending', guard: false, vm: 'sw', host: 'at-will' },
    [134, 191, 16],
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
    [64, 102, 11],
  ),
  row(
    'W19-merged',
    'W19 as merged: the host converts at will a software-protected VM.',
    { vm: 'sw', host: 'at-will' },
    [134, 191, 16],
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
    [272, 408, 16],
    {
      'a gfn has one backing': 4,
      'a shared gfn has no private page': 7,
      'no conversion that the guest did not ask for': 1,
      'a page is zero after its conversion': 8,
    },
  ),
]
