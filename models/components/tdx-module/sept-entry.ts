/**
 * One Secure-EPT entry: its states, and which call of the TDX module accepts which of them.
 *
 *                 SEPT.ADD             BLOCK                  REMOVE (SEPT.REMOVE)
 *   FREE ────────▶ NL_MAPPED ─────────▶ NL_BLOCKED ──────────▶ FREE
 *     │ PAGE.ADD             BLOCK                  REMOVE
 *     ├──────────▶ MAPPED ────────────▶ BLOCKED ─────────────▶ FREE
 *     │ PAGE.AUG     ▲ ACCEPT    BLOCK                        REMOVE
 *     └──────────▶ PENDING ───────────▶ PENDING_BLOCKED ─────▶ FREE
 *                          ◀─UNBLOCK, each of the three rows─
 *
 * Source: Intel TDX module 1.5, `seamcall_sept_state_lookup` (generated table), handlers
 * `tdh_mem_range_block`, `tdh_mem_range_unblock`, `tdh_mem_page_remove`, `tdh_mem_sept_remove`.
 * Not here: REMOVED, BLOCKEDW and exported states (migration), which KVM up to 7.0 never reaches.
 */
import { enumeration, when } from 'zapcheck'
import type { Assignment, Bool, Item, Label, LabelDeclaration, LabelVariable } from 'zapcheck'

/** The states of an entry that KVM can reach. */
export const septStates = [
  'FREE',
  'NL_MAPPED',
  'NL_BLOCKED',
  'MAPPED',
  'BLOCKED',
  'PENDING',
  'PENDING_BLOCKED',
] as const

/** A state of an entry. */
export type SeptState = (typeof septStates)[number]

/** An entry of a model's state. */
export type SeptEntry = LabelVariable<SeptState>

/**
 * The states that each call accepts: the first filter, before its refinements. SEPT.ADD over
 * NL_MAPPED ("allow existing") is in newer modules only, and not here.
 */
export const acceptedStates = {
  'PAGE.ADD': ['FREE'],
  'SEPT.ADD': ['FREE'],
  'PAGE.AUG': ['FREE'],
  'RANGE.BLOCK': ['NL_MAPPED', 'MAPPED', 'PENDING'],
  'PAGE.DEMOTE': ['MAPPED', 'BLOCKED', 'PENDING', 'PENDING_BLOCKED'],
  'MR.EXTEND': ['MAPPED'],
  'PAGE.PROMOTE': ['NL_MAPPED', 'NL_BLOCKED'],
  'SEPT.RD': septStates,
  'PAGE.REMOVE': ['MAPPED', 'BLOCKED', 'PENDING', 'PENDING_BLOCKED'],
  'SEPT.REMOVE': ['NL_MAPPED', 'NL_BLOCKED'],
  'RANGE.UNBLOCK': ['NL_BLOCKED', 'BLOCKED', 'PENDING_BLOCKED'],
} as const satisfies Readonly<Record<string, readonly SeptState[]>>

/** A call of the host on an entry, without its prefix TDH.MEM (MR.EXTEND: TDH). */
export type EntryCall = keyof typeof acceptedStates

/** An entry, FREE at first. */
export function septEntry(): LabelDeclaration<SeptState> {
  return enumeration(...septStates)
}

/** The first filter of `call`: the entry's state is one that it accepts. */
export function accepts(call: EntryCall, entry: Label<SeptState>): Bool {
  return entry.is(...acceptedStates[call])
}

/** The entry is blocked, in one of three forms. */
export function isBlocked(entry: Label<SeptState>): Bool {
  return entry.is('NL_BLOCKED', 'BLOCKED', 'PENDING_BLOCKED')
}

/** The entry points to a page of the TD. */
export function isLeaf(entry: Label<SeptState>): Bool {
  return entry.is('MAPPED', 'BLOCKED', 'PENDING', 'PENDING_BLOCKED')
}

/** The effect of RANGE.BLOCK on an entry that it accepts. */
export function block(entry: SeptEntry): Item {
  const other = when(
    entry.is('PENDING'),
    entry.set('PENDING_BLOCKED'),
    when(entry.is('NL_MAPPED'), entry.set('NL_BLOCKED')),
  )
  return when(entry.is('MAPPED'), entry.set('BLOCKED'), other)
}

/** The effect of RANGE.UNBLOCK on an entry that it accepts. */
export function unblock(entry: SeptEntry): Item {
  const other = when(
    entry.is('PENDING_BLOCKED'),
    entry.set('PENDING'),
    when(entry.is('NL_BLOCKED'), entry.set('NL_MAPPED')),
  )
  return when(entry.is('BLOCKED'), entry.set('MAPPED'), other)
}

/** The effect of every removal. */
export function free(entry: SeptEntry): Assignment {
  return entry.set('FREE')
}
