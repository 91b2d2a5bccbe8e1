/**
 * The guest: it asks for conversions, sets its own kind, faults and writes.
 */
import { and, assert, not, or, when } from 'zapcheck'
import type { ModelBuilder, SmallIndex } from 'zapcheck'
import { isPrivate, preparesAtFirstUse } from './state.js'
import type { State } from './state.js'

/** Declares what the guest does with one gfn. */
export function declareGuest(m: ModelBuilder, s: State, g: SmallIndex): void {
  const { guest, ask, leaf, shared, folio, isOwned, isDirty } = s.gfn[g]
  const isSw = s.p.vm === 'sw'
  const kind = isPrivate(s, g)
  const runs = and(s.isBound, s.p.touches ? and() : ask.is('none'))
  const idle = and(s.isBound, ask.is('none'))
  const wants = isSw ? kind : guest.is('private')
  const by = 'guest'
  for (const to of ['shared', 'private'] as const) {
    // KVM forwards it without a look at the kind, so it may be the kind that the page has.
    m.action('KVM_HC_MAP_GPA_RANGE', { g, to })
      .by(by)
      .source('arch/x86/kvm/svm/sev.c snp_begin_psc, snp_begin_psc_msr; v6.18')
      .when(idle)
      .do(ask.set(to))
    // The C-bit is the guest's: without asking, the next access says the new kind.
    if (!isSw)
      m.action('guest_sets_C_bit', { g, to }).by(by).when(idle, guest.isNot(to)).do(guest.set(to))
  }
  if (!isSw)
    m.action('V7_KVM_EXIT_MEMORY_FAULT', { g })
      .by('vCPU')
      .source('arch/x86/kvm/mmu/mmu.c kvm_mmu_faultin_pfn: the kind differs from the attribute')
      .when(idle, guest.is('private').isNot(kind))
      .do(when(guest.is('private'), ask.set('private'), ask.set('shared')))
  m.action('V15_map_private', { g })
    .by('vCPU')
    .source('kvm_gmem_get_pfn allocates and, as merged, prepares')
    .when(runs, wants, kind, leaf.isNot('private'))
    .do(
      leaf.set('private'),
      when(folio.isAbsent, folio.create(0)),
      preparesAtFirstUse(s) ? isOwned.set(true) : [],
    )
  m.action('V15_map_shared', { g })
    .by('vCPU')
    .source('get_user_pages on the shared backing')
    .when(runs, not(wants), not(kind), leaf.isNot('shared'))
    .do(leaf.set('shared'), when(shared.is('absent'), shared.set('zero')))
  const isLeafPrivate = leaf.is('private')
  const fits = isSw ? or(isLeafPrivate, leaf.is('shared')) : isLeafPrivate.is(guest.is('private'))
  m.action('guest_write', { g })
    .by(by)
    .when(runs, leaf.isNot('none'), fits)
    .do(
      assert(
        isLeafPrivate.is(guest.is('private')),
        'an access reaches the backing that the guest means',
        'the guest writes shared data where no device finds it, or private data where the host ' +
          'can read it',
      ),
      assert(
        or(not(isLeafPrivate), isOwned),
        'a page of the guest is prepared at its first access',
        "a private page is mapped that the RMP says is the host's: #NPF with the RMP bit at each " +
          'access, without end',
      ),
      when(isLeafPrivate, isDirty.set(true), [
        when(guest.is('private'), shared.set('secret')),
        when(guest.is('shared'), shared.set('data')),
      ]),
    )
}
