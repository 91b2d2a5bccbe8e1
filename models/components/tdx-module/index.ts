/**
 * The TDX module as KVM meets it: a table of Secure-EPT entries and the calls on them. A model
 * gives it the pieces of its state and gets the calls; only the entries are necessary:
 *
 *   entries          acceptance of states, walk, removal of tables
 *   opState          before finalize pages are added, after it they are augmented and tracked
 *   epochs           TLB tracking; without it a blocked entry counts as tracked
 *   locks            OPERAND_BUSY; without it no call is busy
 *   pages            PAMT: a page is in one entry at most
 *
 * Entries 0..leafs-1 are 4K entries; entry `leafs`, if there is one, is the 2M entry above them,
 * which either points to their table (NL) or is a 2M page.
 *
 * Source: Intel TDX module 1.5, `tdh_mem_*`, `tdg_mem_page_accept`; see the other files here.
 * Checks come in the module's order: locks, op_state, walk, state of the entry, page or tracking.
 */
import { all, and, array, each, enumeration, indexOrNone, not, or, part, when } from 'zapcheck'
import type { Bool, ElementKey, IntLike, Item, Label, LabelVariable } from 'zapcheck'
import type { ModuleLocks } from './module-locks.js'
import { Seamcall } from './seamcall.js'
import type { Refusal } from './seamcall.js'
import { accepts, block, free, isBlocked, unblock } from './sept-entry.js'
import type { EntryCall, SeptEntry, SeptState } from './sept-entry.js'
import type { TlbEpochs } from './tlb-epochs.js'

export { moduleLocks } from './module-locks.js'
export type { ModuleLocks } from './module-locks.js'
export { Seamcall, seamcall } from './seamcall.js'
export type { Outcomes, Refusal, Status } from './seamcall.js'
export { acceptedStates, accepts, isBlocked, isLeaf, septEntry, septStates } from './sept-entry.js'
export type { EntryCall, SeptEntry, SeptState } from './sept-entry.js'
export { tlbEpochs } from './tlb-epochs.js'
export type { TlbEpochs } from './tlb-epochs.js'

/** The TD's op_state in TDCS. */
export const opStates = ['UNINITIALIZED', 'INITIALIZED', 'RUNNABLE'] as const

/** The TD's op_state. */
export type OpState = (typeof opStates)[number]

/** The TD's op_state, UNINITIALIZED at first. */
export function tdOpState() {
  return enumeration(...opStates)
}

/** PAMT as far as it matters: which page is behind which entry. */
export interface EntryPages {
  /** The page is in an entry. */
  isOwned(page: IntLike): Bool
  isBehind(i: IntLike, page: IntLike): Bool
  put(i: IntLike, page: IntLike): Item
  clear(i: IntLike): Item
}

/** The pages behind `entries` Secure-EPT entries; none at first. */
export function entryPages(entries: number, pages: number) {
  return part({ page: array(entries, indexOrNone(pages)) }, ({ page }): EntryPages => ({
    isOwned: p => or(...each(entries).map(i => page.at(i).is(p))),
    isBehind: (i, p) => page.at(i).is(p),
    put: (i, p) => page.at(i).set(p),
    clear: i => page.at(i).clear(),
  }))
}

/** The pieces of a model's state that the module works on. */
export interface TdxModuleParts {
  /** How many 4K entries there are. */
  readonly leafs: number
  /** The 4K entries 0..leafs-1 and, with `hasTable`, the 2M entry `leafs`. */
  readonly entries: { at(i: IntLike): SeptEntry }
  /** There is an entry above the 4K entries; without it their table is always there. */
  readonly hasTable?: boolean
  /** Without it the TD is finalized from the beginning. */
  readonly opState?: LabelVariable<OpState>
  readonly epochs?: TlbEpochs
  readonly locks?: ModuleLocks
  readonly pages?: EntryPages
  /**
   * false, which no real module is: calls look neither for blocked and tracked, nor for free
   * entries of a table, nor for the owner of a page.
   */
  readonly checks?: boolean
}

const never = or()

/** The calls of the TDX module on the pieces of a model's state. `i` is an entry. */
export class TdxModule {
  /** The 2M entry. */
  readonly table: number

  constructor(private readonly parts: TdxModuleParts) {
    this.table = parts.leafs
  }

  /** The entry as a state. */
  entry(i: IntLike): Label<SeptState> {
    return this.parts.entries.at(i)
  }

  /** The guest can reach the 4K page: its entry is MAPPED, or it is part of a mapped 2M page. */
  isAccessible(i: IntLike): Bool {
    const leaf = this.parts.entries.at(i).is('MAPPED')
    return this.parts.hasTable === true
      ? or(and(this.tableEntry.is('NL_MAPPED'), leaf), this.tableEntry.is('MAPPED'))
      : leaf
  }

  /** An access ends in an EPT violation that says: pending, the guest has not accepted. */
  isPending(i: IntLike): Bool {
    const leaf = this.parts.entries.at(i).is('PENDING')
    return this.parts.hasTable === true
      ? or(and(this.tableEntry.is('NL_MAPPED'), leaf), this.tableEntry.is('PENDING'))
      : leaf
  }

  /** TDH.MEM.SEPT.ADD: FREE -> NL_MAPPED, with an empty table. */
  septAdd(): Seamcall {
    return this.call('SEPT.ADD', this.table, this.tableEntry.set('NL_MAPPED'))
  }

  /** TDH.MEM.PAGE.ADD: FREE -> MAPPED, before finalize only, 4K only. */
  pageAdd(i: IntLike, page?: IntLike): Seamcall {
    const effect = [this.parts.entries.at(i).set('MAPPED'), this.put(i, page)]
    return this.call('PAGE.ADD', i, effect, this.only('INITIALIZED'), this.ownedPage(page))
  }

  /** TDH.MEM.PAGE.AUG: FREE -> PENDING, after finalize only, 4K or 2M. */
  pageAug(i: IntLike, page?: IntLike): Seamcall {
    const effect = [this.parts.entries.at(i).set('PENDING'), this.put(i, page)]
    return this.call('PAGE.AUG', i, effect, this.only('RUNNABLE'), this.ownedPage(page))
  }

  /** TDH.MR.EXTEND: measures a page, before finalize only. */
  mrExtend(i: IntLike): Seamcall {
    return this.call('MR.EXTEND', i, [], this.only('INITIALIZED'))
  }

  /** TDH.MR.FINALIZE: INITIALIZED -> RUNNABLE. */
  mrFinalize(): Seamcall {
    const { opState, locks } = this.parts
    const busy = locks === undefined ? [] : [refuse('OPERAND_BUSY', locks.isTdrBusy)]
    const effect = opState?.set('RUNNABLE') ?? []
    return new Seamcall('TDH.MR.FINALIZE', [...busy, ...this.only('INITIALIZED')], effect)
  }

  /** TDH.MEM.RANGE.BLOCK: BEPOCH := td_epoch, and the guest finds the entry no more. */
  rangeBlock(i: IntLike): Seamcall {
    const entry = this.parts.entries.at(i)
    const effect = [block(entry), this.parts.epochs?.block(i) ?? []]
    return this.call('RANGE.BLOCK', i, effect)
  }

  /** TDH.MEM.TRACK: td_epoch++; guest entries from now on flush. */
  memTrack(): Seamcall {
    const { epochs, locks } = this.parts
    const busy =
      locks === undefined ? [] : [refuse('OPERAND_BUSY', or(locks.isTdrBusy, locks.isEpochBusy))]
    const isBusy = epochs?.isPreviousEpochBusy ?? never
    const refusals = [...busy, refuse('PREVIOUS_TLB_EPOCH_BUSY', isBusy)]
    return new Seamcall('TDH.MEM.TRACK', refusals, epochs?.track() ?? [])
  }

  /** TDH.MEM.PAGE.REMOVE: -> FREE; of a TD that can run, an entry that is blocked and tracked. */
  pageRemove(i: IntLike): Seamcall {
    const entry = this.parts.entries.at(i)
    const { epochs, pages } = this.parts
    const effect = [free(entry), epochs?.forget(i) ?? [], pages?.clear(i) ?? []]
    return this.call('PAGE.REMOVE', i, effect, [], this.untracked(i))
  }

  /** TDH.MEM.SEPT.REMOVE: -> FREE, if all entries of the table are FREE. */
  septRemove(): Seamcall {
    const children = all(this.parts.leafs, i => this.parts.entries.at(i).is('FREE'))
    const effect = [free(this.tableEntry), this.parts.epochs?.forget(this.table) ?? []]
    const notFree = refuse('EPT_PAGE_NOT_FREE', not(children))
    const late = this.parts.checks === false ? [] : [...this.untracked(this.table), notFree]
    return this.call('SEPT.REMOVE', this.table, effect, [], late)
  }

  /** TDH.MEM.RANGE.UNBLOCK: back to what was blocked, with content and acceptance. */
  rangeUnblock(i: IntLike): Seamcall {
    const effect = [unblock(this.parts.entries.at(i)), this.parts.epochs?.forget(i) ?? []]
    return this.call('RANGE.UNBLOCK', i, effect, [], this.untracked(i).slice(1))
  }

  /** TDH.MEM.PAGE.DEMOTE: a 2M page becomes a table of 4K pages, accepted or pending as it was. */
  pageDemote(): Seamcall {
    const isAccepted = this.tableEntry.is('MAPPED', 'BLOCKED')
    const effect = [
      this.tableEntry.set('NL_MAPPED'),
      this.parts.epochs?.forget(this.table) ?? [],
      each(this.parts.leafs).map(i => setPresent(this.parts.entries.at(i), isAccepted)),
    ]
    return this.call('PAGE.DEMOTE', this.table, effect, [], this.untracked(this.table))
  }

  /** TDH.MEM.PAGE.PROMOTE: a table of accepted 4K pages becomes a 2M page. */
  pagePromote(): Seamcall {
    const areMapped = all(this.parts.leafs, i => this.parts.entries.at(i).is('MAPPED'))
    const effect = [
      this.tableEntry.set('MAPPED'),
      this.parts.epochs?.forget(this.table) ?? [],
      each(this.parts.leafs).map(i => free(this.parts.entries.at(i))),
    ]
    const invalid = refuse('EPT_INVALID_PROMOTE_CONDITIONS', not(areMapped))
    const late = [...this.untracked(this.table), invalid]
    return this.call('PAGE.PROMOTE', this.table, effect, [], late)
  }

  /**
   * TDG.MEM.PAGE.ACCEPT by the guest at the entry's level: PENDING -> MAPPED, and the page is 0.
   * The lock of the entry, where there are locks, is the caller's: two steps of the guest.
   */
  pageAccept(i: IntLike): Seamcall {
    const { entries, hasTable } = this.parts
    const entry = entries.at(i)
    const isBelow = hasTable === true && i !== this.table
    const isPartOf2M = isBelow ? this.tableEntry.is('MAPPED') : never
    const hasNoTable = isBelow ? this.tableEntry.isNot('NL_MAPPED') : never
    const refusals = [
      refuse('PAGE_ALREADY_ACCEPTED', isPartOf2M),
      refuse('EPT_VIOLATION', or(hasNoTable, entry.is('FREE'), isBlocked(entry))),
      refuse('PAGE_ALREADY_ACCEPTED', entry.is('MAPPED')),
      refuse('PAGE_SIZE_MISMATCH', entry.is('NL_MAPPED')),
    ]
    return new Seamcall('TDG.MEM.PAGE.ACCEPT', refusals, entry.set('MAPPED'))
  }

  /** TDH.VP.ENTER takes its locks: the epoch lock shared, and the tree if `needsTree`. */
  vpEnterStart(needsTree: Bool): Seamcall {
    const { locks } = this.parts
    if (locks === undefined) return new Seamcall('TDH.VP.ENTER', [], [])
    const busy = refuse('OPERAND_BUSY', or(locks.isTdrBusy, and(needsTree, locks.isTreeBusy)))
    return new Seamcall('TDH.VP.ENTER', [busy], locks.startEnter(needsTree))
  }

  /** TDH.VP.ENTER is in the guest. The flush, if `epochs.mustFlush`, is the model's. */
  vpEnterEnd(v: ElementKey<'vcpu'>, heldTree: Bool): Item {
    const { epochs, locks } = this.parts
    return [epochs?.enter(v) ?? [], locks?.endEnter(heldTree) ?? []]
  }

  private get tableEntry(): SeptEntry {
    return this.parts.entries.at(this.table)
  }

  /** A call on entry `i`: locks, op_state, walk, the entry's state, `late` checks. */
  private call(
    name: EntryCall,
    i: IntLike,
    effect: Item,
    opState: readonly Refusal[] = [],
    late: readonly Refusal[] = [],
  ): Seamcall {
    const { entries, hasTable, locks } = this.parts
    const entry = entries.at(i)
    const refusals: Refusal[] = []
    if (locks !== undefined) {
      const isBusy = or(locks.isTdrBusy, locks.isTreeBusy, locks.isEntryBusy(i))
      refusals.push(refuse('OPERAND_BUSY', isBusy))
    }
    refusals.push(...opState)
    if (hasTable === true && i !== this.table) {
      const hasNoTable = this.tableEntry.isNot('NL_MAPPED', 'NL_BLOCKED')
      refusals.push(refuse('EPT_WALK_FAILED', hasNoTable))
    }
    if (name === 'RANGE.BLOCK') refusals.push(refuse('GPA_RANGE_ALREADY_BLOCKED', isBlocked(entry)))
    refusals.push(refuse('EPT_ENTRY_STATE_INCORRECT', not(accepts(name, entry))), ...late)
    return new Seamcall((name === 'MR.EXTEND' ? 'TDH.' : 'TDH.MEM.') + name, refusals, effect)
  }

  /** Of a TD that can run: the entry is not blocked, or it is not tracked. */
  private untracked(i: IntLike): readonly Refusal[] {
    const { entries, epochs, opState, checks = true } = this.parts
    if (!checks) return []
    const isNeeded = opState?.is('RUNNABLE') ?? and()
    const isTracked = epochs?.isTracked(i) ?? and()
    return [
      refuse('GPA_RANGE_NOT_BLOCKED', and(isNeeded, not(isBlocked(entries.at(i))))),
      refuse('TLB_TRACKING_NOT_DONE', and(isNeeded, not(isTracked))),
    ]
  }

  private only(state: OpState): readonly Refusal[] {
    const { opState } = this.parts
    if (opState === undefined) return []
    return [refuse('OP_STATE_INCORRECT', opState.isNot(state))]
  }

  private ownedPage(page: IntLike | undefined): readonly Refusal[] {
    const { checks = true, pages } = this.parts
    if (pages === undefined || page === undefined || !checks) return []
    return [refuse('PAGE_METADATA_INCORRECT', pages.isOwned(page))]
  }

  private put(i: IntLike, page: IntLike | undefined): Item {
    const { pages } = this.parts
    return pages === undefined || page === undefined ? [] : pages.put(i, page)
  }
}

function refuse(status: Refusal['status'], condition: Bool): Refusal {
  return { status, when: condition }
}

function setPresent(entry: SeptEntry, isAccepted: Bool): Item {
  return when(isAccepted, entry.set('MAPPED'), entry.set('PENDING'))
}
