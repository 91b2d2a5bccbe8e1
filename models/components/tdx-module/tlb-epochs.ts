/**
 * TLB tracking: the TD's epoch, the epochs of the last entries of the vCPUs and of the last block
 * of each entry, and how many vCPUs run in the guest by epoch.
 *
 *   TDH.MEM.TRACK   td_epoch: N ─▶ N+1, refused while vCPUs run in epoch N-1
 *   TDH.VP.ENTER    the vCPU runs in epoch td_epoch; it flushes if its last entry was older
 *   tracked         nobody runs any more who entered before the entry was blocked
 *
 * Source: Intel TDX module 1.5 `is_tlb_tracked`, `adjust_tlb_tracking_state`, `tdh_mem_track`;
 * arch/x86/kvm/vmx/tdx.c (v6.16) `tdx_track`.
 *
 * Epochs are ages here: an epoch is td_epoch, td_epoch-1 or older. The module compares epochs with
 * td_epoch only, so older ones are alike, and there is no number that could wrap around. A vCPU
 * outside of the guest matters only by whether it has entered since the last track, so its epoch
 * is td_epoch or older. REFCOUNT is kept by age as well; TDH.MEM.TRACK exchanges the two, as the
 * parity does. Decision 0030.
 */
import { and, array, each, enumeration, int, or, part, set, when } from 'zapcheck'
import type { Bool, ElementKey, IntLike, Item, SymmetricType } from 'zapcheck'

/** TLB tracking as models use it. `v` is a vCPU, `i` a Secure-EPT entry. */
export interface TlbEpochs {
  /** TDH.MEM.TRACK would return TDX_PREVIOUS_TLB_EPOCH_BUSY: REFCOUNT of td_epoch-1 is not 0. */
  readonly isPreviousEpochBusy: Bool
  /** `is_tlb_tracked` for the epoch in which the entry was blocked. */
  isTracked(i: IntLike): Bool
  /** The vCPU is in the guest for the module. */
  isInside(v: ElementKey<'vcpu'>): Bool
  /** TDH.VP.ENTER would flush the vCPU's TLB. */
  mustFlush(v: ElementKey<'vcpu'>): Bool
  /** TDH.MEM.TRACK: td_epoch++. */
  track(): Item
  /** BEPOCH of the entry's page := td_epoch. */
  block(i: IntLike): Item
  /** The entry is not blocked any more. */
  forget(i: IntLike): Item
  /** TDH.VP.ENTER: REFCOUNT++, VCPU_EPOCH := td_epoch. The flush is the model's. */
  enter(v: ElementKey<'vcpu'>): Item
  /** TD exit: REFCOUNT--. */
  exit(v: ElementKey<'vcpu'>): Item
}

/** Epochs of the vCPUs and of `entries` Secure-EPT entries; nobody has entered, none is blocked. */
export function tlbEpochs(vcpus: SymmetricType<'vcpu'>, entries: number) {
  const fields = {
    inside: set(vcpus),
    vcpuEpoch: array(vcpus, enumeration('older', 'td_epoch-1', 'td_epoch')),
    bepoch: array(entries, enumeration('none', 'older', 'td_epoch-1', 'td_epoch')),
    refcount: { current: int(0, vcpus.size), previous: int(0, vcpus.size) },
  }
  return part(fields, ({ inside, vcpuEpoch, bepoch, refcount }): TlbEpochs => {
    const { current, previous } = refcount
    return {
      isPreviousEpochBusy: previous.isNot(0),
      isTracked: i => {
        const epoch = bepoch.at(i)
        return or(and(epoch.is('td_epoch-1'), previous.is(0)), epoch.is('older'))
      },
      isInside: v => inside.has(v),
      mustFlush: v => vcpuEpoch[v].isNot('td_epoch'),
      track: () => [
        current.set(previous),
        previous.set(current),
        each(vcpus).map(v => {
          const epoch = vcpuEpoch[v]
          const age = and(inside.has(v), epoch.is('td_epoch'))
          return when(age, epoch.set('td_epoch-1'), epoch.set('older'))
        }),
        each(entries).map(i => {
          const epoch = bepoch.at(i)
          const older = when(epoch.is('td_epoch-1'), epoch.set('older'))
          return when(epoch.is('td_epoch'), epoch.set('td_epoch-1'), older)
        }),
      ],
      block: i => bepoch.at(i).set('td_epoch'),
      forget: i => bepoch.at(i).set('none'),
      enter: v => [inside.add(v), vcpuEpoch[v].set('td_epoch'), current.increase()],
      exit: v => {
        const epoch = vcpuEpoch[v]
        const stale = [previous.decrease(), epoch.set('older')]
        return [inside.remove(v), when(epoch.is('td_epoch'), current.decrease(), stale)]
      },
    }
  })
}
