/**
 * A call of KVM_SET_MEMORY_ATTRIBUTES by one task: its range, and where the range meets the slot.
 */
import { and, or } from 'zapcheck'
import type { Bool, Int, SmallIndex } from 'zapcheck'
import { slotGfns } from './state.js'
import type { State } from './state.js'

/** One calling task: the process's own variables, and what they mean. */
export interface Setter {
  readonly t: SmallIndex
  readonly lo: Int
  readonly hi: Int
  readonly next: Int
  /** The gfn is in the range of the call. */
  covers(g: number): Bool
}

/** The calls of task t. */
export function setter(s: State, t: SmallIndex): Setter {
  const { lo, hi, next } = s.set[t]
  return {
    t,
    lo: lo.number(),
    hi: hi.number(),
    next: next.number(),
    covers: g => and(lo.number().le(g), hi.number().gt(g)),
  }
}

/** The ranges that userspace asks for; of two hugepages those of the design notes. */
export function ranges(s: State): readonly (readonly [number, number])[] {
  if (s.p.hugepages === 2 && s.p.slot !== 'small')
    return [
      [0, 1],
      [1, 2],
      [1, 3],
      [0, 4],
    ]
  return [
    [0, 1],
    [1, 2],
    [0, 2],
  ]
}

/** kvm_for_each_memslot_in_gfn_range finds the slot. */
export function overlaps(s: State, own: Setter): Bool {
  return and(s.slot.isAbsent.not(), or(...slotGfns(s).map(g => own.covers(g))))
}
