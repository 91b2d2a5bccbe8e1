/** Bugs of the family snp-rmp that are about the launch and about exits with shared arguments. */
import type { Bug } from 'zapcheck'

/** Decided by snp-launch and sev-ghcb. */
export const sevLaunchBugs: readonly Bug[] = [
  {
    id: 'S3',
    switch: 'BUG_GHCB_DOUBLE_FETCH',
    about: 'a field of the GHCB is validated, rewritten by another vCPU, and read again',
    commit: '4e15a0ddc3ff',
    release: 'v6.5',
    model: 'sev-ghcb',
    buggy: 'S3',
    fixed: 'merged',
    property: 'KVM uses the value that it validated',
    follows: [
      'handler.sev_es_validate_vmgexit',
      'rewrites_scratch',
      'handler.setup_vmgexit_scratch',
    ],
  },
  {
    id: 'S5',
    switch: 'BUG_VMSA_RESYNC',
    about: "LAUNCH_FINISH again writes registers to a VMSA that is the guest's: panic",
    commit: '9b9f7962e3e8',
    release: 'v7.1-rc',
    model: 'snp-launch',
    buggy: 'S5',
    fixed: 'merged',
    property: "the host never writes to a guest's page",
    follows: [
      'launch.SNP_LAUNCH_FINISH',
      'launch.firmware_encrypts_vmsa_vcpu0',
      'launch.SNP_LAUNCH_FINISH',
      'launch.sev_es_sync_vmsa_a_vcpu0',
    ],
  },
  {
    id: 'S6',
    switch: 'BUG_VMSA_SYNC_NO_VCPU_LOCK',
    about: 'KVM_SET_REGS runs while LAUNCH_FINISH copies the registers: the VMSA is a mix',
    commit: 'cb923ee6a80f',
    release: 'v7.1-rc',
    model: 'snp-launch',
    buggy: 'S6',
    fixed: 'merged',
    property: 'the encrypted VMSA is one register state',
    follows: [
      'launch.sev_es_sync_vmsa_a_vcpu0',
      'set_regs.KVM_SET_REGS_a',
      'launch.firmware_encrypts_vmsa_vcpu0',
    ],
  },
  {
    id: 'S7',
    switch: 'BUG_AP_ERR_SIDE_EFFECT',
    about: 'a refused AP creation has changed the target vCPU already',
    commit: 'd26638bfcdfc',
    release: '-',
    model: 'sev-ghcb',
    buggy: 'S7',
    fixed: 'merged',
    property: 'a refused request leaves its target as it was',
    follows: ['handler.sev_snp_ap_creation', 'handler.ap_request_invalid_EINVAL'],
  },
]
