/** The state: what the guest can write, and what the handler has taken from there. */
import { array, bool, enumeration, int } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'

/** Entries that the buffer of a page state change has room for. */
export const ENTRIES = 2

/** Declares the state. */
export function declareState(m: ModelBuilder) {
  return m.state({
    /** Written by the guest at any time. */
    shared: {
      /** The scratch address lies in the GHCB's shared buffer, or outside of it. */
      scratch: enumeration('inside', 'outside'),
      /** psc_hdr.end_entry plus one; more than ENTRIES is out of bounds. */
      end: int(1, ENTRIES + 1),
      op: array(ENTRIES, enumeration('shared', 'private')),
    },
    /** The handler's copies. */
    copy: {
      end: int(0, ENTRIES + 1),
      op: enumeration('shared', 'private'),
    },
    /** The scratch address that KVM used. */
    used: enumeration('none', 'inside', 'outside'),
    /** The next entry of the page state change. */
    cur: int(0, ENTRIES + 1),
    /** What userspace made of each page, and what KVM took for done. */
    attribute: array(ENTRIES, enumeration('shared', 'private')),
    done: array(ENTRIES, { isDone: bool(), op: enumeration('shared', 'private') }),
    /** KVM read an entry behind the end of the buffer. */
    hasOverrun: bool(),
    /** The target of AP creation: a new VMSA is pending for it. */
    isPending: bool(),
    result: enumeration('none', 'created', 'refused'),
  })
}

/** The declared state. */
export type State = ReturnType<typeof declareState>
