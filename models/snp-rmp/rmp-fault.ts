/**
 * R: sev_handle_rmp_fault, which npf_interception calls after the page fault handler when the
 * error code has PFERR_GUEST_RMP_MASK and the guest is going to be resumed.
 *
 *   R1 private? ─▶ R3 get_pfn ─▶ R4 level ─ 4K ─▶ R5 spurious
 *                                   └─ 2M ─▶ R6 PSMASH ─▶ R7 zap both gfns ─▶ R8 put page
 *                                              └─ fails ─▶ look again ─ 4K ─▶ R8
 */
import { and, assert, branch, leave, not, or, step, waitUntil } from 'zapcheck'
import type { Item, Statement, Statements } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import { dropPage, forget, getPfn, gfnOf, pageOf } from './fault-path.js'
import { isPrivateAttr, zapAll } from './state.js'
import type { State } from './state.js'

const unexpected = (): Item =>
  assert(
    or(),
    'no unexpected RMP fault',
    'sev_handle_rmp_fault warns: the fault is for a gfn that is not private, or its page is not ' +
      'assigned',
  )

/** The handler. It takes no mmu_lock before R7, and no folio lock after R3. */
export function handleRmpFault(s: State, v: Vcpu): Statement {
  const { fault } = s.vcpu[v]
  const release = [dropPage(s, v), forget(s, v)]
  const x = pageOf(s, v)
  const isAssigned = s.rmp.isAssigned(x)
  return branch(fault.rmp, [
    branch(
      isPrivateAttr(s, gfnOf(s, v)),
      [
        getPfn(s, v, 'R3'),
        branch(
          not(isAssigned),
          [step('R4_unexpected_not_assigned', unexpected(), release)],
          [
            branch(s.rmp.isLarge(x), s.isHuge ? psmash(s, v, release) : [], [
              step('R5_rmp_level_4K_spurious', release),
            ]),
          ],
        ),
      ],
      [step('R1_unexpected_not_private', unexpected(), release)],
    ),
  ])
}

/** R6 to R8. */
function psmash(s: State, v: Vcpu, release: Item): Statements {
  const x = pageOf(s, v)
  const { isSuccess, update } = s.rmp.psmash(x)
  const failed = step(
    'R6_unable_to_split',
    assert(
      or(),
      'a lost race of PSMASH is no error',
      'sev_handle_rmp_fault reports that it cannot split an RMP entry that another vCPU has split',
    ),
  )
  const isSplit = and(s.rmp.isAssigned(x), not(s.rmp.isLarge(x)))
  const zap = waitUntil(
    'R7_kvm_zap_gfn_range',
    s.mmuLock.isFree,
    zapAll(s),
    s.p.bug === 'zap-no-seq' ? [] : s.mmu.seq.increase(),
    release,
  )
  const end = s.p.bug === 'psmash-no-zap' ? step('R8_kvm_release_page_unused', release) : zap
  const raced = [step('R6_raced_with_another_psmash', release), leave()]
  return [
    step('R4_snp_lookup_rmpentry_2M'),
    branch(
      isSuccess,
      [step('R6_snp_rmptable_psmash', update)],
      s.p.bug === 'psmash-no-recheck' ? [failed] : [branch(isSplit, raced, [failed])],
    ),
    end,
  ]
}
