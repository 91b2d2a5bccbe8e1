/**
 * The TDX module's own locks. None of them ever waits: who cannot have a lock returns
 * TDX_OPERAND_BUSY and changes nothing.
 *
 *   lock          shared                                exclusive
 *   TDR           all TDH.MEM calls                     TDH.VP.INIT
 *   TD epoch      TDH.VP.ENTER                          TDH.MEM.TRACK
 *   S-EPT tree    PAGE.AUG, SEPT.ADD, PAGE.REMOVE       RANGE.BLOCK, RANGE.UNBLOCK, DEMOTE,
 *                                                       VP.ENTER that suspects zero-stepping
 *   S-EPT entry   -                                     host: BLOCK, UNBLOCK, REMOVE, AUG, DEMOTE
 *                                                       guest: ACCEPT
 *
 * Source: commit "KVM: TDX: Kick off vCPUs when SEAMCALL is busy during TD page removal" (v6.16),
 * table of locks; Intel TDX module 1.5 `sept_lock_acquire_host`, `tdh_mem_range_block`.
 *
 * A call of the host on memory is one step: it takes its locks, checks, acts and releases, and is
 * busy if it cannot have them. VP.ENTER, VP.INIT and ACCEPT hold theirs from one step to another.
 */
import { bool, int, part, set, when } from 'zapcheck'
import type { Bool, BoolLike, IntLike, Item } from 'zapcheck'

/** The locks as models use them. `i` is a Secure-EPT entry. */
export interface ModuleLocks {
  readonly isTdrBusy: Bool
  /** For an exclusive user: somebody holds the epoch lock. */
  readonly isEpochBusy: Bool
  /** For shared and exclusive users alike: shared users hold it for a single step. */
  readonly isTreeBusy: Bool
  isEntryBusy(i: IntLike): Bool
  /** TDH.VP.ENTER begins; `needsTree` if zero-stepping is suspected. */
  startEnter(needsTree: BoolLike): Item
  /** TDH.VP.ENTER is done with its locks; it held the tree as well if `heldTree`. */
  endEnter(heldTree: BoolLike): Item
  /** TDG.MEM.PAGE.ACCEPT begins and ends. */
  startAccept(i: IntLike): Item
  endAccept(i: IntLike): Item
  /** TDH.VP.INIT begins and ends. */
  startInit(): Item
  endInit(): Item
}

/** The locks of a TD with so many vCPUs and Secure-EPT entries; all free. */
export function moduleLocks(vcpus: number, entries: number) {
  const fields = { tdr: bool(), epoch: int(0, vcpus), tree: bool(), entry: set(entries) }
  return part(fields, ({ tdr, epoch, tree, entry }): ModuleLocks => ({
    isTdrBusy: tdr,
    isEpochBusy: epoch.gt(0),
    isTreeBusy: tree,
    isEntryBusy: i => entry.has(i),
    startEnter: needsTree => [epoch.increase(), when(needsTree, tree.set(true))],
    endEnter: heldTree => [epoch.decrease(), when(heldTree, tree.set(false))],
    startAccept: i => entry.add(i),
    endAccept: i => entry.remove(i),
    startInit: () => tdr.set(true),
    endInit: () => tdr.set(false),
  }))
}
