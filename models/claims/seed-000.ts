/**
 * Claims of the discussion of KVM_MEM_ZAP_LEAFS_ONLY (May 2024), by model memslot-delete, with
 * mmio-generation and tdx-sept for what they model.
 */
import type { Claim, ClaimCase, ClaimVerdict } from 'zapcheck'

const seed = '000_3a12abd6a1035901.txt'

/** Names of properties, by the numbers of the design notes. */
const p1 = 'no stale mapping after deletion'
const p2 = 'no install after zap'
const p5 = 'flush before reuse'
const p7 = 'invalidated roots are zapped before the ioctl goes on'
const rootStays = 'private root never zapped'
const leavesFirst = 'leaves zapped before non-leaves'
const p9 = 'other slots untouched'
const staysAccepted = 'private pages of other slots stay accepted'
const p11 = 'no use of a freed memslot by a shadow page'
const bounded = 'no table outlives its root'
const idleStay = 'idle tables stay'
const typeFollows = 'no stale memory type after a deletion'
const noHole = 'no access in the hole'
const benign = 'a benign guest never hits a pending page'
const removal = 'the removal of a private page never fails'
const removes = 'TDH.MEM.PAGE.REMOVE succeeds'

/** A property of memslot-delete that the claim says to hold. */
function holds(variant: string, property: string, when: string): ClaimCase {
  return { model: 'memslot-delete', variant, property, predicts: 'holds', when }
}

/** The same of tdx-sept. */
function inSept(
  variant: string,
  property: string,
  predicts: ClaimCase['predicts'],
  when: string,
): ClaimCase {
  return { model: 'tdx-sept', variant, property, predicts, when }
}

/** A property of memslot-delete that the claim says to be violated. */
function breaks(variant: string, property: string, when: string): ClaimCase {
  return { model: 'memslot-delete', variant, property, predicts: 'violated', when }
}

function claim(
  id: string,
  text: string,
  expected: ClaimVerdict,
  cases: readonly ClaimCase[],
  why: string,
): Claim {
  return { id: `000-${id}`, seed, claim: text, expected, cases, why }
}

/** What each hypothesis for the bug with an assigned GPU breaks. */
const symptoms = [
  { hypothesis: 'H1', property: p5, what: 'a flush is missing' },
  { hypothesis: 'H2', property: p1, what: 'a root is not visited' },
  { hypothesis: 'H4', property: p1, what: 'a fault overtakes the deletion, without SRCU' },
  { hypothesis: 'H5', property: typeFollows, what: 'memory types of other slots are stale' },
  { hypothesis: 'H6', property: noHole, what: 'the slots are replaced under running vCPUs' },
  { hypothesis: 'H7', property: p1, what: 'a leaf of the slot is left out' },
] as const

/** The symptoms under one zap, as the claim predicts them. */
function underZap(
  zap: string,
  predicts: ClaimCase['predicts'],
  where: string,
  left: readonly string[] = [],
): readonly ClaimCase[] {
  return symptoms
    .filter(({ hypothesis }) => !left.includes(hypothesis))
    .map(({ hypothesis, property, what }) => ({
      model: 'memslot-delete',
      variant: `${hypothesis}-${zap}`,
      property,
      predicts,
      when: `${what} (${hypothesis}), ${where}`,
    }))
}

/** H3, which has a model of its own. */
function mmio(zap: 'fast' | 'leafs', predicts: ClaimCase['predicts'], where: string): ClaimCase {
  return {
    model: 'mmio-generation',
    variant: `H3-${zap}`,
    property: 'cached MMIO is used only where there is no memslot',
    predicts,
    when: `MMIO SPTEs outlive a wrap of their generation (H3), ${where}`,
  }
}

const aboutTables: readonly Claim[] = [
  claim(
    '01',
    'Today a deletion invalidates all page tables, and they are built again.',
    'confirmed',
    [
      holds('A1', p1, 'the fast zap works on the only vCPU MMU of a default VM'),
      holds('A1', p7, 'the fast zap returns'),
      breaks('A1', p9, 'another slot has mappings, which go as well'),
    ],
    'A1 is that deletion: it is safe, and mappings of other slots are faulted in again.',
  ),
  claim(
    '02',
    'To build tables again costs little; a leaf zap may be faster or not, the fast zap is for ' +
      'huge slots.',
    'undecidable',
    [],
    'It is about time. A model can count steps under mmu_lock, not what they cost.',
  ),
  claim(
    '03',
    'The root of the private page table has to stay as it is for the life of a TD.',
    'confirmed',
    [
      holds('C4', rootStays, 'the fast zap skips the mirror root'),
      holds('A3-tdx', rootStays, 'only leafs are zapped'),
      breaks('A2', rootStays, 'the fast zap includes the mirror root'),
      breaks('A2-twice', p1, 'the mirror root was invalidated before, and is still in use'),
      inSept('V1-delete', rootStays, 'holds', 'the deletion removes private leafs'),
      inSept('V7', rootStays, 'violated', 'it removes the whole mirror'),
    ],
    'A vCPU of a TD cannot load another private root, so one that is invalidated stays in use: ' +
      'the next deletion does not schedule it any more and leaves private mappings behind.',
  ),
  claim(
    '04',
    'Leafs of the private page table have to be zapped before what is above them.',
    'confirmed',
    [
      holds('A3-tdx', leavesFirst, 'only leafs are zapped'),
      breaks('A2-top-down', leavesFirst, 'the fast zap goes top-down through the mirror root'),
      breaks('A2', leavesFirst, 'it goes bottom-up, and a fault installs behind a pass'),
      inSept('V1-delete', removal, 'holds', 'leafs go first, and the TDX module looks'),
      inSept('V7-table-first', removal, 'violated', 'tables go first, and the module looks'),
      inSept('V7-unchecked', leavesFirst, 'violated', 'tables go first, and nobody looks'),
    ],
    'The order is what TDH.MEM.SEPT.REMOVE asks for; the leaf zap keeps it since it removes no ' +
      'table, the fast zap of a mirror root does not.',
  ),
  claim(
    '05',
    'To invalidate and build again is not viable for a TD.',
    'confirmed',
    [
      breaks('A2', rootStays, 'the fast zap includes the mirror root'),
      breaks('A2', leavesFirst, 'it includes the mirror root, as to the order'),
      breaks('A2', staysAccepted, 'it includes the mirror root, as to pages of other slots'),
    ],
    'A2 breaks all three demands.',
  ),
  claim(
    '06',
    'Private pages have to be accepted again after a zap, so other slots must not be touched.',
    'confirmed',
    [
      holds('A3-tdx', staysAccepted, 'only leafs of the slot are zapped'),
      holds('C4', staysAccepted, 'shared tables are built again, private leafs zapped'),
      breaks('A2', staysAccepted, 'everything is zapped'),
      inSept('V1-delete', benign, 'holds', 'a benign guest uses another slot meanwhile'),
      inSept('V7', benign, 'violated', 'it does so, and the whole mirror is zapped'),
    ],
    'A page that is removed and added again is pending, and the guest of slot B does not know.',
  ),
  claim(
    '07',
    'Zapping what is not a leaf is not required: at worst unused tables lie around.',
    'depends',
    [
      holds('A3', p1, 'the tables are of the TDP MMU'),
      holds('A3', bounded, 'the tables are of the TDP MMU, as to their number'),
      holds('A3-tdx', p1, 'the tables are those of a TD'),
      holds('B3-rc', p11, 'the tables are shadow pages, as in 6.12-rc'),
      holds('C5', 'the NX recovery worker finds the memslot', 'the table is on the NX list'),
    ],
    'An unused table of the TDP MMU does no harm in itself. A shadow page is counted in the slot ' +
      'and outlives it; a table on the list of the NX recovery makes the worker look for the slot.',
  ),
  {
    ...claim(
      '08',
      'Unused tables lie around until they are recycled due to age.',
      'refuted',
      [
        breaks('A3', idleStay, 'the tables are of the TDP MMU'),
        breaks('A3-tdx', idleStay, 'the tables are of the TDP MMU, direct or mirror'),
        breaks('P12-tdp', idleStay, 'the tables are of the TDP MMU, and there is a shrinker'),
        breaks('P12-shrinker', idleStay, 'the tables are shadow pages, before v6.13'),
        breaks('C5', idleStay, 'the tables stand in for an NX huge page'),
      ],
      'No action frees an idle table of a live root in the variants of the TDP MMU. The shrinker ' +
        'before v6.13 recycles shadow pages, the oldest first, and nothing else.',
    ),
    otherwise: {
      verdict: 'depends',
      why:
        'The notes speak of TDP and mirror tables, for which the run agrees, with one exception ' +
        'that the notes do not have: the NX recovery worker takes tables off its list in the ' +
        'order of their age, whether they are in use or idle. The claim is right for those, and ' +
        'for shadow pages before v6.13. No mirror table is on the list.',
    },
  },
  claim(
    '09',
    'It is enough to flush before the unlock if the unmap says so.',
    'confirmed',
    [
      holds('A3', p5, 'the zap flushes before it unlocks'),
      holds('notifier-leafs', p5, 'the zap flushes before it unlocks, with a notifier'),
      breaks('B6', p5, 'the zap does not flush'),
      breaks('B6-unlock', p5, 'it flushes after the unlock, with a notifier in between'),
      breaks('B6-yield', p5, 'it drops the lock with a flush owed'),
    ],
    'Each way to flush less than that lets a vCPU reach a reused page through its TLB.',
  ),
  claim(
    '10',
    'A leaf zap needs mmu_lock held for write.',
    'depends',
    [
      holds('A3', p1, 'the lock is held for write'),
      breaks('A3-read-lock', p1, 'it is held for read, and the leafs are in direct roots'),
      inSept('V4-two-tasks', removal, 'holds', 'it is held for write, and the pages are private'),
      inSept('V4-read-lock', removal, 'violated', 'it is held for read, and they are private'),
    ],
    'In a direct root the lock for read is enough: SRCU keeps faults of the slot away, a cmpxchg ' +
      'keeps entries whole. The removal of private pages needs the rule, since track and kick of ' +
      'two tasks would interleave; KVM_BUG_ON checks it.',
  ),
]

const aboutChoices: readonly Claim[] = [
  claim(
    '11',
    'Userspace has to set the flag for every slot with guest_memfd of a TD, else -EINVAL.',
    'confirmed',
    [
      holds('C1', p1, 'a private slot without the flag is refused'),
      holds('C1', rootStays, 'a private slot without the flag is refused, as to the root'),
      breaks('C1-unchecked', p1, 'it is accepted'),
    ],
    'Without the check a private slot can be deleted by a fast zap that skips its mappings. The ' +
      'check is not enough for a fast zap that includes the mirror root: a shared slot needs no ' +
      'flag, and its deletion breaks the private half (C1-fast-all).',
  ),
  claim(
    '12',
    'The flag has to be refused when the TDP MMU is off.',
    'confirmed',
    [
      holds('C1-shadow', p1, 'the flag is refused with ept=0'),
      breaks('B3-seed-shadow', p1, 'it is accepted with ept=0, and the zap does nothing'),
    ],
    'The check does what it is for. It does not see a nested guest, for which the shadow MMU is ' +
      'in use while the TDP MMU is on (C1-nested).',
  ),
  claim(
    '13',
    'The flag of an existing slot must not be changed.',
    'confirmed',
    [holds('C1', p1, 'a change is refused'), breaks('C1-toggle', p1, 'the flag can be taken away')],
    'A private slot that loses the flag is deleted by a fast zap that skips its mappings.',
  ),
  claim(
    '14',
    'The flag is in common code without a guard: other architectures accept and ignore it.',
    'confirmed',
    [
      breaks('C1-ignored', p9, 'the slot has the flag on such an architecture'),
      holds('C1-ignored', p1, 'the slot has the flag there, as to its own mappings'),
    ],
    'A slot with the flag is deleted like any other: safe, and not what userspace asked for.',
  ),
  claim(
    '15',
    'A leaf zap that is generic need not be tied to the TDP MMU.',
    'depends',
    [
      holds('B3-seed', p1, 'the zap is that of the patch'),
      holds('B3-rc', p11, 'it walks rmaps, and shadow pages stay'),
      holds('B3-merged', p1, 'it zaps shadow pages of the slot as well'),
      holds('B3-merged', p11, 'it zaps shadow pages of the slot as well, as to their metadata'),
    ],
    'Leafs alone are not enough for a shadow MMU; the merged form, which zaps the shadow pages ' +
      'of the slot, is fine for any MMU.',
  ),
  claim(
    '16',
    'Userspace need not be involved: KVM can choose the leaf zap for a TD by itself.',
    'confirmed',
    [
      holds('C2', p1, 'the VM type decides'),
      holds('C2', rootStays, 'the VM type decides, as to the root'),
      holds('C2', staysAccepted, 'the VM type decides, as to pages of other slots'),
    ],
    'C2 keeps what C1 keeps, even with a fast zap that includes the mirror root, and there is ' +
      'no input to get wrong.',
  ),
  claim(
    '17',
    'For a default VM the flag can be a hint; a TD has a hard requirement.',
    'confirmed',
    [
      holds('any-default', p1, 'KVM chooses any zap for a default VM'),
      holds('any-default', p5, 'KVM chooses any zap for a default VM, as to TLBs'),
      holds('any-default-twice', p1, 'KVM chooses again at each deletion'),
      breaks('any-tdx', rootStays, 'KVM chooses any zap for a TD'),
      breaks('any-tdx', staysAccepted, 'KVM chooses any zap for a TD, as to other slots'),
    ],
    'A free choice keeps every property of a default VM and breaks those of a TD.',
  ),
  claim(
    '18',
    'That everything is zapped need be guaranteed for the default VM type only.',
    'confirmed',
    [
      breaks('C2-default', p9, 'the VM is a default VM, whose mappings all go'),
      holds('C2-default', p1, 'the VM is a default VM'),
      holds('C2', p1, 'the VM is a TD, which gets the leaf zap'),
    ],
    'The safety of it is decided; whether userspace relies on the guarantee is not modelled.',
  ),
  claim(
    '19',
    'Other VM types can have a precise zap of small shared slots.',
    'confirmed',
    [
      {
        model: 'memslot-delete',
        variant: 'A3-sev',
        predicts: 'holds',
        when: 'an SEV VM deletes a slot',
      },
    ],
    'An SEV VM has direct roots only, so the leaf zap is the one of a default VM.',
  ),
  claim(
    '25',
    'A quirk: leaf zap by default, the old behaviour for who asks for it.',
    'confirmed',
    [
      holds('C3-default', p1, 'userspace enables or disables the quirk'),
      holds('C3-default', p5, 'userspace enables or disables the quirk, as to TLBs'),
    ],
    'Both sides of the quirk are safe for a default VM.',
  ),
  claim(
    '27',
    'A TD must have the quirk disabled, or start with it disabled.',
    'confirmed',
    [
      breaks('C3-quirk-only', p1, 'only the quirk is tested, and userspace leaves it enabled'),
      breaks('C3-quirk-only-fast-all', rootStays, 'the same, and the fast zap includes mirrors'),
      holds('C3', p1, 'the VM type is tested as well'),
      holds('C3', rootStays, 'the VM type is tested as well, as to the root'),
    ],
    'The merged test, VM type and quirk, is such a start; the quirk alone leaves it to userspace.',
  ),
  claim(
    '28',
    'With the quirk disabled KVM may choose the zap for each deletion.',
    'confirmed',
    [
      holds('any-default', p1, 'KVM chooses'),
      holds('any-default', p7, 'KVM chooses, as to invalid roots'),
      holds('any-default-twice', p5, 'KVM chooses again, as to TLBs'),
    ],
    'As 000-17 for a default VM.',
  ),
]

const aboutGpu: readonly Claim[] = [
  claim(
    '20',
    'Building all shared tables again and zapping private leafs exempts a TD from the GPU bug.',
    'depends',
    [
      ...underZap('hybrid-shared', 'holds', 'slot A shared, hybrid zap'),
      ...underZap('hybrid-private', 'holds', 'slot A private, hybrid zap', ['H1', 'H5', 'H6']),
      holds('H1-hybrid-private', removes, 'a flush is missing (H1), slot A private, hybrid zap'),
    ],
    'It does if the defect is in what a leaf zap leaves in shared tables. It does not if private ' +
      'leafs are left behind (H2, H7) or slots are replaced under running vCPUs (H6). A missing ' +
      'flush of a private page is found by the TDX module, which costs the VM.',
  ),
  claim(
    '21',
    'A default VM can be configured to hit the GPU bug with the flag.',
    'depends',
    [
      ...underZap('leafs', 'violated', 'leaf zap'),
      ...underZap('fast', 'holds', 'fast zap'),
      mmio('leafs', 'violated', 'leaf zap'),
      mmio('fast', 'holds', 'fast zap'),
    ],
    'Every hypothesis but H6 is masked by the fast zap and shows with a leaf zap; under H6 the ' +
      'zap makes no difference, so the flag would not bring the bug about.',
  ),
  claim(
    '22',
    'A TD with a passed-through GPU may hit the bug with the flag and with a choice by VM type.',
    'confirmed',
    [
      breaks('H5-C1', typeFollows, 'the flag chooses, and memory types are stale (H5)'),
      breaks('H5-C2', typeFollows, 'the VM type chooses, and memory types are stale (H5)'),
    ],
    'Both choose the same zap, so no defect of it tells them apart.',
  ),
  claim(
    '23',
    'The GPU bug may be that a guest reaches a page that it must not.',
    'depends',
    [
      breaks('A3', p5, 'the zap is as merged'),
      breaks('A3-tdx', p5, 'the zap is as merged, for a TD'),
      breaks('H1-leafs', p5, 'a flush is missing (H1)'),
      breaks('H2-leafs', p5, 'a root is not visited (H2)'),
      breaks('H4-leafs', p5, 'a fault overtakes the deletion (H4)'),
      breaks('H5-leafs', p5, 'memory types are stale (H5)'),
      breaks('H6-leafs', p5, 'slots are replaced under running vCPUs (H6)'),
      breaks('H7-leafs', p5, 'a leaf is left out (H7)'),
    ],
    'As merged no schedule does it. Under H1, H2, H4 and H7 a guest reaches a reused page, under ' +
      'H5 and H6 it misbehaves without.',
  ),
  claim(
    '24',
    'The problem is limited to shared memory with VFIO and does not affect private memory.',
    'depends',
    [
      ...underZap('leafs-private', 'holds', 'leaf zap of a private slot', ['H1', 'H5', 'H6']),
      holds('H1-leafs-private', p5, 'a flush is missing (H1), leaf zap of a private slot'),
      holds('H5-hybrid-private', typeFollows, 'memory types are stale (H5), private leafs zapped'),
    ],
    'Memory types are no matter of private memory, and the TDX module finds a missing flush. A ' +
      'root or leaf left out, or no SRCU, affects private pages as well.',
  ),
  claim(
    '26',
    'A quirk has the same problem: nobody knows when it is safe to disable it.',
    'depends',
    [
      breaks('A3', p5, 'none of the hypotheses is true'),
      ...underZap('leafs', 'violated', 'the quirk is disabled'),
    ],
    'With the quirk disabled every hypothesis shows; if none of them is true, nothing does.',
  ),
  claim(
    '29',
    'QEMU pauses vCPUs while it updates slots, so the old bug may not be visible any more.',
    'depends',
    underZap('leafs-paused', 'holds', 'vCPUs are paused from the deletion to the next creation'),
    'The pause hides what needs a vCPU at work in between: H6, and H4 since no fault is under ' +
      'way. H1, H2, H5 and H7 outlast it.',
  ),
  claim(
    '30',
    'The bug is probably gone in the latest KVM and QEMU.',
    'undecidable',
    [],
    'Its cause was never found; a model can say what each supposed cause would do, not which ' +
      'one was the cause.',
  ),
]

const aboutProtocol: readonly Claim[] = [
  claim(
    '31',
    'A slot that is moved or deleted is INVALID first, with SRCU, so that no SPTE appears anew.',
    'confirmed',
    [
      holds('A3', p2, 'INVALID is published, SRCU synchronized, then the zap runs'),
      holds('move', p2, 'the slot is moved'),
      breaks('B1-leafs', p2, 'SRCU is not synchronized'),
      breaks('B11-leafs', p2, 'the zap comes before INVALID is published'),
    ],
    'Each part is needed, and together they are enough.',
  ),
  claim(
    '32',
    'An ioctl that fails in kvm_arch_prepare_memory_region has changed nothing.',
    'refuted',
    [
      holds('B8-fast', 'a failed ioctl takes no mapping', 'a MOVE fails after the fast zap'),
      holds('B8-leafs', 'a failed ioctl takes no mapping', 'a MOVE fails after the leaf zap'),
    ],
    'MOVE zaps before it prepares. It is benign as merged: slots with guest_memfd are not moved, ' +
      'and mappings of shared slots are faulted in again (B8-tdx); it would not be for private ' +
      'pages (B8-gmem). A CREATE that fails has zapped nothing.',
  ),
]

/** The claims, in the order of their ids. */
export const seed000: readonly Claim[] = [
  ...aboutTables,
  ...aboutChoices,
  ...aboutGpu,
  ...aboutProtocol,
].sort((a, b) => a.id.localeCompare(b.id))
