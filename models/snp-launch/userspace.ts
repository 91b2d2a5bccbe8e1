/**
 * What goes on beside the launch: registers of vCPU 0 are set, vCPU 1 is created, and a malicious
 * host does to the page what hardware lets it do.
 */
import { step } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { PAGE } from './state.js'
import type { State } from './state.js'

/** Declares the other tasks. */
export function declareUserspace(m: ModelBuilder, s: State): void {
  const { regs, vcpuMutex } = s
  m.process('vcpus', { actor: 'KVM_CREATE_VCPU', source: 'virt/kvm/kvm_main.c v6.16' }, [
    step('create_vcpu0', s.vcpu[0].online.set(true)),
    step('create_vcpu1_created', s.created.set(true)),
    step('create_vcpu1_online', s.vcpu[1].online.set(true)),
  ])
  m.process('set_regs', { actor: 'vCPU 0', source: 'virt/kvm/kvm_main.c kvm_vcpu_ioctl' }, [
    step('lock', s.vcpu[0].online, s.vcpu[0].protected.not(), vcpuMutex.acquire('set_regs')),
    step('KVM_SET_REGS_a', regs.a.set(1)),
    step('KVM_SET_REGS_b', regs.b.set(1)),
    step('unlock', vcpuMutex.release()),
  ])
  if (s.p.host === 'malicious') declareMaliciousHost(m, s)
}

/** The RMP's rules bind this host, and no lock does. */
function declareMaliciousHost(m: ModelBuilder, s: State): void {
  const { rmp } = s
  const shared = rmp.rmpupdate(PAGE, 'HYPERVISOR')
  const assigned = rmp.rmpupdate(PAGE, { gfn: 0 })
  const on = (name: string) => m.action(name).by('malicious host')
  on('host_rmpupdate_shared').when(rmp.isAssigned(PAGE), shared.isSuccess).do(shared.update)
  on('host_writes').when(rmp.allowsHostWrite(PAGE), s.isFreed.not()).do(s.content.set('forged'))
  on('host_rmpupdate_private')
    .when(rmp.isAssigned(PAGE).not(), s.content.is('forged'), assigned.isSuccess)
    .do(assigned.update)
}
