/** The variants: kernels, and each check left out. */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

const seed = { abi: 'seed' } as const
const mapping = 'a failed ioctl takes no mapping'
const content = 'a failed ioctl takes no private page'
const immutable = 'guest_memfd of a slot never changes'
const live = 'a binding leads to a slot that is there'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row(
    'merged',
    'A TD as merged (v6.19): only a MOVE that fails late is not neutral.',
    {},
    [3541, 5376, 8],
    { [mapping]: 7 },
  ),
  row('merged-default', 'A default VM as merged.', { vm: 'default' }, [2881, 4384, 7], {
    [mapping]: 7,
  }),
  row(
    'merged-6.18',
    'A TD before v6.19: a request without GUEST_MEMFD takes it from the slot.',
    { gmemToggle: 'accepted' },
    [7143, 10_869, 18],
    { [immutable]: 6, [live]: 6, [mapping]: 7, [content]: 8 },
  ),
  row(
    'prepare-first',
    'If a MOVE called kvm_prepare_memory_region before the zap.',
    { prepare: 'before-zap' },
    [3493, 5328, 8],
  ),
  row('seed', 'The patch: a TD, with the check of v6.19.', seed, [6268, 9531, 8], { [mapping]: 7 }),
  row(
    'seed-6.10',
    'The patch on the kernel of its time.',
    { ...seed, gmemToggle: 'accepted' },
    [12_594, 19_176, 18],
    { [immutable]: 6, [live]: 6, [mapping]: 7, [content]: 8 },
  ),
  row('seed-default', 'The patch: a default VM.', { ...seed, vm: 'default' }, [5597, 8520, 7], {
    [mapping]: 7,
  }),
  row(
    'seed-no-tdp-mmu',
    'The patch where the TDP MMU is off.',
    { ...seed, vm: 'default', tdpMmu: false },
    [2893, 4408, 7],
    { [mapping]: 7 },
  ),
  row(
    'seed-other-arch',
    'The patch on an architecture without the zap: accepted and ignored.',
    { ...seed, vm: 'default', arch: 'other' },
    [4405, 6728, 7],
    { 'no slot has the flag where nothing heeds it': 2, [mapping]: 7 },
  ),
  row(
    'seed-other-arch-guarded',
    'The same with the guard that a reviewer asked for.',
    { ...seed, vm: 'default', arch: 'other', archGuard: true },
    [2269, 3464, 7],
    { [mapping]: 7 },
  ),
  row(
    'merged-other-arch',
    'As merged on another architecture.',
    { vm: 'default', arch: 'other' },
    [2269, 3464, 7],
    { [mapping]: 7 },
  ),
  row(
    'no-td-check',
    'The patch without its check for TDs.',
    { ...seed, bug: 'td-without-flag' },
    [6916, 10_503, 8],
    { 'a TD has no slot with guest_memfd but without the flag': 3, [mapping]: 7 },
  ),
  row(
    'no-flag-toggle-check',
    'The patch without the check that the flag stays.',
    { ...seed, bug: 'flag-toggle' },
    [6492, 10_011, 8],
    { 'the flag of a slot never changes': 5, [mapping]: 7 },
  ),
  row(
    'no-tdp-mmu-check',
    'The patch without its check for the TDP MMU.',
    { ...seed, vm: 'default', tdpMmu: false, bug: 'flag-without-tdp-mmu' },
    [5597, 8520, 7],
    { 'no slot has the flag where the TDP MMU is off': 2, [mapping]: 7 },
  ),
  row(
    'no-tdp-mmu-toggle',
    'The flag is toggled where the TDP MMU is off: FLAGS_ONLY is not checked by the architecture.',
    { ...seed, vm: 'default', tdpMmu: false, bug: 'flag-toggle' },
    [5853, 8960, 10],
    {
      'the flag of a slot never changes': 5,
      'no slot has the flag where the TDP MMU is off': 5,
      [mapping]: 7,
    },
  ),
  row(
    'no-gmem-modify-check',
    'GUEST_MEMFD in a request for an existing slot: other checks refuse it since v6.19.',
    { bug: 'gmem-modify' },
    [3541, 5376, 8],
    { [mapping]: 7 },
  ),
  row(
    'no-gmem-modify-check-6.18',
    'The same before v6.19.',
    { gmemToggle: 'accepted', bug: 'gmem-modify' },
    [7515, 11_449, 18],
    { [immutable]: 5, [live]: 6, [mapping]: 7, [content]: 8 },
  ),
  row(
    'no-gmem-log-dirty-check',
    'LOG_DIRTY_PAGES together with GUEST_MEMFD.',
    { bug: 'gmem-log-dirty' },
    [4195, 6357, 8],
    { 'a slot with guest_memfd is neither logged nor read-only': 3, [mapping]: 7 },
  ),
  row(
    'no-gmem-readonly-check',
    'READONLY together with GUEST_MEMFD.',
    { bug: 'gmem-readonly' },
    [4195, 6357, 8],
    { 'a slot with guest_memfd is neither logged nor read-only': 3, [mapping]: 7 },
  ),
  row(
    'no-alignment-check',
    'Addresses and sizes that are not multiples of a page.',
    { bug: 'no-alignment' },
    [3550, 5399, 8],
    { 'a slot consists of whole pages': 2, [mapping]: 7 },
  ),
  row(
    'no-delete-check',
    'DELETE of a slot that is not there.',
    { bug: 'delete-missing' },
    [3542, 5378, 8],
    { [mapping]: 7, 'only a slot that is there is deleted': 2 },
  ),
  row(
    'no-region-check',
    'Another address or size for an existing slot.',
    { bug: 'region-change' },
    [3553, 5408, 8],
    { 'address and size of a slot never change': 5, [mapping]: 7 },
  ),
  row(
    'no-readonly-toggle-check',
    'READONLY of an existing slot is toggled.',
    { bug: 'readonly-toggle' },
    [3653, 5616, 8],
    { 'read-only of a slot never changes': 5, [mapping]: 7 },
  ),
  row(
    'no-overlap-check',
    'A slot at the gfn of another one.',
    { bug: 'overlap' },
    [5295, 8097, 8],
    { 'slots do not overlap': 2, [mapping]: 7 },
  ),
  row(
    'no-max-gfn-check',
    'A slot above the highest gfn; a MOVE does not fail late with -EINVAL any more.',
    { bug: 'max-gfn' },
    [5193, 7942, 8],
    { 'no slot is above the highest gfn': 2, [mapping]: 7 },
  ),
  row(
    'any-fd',
    'Any file is taken for a guest_memfd of this VM with room.',
    { bug: 'any-fd' },
    [3869, 5869, 8],
    { 'a slot is bound to a range of its own in a file of its VM': 2, [mapping]: 7 },
  ),
  row(
    'no-unbind',
    'A late error does not unbind the file.',
    { bug: 'no-unbind' },
    [6429, 9775, 11],
    { [live]: 3, 'a refused call leaves no binding behind': 3, [mapping]: 7 },
  ),
  row(
    'no-reactivate',
    'After a late error of a MOVE the old slot does not come back.',
    { bug: 'no-reactivate' },
    [4743, 7369, 10],
    { 'a refused call changes no slot': 6, [mapping]: 7 },
  ),
  row(
    'keeps-slots-lock',
    'A call that finds no memory returns without mutex_unlock: the next one waits for ever.',
    { bug: 'keeps-slots-lock' },
    [3562, 5386, 8],
    { [mapping]: 7, 'deadlock freedom': 3 },
  ),
]
