/**
 * snp-launch: the launch of an SEV-SNP guest: one page is added and measured, then the registers of
 * the vCPUs are copied to their VMSA pages, which are measured too.
 *
 *   userspace A  SNP_LAUNCH_UPDATE: L1 assigned? ─▶ L2 copy ─▶ L3 RMPUPDATE ─▶ L4 firmware
 *                     └ error ─▶ L5 reclaim, shared again
 *                SNP_LAUNCH_FINISH: per vCPU: sync a ─▶ sync b ─▶ RMPUPDATE ─▶ firmware
 *   userspace B  KVM_SET_REGS of vCPU 0 under vcpu->mutex: a, then b
 *   userspace C  KVM_CREATE_VCPU of vCPU 1: created under kvm->lock ... online under kvm->lock
 *
 * Kernel: v7.0 (`sev_gmem_post_populate`, `snp_launch_update_vmsa`), bugs of v6.11 and later.
 */
import { defineModel } from 'zapcheck'
import { declareLaunch } from './launch.js'
import { parameters } from './parameters.js'
import { declareProperties } from './properties.js'
import { declareState } from './state.js'
import { declareUserspace } from './userspace.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'snp-launch',
  about: 'An SEV-SNP guest is launched while its registers are set and a vCPU is created.',
  sources: [
    'arch/x86/kvm/svm/sev.c, v7.0: snp_launch_update, sev_gmem_post_populate, ' +
      'snp_launch_update_vmsa, snp_launch_finish, sev_es_sync_vmsa, snp_page_reclaim',
    'arch/x86/virt/svm/sev.c, v6.12: rmpupdate, rmp_make_private, rmp_make_shared, snp_leak_pages',
    'commits 9b9f7962e3e8 (VMSA of a launched vCPU), cb923ee6a80f (lock all vCPUs), 624bf3440d72 ' +
      '(LAUNCH_FINISH while vCPUs are created)',
  ],
  omits: [
    'guest_memfd, memslots and attributes: the page is private and there; guest-memfd-launch has ' +
      'populate with its locks',
    'sizes of the RMP: launch pages are 4K; snp-rmp has splits',
    'The measurement as a hash: what was measured is remembered, which is what a hash decides',
    'Registers beyond two: a copy that is not atomic shows with two',
    'SNP_LAUNCH_START and its context: both calls refuse a VM without context (-EINVAL) first',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    declareLaunch(m, s)
    declareUserspace(m, s)
    declareProperties(m, s)
  },
})
