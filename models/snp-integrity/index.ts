/**
 * snp-integrity: what SEV-SNP promises to a guest whatever the host does. There is no code of KVM
 * here: a malicious host, the rules of the RMP, and a guest that keeps book or does not.
 *
 *   guest   PVALIDATE, write D1 or D2, read, #VC, share and take back
 *   host    RMPUPDATE of any page, any mapping of any gfn, its own writes, old ciphertext again
 *
 * Encryption is bound to the page: ciphertext that the host moves to another page reads as garbage,
 * which is what its own writes read as, too. Old ciphertext of the same page is good again.
 */
import { and, defineModel, each, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder } from 'zapcheck'
import { declareGuest } from './guest.js'
import { declareHost } from './host.js'
import { parameters } from './parameters.js'
import { data, declareState } from './state.js'
import type { State } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'snp-integrity',
  about: 'A malicious host remaps, reassigns and replays the pages of an SNP guest.',
  sources: [
    "AMD64 Architecture Programmer's Manual, volume 2, 15.36: RMP and PVALIDATE, as far as the " +
      'comments in arch/x86/virt/svm/sev.c (v6.12) and arch/x86/kvm/svm/sev.c (v7.0) quote it',
    'AMD, "SEV-SNP: Strengthening VM Isolation with Integrity Protection and More", 2020: each ' +
      'guest page is validated on one host page only',
  ],
  omits: [
    'KVM: every order of its steps is one that the malicious host may take',
    'Page sizes: PSMASH keeps validation and gpa, and a 2M RMPUPDATE clears validation of both ' +
      'pages; neither makes a page validated',
    'VMPLs, VMSA, debug, migration: none of them changes who may map a page',
    'An RMPUPDATE that changes nothing: whether it keeps a page validated does not matter, ' +
      'because the state after it is then the one before it',
    'TLBs: RMPUPDATE and PVALIDATE make hardware drop what it has cached',
    'More values than two: a replay needs one value that is old and one that is not',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    declareGuest(m, s)
    declareHost(m, s)
    declareProperties(m, s)
  },
})

function declareProperties(m: ModelBuilder, s: State): void {
  const { pages, gfns, host, hardware } = s.p
  const isValidated = (x: number, g: number): Bool =>
    and(s.rmp.isValidated(x), s.rmp.isGuests(x, g))
  const twice = each(gfns).flatMap(g =>
    each(pages).flatMap(x =>
      each(pages)
        .filter(y => y < x)
        .map(y => and(isValidated(x, g), isValidated(y, g))),
    ),
  )
  m.check(
    invariant(
      'a gfn is validated on one page only',
      not(or(...twice)),
      'two pages are validated for one gfn: the host may map the one or the other, and the guest ' +
        'cannot tell',
    ),
    invariant(
      'the host reads no plain text',
      and(...each(pages).flatMap(x => data.map(value => not(s.content[x].readsAs(null, value))))),
      'private data of the guest is in memory that the host can read',
    ),
  )
  if (host !== 'malicious')
    m.check(
      invariant(
        'the guest terminates only under attack',
        not(s.terminated),
        'the guest takes what a host does that serves it for an attack',
      ),
    )
  m.deadlock(s.terminated)
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  scenario('the guest relies on data', or(...each(gfns).map(g => s.guest[g].last.is('D2'))))
  if (host !== 'malicious' || hardware === 'no-rmp') return
  scenario(
    'the gfn of a validated page is mapped to another page',
    or(
      ...each(gfns).flatMap(g =>
        each(pages).map(x =>
          and(s.guest[g].home.is(x), isValidated(x, g), s.npt[g].isSome(), s.npt[g].isNot(x)),
        ),
      ),
    ),
  )
  if (s.p.encryption)
    scenario(
      'old ciphertext is there again',
      or(
        ...each(pages).map(x => and(not(s.rmp.isAssigned(x)), s.content[x].readsAs('guest', 'D1'))),
      ),
    )
  if (s.p.guest === 'validates-once') scenario('the guest notices the attack', s.terminated)
}
