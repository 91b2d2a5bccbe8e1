/**
 * The parameters of the model: which part of the TD's life, how states are locked, and which step
 * is left out or moved.
 */
import { flag, option } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  phase: option(
    ['launch', 'teardown', 'terminate'],
    'launch',
    'from INIT_VM to the first KVM_RUN; the end of a VM that is closed; KVM_TDX_TERMINATE_VM (a ' +
      'proposal of 2025) while the VM is there',
  ),
  locking: option(
    ['all', 'fine'],
    'all',
    'launch: ioctls that look at the state hold kvm->lock, all vcpu->mutex and slots_lock ' +
      '(v6.19), or each a lock of its own (v6.16)',
  ),
  vpInit: option(['mmu-lock', 'unlocked'], 'mmu-lock', 'whether VP.INIT has mmu_lock for write'),
  finalize: option(
    ['merged', 'mmu-lock', 'never'],
    'merged',
    'launch: KVM_TDX_FINALIZE_VM as it is; with mmu_lock for write as well; not called',
  ),
  punch: flag(false, 'launch: userspace punches a hole in guest_memfd at any time'),
  populate: option(
    ['source', 'premap'],
    'source',
    'PAGE.ADD from within the fault (v7.0), or after it, counted by nr_premapped (v6.16)',
  ),
  prefaultGate: flag(true, 'false: KVM_PRE_FAULT_MEMORY is possible before finalize (2024)'),
  addFails: flag(false, 'true: PAGE.ADD may fail for no reason'),
  module: option(['real', 'unchecked'], 'real', 'whether the TDX module checks the order of calls'),
  bug: option(
    [
      'none',
      'allowed-before-runnable',
      'no-state-check',
      'no-premap-check',
      'no-run-check',
      'premap-zap-error',
      'init-vcpu-locks-inverted',
      'reclaim-before-free',
      'free-before-writeback',
      'flush-after-free',
      'remove-after-free',
      'tdr-first',
      'terminate-no-mmu-lock',
      'terminate-trylock-inverted',
      'terminate-still-removes',
    ],
    'none',
    'a step that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
