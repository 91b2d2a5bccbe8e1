/**
 * What the checks of the arguments guard: properties of slots, and of calls that fail.
 */
import { and, implies, invariant, next, not, or, reachable, stepProperty } from 'zapcheck'
import type { Bool, ModelBuilder } from 'zapcheck'
import { gfnAbove, gfnB } from './calls.js'
import type { Flag } from './calls.js'
import type { State } from './state.js'

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State): void {
  declareFlagProperties(m, s)
  declareSlotProperties(m, s)
  declareFailureProperties(m, s)
}

/** The slot is there and has the flag. */
function has(s: State, name: Flag): Bool {
  return and(s.slot.isPresent, s.slot.flags[name])
}

/** The flag of a slot that stays is what it was. */
function keeps(s: State, name: Flag): Bool {
  const { isPresent, flags } = s.slot
  return implies(and(isPresent, next(isPresent)), flags[name].is(next(flags[name])))
}

function declareFlagProperties(m: ModelBuilder, s: State): void {
  const { abi, arch, tdpMmu, vm } = s.p
  const isOfTd = vm === 'tdx' && abi === 'seed'
  const flag = has(s, 'ZAP_LEAFS_ONLY')
  const gmem = has(s, 'GUEST_MEMFD')
  m.check(
    invariant(
      'a TD has no slot with guest_memfd but without the flag',
      isOfTd ? implies(gmem, flag) : true,
      'deleting the slot invalidates page tables of a TD as a whole',
    ),
    stepProperty(
      'the flag of a slot never changes',
      keeps(s, 'ZAP_LEAFS_ONLY'),
      'a slot of a TD that was created with the flag is deleted as if it had none',
    ),
    invariant(
      'no slot has the flag where the TDP MMU is off',
      tdpMmu ? true : not(flag),
      'KVM_BUG_ON in kvm_mmu_zap_memslot_leafs: nothing is zapped, and the VM is dead',
    ),
    invariant(
      'no slot has the flag where nothing heeds it',
      arch === 'x86' ? true : not(flag),
      'an architecture accepts the flag and does not do what it says: userspace cannot find out',
    ),
    stepProperty(
      'guest_memfd of a slot never changes',
      keeps(s, 'GUEST_MEMFD'),
      'private memory of a slot comes or goes while its private mappings stay',
    ),
    invariant(
      'a slot with guest_memfd is neither logged nor read-only',
      implies(gmem, not(or(s.slot.flags.LOG_DIRTY_PAGES, s.slot.flags.READONLY))),
      'dirty logging and emulation of writes do not work for private memory',
    ),
    stepProperty(
      'read-only of a slot never changes',
      keeps(s, 'READONLY'),
      'writable mappings of a slot outlive that it became read-only',
    ),
  )
}

function declareSlotProperties(m: ModelBuilder, s: State): void {
  const { slot, call, binding } = s
  const changes = (action: { readonly name: string }): boolean =>
    /kvm_(create|move|update_flags)_memslot/.test(action.name)
  m.check(
    invariant(
      'a binding leads to a slot that is there',
      binding.isNot('freed_slot'),
      'the file still has the address of a slot that was freed: use after free when the file is ' +
        'closed or a hole is punched into it',
    ),
    invariant(
      'a slot is bound to a range of its own in a file of its VM',
      binding.isNot('foreign'),
      'two slots, or two VMs, share private memory, or there is no memory behind the slot',
    ),
    invariant(
      'slots do not overlap',
      not(and(slot.isPresent, slot.gfn.is(gfnB))),
      'a gfn has two memslots: which one a fault finds is chance',
    ),
    invariant(
      'no slot is above the highest gfn',
      not(and(slot.isPresent, slot.gfn.is(gfnAbove))),
      'a gfn cannot be mapped: the walk drops its upper bits',
    ),
    stepProperty(
      'a slot consists of whole pages',
      action => (changes(action) ? call.form.isNot('unaligned', 'unaligned_offset') : true),
      'addresses of a slot are not multiples of a page',
    ),
    stepProperty(
      'address and size of a slot never change',
      action =>
        /kvm_(move|update_flags)_memslot/.test(action.name)
          ? call.form.isNot('other_address', 'larger')
          : true,
      'mappings lead to pages that are not behind the slot any more',
    ),
  )
}

function declareFailureProperties(m: ModelBuilder, s: State): void {
  const { result, took } = s
  const failed = result.isNot('none', '0')
  const isFailure = (action: { readonly name: string }): boolean => /_E[A-Z]+$/.test(action.name)
  const { slot } = s
  const names = ['LOG_DIRTY_PAGES', 'READONLY', 'GUEST_MEMFD', 'ZAP_LEAFS_ONLY'] as const
  m.check(
    stepProperty(
      'a refused call changes no slot',
      action =>
        isFailure(action)
          ? and(
              slot.isPresent.is(next(slot.isPresent)),
              slot.gfn.is(next(slot.gfn)),
              ...names.map(name => slot.flags[name].is(next(slot.flags[name]))),
            )
          : true,
      'the ioctl returns an error, and the slot is another one',
    ),
    stepProperty(
      'a refused call leaves no binding behind',
      action =>
        isFailure(action) ? or(next(s.binding).is(s.binding), next(s.binding).is('none')) : true,
      'the range of the file stays bound to a slot that was never made',
    ),
    invariant(
      'a failed ioctl takes no mapping',
      not(and(failed, took.mapping)),
      'the ioctl returns an error, and the guest has to fault pages of the slot in again',
    ),
    invariant(
      'a failed ioctl takes no private page',
      not(and(failed, took.content)),
      'the ioctl returns an error, and private pages of the slot have lost their content',
    ),
  )
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State): void {
  const { abi, bug, vm } = s.p
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const { slot, guest, result } = s
  scenario('the guest uses the slot', and(slot.isPresent, guest.isMapped))
  for (const error of ['0', 'EINVAL', 'ENOMEM'] as const)
    scenario(`a call returns ${error}`, result.is(error))
  if (bug !== 'overlap') scenario('a call returns EEXIST', result.is('EEXIST'))
  if (vm !== 'tdx') return
  scenario('a call returns EBADF', result.is('EBADF'))
  scenario('a private page is accepted', guest.isAccepted)
  if (abi === 'seed')
    scenario(
      'a TD has a shared slot without the flag',
      and(slot.isPresent, not(slot.flags.GUEST_MEMFD), not(slot.flags.ZAP_LEAFS_ONLY)),
    )
}
