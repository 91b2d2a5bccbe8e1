/**
 * tdx-lifecycle: the beginning and the end of a TD.
 *
 *   parameters.ts  phase, locking of the state ioctls, which step is left out or moved
 *   launch.ts      populate, finalize, vCPU initialisation, punch, prefault and run at once
 *   teardown.ts    K7 in its order, and KVM_TDX_TERMINATE_VM while vCPUs run and zaps come
 *   variants.ts    what is checked, with verdicts and counts
 *
 *   INIT_VM ─▶ INITIALIZED ── MR.FINALIZE ──▶ RUNNABLE ─▶ ... ─▶ hkid RELEASED ─▶ TDR reclaimed
 *               ADD, EXTEND, VP.INIT          AUG, VP.ENTER       RECLAIM only
 *
 * It is a model of its own because it shares one entry and the module with tdx-sept, but neither
 * actors nor properties: before finalize no vCPU runs, and at the end no page is mapped any more.
 */
import { defineModel } from 'zapcheck'
import { declareLaunch } from './launch.js'
import { parameters } from './parameters.js'
import { declareTeardown } from './teardown.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'tdx-lifecycle',
  about: 'The beginning and the end of a TD: ioctls on its state at once, teardown, early release.',
  sources: [
    'arch/x86/kvm/vmx/tdx.c, v6.16 and v7.0: tdx_td_finalize, tdx_vcpu_init_mem_region, ' +
      'tdx_gmem_post_populate, tdx_vcpu_init, tdx_vcpu_pre_run, tdx_is_sept_zap_err_due_to_premap, ' +
      'tdx_mmu_release_hkid, tdx_reclaim_td_control_pages',
    'commit 15945e9ec195 "KVM: TDX: Guard VM state transitions with all the locks" (v6.19)',
    'virt/kvm/guest_memfd.c, v7.0: kvm_gmem_populate, kvm_gmem_punch_hole; virt/kvm/kvm_main.c: ' +
      'kvm_vm_ioctl_create_vcpu, kvm_vcpu_pre_fault_memory',
    'Intel TDX module 1.5: tdh_mem_page_add, tdh_mr_extend, tdh_mr_finalize, tdh_vp_init, ' +
      'tdh_mng_vpflushdone, tdh_mng_key_freeid, tdh_phymem_page_reclaim',
  ],
  omits: [
    'More than one page: each page of the image goes the same way, and no property compares two',
    'INIT_VM: everything else is refused before it, and it happens once',
    'Checks of arguments that guard no property here (flags, alignment, wrap, no pages): they ' +
      'return before anything is read or changed',
    'mmu_lock is a mutex: the tasks of the launch map or remove one page each, so nothing ' +
      'depends on two readers at once',
    'MR.EXTEND of a page is one call instead of 16: each of them can fail in the same ways',
    'Guests: what vCPUs do with their pages is tdx-sept; here they keep a CPU and dirty caches',
    'CACHE.WB of several packages is one step: nobody writes with the key of a TD that is dead',
  ],
  params: parameters,
  variants,
  build(m, p) {
    if (p.phase === 'launch') declareLaunch(m, p)
    else declareTeardown(m, p)
  },
})
