/**
 * The state: the RMP entries of one guest page and of a VMSA page for each vCPU, what the page
 * holds, registers, and who holds which lock.
 */
import { array, bool, enumeration, int, mutex } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { rmp } from '../components/rmp.js'
import type { Parameters } from './parameters.js'

/** The host page of the guest's page; that of the VMSA of vCPU v is VMSA + v. */
export const PAGE = 0
/** The first VMSA page. */
export const VMSA = 1
/** The vCPUs. */
export const vcpus = [0, 1] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const s = m.state({
    rmp: rmp({ pages: VMSA + vcpus.length, gfns: 1, launch: true, firmware: true }),
    /** What the guest's page holds. */
    content: enumeration('empty', 'image', 'forged'),
    /** What firmware has measured of it (empty: nothing), and how often, up to two. */
    measured: enumeration('empty', 'image', 'forged'),
    measurements: int(0, 2),
    /** The page was leaked: firmware did not give it back. */
    isLeaked: bool(),
    /** The page is the host's again: it was freed. */
    isFreed: bool(),
    isFinished: bool(),
    slotsLock: mutex(),
    /** vcpu->mutex of vCPU 0. */
    vcpuMutex: mutex('set_regs', 'finish'),
    /** Registers of vCPU 0, and their copy in its VMSA. */
    regs: { a: int(0, 1), b: int(0, 1) },
    vmsa: { a: int(0, 1), b: int(0, 1) },
    vcpu: array(vcpus.length, {
      online: bool(),
      /** guest_state_protected: firmware has encrypted the VMSA. */
      protected: bool(),
    }),
    /** vCPU 1 counts in created_vcpus. */
    created: bool(),
    /** The host wrote to a page that the RMP does not give it: a fault in kernel mode. */
    hasPanicked: bool(),
  })
  return { ...s, p }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>
