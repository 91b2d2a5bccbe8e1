/**
 * Claims of the discussion of KVM_GET_SHARED_PAGES_LIST (v10, March 2021), and the finding about
 * the final resync.
 */
import type { Claim, ClaimCase } from 'zapcheck'
import type { Contract } from '../sev-migration/state.js'

const seed = '001_331278306b6ce1e4.txt'

const machineCheck = 'no shared access to private memory'
const knows = 'the host knows the kind of each write'
const rmpTells = 'the RMP tells which gfns are shared'
const rightList = 'the list is right when it is used'

/** A case of the model sev-migration: a variant, a property, what the claim predicts, when. */
function of(
  variant: string,
  property: string,
  predicts: ClaimCase['predicts'],
  when: string,
): ClaimCase {
  return { model: 'sev-migration', variant, property, predicts, when }
}

/** Nothing is lost that the contract has not given up, in every one of the variants. */
function kept(contract: Contract, variants: readonly string[], when: string): ClaimCase[] {
  return variants.map(v => of(v, `transparent under contract ${contract}`, 'holds', when))
}

/** Something is lost in every one of the variants. */
function lost(contract: Contract, variants: readonly string[], when: string): ClaimCase[] {
  return variants.map(v => of(v, `transparent under contract ${contract}`, 'violated', when))
}

const callsFirst = ['O1-DL', 'O1+-DL', 'O4-DL', 'O4+-DL', 'O3-write-DL', 'O4-back-DL']
const listsFirst = ['O1-LD', 'O1+-LD', 'O4-LD', 'O4+-LD', 'O3-write-LD', 'O4-back-LD']
const convertsLast = ['O2-LD', 'O2-LD-resync', 'O2-DL', 'O2-DL-resync']

/** The claims of seed 001. */
export const seed001Claims: readonly Claim[] = [
  {
    id: '001-01',
    seed,
    claim: 'With a hypercall that does nothing by default a guest is safe only if its VMM helps.',
    expected: 'confirmed',
    cases: [
      ...lost('H', ['X6-nop', 'X6-nop-O1'], 'the call succeeds and nobody keeps the status'),
      ...kept('H', ['merged'], 'userspace is told of each call'),
      ...kept('H', ['X6-enosys'], 'the call fails, so that the guest does not offer to migrate'),
    ],
    why:
      'If nobody keeps the status each shared page is sent as private, without any race. The ' +
      'guest has to learn from the result of the call that nobody does.',
  },
  {
    id: '001-02',
    seed,
    claim: 'SNP needs no hypercall on the status of a page: KVM can read it from the RMP.',
    expected: 'depends',
    cases: [
      ...kept('H', ['HW-at-send'], 'each page is looked up when it is sent'),
      {
        model: 'snp-rmp',
        variant: 'Y18-rmp-lock',
        property: rmpTells,
        predicts: 'holds',
        when: 'the VMM frees the private page of a gfn that becomes shared',
      },
      {
        model: 'snp-rmp',
        variant: 'Y18-rmp-lock-keep',
        property: rmpTells,
        predicts: 'holds',
        when: 'the VMM keeps the private page (lazy RMP)',
      },
      {
        model: 'snp-rmp',
        variant: 'Y18-rmp-lock',
        property: rightList,
        predicts: 'holds',
        when: 'no RMPUPDATE can happen while the RMP is read',
      },
      {
        model: 'snp-rmp',
        variant: 'Y18',
        property: rightList,
        predicts: 'holds',
        when: 'the RMP is read without a lock',
      },
    ],
    why:
      'Attributes change at once, the RMP at the first fault and when the page is freed: a page ' +
      'that is kept stays assigned although its gfn is shared. A walk without a lock gives a ' +
      'list that is old when it is used; looking each page up when it is sent does not need one.',
  },
  {
    id: '001-03',
    seed,
    claim: 'To read the status from the RMP means to lock the RMP for the whole walk.',
    expected: 'confirmed',
    cases: [
      {
        model: 'snp-rmp',
        variant: 'Y18',
        property: rightList,
        predicts: 'violated',
        when: 'no lock is held',
      },
      {
        model: 'snp-rmp',
        variant: 'Y18-slots-lock',
        property: rightList,
        predicts: 'violated',
        when: 'slots_lock is held',
      },
      {
        model: 'snp-rmp',
        variant: 'Y18-rmp-lock',
        property: rightList,
        predicts: 'holds',
        when: 'every RMPUPDATE is locked out during the walk',
      },
    ],
    why:
      'slots_lock stops conversions, but not the RMPUPDATE of a page fault; no lock that KVM has ' +
      'does. What the walk costs is not a matter of model checking.',
  },
  {
    id: '001-04',
    seed,
    claim: 'The hypercall of TDX is a hint only; trusted, it lets a guest cause #MC in the host.',
    expected: 'confirmed',
    cases: [
      of('HW-trusts-hint', machineCheck, 'violated', 'the host reads the page after the call'),
      of('HW-zap-first', machineCheck, 'holds', 'the private mapping goes first'),
      of('HW-zap-first-at-send', machineCheck, 'holds', 'the status is read again for each send'),
      {
        model: 'tdx-sept',
        variant: 'V1-convert',
        property: 'the host has no page of the TD',
        predicts: 'holds',
        when: 'the page leaves the Secure-EPT before the host gets it',
      },
    ],
    why:
      'Between the call and the removal of the private mapping the page still belongs to the TD. ' +
      'A list that was taken before the guest converted the page back is an old hint, and as bad ' +
      '(HW-zap-first-back).',
  },
  {
    id: '001-05',
    seed,
    claim: 'An exit to userspace is enough: KVM need not keep a list.',
    expected: 'confirmed',
    cases: kept('H', ['merged', 'X3-O1', 'X3-O4', 'X3-O4+'], 'userspace keeps the status itself'),
    why:
      'The migration reads the status when it sends; a later change is followed by a write, ' +
      'which makes the page dirty again, or gives the data up.',
  },
  {
    id: '001-06',
    seed,
    claim: 'With a list in KVM, userspace has to take it after every dirty log.',
    expected: 'depends',
    cases: [
      ...lost('H', ['O4-LD'], 'the list is taken before the dirty log'),
      ...lost('H', ['X4-last-list'], 'an old list is what the destination gets'),
      ...lost(
        'N',
        ['X4-O1', 'X4-O4', 'X4-O4+', 'X4-O4-back'],
        'the list is left out only where no page is dirty',
      ),
    ],
    why:
      'A page that is converted and not written keeps what was sent of it, and that is right ' +
      'also under contract N. Only pages that are sent need a list, taken after the dirty log; ' +
      'and the destination needs the status of all pages. The design notes expected a need under ' +
      'contract N: no program shows one.',
  },
  {
    id: '001-07',
    seed,
    claim: 'If the guest calls after it wrote the page, a migration in between loses the data.',
    expected: 'confirmed',
    cases: [
      ...lost('H', convertsLast, 'the guest flips, writes and calls'),
      ...lost('N', convertsLast, 'the guest flips, writes and calls'),
      ...kept('H', ['O1-DL', 'O4-DL'], 'the guest calls before it writes'),
    ],
    why:
      'Scenario 1. No order of the host helps: the page is sent as private, because nobody has ' +
      'said otherwise yet.',
  },
  {
    id: '001-08',
    seed,
    claim: 'Objection to scenario 1: the writes are encrypted, a reader gets ciphertext anyway.',
    expected: 'depends',
    cases: [
      ...kept('N', ['O3-LD', 'O3-DL'], 'the guest writes with the old C-bit'),
      ...kept('N', ['O2-LD', 'O2-DL'], 'the guest writes with the new C-bit'),
    ],
    why: 'The objection is right for a guest that flips after its writes; the scenario has flipped.',
  },
  {
    id: '001-09',
    seed,
    claim: 'If the dirty log is taken after the list, the host sends bad data by a stale list.',
    expected: 'confirmed',
    cases: lost('H', listsFirst, 'the list is taken before the dirty log'),
    why: 'Scenario 2. The page is clean when the final round comes.',
  },
  {
    id: '001-10',
    seed,
    claim: 'Objection to scenario 2: the dirty log is taken first.',
    expected: 'confirmed',
    cases: kept('H', callsFirst, 'the dirty log is taken before the list'),
    why: 'A write after the dirty log makes the page dirty again, and one before it is after a call.',
  },
  {
    id: '001-11',
    seed,
    claim: 'Objection: a final resync sends pages again whose status changed.',
    expected: 'depends',
    cases: [
      ...kept('H', ['O1-LD-resync', 'O1+-LD-resync', 'O4-LD-resync'], 'it is scenario 2'),
      ...kept('H', ['O2-LD-resync'], 'it is scenario 1'),
      ...kept('N', ['O1-bail-LD-resync', 'O4-bail-LD-resync'], 'it is scenario 3'),
      ...kept('F', ['O1-DL-resync'], 'the guest is between call and flip, under contract F'),
    ],
    why:
      'It repairs scenario 2. It knows nothing of the writes of scenario 1, makes the copy of ' +
      'scenario 3, and moves ciphertext of the source between call and flip.',
  },
  {
    id: '001-12',
    seed,
    claim: 'With guest and host both in the right order, scenario 3 remains.',
    expected: 'confirmed',
    cases: [
      of('O1-bail-DL', 'reads are right under contract N', 'violated', 'data is never given up'),
      of('O1-bail-DL', 'reads are right under contract F', 'violated', 'a flip gives data up'),
      of('O4-bail-DL', 'reads are right under contract N', 'violated', 'the guest flips first'),
    ],
    why: 'The guest calls, the page is sent as shared, the guest gives up and reads its data.',
  },
  {
    id: '001-13',
    seed,
    claim: 'Objection to scenario 3: without a write the content is the same after set_private.',
    expected: 'refuted',
    cases: ['O1-bail-DL', 'O4-bail-DL', 'O1-bail-LD'].map(variant =>
      of(variant, 'reads are right under contract N', 'holds', 'no write follows the call'),
    ),
    why:
      'True on one host. The copy as shared moves ciphertext of the source, which the key of the ' +
      'destination does not decrypt.',
  },
  {
    id: '001-14',
    seed,
    claim: 'The guest has to consider data lost as soon as it tells the host of the conversion.',
    expected: 'confirmed',
    cases: [
      ...kept(
        'H',
        [...callsFirst, 'O1-bail-DL', 'O1-back-DL', 'O4-bail-DL'],
        'data is given up at the call',
      ),
      ...lost('N', ['O1-bail-DL', 'O4-bail-DL', 'O1+-DL'], 'data is never given up'),
      ...lost('F', ['O1-bail-DL', 'O1+-DL'], 'data is given up at the flip, after the call'),
    ],
    why:
      'With the dirty log first the contract is enough for all guests that call before they ' +
      'write. A guest that flips first needs only to give its data up at the flip (O4-bail-DL ' +
      'holds under contract F), which is earlier than the call.',
  },
  {
    id: '001-15',
    seed,
    claim: 'SNP and TDX do not suffer: the host learns of the status with the write itself.',
    expected: 'depends',
    cases: [
      of('HW-O2-DL', knows, 'holds', 'hardware enforces the kind of a page'),
      ...kept('N', ['HW-O2-LD', 'HW-O2-DL'], 'it is scenario 1'),
      ...kept('N', ['HW-O1-bail'], 'it is scenario 3'),
      ...kept('N', ['HW-O1-LD', 'HW-O4'], 'it is scenario 2, and a wrong send is refused'),
      ...kept('N', ['HW-blind-O1-LD'], 'it is scenario 2, and software copies by an old list'),
    ],
    why:
      'Awareness helps at the time of the write; a list from before is stale also then, and what ' +
      'it leads to depends on who refuses to follow it.',
  },
  {
    id: '001-16',
    seed,
    claim: 'An interface to get and to set the status serves SEV, SEV-ES and SNP.',
    expected: 'confirmed',
    cases: [
      ...lost('H', ['X2-twice'], 'the destination cannot be told the status'),
      ...kept('H', ['X2-set'], 'the destination is told the status'),
    ],
    why:
      'Without SET the next migration loses data, with no race at all. Whether one interface ' +
      'fits all of them is a matter of taste.',
  },
  {
    id: '001-17',
    seed,
    claim: 'Scenario 3 is unlikely but plausible.',
    expected: 'confirmed',
    cases: [
      of('O1-bail-DL', 'reads are right under contract N', 'violated', 'the guest gives up'),
      of('O1-bail-DL', 'reads are right under contract H', 'holds', 'it has given its data up'),
    ],
    why:
      'It takes 11 steps, three of them of an ordinary live round, and no bug of guest or host. ' +
      'How often it happens no model says.',
  },
]

/** The finding about the final resync. */
export const migrationFindings: readonly Claim[] = [
  {
    id: 'X-11',
    seed: null,
    claim: 'The final resync can lose data that would arrive without it.',
    expected: 'confirmed',
    cases: [
      ...kept('N', ['O1-DL'], 'there is no resync'),
      ...lost('N', ['O1-DL-resync'], 'there is a resync, and data is never given up'),
      ...lost('F', ['O1-DL-resync'], 'there is a resync, and a flip gives data up'),
      ...kept('H', ['O1-DL-resync'], 'there is a resync, and the call gives data up'),
    ],
    why:
      'The page is sent again as shared when the guest has called and not flipped: it still ' +
      'reads with its key what is ciphertext of the source.',
  },
]
