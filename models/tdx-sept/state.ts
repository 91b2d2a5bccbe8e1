/**
 * The state of the model, and what its parts share.
 *
 *   gfn A, B ── leaf entries under one table ── pages of guest_memfd
 *
 *   mirror   table: NONE / FROZEN / LINKED / HUGE     leaf: NONE / FROZEN / LEAF
 *   S-EPT    the table's entry and the leaf entries, as the TDX module has them
 */
import { and, array, bool, each, enumeration, index, indexOrNone, int, not, or } from 'zapcheck'
import { rwlock, set, srcu, when } from 'zapcheck'
import type { Bool, Int, IntLike, Item, ModelBuilder } from 'zapcheck'
import { invalidation } from '../components/invalidation.js'
import { TdxModule, entryPages, moduleLocks, septEntry } from '../components/tdx-module/index.js'
import { tlbEpochs } from '../components/tdx-module/index.js'
import { vcpuRequests } from '../components/vcpu-requests.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import type { Parameters } from './parameters.js'

/** The gfn that userspace converts, and whose slot it deletes. */
export const A = 0
/** The other gfn. */
export const B = 1
/** The gfns as traces show them. */
export const gfnNames = ['A', 'B'] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const gfns = p.gfns
  const entries = gfns + 1
  const s = m.state({
    vm: enumeration('alive', 'dead', 'bugged'),
    mmuLock: rwlock(p.vcpus + p.zappers),
    invalidation: invalidation({ sections: p.zappers, sequence: 1, gfns: 0 }),
    requests: vcpuRequests(vcpus),
    mirror: {
      table: enumeration('NONE', 'FROZEN', 'LINKED', 'HUGE'),
      leaf: array(gfns, enumeration('NONE', 'FROZEN', 'LEAF')),
    },
    sept: array(entries, septEntry()),
    epochs: tlbEpochs(vcpus, entries),
    pages: entryPages(gfns, gfns),
    /** guest_memfd: the page behind each gfn. */
    backing: array(gfns, indexOrNone(gfns)),
    /** Pages whose cache lines and content are still the TD's. */
    unclean: set(gfns),
    vcpu: array(vcpus, { tlb: set(gfns), gfn: index(gfns) }),
    /** gfns whose page the guest has accepted since it was augmented: its content is defined. */
    zeroed: set(gfns),
  })
  const locked = p.locks
    ? m.state({
        locks: moduleLocks(p.vcpus, entries),
        waitForSeptZap: bool(),
        /** EPT violations in a row without progress. */
        strikes: array(vcpus, int(0, p.zeroStep)),
      })
    : null
  const benign = p.guest === 'malicious' ? null : m.state({ believes: set(gfns) })
  const slot =
    p.vmm === 'delete'
      ? m.state({
          slot: enumeration('valid', 'invalid', 'absent'),
          srcu: srcu(vcpus),
          rootIsValid: bool(true),
        })
      : null
  const conversion =
    p.vmm === 'convert'
      ? m.state({ attribute: enumeration('private', 'to-shared', 'shared', 'to-private') })
      : null
  const leaked = p.pin ? m.state({ leaked: set(gfns) }).leaked : null
  const tdx = new TdxModule({
    leafs: gfns,
    entries: s.sept,
    hasTable: true,
    epochs: s.epochs,
    pages: s.pages,
    checks: p.module !== 'unchecked',
    ...(locked === null ? {} : { locks: locked.locks }),
  })
  return { ...s, p, vcpus, tdx, locked, benign, slot, conversion, leaked }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The page is in the file, or KVM keeps it for good. */
export function isAllocated(s: State, page: IntLike): Bool {
  const inFile = each(s.p.gfns).map(g => s.backing[g].is(page))
  return or(...inFile, s.leaked === null ? false : s.leaked.has(page))
}

/** kvm_gmem_get_pfn: the page behind `g`; a new one if there is a hole. Waits for a free page. */
export function getPage(s: State, g: IntLike): Item {
  const pages = each(s.p.gfns)
  const backing = s.backing.at(g)
  const free = pages
    .slice(0, -1)
    .reduceRight<Int | number>(
      (later, page) => isAllocated(s, page).pick(later, page),
      pages.length - 1,
    )
  const isFull = and(...pages.map(page => isAllocated(s, page)))
  return [not(and(backing.isNone(), isFull)), when(backing.isNone(), backing.set(free))]
}

/** The vCPU made progress: no EPT violation repeats. */
export function forgetStrikes(s: State, v: Vcpu): Item {
  return s.locked === null ? [] : s.locked.strikes[v].set(0)
}

/** The first step of a vCPU on its way into the guest. */
export function entry(s: State): string {
  const isEarly = s.p.bug === 'flag-before-mode' && s.p.locks
  return isEarly ? 'K3_wait_for_sept_zap_read' : 'K3_vcpu_enter_guest'
}
