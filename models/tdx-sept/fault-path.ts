/**
 * K1, the fault on a private gfn: tdx_handle_ept_violation, kvm_tdp_mmu_map with mmu_lock held for
 * read, and the calls that mirror it into the Secure-EPT.
 *
 *   lock ─▶ stale? ─▶ table: NONE ─FROZEN─ SEPT.ADD ─▶ LINKED ─▶ leaf: NONE ─FROZEN─ AUG ─▶ LEAF
 *     └── RET_PF_RETRY: local retry, until an event is pending ◀── FROZEN or busy
 *
 * What comes before the lock (slot, sequence number, attributes, page) is looked up under it here:
 * a fault that lost against an invalidation in between retries, which is the same as one that
 * looked later. The order of those stages is the matter of memslot-delete and guest-memfd.
 */
import { assert, branch, either, goto, not, or, step } from 'zapcheck'
import type { Item, Statement, Statements } from 'zapcheck'
import { Seamcall, seamcall } from '../components/tdx-module/index.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { A, entry, forgetStrikes, getPage } from './state.js'
import type { State } from './state.js'

/** The handler of an EPT violation on the gfn that the vCPU remembers. */
export function handleEptViolation(s: State, v: Vcpu): Statements {
  const { gfn } = s.vcpu[v]
  const hit = s.vcpu[v].gfn.number()
  const { mmuLock } = s
  const end = [mmuLock.releaseRead(), s.locked === null ? gfn.set(0) : [], leaveSrcu(s, v)]
  return [
    ...enterSrcu(s, v),
    step('K1_read_lock', mmuLock.acquireRead()),
    branch(s.invalidation.isInProgress, retry(s, v, 'K1_is_page_fault_stale', [])),
    step('K1_kvm_gmem_get_pfn', getPage(s, hit)),
    ...mapTable(s, v),
    s.p.vmm !== 'split'
      ? []
      : branch(s.mirror.table.is('HUGE'), [step('K1_spurious_2M', end), goto(entry(s))]),
    ...mapLeaf(s, v, end),
  ]
}

/** The first step of the handler. */
export function handler(s: State): string {
  return s.slot === null ? 'K1_read_lock' : 'K1_srcu_read_lock'
}

/** V12: kvm->srcu is held around the handler; slot lookups only where the slot is deleted. */
function enterSrcu(s: State, v: Vcpu): Statements {
  if (s.slot === null) return []
  const { slot, srcu } = s.slot
  const isA = s.vcpu[v].gfn.is(A)
  const forget = s.locked === null ? s.vcpu[v].gfn.set(0) : []
  const enter = step('K1_srcu_read_lock', srcu.enter(v))
  if (s.p.bug === 'retry-holds-srcu')
    return [
      enter,
      branch(isA.and(slot.is('absent')), [
        step('K1_no_slot_exit', forget, srcu.exit(v)),
        goto(entry(s)),
      ]),
      // The loop does nothing, so it is a wait.
      step('K1_find_slot', or(not(isA), slot.is('valid'))),
    ]
  return [
    enter,
    branch(
      isA.and(slot.isNot('valid')),
      [step('K1_invalid_or_no_slot_exit', forget, srcu.exit(v)), goto(entry(s))],
      [step('K1_find_slot')],
    ),
  ]
}

function leaveSrcu(s: State, v: Vcpu): Item {
  return s.slot === null ? [] : s.slot.srcu.exit(v)
}

/** RET_PF_RETRY, with what has to be undone; ends the use of mmu_lock. */
function retry(s: State, v: Vcpu, why: string, undo: Item): Statements {
  const unlock = [s.mmuLock.releaseRead(), undo]
  const forget = s.locked === null ? s.vcpu[v].gfn.set(0) : []
  if (s.p.bug === 'no-local-retry')
    return [step(`${why}_RETRY`, unlock, forget, leaveSrcu(s, v)), goto(entry(s))]
  const event = [unlock, forgetStrikes(s, v), forget, leaveSrcu(s, v)]
  return [
    either(
      [step(`${why}_RETRY`, unlock), goto('K1_read_lock')],
      // kvm_vcpu_has_events: what is delivered moves the guest to another instruction.
      [step(`${why}_RETRY_event`, event), goto(entry(s))],
    ),
  ]
}

/** A call that K1 makes: busy means retry, anything else is a bug. */
function mapping(
  s: State,
  v: Vcpu,
  label: string,
  made: Seamcall,
  after: { readonly ok: Item; readonly undo: Item },
): Statement {
  const { ok, undo } = after
  return seamcall(label, made, {
    ok,
    busy: retry(s, v, `${label}_BUSY`, undo),
    refused: [
      step(
        `${label}_KVM_BUG_ON`,
        assert(
          or(),
          'mapping fails for locks only',
          'SEPT.ADD or PAGE.AUG fails with another status than busy: the mirror and the ' +
            'Secure-EPT differ, and KVM_BUG_ON kills the VM',
        ),
        s.vm.set('bugged'),
        undo,
        s.mmuLock.releaseRead(),
        leaveSrcu(s, v),
      ),
      goto(entry(s)),
    ],
  })
}

/** K1.1: the table, or a 2M page where 2M pages are mapped. */
function mapTable(s: State, v: Vcpu): Statements {
  const { table } = s.mirror
  const frozen = branch(table.is('FROZEN'), retry(s, v, 'K1_frozen_table', []))
  const rest = (body: Statements): Statements => [frozen, branch(table.is('NONE'), body)]
  if (s.p.vmm === 'split') {
    // The first fault of all: nobody can hold a lock of the module that it needs.
    const aug = s.tdx.pageAug(s.tdx.table)
    const map = step('K1_tdh_mem_page_aug_2M', aug.isOk, aug.effect, table.set('HUGE'))
    return rest([step('K1_freeze_table', table.set('FROZEN')), map])
  }
  const label = 'K1_tdh_mem_sept_add'
  const made = s.tdx.septAdd()
  const undo = table.set('NONE')
  if (s.p.bug === 'no-frozen')
    return rest([
      step('K1_link_table', table.set('LINKED')),
      mapping(s, v, label, made, { ok: [], undo }),
    ])
  return rest([
    step('K1_freeze_table', table.set('FROZEN')),
    mapping(s, v, label, made, { ok: table.set('LINKED'), undo }),
  ])
}

/** K1.2: the leaf. */
function mapLeaf(s: State, v: Vcpu, end: Item): Statements {
  const g = s.vcpu[v].gfn.number()
  const leaf = s.mirror.leaf.at(g)
  const page = s.backing.at(g).number()
  const aug = s.tdx.pageAug(g, page)
  const mapped = [s.sept.at(g).set('MAPPED'), s.pages.put(g, page)]
  const made = s.p.module === 'no-accept' ? new Seamcall(aug.name, aug.refusals, mapped) : aug
  const label = 'K1_tdh_mem_page_aug'
  const present = branch(leaf.is('LEAF'), [step('K1_spurious', end), goto(entry(s))])
  const frozen = branch(leaf.is('FROZEN'), retry(s, v, 'K1_frozen_leaf', []))
  const freeze = step('K1_freeze_leaf', leaf.set('FROZEN'))
  const unlock = step('K1_read_unlock', end)
  const install = (ok: Item): Statement =>
    mapping(s, v, label, made, { ok: [ok, s.zeroed.remove(g)], undo: leaf.set('NONE') })
  switch (s.p.bug) {
    case 'no-frozen':
      return [present, step('K1_old_spte_none'), install(leaf.set('LEAF')), unlock]
    case 'leaf-first':
      return [present, step('K1_set_leaf', leaf.set('LEAF')), install([]), unlock]
    case 'stale-old-spte':
      return [
        present,
        frozen,
        step('K1_old_spte_none'),
        branch(leaf.isNot('NONE'), retry(s, v, 'K1_cmpxchg_failed', [])),
        freeze,
        install(leaf.set('LEAF')),
        unlock,
      ]
    case 'stale-old-spte-local':
      return [
        present,
        frozen,
        step('K1_old_spte_none'),
        // Compares with the old value until it fits: a wait, with mmu_lock held.
        step('K1_cmpxchg_old_spte', leaf.is('NONE'), leaf.set('FROZEN')),
        install(leaf.set('LEAF')),
        unlock,
      ]
    default:
      return [present, frozen, freeze, install(leaf.set('LEAF')), unlock]
  }
}
