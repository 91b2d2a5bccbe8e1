/**
 * sev-intra-host: the encryption context of an SEV-ES guest moves from one VM to another on the
 * same host, while a vCPU is being created, while a mirror VM uses the context, and while the other
 * VM tries to take the context back.
 *
 *   A ──KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM──▶ L          one ASID, which the owner frees at its end
 *   ╰──KVM_CAP_VM_COPY_ENC_CONTEXT_FROM──▶ B           a mirror keeps a reference on its owner
 *
 *   parameters.ts  which ioctls run at the same time, which check is left out
 *   state.ts       VMs, mirror, ASID
 *   ioctls.ts      the ioctls, step by step
 *   properties.ts  what is claimed, and witnesses
 *   variants.ts    what is checked, with verdicts and counts
 */
import { defineModel } from 'zapcheck'
import { declareCloseOfMirror, declareCopy, declareCreation, declareMove } from './ioctls.js'
import { parameters } from './parameters.js'
import { declareLifetimes, declareProperties } from './properties.js'
import { declareState } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'sev-intra-host',
  about: 'The encryption context of an SEV-ES VM moves to another VM of the same host.',
  sources: [
    'arch/x86/kvm/svm/sev.c, v6.16: sev_vm_move_enc_context_from, sev_vm_copy_enc_context_from, ' +
      'sev_lock_two_vms, sev_check_source_vcpus, sev_migrate_from, sev_vm_destroy',
    'virt/kvm/kvm_main.c, v6.16: kvm_vm_ioctl_create_vcpu, kvm_vm_ioctl, kvm_put_kvm',
    'commits ecf371f8b02d (v6.16), 17d44a96f000 (v5.16), b2125513dfc0 (v5.18)',
  ],
  omits: [
    'vcpu->mutex of online vCPUs: it keeps vCPU ioctls out during a move, and none is modelled; ' +
      'a vCPU that is being created is not online and not locked, which is the bug of M1',
    'Signals (-EINTR), cgroup charges, pinned regions: they only end a move before it did anything',
    'Plain SEV guests: without VMSAs there is less to go wrong; a mirror that is moved itself',
    'More than one ASID: who gets a freed one is somebody else',
    'The lock of B in COPY: nobody else takes it',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const calls = [
      declareMove(m, s, 'move', ['L', 'A']),
      p.opposite ? declareMove(m, s, 'move_back', ['A', 'L']) : null,
      declareCreation(m, s),
      declareCopy(m, s),
      declareCloseOfMirror(m, s),
    ].filter(call => call !== null)
    declareLifetimes(m, s, calls)
    declareProperties(m, s, calls)
  },
})
