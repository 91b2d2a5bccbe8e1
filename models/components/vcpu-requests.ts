/**
 * Guest mode, requests and kicks: how a task makes every vCPU do something before it enters the
 * guest again, and waits until those inside have left.
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_make_all_cpus_request`, `kvm_flush_remote_tlbs`;
 * arch/x86/kvm/x86.c `vcpu_enter_guest`.
 *
 * Requests reach all vCPUs in one step. In the kernel they are made one by one; a request
 * concerns its own vCPU only, so a vCPU that gets it later is one that acted before all of them.
 * A vCPU enters the guest in one step with the check of its requests: `vcpu->mode` is set before
 * the check and read after the request is made, with a barrier in between on both sides.
 */
import { each, part, set } from 'zapcheck'
import type { Bool, ElementKey, Item, Members, SymmetricType } from 'zapcheck'

/** The requests that models of the MMU use: KVM_REQ_... */
export type Request = 'MMU_FREE_OBSOLETE_ROOTS' | 'TLB_FLUSH'

/** One vCPU, a symmetric index. */
export type Vcpu = ElementKey<'vcpu'>

/** The requests of all vCPUs as models use them. */
export interface VcpuRequests {
  /** The vCPUs that are in guest mode. */
  readonly inGuest: Members<'vcpu'>
  isInGuest(v: Vcpu): Bool
  /** An interrupt that makes the vCPU leave the guest is on its way. */
  isKicked(v: Vcpu): Bool
  isRequested(request: Request, v: Vcpu): Bool
  /** No request is pending: the condition of entering the guest. */
  isUnrequested(v: Vcpu): Bool
  /** kvm_make_all_cpus_request: the request for all vCPUs, and a kick for those in the guest. */
  makeAll(request: Request): Item
  /** KVM_REQ_OUTSIDE_GUEST_MODE: a kick without anything to do. */
  kickAll(): Item
  /** KVM_REQUEST_WAIT: every vCPU that was kicked has left the guest. */
  readonly isAcknowledged: Bool
  enterGuest(v: Vcpu): Item
  exitGuest(v: Vcpu): Item
  /** kvm_check_request: the vCPU takes the request. */
  take(request: Request, v: Vcpu): Item
}

/** Guest mode, kicks and requests of the vCPUs; nothing is requested at first. */
export function vcpuRequests(vcpus: SymmetricType<'vcpu'>) {
  const everyVcpu = each(vcpus)
  const fields = {
    inGuest: set(vcpus),
    kicked: set(vcpus),
    MMU_FREE_OBSOLETE_ROOTS: set(vcpus),
    TLB_FLUSH: set(vcpus),
  }
  return part(fields, (r): VcpuRequests => ({
    inGuest: r.inGuest,
    isInGuest: v => r.inGuest.has(v),
    isKicked: v => r.kicked.has(v),
    isRequested: (request, v) => r[request].has(v),
    isUnrequested: v => r.MMU_FREE_OBSOLETE_ROOTS.has(v).or(r.TLB_FLUSH.has(v)).not(),
    makeAll: request => [r[request].set(everyVcpu), r.kicked.set(r.inGuest)],
    kickAll: () => r.kicked.set(r.inGuest),
    isAcknowledged: r.kicked.isEmpty(),
    enterGuest: v => r.inGuest.add(v),
    exitGuest: v => [r.inGuest.remove(v), r.kicked.remove(v)],
    take: (request, v) => r[request].remove(v),
  }))
}
