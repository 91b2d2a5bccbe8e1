/**
 * The state: RMP, nested page table and content of the host's pages, and what the guest knows.
 */
import { and, array, bool, each, enumeration, indexOrNone, int, not, or, set } from 'zapcheck'
import type { Bool, Item, ModelBuilder, SmallIndex } from 'zapcheck'
import { memoryContent } from '../components/memory-content.js'
import { rmp } from '../components/rmp.js'
import type { Parameters } from './parameters.js'

/** What the guest writes. */
export const data = ['D1', 'D2'] as const
/** A value that the guest writes. */
export type Data = (typeof data)[number]

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const alphabet = { values: ['D1', 'D2', 'host'], keys: ['guest'] } as const
  const s = m.state({
    rmp: rmp({ pages: p.pages, gfns: p.gfns }),
    npt: array(p.gfns, indexOrNone(p.pages)),
    content: array(p.pages, memoryContent(alphabet, 'P(host)')),
    /** What ciphertexts a page has held: the host may have copies, good for this page only. */
    saved: array(p.pages, set(data.length)),
    guest: array(p.gfns, {
      view: enumeration('unaccepted', 'private', 'shared'),
      /** The last private write that the guest relies on. */
      last: enumeration('none', ...data),
      /** The page that the guest validated, which it does not know itself. */
      home: indexOrNone(p.pages),
      /** What the page held when the guest gave it away. */
      given: enumeration('none', ...data),
    }),
    terminated: bool(),
    conversions: int(0, p.conversions, p.conversions),
  })
  return { ...s, p }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** What hardware says to an access with C=1 of `g` that is mapped to page `x`. */
export function access(s: State, x: SmallIndex, g: SmallIndex) {
  const { hardware } = s.p
  const checked = s.rmp.privateAccess(x, g)
  if (hardware === 'snp') return checked
  if (hardware === 'no-rmp') return { isAllowed: and(), isUnvalidated: not(and()) }
  return {
    isAllowed: s.rmp.isValidated(x),
    isUnvalidated: s.rmp.isState(x, 'GUEST_INVALID'),
  }
}

/** The key that the guest's private accesses use. */
export function keyOf(s: State): 'guest' | null {
  return s.p.encryption ? 'guest' : null
}

/** The guest is alive, and sees `g` as private, mapped to `x`. */
export function uses(s: State, x: SmallIndex, g: SmallIndex): Bool {
  return and(not(s.terminated), s.guest[g].view.is('private'), s.npt[g].is(x))
}

/** The guest takes the page `x` for its own as `g`, with nothing in it. */
export function takes(s: State, x: SmallIndex, g: SmallIndex): Item {
  const { view, last, home } = s.guest[g]
  return [view.set('private'), last.set('none'), home.set(x)]
}

/** The guest terminates where PVALIDATE finds the entry as it was going to make it. */
export function mindsUnchanged({ p }: State): boolean {
  return p.hardware === 'snp' && (p.guest === 'validates-once' || p.guest === 'no-rescind')
}

/** Some page is assigned to the guest as `g`. */
export function hasPage(s: State, g: SmallIndex): Bool {
  return or(...each(s.p.pages).map(x => and(s.rmp.isAssigned(x), s.rmp.gfnOf(x).is(g))))
}
