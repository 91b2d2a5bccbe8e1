/**
 * The parameters of the model: which kernel, which VM, and which check is left out.
 */
import { flag, option } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  abi: option(
    ['merged', 'seed'],
    'merged',
    'the ioctl as merged, or with KVM_MEM_ZAP_LEAFS_ONLY of the patch of May 2024',
  ),
  arch: option(['x86', 'other'], 'x86', 'x86, or an architecture without a zap of leafs'),
  vm: option(['default', 'tdx'], 'tdx', 'VM type; a TD has private memory, the default type none'),
  tdpMmu: flag(true, 'false: the module parameter tdp_mmu is off'),
  archGuard: flag(false, 'true: only x86 knows KVM_MEM_ZAP_LEAFS_ONLY, as a reviewer asked'),
  gmemToggle: option(
    ['refused', 'accepted'],
    'refused',
    'a request without KVM_MEM_GUEST_MEMFD for a slot that has it: refused since v6.19',
  ),
  prepare: option(
    ['after-zap', 'before-zap'],
    'after-zap',
    'when a MOVE calls kvm_prepare_memory_region; no kernel calls it first',
  ),
  bug: option(
    [
      'none',
      'td-without-flag',
      'flag-toggle',
      'flag-without-tdp-mmu',
      'gmem-modify',
      'gmem-log-dirty',
      'gmem-readonly',
      'no-alignment',
      'delete-missing',
      'region-change',
      'readonly-toggle',
      'overlap',
      'max-gfn',
      'any-fd',
      'no-unbind',
      'no-reactivate',
      'keeps-slots-lock',
    ],
    'none',
    'a check that is left out; or a late error does not unbind the file, leaves the old slot ' +
      'away, or returns with slots_lock',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
