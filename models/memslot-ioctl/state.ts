/**
 * The state of the model: slot A, its guest_memfd, what the guest has of it, and the call under
 * way. Slot B is always at gfn 1.
 */
import { bool, enumeration, int, mutex } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { files, forms, gfnAbove } from './calls.js'
import type { Parameters } from './parameters.js'

/** The results of a call. */
export const results = ['0', 'EINVAL', 'EEXIST', 'ENOMEM', 'EBADF'] as const

/** A result of a call. */
export type Result = (typeof results)[number]

const flags = () => ({
  LOG_DIRTY_PAGES: bool(),
  READONLY: bool(),
  GUEST_MEMFD: bool(),
  ZAP_LEAFS_ONLY: bool(),
})

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const s = m.state({
    slotsLock: mutex(),
    slot: { isPresent: bool(), gfn: int(0, gfnAbove, 0), flags: flags() },
    /** What the range of the file leads to: kvm_gmem_bind, kvm_gmem_unbind. */
    binding: enumeration('none', 'slot', 'freed_slot', 'foreign'),
    /** The guest has the page of slot A mapped, and, in a TD, has accepted it. */
    guest: { isMapped: bool(), isAccepted: bool() },
    call: {
      isDelete: bool(),
      gfn: int(0, gfnAbove, 0),
      flags: flags(),
      form: enumeration(...forms),
      file: enumeration(...files),
    },
    result: enumeration('none', ...results),
    /** What this call has taken from the guest. */
    took: { mapping: bool(), content: bool() },
  })
  return { ...s, p }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>
