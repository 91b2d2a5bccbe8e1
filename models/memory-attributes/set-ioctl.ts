/**
 * KVM_SET_MEMORY_ATTRIBUTES. Labels are the step numbers of the design notes with the kernel's
 * function.
 *
 *   A0 check ─▶ A1 slots_lock ─▶ A2 equal? ─▶ A3 reserve
 *      ─▶ A4 write_lock, begin ─▶ A4 range_add, zap, flush, unlock     kvm_handle_gfn_range(pre)
 *      ─▶ A5 store ─▶ A5 store ...                                     no mmu_lock
 *      ─▶ A6 write_lock, end ─▶ A6 post handler, unlock                kvm_handle_gfn_range(post)
 *      ─▶ A7 unlock slots_lock, return
 *
 * Source: virt/kvm/kvm_main.c (v6.8 to v6.16) `kvm_vm_ioctl_set_mem_attributes`,
 * `kvm_vm_set_mem_attributes`, `kvm_handle_gfn_range`, `kvm_pre_set_memory_attributes`; RFC v11
 * patch 8 of July 2023 for the end after the unlock.
 */
import { and, assert, branch, choose, each, either, forEach, loopWhile, not, or } from 'zapcheck'
import { step } from 'zapcheck'
import type { Bool, Int, Item, ModelBuilder, ProcessHandle } from 'zapcheck'
import type { SmallIndex, Statement, Statements } from 'zapcheck'
import { overlaps, ranges, setter } from './calls.js'
import type { Setter } from './calls.js'
import { afterStore, beforeStore } from './handlers.js'
import { kinds, slotGfns } from './state.js'
import type { State } from './state.js'

/** Declares the process of a task that calls the ioctl. */
export function declareSetter(m: ModelBuilder, s: State, t: SmallIndex): ProcessHandle {
  const options = {
    ...(s.p.setters === 1 ? {} : { with: { t } }),
    actor: s.p.setters === 1 ? 'VMM' : `VMM ${t}`,
    source: 'virt/kvm/kvm_main.c kvm_vm_ioctl_set_mem_attributes, v6.16',
  }
  const calls = s.p.calls
  const body = call(s, setter(s, t))
  return m.process('set', options, calls === 1 ? [body] : [forEach('call', calls, () => [body])])
}

/** One call. */
function call(s: State, own: Setter): Statements {
  const { bug, errors } = s.p
  const hasLock = bug !== 'no-slots-lock'
  const unlock = hasLock ? s.slotsLock.release() : []
  const equal = branch(
    isEqual(s, own),
    [step('A2_already_equal_return_0', returnsZero(s, own, own.hi), unlock, forget(s, own))],
    [reserve(s, own, unlock)],
  )
  const takeLock = hasLock ? step('A1_mutex_lock_slots_lock', acquire(s, own)) : []
  const work: Statements =
    bug === 'skip-equal-check' || bug === 'equal-check-unlocked'
      ? [takeLock, reserve(s, own, unlock)]
      : [takeLock, equal]
  const checked = bug === 'equal-check-unlocked' ? checkUnlocked(s, own, work) : work
  const good = step('A0_kvm_vm_ioctl_set_mem_attributes', choose(requests(s, own)))
  if (!errors) return [good, checked]
  return [
    either(
      [good, checked],
      [
        step('A0_wrong_argument', choose(Object.fromEntries(refused(s).map(e => [e, []])))),
        step('A0_return_error', errorChangesNothing(own)),
      ],
    ),
  ]
}

function acquire(s: State, own: Setter): Item {
  return s.slotsLock.acquire(own.t === 0 ? 'set 0' : 'set 1')
}

/** A0: the arguments that pass the checks, as userspace means them and as KVM rounds them. */
function requests(s: State, own: Setter): Record<string, Item> {
  const { lo, hi, next, value } = s.set[own.t]
  const alternatives: Record<string, Item> = {}
  const isAllowed = s.p.vm !== 'plain' || s.p.bug === 'no-supported-check'
  for (const [from, to] of ranges(s))
    for (const kind of isAllowed ? kinds : (['shared'] as const)) {
      const rounded = [lo.set(from), hi.set(to), next.set(from), value.set(kind)]
      alternatives[`gfns ${from} to ${to - 1} ${kind}`] = rounded
      if (s.cut !== null && to < s.gfns)
        alternatives[`gfns ${from} to ${to} ${kind} cut`] = [rounded, s.cut[own.t].set(true)]
    }
  if (s.p.bug === 'no-harmless-checks') {
    const [[from] = [0]] = ranges(s)
    const nothing = [lo.set(from), hi.set(from), next.set(from)]
    alternatives['size 0'] = nothing
    alternatives['address + size wraps'] = nothing
  }
  return alternatives
}

/** A0: the arguments that are refused, with the error. */
function refused(s: State): readonly string[] {
  const { bug, vm } = s.p
  return [
    'copy_from_user -EFAULT',
    ...(bug === 'no-harmless-checks'
      ? []
      : ['flags -EINVAL', 'size 0 -EINVAL', 'address + size wraps -EINVAL']),
    ...(bug === 'no-alignment-check' ? [] : ['unaligned -EINVAL']),
    ...(bug === 'no-supported-check' && vm === 'plain' ? [] : ['unsupported attribute -EINVAL']),
  ]
}

/** kvm_range_has_memory_attributes. */
function isEqual(s: State, own: Setter): Bool {
  const { value } = s.set[own.t]
  return and(...each(s.gfns).map(g => or(not(own.covers(g)), s.attribute[g].is(value))))
}

/** A2 without slots_lock: the entries are read one by one, and then the call returns. */
function checkUnlocked(s: State, own: Setter, work: Statements): Statements {
  const { lo, next, value } = s.set[own.t]
  const { attribute } = s
  const isNextEqual = and(own.next.lt(own.hi), attribute.at(own.next).is(value))
  return [
    loopWhile(isNextEqual, [step('A2_xas_next', next.set(own.next.plus(1)))]),
    branch(
      own.next.is(own.hi),
      [step('A2_already_equal_return_0', returnsZero(s, own, own.hi), forget(s, own))],
      [step('A2_not_equal', next.set(lo)), work],
    ),
  ]
}

/** A3 to A7. */
function reserve(s: State, own: Setter, unlock: Item): Statements {
  const rest = [changeAttributes(s, own), finish(s, own, unlock)]
  if (s.p.store !== 'reserve-first') return rest
  const reserved = [step('A3_xa_reserve'), rest]
  if (!s.p.errors) return reserved
  const failed = step('A3_xa_reserve_ENOMEM', errorChangesNothing(own), unlock, forget(s, own))
  return [either(reserved, [failed])]
}

/** A4 to A6, where a slot overlaps the range and where none does. */
function changeAttributes(s: State, own: Setter): Statements {
  const store = (suffix: string): Statement => storeAll(s, own, suffix)
  const inSlot = [beforeStore(s, own), store(''), afterStore(s, own, '')]
  const alwaysOverlaps = ranges(s).every(([lo, hi]) => slotGfns(s).some(g => lo <= g && g < hi))
  if (alwaysOverlaps && s.memslot === null) return inSlot
  const without = [
    store('_without_slot'),
    // Under slots_lock the slot is still absent here.
    s.p.bug === 'no-slots-lock' ? afterStore(s, own, '_without_begin') : [],
  ]
  return [branch(overlaps(s, own), inSlot, without)]
}

/** A5: one entry after the other; without the reservation each can fail. */
function storeAll(s: State, own: Setter, suffix: string): Statement {
  const { next, value } = s.set[own.t]
  const one = step(
    `A5_xa_store${suffix}`,
    s.attribute.at(own.next).set(value),
    next.set(own.next.plus(1)),
  )
  const isLeft = own.next.lt(own.hi)
  if (s.failed === null) return loopWhile(isLeft, [one])
  const failed = s.failed[own.t]
  return loopWhile(and(isLeft, not(failed)), [
    either([one], [step(`A5_xa_store_ENOMEM${suffix}`, failed.set(true))]),
  ])
}

/** A7: slots_lock is dropped and the ioctl returns. */
function finish(s: State, own: Setter, unlock: Item): Statements {
  const done = [unlock, forget(s, own)]
  if (s.failed === null) return [step('A7_return_0', returnsZero(s, own, own.next), done)]
  const isNothing = own.next.is(own.lo)
  const isError = {
    'reserve-first': or(),
    partial: isNothing,
    'partial-error': or(true),
    'partial-zero': or(),
  }[s.p.store]
  return [
    branch(
      and(s.failed[own.t], isError),
      [step('A7_return_ENOMEM', errorChangesNothing(own), done)],
      [step('A7_return_0', returnsZero(s, own, own.next), done)],
    ),
  ]
}

/** M7, first part: after an error all attributes are what they were. */
function errorChangesNothing(own: Setter): Item {
  return assert(
    own.next.is(own.lo),
    'an error changes no attribute',
    'the ioctl returns an error although it has changed attributes: userspace believes in the old',
  )
}

/** M7, second part: after 0 the pages that it speaks of have the attribute. */
function returnsZero(s: State, own: Setter, done: Int): Item {
  const { value } = s.set[own.t]
  const isCut = s.cut === null ? or() : s.cut[own.t]
  const end = own.hi.plus(isCut.pick(1, 0))
  const reported = { all: end, rest: done, nothing: own.lo }[s.p.reports]
  const progress = { all: own.hi, rest: done, nothing: own.lo }[s.p.reports]
  const isSaid = (g: number): Bool => and(own.lo.le(g), reported.gt(g))
  const isEmpty = own.lo.is(own.hi)
  const isTrue = each(s.gfns).map(g => or(not(isSaid(g)), s.attribute[g].is(value)))
  return [
    assert(
      and(...isTrue),
      'success means that the pages have the attribute',
      'the ioctl returns 0, and a page that it says it has set has another attribute: userspace ' +
        'and KVM disagree on what is private',
    ),
    assert(
      or(progress.gt(own.lo), isEmpty),
      'a call that succeeds gets further',
      'the ioctl returns 0 and reports the same range as still to be done: userspace that calls ' +
        'again with what is reported does so without end',
    ),
  ]
}

function forget(s: State, own: Setter): Item {
  const { lo, hi, next, value } = s.set[own.t]
  return [
    lo.set(0),
    hi.set(0),
    next.set(0),
    value.set('shared'),
    s.failed === null ? [] : s.failed[own.t].set(false),
    s.cut === null ? [] : s.cut[own.t].set(false),
  ]
}
