/**
 * tdx-sept: private pages of a running TD are mapped and removed while vCPUs use them.
 *
 *   parameters.ts  scope, what userspace and the guest do, which step is left out or moved
 *   state.ts       mirror, Secure-EPT, epochs, locks of the module, guest_memfd, TLBs
 *   vcpu.ts        K3, T1, T2, T5: entry, the guest, exits
 *   fault-path.ts  K1: a private fault maps a page
 *   removal.ts     K2: block, track, kick, remove, with the retry of busy calls
 *   vmm.ts         what removes: punching holes, deleting a slot, conversions, 2M pages
 *   claims.ts      properties S1 to S10, and witnesses that the scenarios happen
 *   variants.ts    what is checked, with verdicts and counts; variants-large.ts: larger scopes
 *
 *   vCPU ── fault ──▶ mirror (KVM) ── SEAMCALL ──▶ Secure-EPT ◀── walk ── guest
 *                        ▲                            ▲
 *   VMM ── removal ──────┴──── BLOCK, TRACK, REMOVE ──┘   refused unless tracked, busy if locked
 *
 * The TDX module itself is `../components/tdx-module`. What happens before the TD runs and when it
 * ends is the model tdx-lifecycle.
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { largeVariants } from './variants-large.js'
import { variants } from './variants.js'
import { declareVcpu } from './vcpu.js'
import { declareVmm } from './vmm.js'

export default defineModel({
  name: 'tdx-sept',
  about: 'Private pages of a running TD are mapped and removed while vCPUs use them.',
  sources: [
    'arch/x86/kvm/vmx/tdx.c, v7.0: tdx_sept_remove_private_spte, tdx_track, tdh_do_no_vcpus, ' +
      'tdx_sept_set_private_spte, tdx_handle_ept_violation, tdx_vcpu_run; v6.16 for `pin`',
    'arch/x86/kvm/mmu/tdp_mmu.c, v7.0: kvm_tdp_mmu_map, tdp_mmu_link_sp, ' +
      '__tdp_mmu_set_spte_atomic',
    'virt/kvm/guest_memfd.c, v7.0: kvm_gmem_punch_hole, kvm_gmem_invalidate_begin and _end',
    'Intel TDX module 1.5: tdh_mem_range_block, tdh_mem_track, tdh_mem_page_remove, ' +
      'tdh_vp_enter, tdg_mem_page_accept, table seamcall_sept_state_lookup',
    'commit 4b2abc49712b "KVM: TDX: Kick off vCPUs when SEAMCALL is busy during TD page removal" ' +
      '(v6.16): which call takes which lock',
    'patch "KVM: x86/mmu: Introduce a slot flag to zap only slot leafs on slot deletion", May ' +
      '2024: demands on private page tables',
  ],
  omits: [
    'Everything before finalize, vCPU creation and the end of the TD: tdx-lifecycle',
    'The order of slot, sequence number, attributes and page in a fault: they are looked up ' +
      'under mmu_lock; a fault that lost against an invalidation in between retries in the kernel, ' +
      'which is a fault that looked later. memslot-delete and guest-memfd have the order',
    'Each SEAMCALL of the host is one step: mmu_lock and FROZEN_SPTE keep calls on one entry ' +
      'apart, and calls on different entries share the tree lock. Who holds a lock of the ' +
      'module from one step to another are VP.ENTER and ACCEPT',
    'Priority of the host for entry locks: it only makes a guest wait that spins in ACCEPT, and ' +
      'the claims are that a removal succeeds without it',
    'A hypercall of the guest is posted without an exit: what matters is when the VMM acts on it',
    'Content beyond defined or not, #VE, migration states, L2, 1G pages: no property reads them; ' +
      'the module writes zeros at ACCEPT and keeps what it only blocks',
    'Interrupts that make the guest leave the faulting instruction come with an event in the ' +
      'retry loop only; a signal, which enters at the same instruction again, is left out',
    'Page frames of a 2M page in PAMT: no other entry uses them in `split`',
  ],
  params: parameters,
  variants: [...variants, ...largeVariants],
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    declareVmm(m, s)
    declareProperties(m, s, vcpus)
    declareScenarios(m, s)
  },
})
