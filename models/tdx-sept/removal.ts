/**
 * K2, the removal of private pages: tdx_sept_remove_private_spte, with mmu_lock held for write.
 *
 *   mirror LEAF -> NONE ─▶ RANGE.BLOCK ─▶ MEM.TRACK ─▶ kick, wait ─▶ PAGE.REMOVE ─▶ wbinvd, clear
 *
 * tdh_do_no_vcpus: a call that finds a lock of the module taken sets wait_for_sept_zap, kicks all
 * vCPUs, waits, and tries once more.
 */
import { assert, branch, either, goto, loopWhile, or, step, waitUntil } from 'zapcheck'
import type { Bool, Item, SmallIndex, Statement, Statements } from 'zapcheck'
import { Seamcall, seamcall } from '../components/tdx-module/index.js'
import { gfnNames } from './state.js'
import type { State } from './state.js'

const secondTry = 'a busy SEAMCALL succeeds at the second try'
const secondTryMeaning =
  'a SEAMCALL of the removal is busy again: KVM either retries without end or gives up a page ' +
  'that the TD still owns'

/** The arm of the process that a removal is in: a suffix of the labels of its error steps. */
export type Arm = string

const epochBusy = (arm: Arm): string => `K2_PREVIOUS_TLB_EPOCH_BUSY${arm}`
const busyAgain = (arm: Arm): string => `K2_BUSY_again${arm}`
const kvmBugOn = (arm: Arm): string => `K2_KVM_BUG_ON${arm}`

/** Where the removals of an arm go on after an error; stands in front of the unlock. */
export function errors(s: State, arm: Arm): Statements {
  const clear = s.locked === null ? [] : s.locked.waitForSeptZap.set(false)
  const fails = [
    assert(
      or(),
      'the removal of a private page never fails',
      'a SEAMCALL of the removal fails for good: KVM_BUG_ON kills the VM, and the page is still ' +
        "the TD's",
    ),
    s.vm.set('bugged'),
    clear,
  ]
  const previous = assert(
    or(),
    'MEM.TRACK never finds the previous epoch busy',
    'TDH.MEM.TRACK is called while vCPUs still run in the epoch before: track and kick of two ' +
      'removals are not serialised',
  )
  const second = assert(or(), secondTry, secondTryMeaning)
  // Only a goto leads here.
  return [
    branch(or(), [
      either(
        [step(epochBusy(arm), previous, fails)],
        [step(busyAgain(arm), second, fails)],
        [step(kvmBugOn(arm), fails)],
      ),
    ]),
  ]
}

/** tdh_do_no_vcpus: one call with its second try. */
export function doNoVcpus(
  s: State,
  label: string,
  call: Seamcall,
  arm: Arm,
  ok: Item = [],
): Statement | Statements {
  const { locked, requests } = s
  const refused = [
    branch(call.returns('PREVIOUS_TLB_EPOCH_BUSY'), [goto(epochBusy(arm))], [goto(kvmBugOn(arm))]),
  ]
  if (locked === null) return seamcall(label, call, { ok, refused })
  const { waitForSeptZap } = locked
  if (s.p.bug === 'busy-spin') {
    const again = step(`${label}_BUSY_again`, assert(or(), secondTry, secondTryMeaning))
    return [
      branch(call.isBusy, [step(`${label}_BUSY`), loopWhile(call.isBusy, [again])]),
      branch(call.isOk, [step(label, call.effect, ok)], refused),
    ]
  }
  if (s.p.bug === 'busy-return') return seamcall(label, call, { ok, busy: refused, refused })
  return seamcall(label, call, {
    ok,
    busy: [
      step(`${label}_BUSY_wait_for_sept_zap`, waitForSeptZap.set(true)),
      step(`${label}_BUSY_kick_vcpus`, requests.kickAll()),
      waitUntil(`${label}_BUSY_wait_for_vcpus`, requests.isAcknowledged),
      seamcall(`${label}_again`, call, {
        ok: [waitForSeptZap.set(false), ok],
        busy: [goto(busyAgain(arm))],
        refused,
      }),
    ],
    refused,
  })
}

/** tdx_track: MEM.TRACK, and all vCPUs leave the guest once. */
export function track(s: State, label: string, arm: Arm): Statements {
  if (s.p.bug === 'no-track') return []
  const { requests } = s
  const kick = [
    step(`${label}_kick_vcpus`, requests.kickAll()),
    waitUntil(`${label}_wait_for_vcpus`, requests.isAcknowledged),
  ]
  const call = doNoVcpus(s, `${label}_tdh_mem_track`, s.tdx.memTrack(), arm)
  return [call, s.p.bug === 'no-kick' ? [] : kick]
}

/** The removal of the leafs of `gfns`; those that are not present are left alone. */
export function removeLeafs(s: State, gfns: readonly SmallIndex[], arm: Arm): Statements {
  const isPresent = (g: SmallIndex): Bool => s.mirror.leaf[g].is('LEAF')
  if (s.p.zap !== 'batch' || gfns.length === 1)
    return gfns.map(g =>
      branch(isPresent(g), [
        blockLeaf(s, g, arm),
        track(s, `K2${name(s, g)}`, arm),
        removeLeaf(s, g, arm),
      ]),
    )
  const isBlocked = (g: SmallIndex): Bool => s.mirror.leaf[g].is('FROZEN')
  return [
    gfns.map(g => branch(isPresent(g), [blockLeaf(s, g, arm)])),
    branch(or(...gfns.map(isBlocked)), track(s, 'K2', arm)),
    gfns.map(g => branch(isBlocked(g), [removeLeaf(s, g, arm)])),
  ]
}

function name(s: State, g: SmallIndex): string {
  return s.p.gfns === 1 ? '' : `_${gfnNames[g === 0 ? 0 : 1]}`
}

/**
 * The mirror, and RANGE.BLOCK. A batch, and a removal that only has the read lock, keep the leaf
 * FROZEN until the page is removed.
 */
function blockLeaf(s: State, g: SmallIndex, arm: Arm): Statements {
  const { leaf } = s.mirror
  const isKept = s.p.zap === 'batch' || s.p.bug === 'zap-under-read-lock'
  const zap = leaf[g].set(isKept ? 'FROZEN' : 'NONE')
  return [
    step(`K2_tdp_mmu_zap_leafs${name(s, g)}`, zap),
    doNoVcpus(s, `K2_tdh_mem_range_block${name(s, g)}`, s.tdx.rangeBlock(g), arm),
  ]
}

/** PAGE.REMOVE, and what makes the page fit for the host. */
function removeLeaf(s: State, g: SmallIndex, arm: Arm): Statements {
  const { tdx, backing, unclean, zeroed } = s
  const { leaf } = s.mirror
  const page = backing[g].number()
  const real = tdx.pageRemove(g)
  const call =
    s.p.bug === 'remove-fails'
      ? new Seamcall(real.name, [{ status: 'OP_STATE_INCORRECT', when: or(true) }], real.effect)
      : real
  const ok = [zeroed.remove(g), unclean.add(page), leaf[g].set('NONE')]
  const clear =
    s.p.bug === 'no-clear'
      ? []
      : [step(`K2_tdh_phymem_page_wbinvd_and_clear${name(s, g)}`, unclean.remove(page))]
  return [doNoVcpus(s, `K2_tdh_mem_page_remove${name(s, g)}`, call, arm, ok), clear]
}

/** The whole tree, as a zap does that knows nothing of TDX: the table first, or last. */
export function removeTable(s: State, arm: Arm): Statements {
  const { table } = s.mirror
  const remove = s.tdx.septRemove()
  return [
    branch(table.is('LINKED'), [
      step('Z1_zap_table_mirror', table.set('NONE')),
      doNoVcpus(s, 'Z1_tdh_mem_range_block_table', s.tdx.rangeBlock(s.tdx.table), arm),
      track(s, 'Z1_table', arm),
      doNoVcpus(s, 'Z1_tdh_mem_sept_remove', remove, arm),
    ]),
  ]
}
