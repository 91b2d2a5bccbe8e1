/**
 * sev-migration: an SEV guest converts a page between private and shared while userspace migrates
 * it, and the arguments of March 2021 about the list of shared pages.
 *
 *   vCPU 0                          userspace of the source              destination
 *   ──────                          ───────────────────────              ───────────
 *   flip the C-bit                  live rounds:
 *   KVM_HC_MAP_GPA_RANGE              list, dirty log (LD), or
 *   write lo, write hi                dirty log, list (DL)
 *   ...                               send each dirty page  ─ decrypt, encrypt, or bytes ─▶
 *                                   pause, final round, resync
 *                                   resume ─────────────────────────────▶ vCPU goes on here
 *   read lo, read hi
 *
 *   parameters.ts     guest program, host order, who keeps the status, checks that are left out
 *   state.ts          hosts, keys, cells and their content, C-bit, status, contracts
 *   guest.ts          the programs O1 to O4, with what comes before and after
 *   migration.ts      the migration thread
 *   properties.ts     what is claimed beside the assertions in the steps
 *   verdict-table.ts  programs and host orders: the table of the design notes
 *   variants.ts       further questions X1 to X7, argument checks, hardware awareness
 *
 * A second copy of the content (ghost) is what memory would be had the guest never moved. Under
 * contract N a guest relies on all of its data, under F a flip of the C-bit gives a page's data up,
 * under H the call that tells the host does.
 */
import { defineModel } from 'zapcheck'
import { declareGuest } from './guest.js'
import { declareMigration } from './migration.js'
import { parameters } from './parameters.js'
import { declareProperties } from './properties.js'
import { declareState } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'sev-migration',
  about: 'An SEV guest converts a page between private and shared while it is migrated.',
  sources: [
    'patch "KVM: x86: Introduce KVM_GET_SHARED_PAGES_LIST ioctl", v10, February 2021, with its ' +
      'discussion: list in the kernel or exit to userspace, scenarios 1 to 3',
    'arch/x86/kvm/x86.c, v6.16: KVM_HC_MAP_GPA_RANGE in __kvm_emulate_hypercall; ' +
      'Documentation/virt/kvm/x86/hypercalls.rst, msr.rst: MSR_KVM_MIGRATION_CONTROL',
    'arch/x86/kvm/svm/sev.c, v6.16: sev_send_update_data, sev_receive_update_data',
    'virt/kvm/kvm_main.c, v6.16: kvm_get_dirty_log_protect',
    'arch/x86/mm/pat/set_memory.c, arch/x86/mm/mem_encrypt_amd.c, v6.16: ' +
      '__set_memory_enc_pgtable, enc_dec_hypercall',
  ],
  omits: [
    'The first copy of all memory: the page was sent once, as private, and is clean; the first ' +
      'copy is a live round in which every page is dirty',
    'KVM_GET_DIRTY_LOG is one step: a write through a TLB entry that is not flushed yet belongs ' +
      'to the set that is being reported, and its page is read after the ioctl returned. ' +
      'KVM_CLEAR_DIRTY_LOG and the dirty ring: not used here',
    'Cryptography is perfect: a cipher gives its value under its own key and garbage under every ' +
      'other one, which is no value that anybody wrote',
    'vCPU state, VMSA, measurement, device memory: nothing depends on them but that the vCPU ' +
      'goes on where it stopped; the C-bit is in memory of the guest and travels with it',
    'More than two pages: status, dirty log and content of a page do not depend on another one, ' +
      'but for the range of a call and the time of a list',
    'Hardware awareness stands for SNP and TDX as the discussion saw them; a conversion is one ' +
      'step with the acceptance by the guest, and its content is undefined. Mainline has no SEND ' +
      'for SNP (-EPERM)',
    'Firmware errors of SEND and RECEIVE but one: a page of the other kind is refused',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const guest = declareGuest(m, s)
    const migration = declareMigration(m, s, guest)
    declareProperties(m, s, guest, migration)
  },
})
