/**
 * The state of the model, and what its parts share: the two backings of a gfn, the kind that KVM
 * gives it, and what changes when a private page comes and goes.
 *
 *   guest ──asks──▶ ask ──▶ userspace ──▶ attr (merged, pending) or allocation (implicit)
 *   gfn: leaf ─▶ shared backing (absent, zero, data, secret)
 *              ─▶ private folio (absent, present), owner in the RMP
 */
import { and, array, assert, bool, count, enumeration, not, or, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, SmallIndex } from 'zapcheck'
import { gmemFolio } from '../components/guest-memfd.js'
import type { Parameters } from './parameters.js'

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const s = m.state({
    gfn: array(p.gfns, {
      /** The attribute; the implicit design has none. */
      isPrivate: bool(),
      folio: gmemFolio(1),
      /** The RMP says that the private page is the guest's. */
      isOwned: bool(),
      /** The private page has data of the guest. */
      isDirty: bool(),
      shared: enumeration('absent', 'zero', 'data', 'secret'),
      leaf: enumeration('none', 'shared', 'private'),
      /** How the guest accesses the page, and what it has asked for. */
      guest: enumeration('shared', 'private'),
      ask: enumeration('none', 'shared', 'private'),
      /** The conversion that is under way has changed the kind. */
      isChanged: bool(),
    }),
    /** The slot is visible: its file is bound, and guests can use it. */
    isBound: bool(p.bind === 'first'),
    /** The notifier of the implicit design is registered. */
    isRegistered: bool(p.bind === 'first'),
    /** What bind saw when it looked through the file. */
    wasThere: array(p.gfns, bool()),
    /** Userspace may still do its stray act. */
    canStray: bool(p.host !== 'obedient' || p.bind === 'late'),
  })
  return { ...s, p }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** KVM treats the gfn as private. */
export function isPrivate(s: State, g: SmallIndex): Bool {
  const { isPrivate: attribute, folio } = s.gfn[g]
  return s.p.design === 'implicit' ? folio.isPresent : attribute
}

/** Both backings are there, and no conversion is under way. */
export function isDouble(s: State, g: SmallIndex): Bool {
  const { folio, shared, ask } = s.gfn[g]
  return and(folio.isPresent, shared.isNot('absent'), ask.is('none'))
}

/** The backing of the other kind is still there, whatever the guest has asked for since. */
export function isKept(s: State, g: SmallIndex): Bool {
  const { folio, shared } = s.gfn[g]
  const kind = isPrivate(s, g)
  return or(and(kind, shared.isNot('absent')), and(not(kind), folio.isPresent))
}

/** How many backings there are, those of a conversion under way included. */
export function backings(s: State) {
  const both = count(s.p.gfns, g => s.gfn[g].folio.isPresent)
  return both.plus(count(s.p.gfns, g => s.gfn[g].shared.isNot('absent')))
}

/** fallocate in the file; the implicit design tells KVM, if somebody has registered. */
export function allocate(s: State, g: SmallIndex): Item {
  const { folio } = s.gfn[g]
  const isNew = folio.isAbsent
  const tell = s.p.design === 'implicit' ? when(and(isNew, s.isRegistered), notify(s, g)) : []
  return [when(isNew, folio.create(0)), tell]
}

/** The notification of an allocation: shared leafs go, the RMP gives the page to the guest. */
export function notify(s: State, g: SmallIndex): Item {
  const { leaf, isOwned } = s.gfn[g]
  return [
    assert(
      not(isOwned),
      'an allocation is told once',
      'KVM hears of one allocation twice: the second RMPUPDATE takes the validation of a page ' +
        'that the guest may use already',
    ),
    leaf.set('none'),
    isOwned.set(true),
  ]
}

/** PUNCH_HOLE: mapping, page and ownership go. */
export function punch(s: State, g: SmallIndex): Item {
  const { folio, isOwned, isDirty, leaf } = s.gfn[g]
  return [
    folio.truncate(),
    isOwned.set(false),
    isDirty.set(false),
    when(leaf.is('private'), leaf.set('none')),
  ]
}

/** Discard of the shared backing; an mmu_notifier takes the mapping away. */
export function discardShared(s: State, g: SmallIndex): Item {
  const { shared, leaf } = s.gfn[g]
  return [shared.set('absent'), when(leaf.is('shared'), leaf.set('none'))]
}

/** As merged, KVM needs no notification: kvm_gmem_get_pfn prepares at the first use. */
export function preparesAtFirstUse(s: State): boolean {
  return s.p.design !== 'implicit'
}
