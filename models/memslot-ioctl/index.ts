/**
 * memslot-ioctl: KVM_SET_USER_MEMORY_REGION2 with any arguments: which errors it returns, and which
 * bad slots its checks keep away.
 *
 *   parameters.ts  kernel, VM, which check is left out
 *   calls.ts       the arguments
 *   state.ts       slot, binding of guest_memfd, call
 *   ioctl.ts       checks and what follows them, in the kernel's order
 *   claims.ts      properties and witnesses
 *   variants.ts    what is checked
 */
import { defineModel } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { declareIoctl } from './ioctl.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'memslot-ioctl',
  about: 'KVM_SET_USER_MEMORY_REGION2 with any arguments: its errors, and what they guard.',
  sources: [
    'virt/kvm/kvm_main.c, v6.19: check_memory_region_flags, kvm_set_memory_region, ' +
      'kvm_set_memslot, kvm_prepare_memory_region, kvm_commit_memory_region',
    'arch/x86/kvm/x86.c, v6.19: kvm_arch_prepare_memory_region; virt/kvm/guest_memfd.c: ' +
      'kvm_gmem_bind, kvm_gmem_unbind',
    'commit 9935df5333aa "KVM: Disallow toggling KVM_MEM_GUEST_MEMFD on an existing memslot", ' +
      'v6.19',
    'patch "KVM: x86/mmu: Introduce a slot flag to zap only slot leafs on slot deletion", ' +
      'May 2024: KVM_MEM_ZAP_LEAFS_ONLY',
  ],
  omits: [
    'Page faults during a call, SRCU, notifiers: slots_lock is held, and memslot-delete has what ' +
      'others see of each step',
    'More than one slot that changes: a call changes one slot, and slot B stands for all others',
    'Lengths: a region is one gfn, and which of size, gpa, address, offset or id is malformed makes ' +
      'no difference; all are refused at the same place',
    'The dirty bitmap and its allocation: an -ENOMEM before anything has changed, as of the slot',
    'Limits of page counts, address spaces, internal slots: they return -EINVAL with the malformed ' +
      'ones',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    declareIoctl(m, s)
    declareProperties(m, s)
    declareScenarios(m, s)
  },
})
