/**
 * The verdict table of the design notes: every guest program with every order of the host, with
 * and without a final resync. Each row decides contracts N, F and H at once. Awareness is a hint
 * here (plain SEV and SEV-ES), and the list is the one that the patches of 2021 kept in KVM.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from './row.js'
import type { Counts, Found } from './row.js'

type Cell = readonly [Parameters['guest'], Parameters['order'], boolean, Counts, Found]

const does: Readonly<Record<Parameters['guest'], string>> = {
  O1: 'call, flip, write',
  'O1+': 'private write, call, flip, write',
  'O1-bail': 'private write, call, and back: call',
  'O1-back': 'call, flip, write, and back: call, flip, write',
  O2: 'flip, write, call',
  O3: 'private write, flip, call',
  'O3-write': 'private write, flip, call, write',
  O4: 'flip, call, write',
  'O4+': 'private write, flip, call, write',
  'O4-bail': 'private write, flip, call, and back: flip, call',
  'O4-back': 'flip, call, write, and back: flip, call, write',
}

/** Depths: [N, F, H], 0 where the property holds. */
const cells: readonly Cell[] = [
  [
    'O1',
    'LD',
    false,
    [275, 430, 13],
    { R1: [10, 10, 10], reads: [12, 12, 12], R3: [10, 10, 10], R6: 6 },
  ],
  ['O1', 'LD', true, [276, 433, 13], { R1: [8, 8, 0], R3: [8, 8, 0], R6: 6 }],
  ['O1', 'DL', false, [198, 317, 12], { R3: [10, 0, 0] }],
  ['O1', 'DL', true, [202, 321, 12], { R1: [8, 8, 0], R3: [8, 8, 0] }],
  [
    'O1+',
    'LD',
    false,
    [419, 663, 14],
    { R1: [9, 9, 11], reads: [13, 13, 13], R3: [9, 9, 11], R6: 5 },
  ],
  ['O1+', 'LD', true, [418, 664, 14], { R1: [9, 9, 0], R3: [9, 9, 0], R6: 5 }],
  ['O1+', 'DL', false, [426, 686, 14], { R1: [9, 9, 0], R3: [9, 9, 0], R6: 5 }],
  ['O1+', 'DL', true, [428, 688, 14], { R1: [9, 9, 0], R3: [9, 9, 0], R6: 5 }],
  [
    'O1-bail',
    'LD',
    false,
    [159, 248, 12],
    { R1: [9, 9, 0], reads: [11, 11, 0], R3: [9, 9, 0], R6: 5 },
  ],
  [
    'O1-bail',
    'LD',
    true,
    [163, 252, 12],
    { R1: [9, 9, 0], reads: [11, 11, 0], R3: [9, 9, 0], R6: 5 },
  ],
  [
    'O1-bail',
    'DL',
    false,
    [181, 280, 12],
    { R1: [9, 9, 0], reads: [11, 11, 0], R3: [9, 9, 0], R6: 5 },
  ],
  [
    'O1-bail',
    'DL',
    true,
    [185, 284, 12],
    { R1: [9, 9, 0], reads: [11, 11, 0], R3: [9, 9, 0], R6: 5 },
  ],
  [
    'O1-back',
    'LD',
    false,
    [761, 1248, 17],
    { R1: [10, 10, 10], reads: [16, 16, 16], R3: [10, 10, 10], R6: 6 },
  ],
  ['O1-back', 'LD', true, [761, 1250, 17], { R1: [8, 8, 0], R3: [8, 8, 0], R6: 6 }],
  ['O1-back', 'DL', false, [644, 1059, 17], { R1: [12, 12, 0], R3: [10, 12, 0], R6: 8 }],
  ['O1-back', 'DL', true, [650, 1065, 17], { R1: [8, 8, 0], R3: [8, 8, 0], R6: 8 }],
  [
    'O2',
    'LD',
    false,
    [227, 353, 13],
    { R1: [9, 9, 9], reads: [12, 12, 0], R3: [9, 9, 9], R5: 2, R6: 7 },
  ],
  [
    'O2',
    'LD',
    true,
    [230, 356, 13],
    { R1: [9, 9, 9], reads: [12, 12, 0], R3: [9, 9, 9], R5: 2, R6: 7 },
  ],
  [
    'O2',
    'DL',
    false,
    [288, 447, 13],
    { R1: [9, 9, 9], reads: [12, 12, 0], R3: [9, 9, 9], R5: 2, R6: 7 },
  ],
  [
    'O2',
    'DL',
    true,
    [291, 450, 13],
    { R1: [9, 9, 9], reads: [12, 12, 0], R3: [9, 9, 9], R5: 2, R6: 7 },
  ],
  ['O3', 'LD', false, [245, 390, 13], { R3: [11, 0, 0], R6: 7 }],
  ['O3', 'LD', true, [248, 393, 13], { R3: [11, 0, 0], R6: 7 }],
  ['O3', 'DL', false, [311, 494, 13], { R3: [11, 0, 0], R6: 7 }],
  ['O3', 'DL', true, [314, 497, 13], { R3: [11, 0, 0], R6: 7 }],
  [
    'O3-write',
    'LD',
    false,
    [520, 836, 15],
    { R1: [12, 12, 12], reads: [14, 14, 14], R3: [11, 12, 12], R6: 7 },
  ],
  ['O3-write', 'LD', true, [518, 836, 15], { R3: [11, 0, 0], R6: 7 }],
  ['O3-write', 'DL', false, [563, 919, 15], { R3: [11, 0, 0], R6: 7 }],
  ['O3-write', 'DL', true, [564, 920, 15], { R3: [11, 0, 0], R6: 7 }],
  [
    'O4',
    'LD',
    false,
    [270, 420, 13],
    { R1: [10, 10, 10], reads: [12, 12, 12], R3: [10, 10, 10], R6: 6 },
  ],
  ['O4', 'LD', true, [269, 421, 13], { R3: [9, 0, 0], R6: 6 }],
  ['O4', 'DL', false, [193, 308, 12], { R3: [10, 0, 0] }],
  ['O4', 'DL', true, [195, 310, 12], { R3: [9, 0, 0] }],
  [
    'O4+',
    'LD',
    false,
    [405, 639, 14],
    { R1: [11, 11, 11], reads: [13, 13, 13], R3: [10, 11, 11], R6: 6 },
  ],
  ['O4+', 'LD', true, [403, 639, 14], { R3: [10, 0, 0], R6: 6 }],
  ['O4+', 'DL', false, [409, 658, 14], { R3: [10, 0, 0], R6: 6 }],
  ['O4+', 'DL', true, [410, 659, 14], { R3: [10, 0, 0], R6: 6 }],
  [
    'O4-bail',
    'LD',
    false,
    [207, 330, 14],
    { R1: [11, 0, 0], reads: [13, 0, 0], R3: [10, 0, 0], R6: 6 },
  ],
  [
    'O4-bail',
    'LD',
    true,
    [212, 335, 14],
    { R1: [11, 0, 0], reads: [13, 0, 0], R3: [10, 0, 0], R6: 6 },
  ],
  [
    'O4-bail',
    'DL',
    false,
    [236, 374, 14],
    { R1: [11, 0, 0], reads: [13, 0, 0], R3: [10, 0, 0], R6: 6 },
  ],
  [
    'O4-bail',
    'DL',
    true,
    [241, 379, 14],
    { R1: [11, 0, 0], reads: [13, 0, 0], R3: [10, 0, 0], R6: 6 },
  ],
  [
    'O4-back',
    'LD',
    false,
    [744, 1215, 17],
    { R1: [10, 10, 10], reads: [16, 16, 16], R3: [10, 10, 10], R6: 6 },
  ],
  ['O4-back', 'LD', true, [741, 1214, 17], { R3: [9, 0, 0], R6: 6 }],
  ['O4-back', 'DL', false, [613, 1007, 17], { R3: [10, 0, 0], R6: 9 }],
  ['O4-back', 'DL', true, [616, 1010, 17], { R3: [9, 0, 0], R6: 9 }],
]

/** The rows of the table; their names are `O1-LD`, `O1-LD-resync`, ... */
export const verdictTable: readonly Variant<Parameters>[] = cells.map(
  ([guest, order, resync, counts, found]) =>
    row(
      `${guest}-${order}${resync ? '-resync' : ''}`,
      `${guest} (${does[guest]}), ${order === 'LD' ? 'list before' : 'list after'} the dirty log` +
        `${resync ? ', resync' : ''}.`,
      { hypercall: 'kernel-list', guest, order, resync },
      counts,
      found,
    ),
)
