/**
 * The variants: rows W17 and W18 of the design notes and mutants of them, with the verdict and
 * the counts of each.
 * Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row(
    'in-place',
    'The proposal: references counted, content kept before the start only.',
    {},
    [78, 219, 11],
  ),
  row(
    'W17',
    'W17: a reference that the host kept is not looked for.',
    { references: 'unchecked' },
    [92, 286, 13],
    { 'the host never writes a page of the guest': 7 },
  ),
  row(
    'W17-early',
    'W17: references are counted before the page is unmapped.',
    { references: 'checked-first' },
    [100, 316, 15],
    { 'the host never writes a page of the guest': 8 },
  ),
  row(
    'again-keeps-lock',
    'The return of -EAGAIN forgets the invalidate lock: nobody gets it any more.',
    { references: 'keeps-lock' },
    [76, 183, 10],
    { 'deadlock freedom': 8 },
  ),
  row('W18', 'W18: content is kept after the start too.', { keeps: 'always' }, [99, 276, 18], {
    "private content is not the host's after the start": 8,
  }),
  row(
    'W18-never',
    'W18: content is never kept, so an image cannot get in this way.',
    { keeps: 'never' },
    [68, 199, 11],
  ),
  row(
    'at-will',
    'Userspace makes pages shared unasked, with their content.',
    { keeps: 'always', asks: false },
    [105, 300, 17],
    {
      "private content is not the host's after the start": 8,
      'private data stays out of shared memory': 9,
    },
  ),
  row(
    'at-will-scrubbed',
    'Userspace makes pages shared unasked; they are scrubbed.',
    { asks: false },
    [82, 235, 11],
  ),
]
