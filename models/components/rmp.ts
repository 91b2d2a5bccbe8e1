/**
 * The reverse map table (RMP) of SEV-SNP: one entry for each host page, the instructions that
 * change entries, and the check that hardware makes at each access.
 *
 *   RMPUPDATE shared, from any state that is not immutable ──▶ HYPERVISOR
 *   RMPUPDATE gpa, likewise ────────────────────────────────▶ GUEST_INVALID, validated := 0
 *   RMPUPDATE gpa and immutable, likewise ──────────────────▶ PRE_GUEST
 *   RMPUPDATE asid 0 and immutable, likewise ───────────────▶ FIRMWARE
 *
 *   GUEST_INVALID ◀──PVALIDATE──▶ GUEST_VALID ◀──SNP_LAUNCH_UPDATE── PRE_GUEST
 *   PRE_GUEST, FIRMWARE ──SNP_PAGE_RECLAIM──▶ RECLAIM
 *
 * The names are those of the firmware's ABI and stand for the bits of an entry: `assigned` in all
 * but HYPERVISOR; `asid` is the guest's in the GUEST and PRE_GUEST states, 0 in FIRMWARE and
 * RECLAIM; `immutable` in PRE_GUEST and FIRMWARE; `validated` in GUEST_VALID. There is one guest.
 *
 * Pages 2k and 2k+1 are one 2M page. A 2M entry covers both: both have its state, consecutive gpas
 * and the size 2M. 2M entries are assigned; the size of an unassigned entry means nothing.
 *
 * Sources: arch/x86/virt/svm/sev.c (v6.12) `rmpupdate`, `psmash`, `adjust_direct_map`,
 * `__snp_lookup_rmpentry`; arch/x86/kvm/svm/sev.c (v7.0) `sev_handle_rmp_fault` and its comment on
 * sizes; the states from the SEV-SNP firmware ABI, the rules of instructions from the AMD
 * programmer's manual as far as the kernel's comments quote it.
 *
 * Each instruction is atomic, so FAIL_INUSE is never seen unless a model says that another CPU is
 * at work on the entry (`begin`, `end`). Where several failures apply, IN USE comes before
 * PERMISSION before OVERLAP.
 */
import { and, array, enumeration, index, int, not, or, part } from 'zapcheck'
import type { Bool, BoolLike, Int, IntLike, IntVariable, Item, RecordReference } from 'zapcheck'

/** The states of an entry. */
export const rmpStates = [
  'HYPERVISOR',
  'GUEST_INVALID',
  'GUEST_VALID',
  'PRE_GUEST',
  'FIRMWARE',
  'RECLAIM',
] as const
/** A state of an entry. */
export type RmpState = (typeof rmpStates)[number]
/** The size of an entry, of a mapping or of a request. */
export type PageSize = '4K' | '2M'

/** Which parts of an entry a model has; what is left out takes no state. */
export interface RmpOptions {
  readonly pages: number
  /** Guest frames that an entry can be assigned to. */
  readonly gfns: number
  /** Entries can be 2M; else all are 4K. */
  readonly sizes?: boolean
  /** The state PRE_GUEST: pages of the launch. */
  readonly launch?: boolean
  /** The states FIRMWARE and RECLAIM. */
  readonly firmware?: boolean
  /** Other CPUs can be at work on an entry. */
  readonly inUse?: boolean
}

/** What RMPUPDATE makes of an entry: shared, the firmware's, or the guest's as `gfn`. */
export type RmpTarget =
  'HYPERVISOR' | 'FIRMWARE' | { readonly gfn: IntLike; readonly immutable?: boolean }

/** What an instruction of the host does: exactly one of the truth values is true. */
export interface HostOutcome {
  readonly isSuccess: Bool
  /** Another CPU is at work on the entry. */
  readonly failInUse: Bool
  /** The entry is immutable. */
  readonly failPermission: Bool
  /** RMPUPDATE: 4K inside of a 2M entry, or 2M where a 4K entry is assigned. */
  readonly failOverlap: Bool
  /** PSMASH: the entry is not 2M. */
  readonly failInput: Bool
  /** What success does. */
  readonly update: Item
}

/** What the guest asks of PVALIDATE: to validate, or to rescind. */
export interface PvalidateRequest {
  readonly value: boolean
  readonly size?: PageSize
  /** The nested mapping that the guest's address goes through is 2M. */
  readonly isMapped2M?: BoolLike
}

/** What PVALIDATE does: exactly one of the first four is true. */
export interface PvalidateOutcome {
  readonly isSuccess: Bool
  /** #NPF with the RMP bit: the entry is not the guest's, or of another gpa. */
  readonly isFault: Bool
  /** #NPF with the RMP and the SIZEM bit: a 4K request on a 2M entry. */
  readonly isSizeFault: Bool
  /** FAIL_SIZEMISMATCH to the guest: a 2M request on a 4K entry or a 4K mapping. */
  readonly failSizeMismatch: Bool
  /** Success, and the carry flag: the entry was so already. */
  readonly isUnchanged: Bool
  /** What success does. */
  readonly update: Item
}

/** What an access of the guest with C=1 does: exactly one is true. */
export interface PrivateAccess {
  readonly isAllowed: Bool
  /** #NPF with the RMP bit, to the host. */
  readonly isFault: Bool
  /** #VC, to the guest: the page is not validated. */
  readonly isUnvalidated: Bool
}

/** The table as models use it. `x` is a host page; 2M means the 2M page that `x` is in. */
export interface Rmp {
  isState(x: IntLike, ...states: readonly RmpState[]): Bool
  isAssigned(x: IntLike): Bool
  isImmutable(x: IntLike): Bool
  isValidated(x: IntLike): Bool
  /** snp_lookup_rmpentry: the level is 2M. */
  isLarge(x: IntLike): Bool
  /** The entry is the guest's, as `gfn`. */
  isGuests(x: IntLike, gfn: IntLike): Bool
  /** The gfn in the entry; 0 where it is not the guest's. */
  gfnOf(x: IntLike): Int
  rmpupdate(x: IntLike, to: RmpTarget, size?: PageSize): HostOutcome
  psmash(x: IntLike): HostOutcome
  /** PVALIDATE through a mapping of `gfn` to `x`. */
  pvalidate(x: IntLike, gfn: IntLike, request: PvalidateRequest): PvalidateOutcome
  /** The guest reads or writes with C=1 through a mapping of `gfn` to `x`. */
  privateAccess(x: IntLike, gfn: IntLike, isMapped2M?: BoolLike): PrivateAccess
  /** The guest's access with C=0 through a mapping to `x` is allowed; else #NPF(RMP). */
  allowsSharedAccess(x: IntLike, isMapped2M?: BoolLike): Bool
  /** The host's write through a mapping of its own is allowed; else #PF with the RMP bit. */
  allowsHostWrite(x: IntLike, isMapped2M?: BoolLike): Bool
  /** Firmware: SNP_LAUNCH_UPDATE makes a PRE_GUEST page the guest's, validated. */
  launchUpdate(x: IntLike): Item
  /** Firmware: SNP_PAGE_RECLAIM, of PRE_GUEST and FIRMWARE pages. */
  reclaim(x: IntLike): Item
  /** Another CPU begins or ends an instruction on the entry (on the 2M page, with `sizes`). */
  begin(x: IntLike): Item
  end(x: IntLike): Item
}

/** The entries of `options.pages` host pages; all are HYPERVISOR at first. */
export function rmp(options: RmpOptions) {
  return part(fieldsOf(options), (fields): Rmp => new Table(fields, options.sizes === true))
}

/** What is left out has one value, which takes no bit. */
function fieldsOf({ pages, gfns, sizes, launch, firmware, inUse }: RmpOptions) {
  const isDeclared = (state: RmpState): boolean =>
    (state !== 'PRE_GUEST' || launch === true) &&
    ((state !== 'FIRMWARE' && state !== 'RECLAIM') || firmware === true)
  return {
    state: array(pages, enumeration(...rmpStates.filter(isDeclared))),
    gfn: array(pages, index(gfns)),
    large: array(pages, int(0, sizes === true ? 1 : 0)),
    busy: array(pages, int(0, inUse === true ? 1 : 0)),
  }
}

class Table implements Rmp {
  constructor(
    private readonly fields: RecordReference<ReturnType<typeof fieldsOf>>,
    private readonly hasSizes: boolean,
  ) {}

  isState(x: IntLike, ...states: readonly RmpState[]): Bool {
    const state = this.fields.state.at(x)
    return state.is(...states.filter(s => state.labels.includes(s)))
  }
  isAssigned(x: IntLike): Bool {
    return this.fields.state.at(x).isNot('HYPERVISOR')
  }
  isImmutable(x: IntLike): Bool {
    return this.isState(x, 'PRE_GUEST', 'FIRMWARE')
  }
  isValidated(x: IntLike): Bool {
    return this.isState(x, 'GUEST_VALID')
  }
  isLarge(x: IntLike): Bool {
    return this.fields.large.at(x).is(1)
  }
  isGuests(x: IntLike, gfn: IntLike): Bool {
    return and(this.isState(x, 'GUEST_INVALID', 'GUEST_VALID'), this.fields.gfn.at(x).is(gfn))
  }
  gfnOf(x: IntLike): Int {
    return this.fields.gfn.at(x).number()
  }

  rmpupdate(x: IntLike, to: RmpTarget, size: PageSize = '4K'): HostOutcome {
    const { state, gfn, large } = this.fields
    const covered = this.covered(x, size)
    const failOverlap =
      size === '4K'
        ? this.isLarge(x)
        : or(...covered.map(y => and(this.isAssigned(y), not(this.isLarge(y)))))
    const update = covered.map((y, i) => [
      state.at(y).set(typeof to === 'string' ? to : to.immutable ? 'PRE_GUEST' : 'GUEST_INVALID'),
      gfn.at(y).set(typeof to === 'string' ? 0 : plus(to.gfn, i)),
      large.at(y).set(size === '2M' && to !== 'HYPERVISOR' ? 1 : 0),
    ])
    const failPermission = or(...covered.map(y => this.isImmutable(y)))
    return outcome({ failInUse: this.isBusy(x), failPermission, failOverlap }, update)
  }

  psmash(x: IntLike): HostOutcome {
    const covered = this.covered(x, '2M')
    const update = covered.map(y => this.fields.large.at(y).set(0))
    const failPermission = this.isImmutable(x)
    const failInput = not(this.isLarge(x))
    return outcome({ failInUse: this.isBusy(x), failPermission, failInput }, update)
  }

  pvalidate(
    x: IntLike,
    gfn: IntLike,
    { value, size = '4K', isMapped2M = false }: PvalidateRequest,
  ): PvalidateOutcome {
    const isMine = this.isGuests(x, gfn)
    const fits = size === '4K' ? not(this.isLarge(x)) : and(this.isLarge(x), isMapped2M)
    const isSuccess = and(isMine, fits)
    const misfits = and(isMine, not(fits))
    const to = value ? 'GUEST_VALID' : 'GUEST_INVALID'
    return {
      isSuccess,
      isFault: not(isMine),
      isSizeFault: size === '4K' ? misfits : or(),
      failSizeMismatch: size === '2M' ? misfits : or(),
      isUnchanged: and(isSuccess, this.isState(x, to)),
      update: this.covered(x, size).map(y => this.fields.state.at(y).set(to)),
    }
  }

  privateAccess(x: IntLike, gfn: IntLike, isMapped2M: BoolLike = false): PrivateAccess {
    const isMine = and(this.isGuests(x, gfn), this.isLarge(x).is(isMapped2M))
    const isValid = this.isValidated(x)
    return {
      isAllowed: and(isMine, isValid),
      isFault: not(isMine),
      isUnvalidated: and(isMine, not(isValid)),
    }
  }
  allowsSharedAccess(x: IntLike, isMapped2M: BoolLike = false): Bool {
    if (isMapped2M === false) return not(this.isAssigned(x))
    const all = and(...this.covered(x, '2M').map(y => not(this.isAssigned(y))))
    return and(not(this.isAssigned(x)), or(not(isMapped2M), all))
  }
  allowsHostWrite(x: IntLike, isMapped2M: BoolLike = false): Bool {
    return this.allowsSharedAccess(x, isMapped2M)
  }

  launchUpdate(x: IntLike): Item {
    return this.fields.state.at(x).set('GUEST_VALID')
  }
  reclaim(x: IntLike): Item {
    return [this.fields.state.at(x).set('RECLAIM'), this.fields.gfn.at(x).set(0)]
  }
  begin(x: IntLike): Item {
    return this.lock(x).set(1)
  }
  end(x: IntLike): Item {
    return this.lock(x).set(0)
  }

  /** The pages that a request of the size changes. */
  private covered(x: IntLike, size: PageSize): readonly IntLike[] {
    if (size === '4K') return [x]
    assertSizes(this.hasSizes)
    const first = firstOfPair(x)
    return [first, plus(first, 1)]
  }
  /** An instruction works on the entry of a page, or on those of a 2M page. */
  private lock(x: IntLike): IntVariable {
    return this.fields.busy.at(this.hasSizes ? firstOfPair(x) : x)
  }
  private isBusy(x: IntLike): Bool {
    return this.lock(x).is(1)
  }
}

/** The first failure that applies, in the order that the head of this file gives. */
function outcome(
  failures: { failInUse: Bool; failPermission: Bool; failOverlap?: Bool; failInput?: Bool },
  update: Item,
): HostOutcome {
  const { failInUse, failPermission, failOverlap = or(), failInput = or() } = failures
  const isFree = and(not(failInUse), not(failPermission))
  return {
    isSuccess: and(isFree, not(failOverlap), not(failInput)),
    failInUse,
    failPermission: and(not(failInUse), failPermission),
    failOverlap: and(isFree, failOverlap),
    failInput: and(isFree, failInput),
    update,
  }
}

function assertSizes(hasSizes: boolean): void {
  if (!hasSizes) throw new TypeError('a request of 2M needs an RMP with `sizes`')
}

function firstOfPair(x: IntLike): IntLike {
  return typeof x === 'number' ? x - (x % 2) : x.minus(x.mod(2))
}

function plus(n: IntLike, by: number): IntLike {
  if (by === 0) return n
  return typeof n === 'number' ? n + by : n.plus(by)
}
