/**
 * The variants: the bugs M1, M2 and M4 with their fixes at the same scope, and everything at once.
 * Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

const noVcpu = { vcpus: 0, created: 0 } as const

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('merged', 'A move while the destination creates its vCPU.', {}, [97, 157, 15]),
  row(
    'merged-second',
    'A move while the destination creates a second vCPU.',
    { created: 2 },
    [170, 286, 18],
  ),
  row(
    'M1',
    'M1: a vCPU that was created for a plain VM comes online in an SEV-ES VM.',
    { vcpus: 0, bug: 'ignores-creating' },
    [113, 178, 15],
    { 'every vCPU of an SEV-ES VM has a VMSA': 10 },
  ),
  row('M1-fixed', 'M1, fixed: the move is refused.', { vcpus: 0 }, [103, 166, 15]),
  row(
    'M1-second',
    'M1 with the second vCPU of the destination: as many are online as in the source.',
    { created: 2, bug: 'ignores-creating' },
    [188, 312, 18],
    { 'every vCPU of an SEV-ES VM has a VMSA': 13 },
  ),
  row(
    'M1-counted',
    'M1 where the vCPU that is missing makes the numbers of online vCPUs differ: refused anyway.',
    { bug: 'ignores-creating' },
    [97, 157, 15],
  ),
  row(
    'M2',
    'M2: a VM that has a mirror is moved: the mirror keeps its reference on the empty source.',
    { ...noVcpu, mirror: true, mirrors: 'refuse', bug: 'moves-with-mirrors' },
    [288, 535, 19],
    { 'no VM runs with an ASID that was freed': 12 },
  ),
  row(
    'M2-fixed',
    'M2, fixed: a VM that has a mirror is not moved (v5.16).',
    { ...noVcpu, mirror: true, mirrors: 'refuse' },
    [253, 458, 19],
  ),
  row(
    'M2-transfer',
    'M2 as merged later (v5.18): the mirror moves to the destination.',
    { ...noVcpu, mirror: true, mirrorCloses: false },
    [144, 232, 15],
  ),
  row(
    'M2-transfer-closing',
    'The same while the mirror is closed: sev_vm_destroy has read the owner without a lock.',
    { ...noVcpu, mirror: true },
    [285, 518, 19],
    { 'no use of a freed VM': 13, 'references of a VM are balanced': 15 },
  ),
  row(
    'M4',
    'M4: two opposite moves without the flags: each holds the lock that the other one wants.',
    { ...noVcpu, opposite: true, bug: 'no-flags' },
    [82, 131, 15],
    { 'deadlock freedom': 4 },
  ),
  row(
    'M4-fixed',
    'M4, fixed: the second move fails with -EBUSY.',
    { ...noVcpu, opposite: true },
    [110, 177, 19],
  ),
  row(
    'M4-mirror',
    'A COPY without the flags: it takes one of the two locks only, so nothing is stuck.',
    { ...noVcpu, mirror: true, mirrorCloses: false, bug: 'no-flags' },
    [111, 186, 13],
  ),
  row(
    'all',
    'Two opposite moves, a mirror that moves with its owner, two vCPUs created.',
    { created: 2, opposite: true, mirror: true, mirrorCloses: false },
    [2086, 5117, 25],
  ),
  row(
    'all-refuse',
    'The same, a VM with a mirror is not moved, and the mirror is closed.',
    { created: 2, opposite: true, mirror: true, mirrors: 'refuse' },
    [3657, 9671, 29],
  ),
]
