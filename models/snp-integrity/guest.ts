/**
 * The guest: it validates pages, writes and reads them, shares them and takes them back.
 */
import { and, assert, choose, each, implies, not } from 'zapcheck'
import type { Bool, Item, ModelBuilder, SmallIndex } from 'zapcheck'
import { access, data, keyOf, hasPage, mindsUnchanged, takes, uses } from './state.js'
import type { State } from './state.js'

/** Declares what the guest does with each gfn on each page that it may be mapped to. */
export function declareGuest(m: ModelBuilder, s: State): void {
  for (const g of each(s.p.gfns)) {
    declareSharing(m, s, g)
    for (const x of each(s.p.pages)) {
      declareValidation(m, s, x, g)
      declareAccesses(m, s, x, g)
    }
  }
}

/** PVALIDATE 1, of a page that the guest does not use, or in the handler of #VC. */
function declareValidation(m: ModelBuilder, s: State, x: SmallIndex, g: SmallIndex): void {
  const { view } = s.guest[g]
  const { guest, hardware } = s.p
  const isMapped = and(not(s.terminated), s.npt[g].is(x))
  const o = s.rmp.pvalidate(x, g, { value: true })
  const minds = mindsUnchanged(s)
  const succeeds = hardware === 'snp' ? o.isSuccess : s.rmp.isAssigned(x)
  const on = (name: string) => m.action(name, { g, page: x }).by('guest')
  if (hardware === 'no-rmp') {
    on('G_use')
      .when(isMapped, view.is('unaccepted'))
      .do(takes(s, x, g))
    return
  }
  on('PVALIDATE_1')
    .source('PVALIDATE of a page that the guest takes into use')
    .when(isMapped, view.is('unaccepted'), succeeds, minds ? not(o.isUnchanged) : true)
    .do(o.update, takes(s, x, g))
  if (minds)
    on('PVALIDATE_1_unchanged_terminates')
      .when(isMapped, view.is('unaccepted'), o.isUnchanged)
      .do(s.terminated.set(true))
  const unexpected = on(guest === 'lazy' ? 'VC_PVALIDATE_1' : 'VC_terminates').when(
    uses(s, x, g),
    access(s, x, g).isUnvalidated,
  )
  if (guest === 'lazy') unexpected.do(o.update, takes(s, x, g))
  else unexpected.do(s.terminated.set(true))
}

function declareAccesses(m: ModelBuilder, s: State, x: SmallIndex, g: SmallIndex): void {
  const { last, home, given } = s.guest[g]
  const { isAllowed } = access(s, x, g)
  const key = keyOf(s)
  const readsAs = (value: (typeof data)[number]) => s.content[x].readsAs(key, value)
  const isHome: Item = assert(
    home.is(x),
    'no silent remap',
    'the host maps a gfn to another page, and the access of the guest succeeds all the same',
  )
  m.action('G_write', { g, page: x })
    .by('guest')
    .when(uses(s, x, g), isAllowed)
    .do(
      isHome,
      choose(
        Object.fromEntries(
          data.map((value, i) => [
            value,
            [s.content[x].write(key, value), last.set(value), s.saved[x].add(i)],
          ]),
        ),
      ),
      given.set('none'),
    )
  m.action('G_read', { g, page: x })
    .by('guest')
    .when(uses(s, x, g), isAllowed)
    .do(
      isHome,
      assert(
        and(...data.map(value => implies(last.is(value), readsAs(value)))),
        'a read returns the last write',
        'the guest reads something else than it wrote last: its memory was replaced or replayed',
      ),
      assert(
        and(
          ...data.map(value => implies(and(last.is('none'), given.is(value)), not(readsAs(value)))),
        ),
        'a page that becomes private again is fresh',
        'the guest finds its own old data in a page that it shared meanwhile: it must not expect ' +
          'zeroes after a conversion',
      ),
    )
}

/** PVALIDATE 0 and the request, which the host may ignore; and the way back. */
function declareSharing(m: ModelBuilder, s: State, g: SmallIndex): void {
  if (s.p.conversions === 0) return
  const { view, last, home, given } = s.guest[g]
  const shared = [
    s.conversions.decrease(),
    view.set('shared'),
    last.set('none'),
    home.clear(),
    given.set(last),
  ]
  const isReady = and(not(s.terminated), view.is('private'), s.conversions.gt(0))
  const on = (name: string, args = {}) => m.action(name, { g, ...args }).by('guest')
  if (s.p.guest.startsWith('no-rescind') || s.p.hardware === 'no-rmp')
    on('G_psc_shared_without_rescind').when(isReady).do(shared)
  else
    for (const x of each(s.p.pages)) {
      const o = s.rmp.pvalidate(x, g, { value: false })
      const succeeds = s.p.hardware === 'snp' ? o.isSuccess : s.rmp.isAssigned(x)
      const minds = mindsUnchanged(s)
      on('PVALIDATE_0_and_psc_shared', { page: x })
        .when(isReady, s.npt[g].is(x), succeeds, minds ? not(o.isUnchanged) : true)
        .do(o.update, shared)
      if (minds)
        on('PVALIDATE_0_unchanged_terminates', { page: x })
          .when(isReady, s.npt[g].is(x), o.isUnchanged)
          .do(s.terminated.set(true))
    }
  on('G_psc_private')
    .when(not(s.terminated), view.is('shared'), isAnswered(s, g))
    .do(view.set('unaccepted'))
}

/** A host that serves the guest has answered the request for a shared page. */
function isAnswered(s: State, g: SmallIndex): Bool | boolean {
  if (s.p.host === 'malicious') return true
  return s.p.host === 'keeps' ? s.npt[g].isNone() : not(hasPage(s, g))
}
