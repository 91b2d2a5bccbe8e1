/**
 * What is claimed of MMIO SPTEs: properties, and witnesses that the scenarios happen.
 */
import { and, each, implies, next, not, or, reachable, stepProperty } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle } from 'zapcheck'
import { flushBeforeReuse, leafKeepsPage, noStaleMapping } from 'zapcheck/properties'
import { isFreshMmio } from './state.js'
import type { State } from './state.js'

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State): void {
  const { slot, spte } = s
  const pages = each(s.incarnations)
  m.check(
    stepProperty(
      'cached MMIO is used only where there is no memslot',
      action =>
        /(mmio_info_in_cache|check_mmio_spte)_RET_PF_EMULATE/.test(action.name)
          ? slot.isAbsent
          : true,
      'an access to memory is emulated as MMIO: what the guest wrote is lost, and what it reads ' +
        'is not what it wrote',
    ),
    stepProperty(
      'a present leaf does not become an MMIO SPTE',
      implies(spte.leaf.isSome(), next(spte.isMmio).not()),
      'a present leaf is replaced with no zap and no flush, which the TDP MMU presumes not to ' +
        'happen; a deletion finds no leaf there, and flushes nothing',
    ),
    leafKeepsPage([{ isPresent: spte.leaf.isSome(), page: spte.leaf.number() }]),
    noStaleMapping(
      'no stale mapping after deletion',
      pages.map(k => ({ isPresent: spte.leaf.is(k), isGone: slot.isReleased(k) })),
    ),
    flushBeforeReuse(
      each(s.vcpus).flatMap(v =>
        pages.map(k => ({
          isPresent: and(s.inGuest.has(v), not(s.obsolete.has(v)), s.vcpu[v].tlb.is(k)),
          isGone: slot.isReused(k),
        })),
      ),
    ),
  )
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(
  m: ModelBuilder,
  s: State,
  vcpus: readonly ProcessHandle[],
  ioctl: ProcessHandle,
): void {
  const { slot, spte } = s
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const atMmio = or(...vcpus.map(vcpu => vcpu.at('fault.check_mmio_spte_RET_PF_EMULATE')))
  scenario(
    'an MMIO SPTE of the present generation is met',
    and(atMmio, spte.isMmio, isFreshMmio(s)),
  )
  scenario(
    'an MMIO SPTE outlives its generation',
    and(spte.isMmio, not(isFreshMmio(s)), slot.isValid),
  )
  scenario(
    'the guest reaches memory where MMIO was',
    or(...each(s.vcpus).map(v => and(s.vcpu[v].tlb.isSome(), s.inGuest.has(v)))),
  )
  scenario('all updates are done', ioctl.isDone)
  if (s.p.bug !== 'one-increment')
    scenario(
      'a fault finds no memslot while the memslots are in flux',
      and(s.inFlux, or(...vcpus.map(vcpu => vcpu.at('fault.V8_kvm_handle_noslot_fault')))),
    )
}
