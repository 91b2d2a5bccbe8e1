/**
 * A call of the TDX module: in each state it returns exactly one status, and only a successful
 * call changes anything.
 *
 * Source: Intel TDX module 1.5, status codes; arch/x86/kvm/vmx/tdx_errno.h, v6.16.
 */
import { and, branch, not, or, step } from 'zapcheck'
import type { Bool, Item, Statement, Statements } from 'zapcheck'

/** The status codes that the modelled calls return, without the prefix TDX. */
export type Status =
  | 'SUCCESS'
  | 'OPERAND_BUSY'
  | 'OP_STATE_INCORRECT'
  | 'PAGE_METADATA_INCORRECT'
  | 'PREVIOUS_TLB_EPOCH_BUSY'
  | 'EPT_WALK_FAILED'
  | 'EPT_ENTRY_STATE_INCORRECT'
  | 'GPA_RANGE_ALREADY_BLOCKED'
  | 'GPA_RANGE_NOT_BLOCKED'
  | 'TLB_TRACKING_NOT_DONE'
  | 'EPT_INVALID_PROMOTE_CONDITIONS'
  | 'EPT_PAGE_NOT_FREE'
  | 'PAGE_ALREADY_ACCEPTED'
  | 'PAGE_SIZE_MISMATCH'
  /** No status: the guest's instruction exits to the host and is executed again later. */
  | 'EPT_VIOLATION'

/** A check of a call: the status that it returns if the condition is true. */
export interface Refusal {
  readonly status: Exclude<Status, 'SUCCESS'>
  readonly when: Bool
}

/** What a process does with the statuses of a call. */
export interface Outcomes {
  /** Takes place in the same step as the call. */
  readonly ok?: Item
  /** Instead of the call: OPERAND_BUSY. */
  readonly busy?: Statements
  /** Instead of the call: any other status. */
  readonly refused: Statements
}

/** A call in a state: its checks, in the order of the module, and its effect. */
export class Seamcall {
  constructor(
    readonly name: string,
    /** In the order of the module: the first one whose condition is true decides. */
    readonly refusals: readonly Refusal[],
    /** What a successful call changes; not guarded. */
    readonly effect: Item,
  ) {}

  /** The call returns one of the statuses: the first check that fails decides. */
  returns(...statuses: readonly Status[]): Bool {
    const cases = this.refusals.flatMap(({ status, when }, i) =>
      statuses.includes(status) ? [and(...this.passes(i), when)] : [],
    )
    if (statuses.includes('SUCCESS')) cases.push(and(...this.passes(this.refusals.length)))
    return or(...cases)
  }

  /** TDX_SUCCESS. */
  get isOk(): Bool {
    return this.returns('SUCCESS')
  }

  /** TDX_OPERAND_BUSY, which the caller may answer by trying again. */
  get isBusy(): Bool {
    return this.returns('OPERAND_BUSY')
  }

  /** An error. */
  get isRefused(): Bool {
    return not(or(this.isOk, this.isBusy))
  }

  /** Some lock can make the call busy. */
  get canBeBusy(): boolean {
    return this.refusals.some(({ status }) => status === 'OPERAND_BUSY')
  }

  private passes(end: number): readonly Bool[] {
    return this.refusals.slice(0, end).map(({ when }) => not(when))
  }
}

/**
 * One call in a process: the step `label` if it succeeds, or what `outcomes` says. A goto to the
 * label would skip the check; go to a step in front of it.
 */
export function seamcall(label: string, call: Seamcall, outcomes: Outcomes): Statement {
  const { ok = [], busy = [], refused } = outcomes
  const failed = call.canBeBusy ? [branch(call.isBusy, busy, refused)] : refused
  return branch(call.isOk, [step(label, call.effect, ok)], failed)
}
