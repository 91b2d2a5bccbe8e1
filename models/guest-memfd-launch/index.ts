/**
 * guest-memfd-launch: the initial image of a confidential VM gets into guest_memfd: prefault,
 * populate, finalize, while userspace punches pages out of the file and threads map it.
 *
 *   parameters.ts   VM type, versions of populate, what is left out or moved
 *   state.ts        folio, pages, owner, locks; what the last put of a page does
 *   fault.ts        KVM_PRE_FAULT_MEMORY, the fault path, the guest's accesses
 *   populate.ts     kvm_gmem_populate and the callbacks of TDX and SNP
 *   source-page.ts  get_user_pages, mmap_lock, a mapping of the file
 *   ioctls.ts       punch, finalize, deletion of the slot, conversion
 *   claims.ts       properties, and witnesses that the scenarios happen
 *   variants.ts     what is checked, with verdicts and counts
 *
 * `docs/models/guest-memfd.md` has the tables of steps and verdicts.
 */
import { defineModel } from 'zapcheck'
import { declareProperties, declareScenarios, isIdle } from './claims.js'
import { declareVcpu } from './fault.js'
import { declareIoctls } from './ioctls.js'
import { parameters } from './parameters.js'
import { declarePopulate } from './populate.js'
import { declareMmap } from './source-page.js'
import { declareState } from './state.js'
import { variants } from './variants.js'
import { largeVariants } from './variants-large.js'

export default defineModel({
  name: 'guest-memfd-launch',
  about: 'The initial image gets into guest_memfd: prefault, populate, finalize, and punch.',
  sources: [
    'virt/kvm/guest_memfd.c, v6.18 and v7.0: kvm_gmem_populate, kvm_gmem_get_pfn, ' +
      'kvm_gmem_prepare_folio, kvm_gmem_punch_hole, kvm_gmem_fault_user_mapping',
    'arch/x86/kvm/vmx/tdx.c, v6.16 and v7.0: tdx_gmem_post_populate, tdx_vcpu_init_mem_region, ' +
      'tdx_td_finalize, tdx_sept_set_private_spte',
    'arch/x86/kvm/svm/sev.c, v6.18: sev_gmem_post_populate, sev_gmem_prepare, sev_gmem_invalidate',
    'discussion of "guest_memfd: move check for already-populated page to common code", July 2024',
  ],
  omits: [
    'More than one index: every check of populate and prefault is for one index, and a region is ' +
      'populated page by page',
    'kvm_arch_gmem_prepare and clearing are one step: the folio lock is held, and whoever looks ' +
      'at the flag or truncates takes it',
    'Zap, flush, TDH.MEM.RANGE.BLOCK, TRACK and PAGE.REMOVE are one step of P2: mmu_lock is held ' +
      'for write, and the page is given back only later; guest-memfd and tdx-sept have the races',
    'SRCU: a fault excludes the deletion of the slot, which synchronize_srcu waits for',
    'Which free page a new folio gets: the first one, pages being interchangeable',
    'Signals, partial progress over several pages: an ioctl that is repeated is a populate again',
  ],
  params: parameters,
  variants: [...variants, ...largeVariants],
  build(m, p) {
    const s = declareState(m, p)
    const mmapLock = p.mmap !== 'none' ? declareMmap(m, s) : null
    const vcpu = declareVcpu(m, s)
    const populate = declarePopulate(m, s, mmapLock, vcpu)
    const punch = declareIoctls(m, s, vcpu)
    m.deadlock(isIdle(s))
    declareProperties(m, s)
    declareScenarios(m, s, { vcpu, populate, punch })
  },
})
