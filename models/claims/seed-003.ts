/**
 * Claims of the discussion of fd-based private memory (UPM v6 patch 4/8, June 2022).
 */
import type { Claim, ClaimCase } from 'zapcheck'

const seed = '003_2a14906973c4e644.txt'

const unasked = 'no conversion that the guest did not ask for'
const reaches = 'an access reaches the backing that the guest means'
const secret = 'private data stays out of shared memory'
const single = 'a gfn has one backing'
const bound = 'at most one gfn has two backings'
const noPrivate = 'a shared gfn has no private page'
const prepared = 'a page of the guest is prepared at its first access'
const told = 'an allocation is told once'
const given = "a page that was given back is the host's"
const trusted = "private content is not the host's after the start"
const attributes = 'only the ioctl changes attributes'

/** A case of one model. */
const of =
  (model: string) =>
  (
    variant: string,
    property: string,
    predicts: ClaimCase['predicts'],
    when: string,
  ): ClaimCase => ({ model, variant, property, predicts, when })

const conversion = of('guest-memfd-conversion')
const inPlace = of('guest-memfd-in-place')
const memory = of('memory-attributes')

/** The claims of seed 003. */
export const seed003Claims: readonly Claim[] = [
  {
    id: '003-01',
    seed,
    claim: 'Memslots for shared and private memory, with holes, would make conversions slow.',
    expected: 'undecidable',
    cases: [],
    why: 'It is about speed, which these models do not have.',
  },
  {
    id: '003-02',
    seed,
    claim: 'A dedicated ioctl need not interact with the memslots.',
    expected: 'confirmed',
    cases: [
      memory('D1-memslots', attributes, 'holds', 'the slot is deleted and created meanwhile'),
      memory(
        'D1-memslots',
        'mixed says whether attributes differ',
        'holds',
        'a slot that is created looks at the attributes that are there',
      ),
    ],
    why:
      'Deletion, an ioctl while there is no slot, and creation in any order leave the attributes as ' +
      'userspace set them. What depends on slots is derived, and is computed again at creation.',
  },
  {
    id: '003-03',
    seed,
    claim: 'Tracking that is tied to slots would be destroyed when slots are updated.',
    expected: 'confirmed',
    cases: [
      memory('M8-slot', attributes, 'violated', 'attributes belong to the slot'),
      memory('D1-memslots', attributes, 'holds', 'attributes belong to the VM'),
    ],
    why: 'The deletion frees the slot and with it what is known of private and shared pages.',
  },
  {
    id: '003-04',
    seed,
    claim: 'KVM can mark a conversion as pending for the guest, and the ioctl completes it.',
    expected: 'confirmed',
    cases: [
      conversion('W19-guard', unasked, 'holds', 'the ioctl compares with what is pending'),
      conversion('W19-guard', secret, 'holds', 'the ioctl compares with what is pending'),
      conversion('W19', unasked, 'violated', 'the ioctl does not compare'),
      conversion('W19', secret, 'violated', 'the ioctl does not compare'),
    ],
    why:
      'In a software-protected VM the kind of an access is what KVM says, so a conversion at ' +
      'will makes the guest write private data into shared memory. That the pending conversion ' +
      'is completed at all needs a fair userspace, which is not decided here.',
  },
  {
    id: '003-05',
    seed,
    claim: 'An ioctl supports double allocation: both backings of a gfn may be there.',
    expected: 'confirmed',
    cases: [
      conversion('W10-lazy', single, 'violated', 'discards are batched'),
      conversion('W10-lazy', bound, 'holds', 'userspace lets at most one gfn wait'),
      conversion('W10-lazy', unasked, 'holds', 'discards are batched'),
      conversion('W9-merged', reaches, 'holds', 'userspace allocates out of turn'),
    ],
    why: 'The kind is the attribute; what is allocated does not change it, so memory is the price.',
  },
  {
    id: '003-06',
    seed,
    claim: 'Shared memory need not be discarded when it becomes private.',
    expected: 'confirmed',
    cases: [
      conversion('W10-shared', secret, 'holds', 'shared memory is kept, explicit attributes'),
      conversion('W10-shared', reaches, 'holds', 'shared memory is kept, explicit attributes'),
      conversion('W11-shared', secret, 'holds', 'shared memory is kept, implicit design'),
    ],
    why:
      'Safe: old shared bytes may come back after a conversion, whose contents are undefined. That ' +
      'it is faster (1m43s against 1m08s in the mail) is not for a model.',
  },
  {
    id: '003-07',
    seed,
    claim: 'Private memory has to be discarded, since that is the interface of the conversion.',
    expected: 'confirmed',
    cases: [
      conversion('W11', noPrivate, 'holds', 'the allocation is the state'),
      conversion('W11-shared', noPrivate, 'holds', 'the allocation is the state'),
      conversion('W10-lazy', noPrivate, 'violated', 'the attribute is the state'),
    ],
    why: 'The implicit design has no private to shared conversion but the one that frees the page.',
  },
  {
    id: '003-08',
    seed,
    claim: 'With an ioctl userspace can discard converted pages later, in batches.',
    expected: 'confirmed',
    cases: [
      conversion('W10-lazy', bound, 'holds', 'discards are batched'),
      conversion('W10-lazy', secret, 'holds', 'discards are batched'),
      conversion('W10-lazy', prepared, 'holds', 'discards are batched'),
      { model: 'snp-rmp', variant: 'Y3-keep', predicts: 'holds', when: 'SNP keeps the RMP entry' },
    ],
    why:
      'Only a bound that userspace keeps limits the memory. SNP keeps the page assigned until it is ' +
      'freed, and the same page comes back.',
  },
  {
    id: '003-09',
    seed,
    claim: 'Userspace may allocate twice by mistake.',
    expected: 'confirmed',
    cases: [
      conversion('W9', unasked, 'violated', 'the allocation is the state'),
      conversion('W9', reaches, 'violated', 'the allocation is the state'),
      conversion('W9-merged', single, 'violated', 'the attribute is the state'),
      conversion('W9-merged', reaches, 'holds', 'the attribute is the state'),
    ],
    why: 'Implicitly the mistake converts the page under the guest; explicitly it wastes memory.',
  },
  {
    id: '003-10',
    seed,
    claim: 'Notifications of pages that are allocated before the file is bound are missed.',
    expected: 'confirmed',
    cases: [
      conversion('W8', prepared, 'violated', 'KVM learns of pages from notifications'),
      conversion('W8-merged', prepared, 'holds', 'KVM prepares pages at their first use'),
    ],
    why: 'The RMP entry is never made, and the guest faults on the page without end.',
  },
  {
    id: '003-11',
    seed,
    claim: 'Replaying the notifications at bind would work.',
    expected: 'depends',
    cases: [
      conversion('W8-replay', prepared, 'holds', 'one lock is over replay and registration'),
      conversion('W8-replay', told, 'holds', 'one lock is over replay and registration'),
      conversion('W8-replay', given, 'holds', 'one lock is over replay and registration'),
      conversion('W8-scan-first', prepared, 'holds', 'it looks before it registers'),
      conversion('W8-scan-first', given, 'holds', 'a hole is punched between look and replay'),
      conversion('W8-register-first', prepared, 'holds', 'it registers before it looks'),
      conversion('W8-register-first', told, 'holds', 'it registers before it looks'),
      conversion('W8-register-first', given, 'holds', 'a hole is punched between look and replay'),
    ],
    why:
      'Without one lock an allocation in between is lost, or told twice, and a page that is ' +
      'punched out in between is given to the guest. The mail itself is not sure that it works.',
  },
  {
    id: '003-12',
    seed,
    claim: 'The state of conversions should be owned by KVM and not follow from allocations.',
    expected: 'confirmed',
    cases: [
      conversion('W9-merged', unasked, 'holds', 'KVM owns it, and userspace allocates by mistake'),
      conversion('W8-merged', prepared, 'holds', 'KVM owns it, and pages are allocated early'),
      conversion('W9', unasked, 'violated', 'the allocation is the state'),
      conversion('W8', prepared, 'violated', 'the allocation is the state'),
    ],
    why: 'Both mistakes of userspace do harm only where the allocation is the state.',
  },
  {
    id: '003-13',
    seed,
    claim: 'In place KVM can copy shared to private before the start, and must refuse it after.',
    expected: 'confirmed',
    cases: [
      inPlace('in-place', trusted, 'holds', 'content is kept before the start only'),
      inPlace('W18', trusted, 'violated', 'content is kept after the start too'),
    ],
    why: 'After the start a page with content of the host would pass for one of the guest.',
  },
]
