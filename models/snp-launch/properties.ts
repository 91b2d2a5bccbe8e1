/** What is claimed of the launch, and witnesses that its scenarios happen. */
import { and, implies, invariant, next, not, or, stepProperty } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { hostKeepsOff, noAssignedPageFreed } from 'zapcheck/properties'
import { PAGE } from './state.js'
import type { State } from './state.js'

/** Declares properties and witnesses. */
export function declareProperties(m: ModelBuilder, s: State): void {
  const { rmp, vmsa, regs } = s
  const isGuests = rmp.isState(PAGE, 'GUEST_VALID')
  const isEncrypted = s.vcpu[0].protected
  const isBenign = s.p.host === 'benign'
  m.check(
    hostKeepsOff(s.hasPanicked),
    noAssignedPageFreed([{ isFreed: s.isFreed, isAssigned: rmp.isAssigned(PAGE) }]),
    invariant(
      'the launched page is what was measured',
      implies(isGuests, and(s.measured.is(s.content), s.measured.isNot('empty'))),
      'firmware attests to other bytes than the guest starts with',
    ),
    invariant(
      'a page is measured once',
      isBenign ? s.measurements.lt(2) : or(true),
      'the launch measurement has a page twice: no expected value matches it',
    ),
    stepProperty(
      "a launched page stays the guest's",
      isBenign ? implies(isGuests, next(isGuests)) : or(true),
      'a second SNP_LAUNCH_UPDATE takes away a page that was added: the image is lost',
    ),
    stepProperty(
      'the encrypted VMSA is one register state',
      implies(and(not(isEncrypted), next(isEncrypted)), and(vmsa.a.is(regs.a), vmsa.b.is(regs.b))),
      'firmware measured a mix of two register states: no expected value matches it',
    ),
  )
  if (s.p.bug !== 'failed-reclaim-freed') m.reachable('a page is leaked', s.isLeaked)
  m.reachable('finished with a page', and(s.isFinished, isGuests))
  m.reachable('both vCPUs are protected', and(s.vcpu[0].protected, s.vcpu[1].protected))
  m.reachable('the registers were set before the launch', and(isEncrypted, vmsa.a.is(1)))
}
