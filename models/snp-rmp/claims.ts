/**
 * What is claimed of the host: properties, and witnesses that the scenarios happen.
 *
 * "At rest" means that every vCPU is in the guest and nobody in userspace is between two steps.
 * What is wrong at rest stays wrong: the only thing that can happen is that vCPUs fault again.
 */
import { and, any, each, implies, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle, SmallIndex } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import { folioOf, isFree, isPrivateAttr, maps, mapsPrivate, privateAccess } from './state.js'
import type { State } from './state.js'
import { isListed } from './userspace.js'

/** The processes of the vCPUs. */
export type Handles = readonly ProcessHandle[]

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State, vcpus: Handles): void {
  const pages = each(s.pages)
  const gfns = each(s.p.gfns)
  const atRest = isAtRest(s, vcpus)
  m.check(
    invariant(
      'host pages are unassigned',
      and(...pages.map(x => implies(isFree(s, x), not(s.rmp.isAssigned(x))))),
      "a page is given back to the host while the RMP says that it is the guest's: the first " +
        'write of the host to it is an RMP #PF, which crashes the host',
    ),
    invariant(
      'pages are flushed before they are freed',
      and(...pages.map(x => implies(isFree(s, x), not(s.dirty.has(x))))),
      "lines of the guest's page are in the cache when the host gets the page: they are written " +
        'back over what the host stores there',
    ),
    invariant(
      'an RMP fault is repaired',
      implies(atRest, not(or(...gfns.map(g => isStuck(s, g))))),
      'an access of the guest faults, the handlers find nothing to do, and nobody else is at ' +
        'work: the vCPU takes the same #NPF for ever',
    ),
    invariant(
      'mappings agree with attributes and RMP',
      implies(atRest, and(...gfns.map(g => isMappedRight(s, g)))),
      'a gfn is mapped to a private page although it is SHARED, or the RMP entry of the page is ' +
        'for another gfn, or it is mapped to a shared page although it is PRIVATE',
    ),
    invariant(
      'a gfn is validated on one page only',
      and(...gfns.map(g => isValidatedOnce(s, g))),
      'two pages are validated for one gfn: a host that remaps the gfn from one to the other ' +
        'replays old data without the guest noticing',
    ),
    invariant(
      'the guest keeps what it validated',
      and(...gfns.map(g => implies(s.view[g].is('private'), isKept(s, g)))),
      'a page that the guest uses loses its validation or its memory: #VC, or lost data',
    ),
    invariant(
      'an overlap passes',
      not(or(...each(s.vcpus).map(v => overlapsForEver(s, vcpus, v)))),
      'rmpupdate tries again without end: RMPUPDATE overlaps, and nobody is going to change that',
    ),
  )
  if (s.isHuge)
    m.check(
      invariant(
        'no 2M mapping covers 4K entries at rest',
        implies(and(atRest, s.npt2M.is(1)), s.rmp.isLarge(0)),
        'the nested page table maps 2M where the RMP has 4K entries: accesses fault',
      ),
    )
  if (s.list !== null)
    m.check(
      invariant(
        'the RMP tells which gfns are shared',
        and(...gfns.map(g => implies(s.view[g].is('shared'), not(isListed(s, g))))),
        'the page of a gfn that is shared by now is still assigned: a list from the RMP says ' +
          'that it is private',
      ),
    )
  m.deadlock(and(...vcpus.map(handle => handle.at('G_write'))))
}

/** Every vCPU is in the guest, no page is on its way to the allocator, nothing is in progress. */
function isAtRest(s: State, vcpus: Handles): Bool {
  return and(
    ...vcpus.map(handle => handle.at('G_write')),
    s.punched.isNone(),
    not(s.mmu.isInProgress),
  )
}

/** A write or PVALIDATE for the gfn faults with the RMP bit, and neither V nor R changes it. */
function isStuck(s: State, g: SmallIndex): Bool {
  const isAccessed = and(s.view[g].is('private'), privateAccess(s, g).isFault)
  const page = s.npt[g].number()
  const isValidating = any(s.vcpus, v =>
    and(s.vcpu[v].gfn.is(g), s.vcpu[v].phase.isNot('run'), not(s.rmp.isGuests(page, g))),
  )
  return and(
    mapsPrivate(s, g),
    isPrivateAttr(s, g),
    folioOf(s, g).hasPage(s.npt[g]),
    s.rmp.isAssigned(page),
    not(s.rmp.isLarge(page)),
    or(isAccessed, isValidating),
    s.p.prepare === 'checks-gpa' ? s.rmp.isGuests(page, g) : true,
  )
}

function isMappedRight(s: State, g: SmallIndex): Bool {
  const page = s.npt[g].number()
  const isPrivate = and(isPrivateAttr(s, g), folioOf(s, g).hasPage(s.npt[g]))
  return and(
    implies(mapsPrivate(s, g), and(isPrivate, s.rmp.isGuests(page, g))),
    implies(maps(s, g, s.sharedPage), not(isPrivateAttr(s, g))),
  )
}

function isValidatedOnce(s: State, g: SmallIndex): Bool {
  const pages = each(s.pages)
  const isValidated = (x: number): Bool => and(s.rmp.isValidated(x), s.rmp.isGuests(x, g))
  return and(
    ...pages.flatMap(x =>
      pages.filter(y => y < x).map(y => not(and(isValidated(x), isValidated(y)))),
    ),
  )
}

function isKept(s: State, g: SmallIndex): Bool {
  const folio = folioOf(s, g)
  const page = folio.page.number()
  return and(folio.isPresent, s.rmp.isGuests(page, g), s.rmp.isValidated(page))
}

/** A place where rmpupdate tries again while it overlaps. */
interface Retry {
  readonly label: string
  /** Steps that are possible there as well, under other conditions. */
  readonly unless: string
  readonly overlaps: Bool
}

/** A vCPU tries an RMPUPDATE again and again, and all others are in the guest. */
function overlapsForEver(s: State, vcpus: Handles, v: Vcpu): Bool {
  const self = vcpus[each(s.vcpus).indexOf(v)]
  if (!s.isHuge || self === undefined) return or()
  const others = and(...vcpus.filter(w => w !== self).map(w => w.at('G_write')))
  const stuck = retries(s, v).map(({ label, unless, overlaps }) =>
    and(self.at(label), not(self.at(unless)), overlaps),
  )
  return and(or(...stuck), others)
}

function retries(s: State, v: Vcpu): readonly Retry[] {
  const { fault, gfn } = s.vcpu[v]
  const large = s.rmp.rmpupdate(0, { gfn: 0 }, '2M').failOverlap
  const small = s.rmp.rmpupdate(fault.page.number(), { gfn: gfn.number() }).failOverlap
  const looksAgain = s.p.prepare === 'any-order-unlocked-fallback'
  const inPrepare = ['V10', 'R3'].flatMap(where => {
    const unless = (size: string): string =>
      looksAgain && where === 'V10'
        ? `${where}_P3_overlap_${size}_look_again`
        : `${where}_P1_already_assigned`
    return [
      { label: `${where}_P3_rmp_make_private_2M`, unless: unless('2M'), overlaps: large },
      { label: `${where}_P3_rmp_make_private`, unless: unless('4K'), overlaps: small },
    ]
  })
  if (s.p.conversions === 0 || s.p.shared === 'keep') return inPrepare
  const freed = s.rmp.rmpupdate(s.punched.number(), 'HYPERVISOR').failOverlap
  const calls = [s.p.guest === 'implicit' ? 'C3_implicit' : 'C3_shared']
  const alternative: Partial<Record<typeof s.p.bug, string>> = {
    'free-no-psmash': 'P3_truncate_inode_pages_range',
    'free-whole-2M': 'I_rmp_make_shared_2M',
  }
  const inFree = calls.map(name => ({
    label: `${name}.I_rmp_make_shared`,
    unless: `${name}.${alternative[s.p.bug] ?? 'I_snp_lookup_rmpentry_2M'}`,
    overlaps: freed,
  }))
  return [...inPrepare, ...inFree]
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State, vcpus: Handles): void {
  const { p } = s
  const gfns = each(p.gfns)
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const some = (predicate: (v: Vcpu, handle: ProcessHandle) => Bool): Bool =>
    or(
      ...vcpus.flatMap((handle, i) =>
        each(s.vcpus)
          .slice(i, i + 1)
          .map(v => predicate(v, handle)),
      ),
    )
  scenario('the guest writes to a page that it validated', not(s.dirty.isEmpty()))
  if (p.conversions > 0 && p.shared !== 'punch')
    scenario(
      'a shared page stays assigned',
      or(...gfns.map(g => and(s.view[g].is('shared'), isListed(s, g)))),
    )
  if (p.conversions > 0 && p.shared !== 'keep')
    scenario(
      'a gfn is shared and its private page is freed',
      or(...gfns.map(g => and(s.view[g].is('shared'), folioOf(s, g).isAbsent))),
    )
  if (p.vcpus > 1 && p.bug !== 'no-stale-check' && (p.gfns > 1 || p.guest === 'racing'))
    if (p.conversions > 0 || (s.isHuge && p.bug !== 'psmash-no-zap' && p.bug !== 'zap-no-seq'))
      scenario(
        'a fault has to retry',
        some((v, handle) =>
          and(
            handle.at('V13_is_page_fault_stale_RETRY'),
            s.vcpu[v].fault.page.isSome(),
            s.mmu.mustRetryIf(s.vcpu[v].fault.seen, and()),
          ),
        ),
      )
  if (s.directMap !== null)
    scenario(
      'the host has the neighbour of a private page',
      or(
        ...each(s.pages).map(x => and(isFree(s, x), s.rmp.isAssigned(x % 2 === 0 ? x + 1 : x - 1))),
      ),
    )
  if (s.isHuge) declareScenarios2M(m, s, vcpus)
}

/** Witnesses with 2M folios. */
function declareScenarios2M(m: ModelBuilder, s: State, vcpus: Handles): void {
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  scenario(
    'one PVALIDATE validates a 2M page',
    and(s.rmp.isLarge(0), s.rmp.isValidated(0), s.npt2M.is(1)),
  )
  scenario(
    'a 2M entry is split',
    and(s.rmp.isAssigned(0), s.isOneFolio.is(1), not(s.rmp.isLarge(0))),
  )
  if (s.p.vcpus === 1) return
  const atSplit = vcpus.map(handle => handle.at('R6_snp_rmptable_psmash'))
  const both = atSplit.flatMap((one, i) => atSplit.slice(0, i).map(other => and(one, other)))
  scenario('two vCPUs are about to split one entry', and(or(...both), s.rmp.isLarge(0)))
  const isSplit = and(s.rmp.isAssigned(0), not(s.rmp.isLarge(0)))
  scenario('another vCPU was faster in splitting the entry', and(or(...atSplit), isSplit))
}
