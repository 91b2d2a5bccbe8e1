/**
 * How VMs end, what is claimed, and witnesses that the scenarios happen.
 */
import { and, each, implies, invariant, not, or, reachable, when } from 'zapcheck'
import type { Bool, ModelBuilder } from 'zapcheck'
import { noUseAfterFree } from 'zapcheck/properties'
import type { SystemCall } from './ioctls.js'
import { isCreating, put, usesAsid } from './state.js'
import type { State } from './state.js'

const names = ['A', 'L'] as const

/** Declares the end of the VMs: the file is closed, the last reference goes, the ASID is free. */
export function declareLifetimes(m: ModelBuilder, s: State, calls: readonly SystemCall[]): void {
  for (const name of names) {
    const vm = s[name]
    m.action(`close_${name}`)
      .by('userspace')
      .when(vm.open, not(or(...calls.map(call => call.holdsFile(name)))))
      .do(vm.open.set(false), put(vm))
    m.action(`sev_vm_destroy_${name}`)
      .by('kernel')
      .source('arch/x86/kvm/svm/sev.c: sev_vm_destroy, v6.16')
      .when(vm.references.is(0), not(vm.destroyed))
      .do(vm.destroyed.set(true), when(vm.active, s.asid.set('free')))
  }
  m.action('sev_asid_new').by('VM C').when(s.asid.is('free')).do(s.asid.set('reused'))
}

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State, calls: readonly SystemCall[]): void {
  const { B } = s
  const complete = names.map(name =>
    and(
      ...each(s.vcpusMax).map(i =>
        implies(and(s[name].active, s[name].online.gt(i)), s[name].vmsa.has(i)),
      ),
    ),
  )
  const running = [...names.map(name => usesAsid(s[name])), ...(B === null ? [] : [B.active])]
  const holdings = names.flatMap(name => [
    { isHeld: s[name].open, isOver: s[name].destroyed },
    ...(B === null
      ? []
      : [
          { isHeld: and(B.active, B.owner.is(name)), isOver: s[name].destroyed },
          { isHeld: B.read.is(name), isOver: s[name].destroyed },
        ]),
  ])
  m.check(
    invariant(
      'every vCPU of an SEV-ES VM has a VMSA',
      and(...complete),
      'a vCPU that was created for a plain VM is online in an SEV-ES VM: KVM uses and frees a VMSA ' +
        'that is not there',
    ),
    invariant(
      'no VM runs with an ASID that was freed',
      implies(or(...running), s.asid.is('in use')),
      'the ASID goes to another VM while a VM may still enter the guest with it, and reads cache ' +
        'lines and translations of a stranger',
    ),
    noUseAfterFree('VM', holdings),
  )
  m.deadlock(and(...calls.map(({ isIdle }) => isIdle)))
  declareScenarios(m, s)
}

function declareScenarios(m: ModelBuilder, s: State): void {
  const { A, L, B, p } = s
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  scenario('the context is moved', and(L.active, A.dead))
  if (p.created > 0)
    scenario('a move meets a vCPU that is being created', and(L.migrationInProgress, isCreating(L)))
  if (B !== null && p.mirrors === 'transfer' && p.bug !== 'moves-with-mirrors')
    scenario('a mirror follows its owner', and(B.owner.is('L'), A.dead))
  if (B !== null) scenario('the context has a mirror', B.owner.is('A'))
  if (p.opposite && p.bug !== 'no-flags')
    scenario('two opposite moves meet', and(A.migrationInProgress, L.migrationInProgress))
}
