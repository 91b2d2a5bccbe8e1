/**
 * Userspace: it serves conversions, binds the file, and does what the variant lets it do besides.
 */
import { and, assert, branch, each, not, or, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, SmallIndex, Statement, Statements } from 'zapcheck'
import { allocate, discardShared, isKept, isPrivate, notify, punch } from './state.js'
import type { State } from './state.js'

/** Declares the thread that serves the conversions of one gfn. */
export function declareConversion(m: ModelBuilder, s: State, g: SmallIndex): void {
  const { ask } = s.gfn[g]
  const options = {
    with: { g },
    actor: 'userspace',
    source: 'exit for KVM_HC_MAP_GPA_RANGE or KVM_EXIT_MEMORY_FAULT, then ioctl and discard',
    repeats: true,
  }
  const body = s.p.design === 'implicit' ? implicit(s, g) : explicit(s, g)
  m.process('convert', options, [
    waitUntil('C1_exit_to_userspace', ask.isNot('none')),
    body,
    step('C4_resume', resume(s, g)),
  ])
  if (s.p.discard === 'lazy') declareLazyDiscard(m, s, g)
}

/** C4: the guest goes on; whether the page reads as zero is a question of its own. */
function resume(s: State, g: SmallIndex): Item {
  const { ask, guest, shared, isDirty, isChanged } = s.gfn[g]
  const isClean = or(
    and(ask.is('shared'), shared.is('absent', 'zero')),
    and(ask.is('private'), not(isDirty)),
    // A page that is asked to be what it is stays as it is.
    not(isChanged),
  )
  return [
    // Discards are batched: no other gfn may have its old backing when the guest goes on.
    s.p.discard === 'lazy' ? each(s.p.gfns).map(i => (i === g ? [] : not(isKept(s, i)))) : [],
    assert(
      isClean,
      'a page is zero after its conversion',
      'the guest finds what was in the backing before: allowed, contents are undefined',
    ),
    when(ask.is('shared'), guest.set('shared'), guest.set('private')),
    ask.set('none'),
    isChanged.set(false),
  ]
}

/** C2, C3 with KVM_SET_MEMORY_ATTRIBUTES. */
function explicit(s: State, g: SmallIndex): Statements {
  const { ask, isPrivate: attribute, leaf, isChanged } = s.gfn[g]
  const set = step(
    'C3_KVM_SET_MEMORY_ATTRIBUTES',
    when(attribute.isNot(ask.is('private')), [leaf.set('none'), isChanged.set(true)]),
    attribute.set(ask.is('private')),
  )
  const drop = discard(s, g)
  return s.p.order === 'discard-first' ? [drop, set] : [set, drop]
}

/** C2: the old backing goes. */
function discard(s: State, g: SmallIndex): Statements {
  const { ask } = s.gfn[g]
  if (s.p.discard === 'lazy' || s.p.discard === 'never') return []
  const dropShared = step('C2_discard_shared', discardShared(s, g))
  const keep = step('C2_keep_shared')
  return [
    branch(
      ask.is('private'),
      [s.p.discard === 'private-only' ? keep : dropShared],
      [step('C2_PUNCH_HOLE', punch(s, g))],
    ),
  ]
}

/** UPM v6: the allocation is the state. */
function implicit(s: State, g: SmallIndex): Statements {
  const { ask, folio, isChanged } = s.gfn[g]
  const toPrivate: Statements = [
    step('C3_fallocate', isChanged.set(folio.isAbsent), allocate(s, g)),
    s.p.discard === 'both' ? step('C2_discard_shared', discardShared(s, g)) : [],
  ]
  return [
    branch(ask.is('private'), toPrivate, [
      step('C3_PUNCH_HOLE', isChanged.set(folio.isPresent), punch(s, g)),
    ]),
  ]
}

/** Later, the backing that is not in use goes. */
function declareLazyDiscard(m: ModelBuilder, s: State, g: SmallIndex): void {
  m.action('lazy_discard', { g }).by('userspace').when(isKept(s, g)).do(lazy(s, g))
}

function lazy(s: State, g: SmallIndex): Item {
  const { folio, isOwned, isDirty, shared, leaf } = s.gfn[g]
  const kind = isPrivate(s, g)
  return [
    when(kind, shared.set('absent'), [folio.truncate(), isOwned.set(false), isDirty.set(false)]),
    when(leaf.is('shared').is(kind), leaf.set('none')),
  ]
}

/** Declares what userspace does unasked. */
export function declareStray(m: ModelBuilder, s: State, g: SmallIndex): void {
  const { p, canStray, isBound } = s
  const { ask, folio, isPrivate: attribute, leaf } = s.gfn[g]
  if (p.host === 'stray-fallocate' || p.bind === 'late')
    m.action('stray_fallocate', { g })
      .by('userspace')
      .source('fallocate of the file outside of a conversion')
      .when(canStray, folio.isAbsent, ask.is('none'))
      .do(canStray.set(false), allocate(s, g))
  if (p.bind === 'late')
    m.action('early_PUNCH_HOLE', { g })
      .by('userspace')
      .source('a page that was allocated in advance is dropped before the slot is there')
      .when(not(isBound), folio.isPresent)
      .do(punch(s, g))
  if (p.host !== 'at-will') return
  for (const to of [false, true]) {
    const isPending = ask.is(to ? 'private' : 'shared')
    const guarded = p.design === 'pending' && p.guard
    m.action('KVM_SET_MEMORY_ATTRIBUTES_at_will', { g, to: to ? 'private' : 'shared' })
      .by('userspace')
      .when(canStray, attribute.isNot(to), guarded ? isPending : and())
      .do(canStray.set(false), attribute.set(to), leaf.set('none'))
    if (guarded)
      m.action('KVM_SET_MEMORY_ATTRIBUTES_error', { g, to: to ? 'private' : 'shared' })
        .by('userspace')
        .when(canStray, attribute.isNot(to), not(isPending))
        .do(canStray.set(false))
  }
}

/**
 * Declares the binding of the file to the slot. The slot is visible to faults only when the file
 * is bound: kvm_set_memory_region binds, or registers, before kvm_set_memslot.
 */
export function declareBind(m: ModelBuilder, s: State): void {
  const { p, isBound, isRegistered, wasThere } = s
  if (p.bind === 'first') return
  const gfns = Array.from({ length: p.gfns }, (_, g) => g as SmallIndex)
  const scan = step(
    'B_scan',
    gfns.map(g => wasThere[g].set(s.gfn[g].folio.isPresent)),
  )
  const label = p.design === 'implicit' ? 'B_register_notifier' : 'B_kvm_gmem_bind'
  const register = step(label, isRegistered.set(true))
  const replay = step(
    'B_replay',
    gfns.map(g => when(wasThere[g], [notify(s, g), wasThere[g].set(false)])),
  )
  const locked = step(
    'B_replay_and_register',
    isRegistered.set(true),
    gfns.map(g => when(s.gfn[g].folio.isPresent, notify(s, g))),
  )
  const orders: Readonly<Record<typeof p.replay, readonly Statement[]>> = {
    none: [register],
    locked: [locked],
    'scan-first': [scan, replay, register],
    'register-first': [register, scan, replay],
  }
  const publish = step('M6_kvm_swap_active_memslots_valid', isBound.set(true))
  m.process('bind', { actor: 'KVM_SET_USER_MEMORY_REGION' }, [...orders[p.replay], publish])
}
