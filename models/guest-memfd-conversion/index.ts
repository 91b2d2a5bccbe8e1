/**
 * guest-memfd-conversion: who owns the state of a conversion between shared and private, the
 * kernel or the allocation, and what userspace's mistakes and wishes do to it. The designs of the
 * discussion of June 2022 and what was merged.
 *
 *   parameters.ts  design, what is discarded, what userspace does unasked, when the file is bound
 *   state.ts       the two backings, the kind, notifications
 *   guest.ts       the guest and its faults
 *   userspace.ts   conversions, discards, stray acts, bind with and without replay
 *   variants.ts    rows W8 to W11 and W19, with verdicts and counts
 *
 * `docs/models/guest-memfd.md` has the tables of steps and verdicts.
 */
import { and, defineModel, each, implies, next, not, or } from 'zapcheck'
import type { Bool, SmallIndex } from 'zapcheck'
import { declareGuest } from './guest.js'
import { parameters } from './parameters.js'
import { backings, declareState, isDouble, isPrivate } from './state.js'
import { declareBind, declareConversion, declareStray } from './userspace.js'
import { variants } from './variants.js'
import { largeVariants } from './variants-large.js'

export default defineModel({
  name: 'guest-memfd-conversion',
  about: 'Conversions between shared and private: who owns their state, and what gets lost.',
  sources: [
    'patches "KVM: mm: fd-based approach for supporting KVM guest private memory", v6, May 2022, ' +
      'and the discussion of patch 4, June 2022',
    'virt/kvm/kvm_main.c, v6.18: kvm_vm_ioctl_set_mem_attributes; virt/kvm/guest_memfd.c, v6.18: ' +
      'kvm_gmem_allocate, kvm_gmem_punch_hole, kvm_gmem_get_pfn',
    'arch/x86/kvm/mmu/mmu.c, v6.18: kvm_mmu_faultin_pfn, KVM_EXIT_MEMORY_FAULT',
  ],
  omits: [
    'Races of a fault with zap and attributes: a fault and an ioctl are one step each; their order ' +
      'is the subject of memory-attributes and guest-memfd',
    'Content beyond zero, shared data and private data: properties ask which backing was reached',
    'PVALIDATE and the gpa in the RMP: snp-rmp has them; here a private page has an owner or not',
    'A TD: as SNP an access says its kind; the owner of its pages is set by the mapping itself',
  ],
  params: parameters,
  variants: [...variants, ...largeVariants],
  build(m, p) {
    const s = declareState(m, p)
    declareBind(m, s)
    for (const g of each(p.gfns)) {
      declareGuest(m, s, g)
      declareConversion(m, s, g)
      declareStray(m, s, g)
    }
    const gfns = each(p.gfns)
    const every = (name: string, holds: (g: SmallIndex) => Bool, meaning: string): void =>
      m.invariant(name, and(...gfns.map(holds)), meaning)
    every(
      'private data stays out of shared memory',
      g => s.gfn[g].shared.isNot('secret'),
      'the host reads what the guest wrote as private',
    )
    every(
      'a gfn has one backing',
      g => not(isDouble(s, g)),
      'memory is allocated twice for one gfn after its conversion',
    )
    every(
      'a shared gfn has no private page',
      g => implies(and(not(isPrivate(s, g)), s.gfn[g].ask.is('none')), s.gfn[g].folio.isAbsent),
      'a private page is kept while its gfn is shared',
    )
    every(
      "a page that was given back is the host's",
      g => implies(s.gfn[g].isOwned, s.gfn[g].folio.isPresent),
      'the RMP gives a page to the guest that the host uses: #PF with the RMP bit',
    )
    if (p.discard === 'lazy' || p.discard === 'never')
      m.invariant(
        'at most one gfn has two backings',
        backings(s).le(p.gfns + 1),
        'lazy discards are not bounded: memory is allocated twice without limit',
      )
    m.step(
      'no conversion that the guest did not ask for',
      and(
        ...gfns.map(g => {
          const kind = isPrivate(s, g)
          const after = p.design === 'implicit' ? next(s.gfn[g].folio.isPresent) : next(kind)
          const asked = or(s.gfn[g].ask.isNot('none'), s.gfn[g].guest.is('private').is(after))
          return or(kind.is(after), asked, not(s.isBound))
        }),
      ),
      'KVM changes the kind of a page while the guest uses it as the other',
    )
    // The guest can always ask for a conversion, and userspace always answers: nothing could break
    // deadlock freedom.
    m.deadlock('allowed')
    m.reachable('scenario: a page is converted to private and used', s.gfn[0].isDirty)
    if (p.discard === 'lazy') m.reachable('scenario: a gfn has both backings', isDouble(s, 0))
  },
})
