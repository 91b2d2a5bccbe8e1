/**
 * KVM_SET_USER_MEMORY_REGION2: the checks in the kernel's order, and what is done when all passed.
 * The first step that follows the call tells which check refused it.
 *
 *   flags ─▶ form ─▶ DELETE | CREATE | modify? ─▶ overlap ─▶ kzalloc ─▶ kvm_gmem_bind
 *     ─▶ kvm_invalidate_memslot (DELETE, MOVE: zaps) ─▶ kvm_prepare_memory_region ─▶ commit
 *
 * slots_lock is held, so nothing else changes slots in between. The guest uses the slot between two
 * calls; what a fault sees of each step is the question of memslot-delete.
 */
import { and, assert, branch, choose, either, goto, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, Statements } from 'zapcheck'
import { callsOf, flagNames, gfnAbove, gfnB } from './calls.js'
import type { Call, Flag } from './calls.js'
import type { Result, State } from './state.js'

/** Declares the process of userspace, and the guest's use of the slot. */
export function declareIoctl(m: ModelBuilder, s: State): void {
  const { slot, guest, call } = s
  const options = {
    actor: 'userspace',
    source: 'virt/kvm/kvm_main.c kvm_set_memory_region, v6.19',
    repeats: true,
  }
  const calls = callsOf(s.p.arch === 'x86')
  const ioctl = m.process('ioctl', options, [
    step(
      'KVM_SET_USER_MEMORY_REGION2',
      s.slotsLock.acquire(),
      choose(Object.fromEntries(calls.map(one => [one.name, storeCall(s, one)]))),
    ),
    firstThat(
      [
        [hasInvalidFlags(s), refuse(s, 'check_memory_region_flags', 'EINVAL')],
        [isMalformed(s), refuse(s, 'kvm_set_memory_region_sanity', 'EINVAL')],
        [call.isDelete, remove(s)],
        [slot.isPresent, modify(s)],
      ],
      create(s),
    ),
    step('return', unlock(s), forgetCall(s)),
  ])
  m.action('guest_touches_slot')
    .by('vCPU 0')
    .source('page fault on the gfn of slot A, and TDG.MEM.PAGE.ACCEPT if the page is private')
    .when(ioctl.at('KVM_SET_USER_MEMORY_REGION2'), slot.isPresent, guest.isMapped.not())
    .do(guest.isMapped.set(true), guest.isAccepted.set(isPrivate(s)))
}

/** A late error that jumps past the unlock leaves slots_lock to nobody. */
function unlock({ result, slotsLock, p }: State): Item {
  const release = slotsLock.release()
  return p.bug === 'keeps-slots-lock' ? when(result.isNot('ENOMEM'), release) : release
}

/** The page of the slot is private memory of a TD. */
function isPrivate(s: State): Bool {
  return s.p.vm === 'tdx' ? s.slot.flags.GUEST_MEMFD : or()
}

/** The statements of the first case whose condition is true. */
function firstThat(
  cases: readonly (readonly [Bool, Statements])[],
  otherwise: Statements,
): Statements {
  return cases.reduceRight<Statements>(
    (rest, [condition, then]) => [branch(condition, then, rest)],
    otherwise,
  )
}

/** The call ends with an error; `undo` is what it takes back. */
function refuse(s: State, where: string, error: Result, undo: Item = []): Statements {
  return [step(`${where}_${error}`, s.result.set(error), undo), goto('return')]
}

function storeCall({ call }: State, { isDelete, gfn, flags, form, file }: Call): Item {
  return [
    call.isDelete.set(isDelete),
    call.gfn.set(gfn),
    flags.map(name => call.flags[name].set(true)),
    call.form.set(form),
    call.file.set(file),
  ]
}

function forgetCall({ call, result, took }: State): Item {
  return [
    call.isDelete.set(false),
    call.gfn.set(0),
    flagNames.map(name => call.flags[name].set(false)),
    call.form.set('sound'),
    call.file.set('own'),
    result.set('none'),
    took.mapping.set(false),
    took.content.set(false),
  ]
}

/** check_memory_region_flags: a flag that is not valid, or not together with GUEST_MEMFD. */
function hasInvalidFlags(s: State): Bool {
  const { flags } = s.call
  const { abi, arch, archGuard, bug, vm } = s.p
  const hasGmem = flags.GUEST_MEMFD
  const hasFlag = abi === 'seed' && (arch === 'x86' || !archGuard)
  return or(
    hasFlag ? or() : flags.ZAP_LEAFS_ONLY,
    vm === 'tdx' ? or() : hasGmem,
    bug === 'gmem-log-dirty' ? or() : and(hasGmem, flags.LOG_DIRTY_PAGES),
    bug === 'gmem-readonly' ? or() : and(hasGmem, flags.READONLY),
  )
}

/** Size, gpa, hva and offset are multiples of a page, do not wrap, and the ids exist. */
function isMalformed(s: State): Bool {
  return s.p.bug === 'no-alignment' ? or() : s.call.form.is('unaligned', 'unaligned_offset')
}

/** DELETE. */
function remove(s: State): Statements {
  const { slot, binding } = s
  const isMissing = s.p.bug === 'delete-missing' ? or() : slot.isPresent.not()
  return firstThat(
    [[isMissing, refuse(s, 'delete_of_nothing', 'EINVAL')]],
    [
      either(refuse(s, 'kzalloc_invalid_slot_of_DELETE', 'ENOMEM'), [
        step(
          'kvm_invalidate_memslot_of_DELETE',
          assert(
            slot.isPresent,
            'only a slot that is there is deleted',
            'kvm_set_memslot is called with no slot: a NULL pointer is dereferenced',
          ),
          zap(s),
        ),
        step(
          'kvm_delete_memslot',
          slot.isPresent.set(false),
          slot.gfn.set(0),
          flagNames.map(name => slot.flags[name].set(false)),
          when(slot.flags.GUEST_MEMFD, binding.set('none')),
          done(s),
        ),
        goto('return'),
      ]),
    ],
  )
}

/** CREATE. */
function create(s: State): Statements {
  const { slot, call, binding } = s
  const fd = call.file
  const anyFile = s.p.bug === 'any-fd'
  const bind = step(
    'kvm_gmem_bind',
    when(fd.is('own'), binding.set('slot'), binding.set('foreign')),
  )
  return [
    branch(overlaps(s), refuse(s, 'kvm_check_memslot_overlap_of_CREATE', 'EEXIST')),
    either(refuse(s, 'kzalloc_new_slot_of_CREATE', 'ENOMEM'), [
      branch(
        call.flags.GUEST_MEMFD,
        firstThat(
          [
            [fd.is('none'), refuse(s, 'kvm_gmem_bind', 'EBADF')],
            [
              anyFile ? or() : or(fd.isNot('own'), binding.isNot('none')),
              refuse(s, 'kvm_gmem_bind', 'EINVAL'),
            ],
          ],
          [
            bind,
            branch(
              isRefusedByArch(s),
              refuse(s, 'kvm_arch_prepare_memory_region_of_bound', 'EINVAL', unbind(s)),
            ),
            either(refuse(s, 'kvm_alloc_memslot_metadata_of_bound', 'ENOMEM', unbind(s)), [
              step('kvm_create_memslot_bound', slot.isPresent.set(true), take(s), done(s)),
            ]),
          ],
        ),
        [
          branch(
            isRefusedByArch(s),
            refuse(s, 'kvm_arch_prepare_memory_region_of_CREATE', 'EINVAL'),
          ),
          either(refuse(s, 'kvm_alloc_memslot_metadata_of_CREATE', 'ENOMEM'), [
            step('kvm_create_memslot', slot.isPresent.set(true), take(s), done(s)),
          ]),
        ],
      ),
    ]),
    goto('return'),
  ]
}

/** MOVE, FLAGS_ONLY, or nothing. */
function modify(s: State): Statements {
  const { slot, call, binding, p } = s
  const isSame = and(...flagNames.map(name => slot.flags[name].is(call.flags[name])))
  const wantsGmem = call.flags.GUEST_MEMFD
  const cannotBind = and(wantsGmem, or(call.file.isNot('own'), binding.isNot('none')))
  return firstThat(
    [
      p.bug === 'gmem-modify'
        ? [cannotBind, refuse(s, 'kvm_gmem_bind_of_modify', 'EINVAL')]
        : [wantsGmem, refuse(s, 'modify_with_GUEST_MEMFD', 'EINVAL')],
      [isImmutable(s), refuse(s, 'modify_what_is_fixed', 'EINVAL')],
      [call.gfn.isNot(slot.gfn), move(s)],
      [isSame, [step('nothing_to_change', done(s)), goto('return')]],
    ],
    [
      either(refuse(s, 'kzalloc_new_slot_of_FLAGS_ONLY', 'ENOMEM'), [
        step('kvm_update_flags_memslot', take(s), rebind(s), done(s)),
        goto('return'),
      ]),
    ],
  )
}

/** Address and size are fixed, and some flags. */
function isImmutable(s: State): Bool {
  const { slot, call } = s
  const { abi, bug, gmemToggle } = s.p
  const toggles = (name: Flag): Bool => slot.flags[name].isNot(call.flags[name])
  return or(
    bug === 'region-change' ? or() : call.form.is('other_address', 'larger'),
    bug === 'readonly-toggle' ? or() : toggles('READONLY'),
    abi === 'seed' && bug !== 'flag-toggle' ? toggles('ZAP_LEAFS_ONLY') : or(),
    gmemToggle === 'refused' ? toggles('GUEST_MEMFD') : or(),
  )
}

/** MOVE: prepare comes after the zap. */
function move(s: State): Statements {
  const invalidate = step('kvm_invalidate_memslot_of_MOVE', zap(s))
  const isFirst = s.p.prepare === 'before-zap'
  return [
    branch(overlaps(s), refuse(s, 'kvm_check_memslot_overlap_of_MOVE', 'EEXIST')),
    either(refuse(s, 'kzalloc_of_MOVE', 'ENOMEM'), [
      isFirst ? [] : invalidate,
      branch(
        isRefusedByArch(s),
        refuse(s, 'kvm_arch_prepare_memory_region_of_MOVE', 'EINVAL', reactivate(s)),
      ),
      either(refuse(s, 'kvm_alloc_memslot_metadata_of_MOVE', 'ENOMEM', reactivate(s)), [
        isFirst ? invalidate : [],
        step('kvm_move_memslot', take(s), rebind(s), done(s)),
        goto('return'),
      ]),
    ]),
  ]
}

/** kvm_activate_memslot of the old slot, which stays as it was. */
function reactivate({ slot, guest, p }: State): Item {
  if (p.bug !== 'no-reactivate') return []
  return [slot.isPresent.set(false), guest.isMapped.set(false)]
}

function overlaps({ call, p }: State): Bool {
  return p.bug === 'overlap' ? or() : call.gfn.is(gfnB)
}

/** kvm_arch_prepare_memory_region of x86, for CREATE and MOVE. */
function isRefusedByArch(s: State): Bool {
  const { call } = s
  const { abi, arch, bug, tdpMmu, vm } = s.p
  if (arch !== 'x86') return or()
  const hasFlag = call.flags.ZAP_LEAFS_ONLY
  const isSeed = abi === 'seed'
  return or(
    bug === 'max-gfn' ? or() : call.gfn.is(gfnAbove),
    isSeed && vm === 'tdx' && bug !== 'td-without-flag'
      ? and(call.flags.GUEST_MEMFD, hasFlag.not())
      : or(),
    isSeed && !tdpMmu && bug !== 'flag-without-tdp-mmu' ? hasFlag : or(),
  )
}

/** kvm_arch_flush_shadow_memslot. */
function zap({ guest, took }: State): Item {
  return [
    took.mapping.set(guest.isMapped),
    took.content.set(guest.isAccepted),
    guest.isMapped.set(false),
    guest.isAccepted.set(false),
  ]
}

/** The slot has what the call asks for. */
function take({ slot, call }: State): Item {
  return [slot.gfn.set(call.gfn), flagNames.map(name => slot.flags[name].set(call.flags[name]))]
}

/** kfree(old): a binding is not told of it; one of the new slot is made where that is allowed. */
function rebind({ slot, call, binding, p }: State): Item {
  const leave = when(slot.flags.GUEST_MEMFD, binding.set('freed_slot'))
  if (p.bug !== 'gmem-modify') return leave
  return when(call.flags.GUEST_MEMFD, binding.set('slot'), leave)
}

function unbind({ binding, p }: State): Item {
  return p.bug === 'no-unbind' ? binding.set('freed_slot') : binding.set('none')
}

function done({ result }: State): Item {
  return result.set('0')
}
