/**
 * What is claimed of the launch: properties, and witnesses that the scenarios can happen.
 */
import { and, implies, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle, SmallIndex } from 'zapcheck'
import { noStaleMapping } from 'zapcheck/properties'
import { isFree, isGuestOwned, pages } from './state.js'
import type { State } from './state.js'

/** The processes of the model; null where the variant has none. */
export interface Processes {
  readonly vcpu: ProcessHandle
  readonly populate: ProcessHandle | null
  readonly punch: ProcessHandle | null
}

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State): void {
  const { leaf, content, measured, phase, tdx, p } = s
  // No hardware walks the mirror of a TD: a page is mapped when the module has an entry for it.
  const hasEntry = tdx === null ? and() : tdx.module.entry(0).isNot('FREE')
  const isSet = (page: SmallIndex): Bool => content[page].isNot('stale')
  m.check(
    noStaleMapping(
      'no mapping of a freed page',
      pages.map(page => ({ isPresent: leaf.is(page), isGone: isFree(s, page) })),
    ),
    invariant(
      "a page that was given back is the host's",
      and(...pages.map(page => implies(isFree(s, page), not(isGuestOwned(s, page))))),
      'the host uses a page that hardware has given to the guest: RMP #PF or a machine check',
    ),
    invariant(
      'a mapped page is initialised',
      and(...pages.map(page => implies(and(hasEntry, leaf.is(page)), isSet(page)))),
      'a page is mapped before it was cleared or got its image',
    ),
    invariant(
      'the image of a page is measured once',
      measured.le(1),
      'one page counts twice in the measurement: attestation of the launch fails',
    ),
  )
  if (p.vm !== 'sw')
    m.check(
      invariant(
        'a measured page stays in the file',
        implies(measured.gt(0), or(s.folio.isPresent, s.populate.page.isSome())),
        'the image was measured and is lost: the guest starts without a page that attestation ' +
          'says it has',
      ),
    )
  if (tdx !== null)
    m.check(
      invariant(
        'a leaf of a finalized TD has its entry',
        implies(and(phase.is('finalized'), leaf.isSome()), tdx.module.entry(0).isNot('FREE')),
        'KVM believes that a private page is mapped, and the TDX module has no entry for it: the ' +
          'guest faults on it without end',
      ),
    )
  if (p.slot === 'deleted')
    m.check(
      invariant(
        'no leaf without a slot',
        implies(s.slot.is('freed'), leaf.isNone()),
        'a mapping outlives its memslot: nothing will zap it',
      ),
    )
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State, { punch }: Processes): void {
  const { p, folio, measured, phase, content } = s
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const hasGuestData = or(...pages.map(page => content[page].is('guest')))
  scenario('the guest uses the page', hasGuestData)
  const waitsForItself = p.gup === 'under-lock' && p.source === 'gmem'
  // Row W2: a prefault comes first, always, and then the image is refused: no TD can start.
  const isRefused =
    p.populate === 'after-prefault' && p.eexist === 'common' && p.prefault === 'allowed'
  if (p.vm !== 'sw' && !waitsForItself && !isRefused)
    scenario('the VM is finalized with an image', and(phase.is('finalized'), measured.is(1)))
  if (punch !== null && s.p.bug === 'none' && p.populate === 'add-in-install')
    scenario(
      'a page is punched out of a finalized VM while a fault holds it',
      and(punch.at('P4_kvm_gmem_invalidate_end'), s.fault.page.isSome(), folio.isAbsent),
    )
}

/** Nobody is stuck: no lock is held, so no call is under way. */
export function isIdle(s: State): Bool {
  return and(s.slotsLock.isFree, s.invalidateLock.isFree, s.folioLock.isFree, s.mmuLock.isFree)
}
