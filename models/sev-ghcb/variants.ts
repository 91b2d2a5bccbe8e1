/** The variants, with verdicts and counts. `docs/models/snp-launch.md` explains them. */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('merged', 'Everything is read once and checked first.', {}, [1920, 19_488, 21]),
  row(
    'S3',
    'Corpus S3: the GHCB is read again after the check.',
    { ghcb: 'double-fetch' },
    [2016, 20_448, 21],
    { 'KVM uses the value that it validated': 3 },
  ),
  row(
    'Y15',
    'Y15: an entry is read again for the bookkeeping: harms the guest that rewrote it.',
    { psc: 'double-fetch-entry' },
    [2688, 27_168, 22],
    { 'what is reported as converted is converted': 5 },
  ),
  row(
    'Y15-end',
    'Y15: the last index is read again: out of bounds.',
    { psc: 'double-fetch-end' },
    [4800, 48_576, 25],
    { 'KVM stays inside of the buffer': 9 },
  ),
  row(
    'S7',
    'Corpus S7: AP creation changes its target before the request is validated.',
    { ap: 'side-effect' },
    [1920, 19_488, 21],
    { 'a refused request leaves its target as it was': 2 },
  ),
]
