/**
 * One memslot that userspace deletes and creates again, and the host pages behind it. Each CREATE
 * is an *incarnation* with a slot object and a page of its own, so that whatever outlives a
 * deletion is seen.
 *
 *   slot:   absent ─CREATE─▶ valid ─M2─▶ INVALID ─M6─▶ absent ─CREATE─▶ valid ...
 *   object: none ─CREATE─▶ live ─M3─▶ zapping ─M7─▶ freed
 *                            ◀─M5 failed─┘
 *   page:   fresh ─CREATE─▶ mapped ─M7─▶ released ─host─▶ reused
 *                             └─notifier─▶ reclaimed, and a fresh page takes its place
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_set_memslot`, `kvm_invalidate_memslot`,
 * `kvm_swap_active_memslots`, `kvm_delete_memslot`, `kvm_free_memslot`.
 *
 * The two sets of slots and the copy that carries KVM_MEMSLOT_INVALID are one label here: a
 * reader holds either the object that was valid when it looked, by the number of its incarnation,
 * or it saw INVALID or nothing and uses no object any further.
 */
import { array, enumeration, index, part, srcu } from 'zapcheck'
import type { Bool, Int, IntLike, Item, Srcu, SymmetricType } from 'zapcheck'

/** A memslot as models use it. `k` is an incarnation. */
export interface Memslot {
  readonly isValid: Bool
  readonly isInvalid: Bool
  readonly isAbsent: Bool
  /** A slot was created: the VM can run. */
  readonly wasCreated: Bool
  /** The present incarnation, or the last one. */
  readonly incarnation: Int
  /** kvm->srcu, which protects readers of the slots. */
  readonly srcu: Srcu<'vcpu'>
  /** kvm_arch_flush_shadow_memslot of the slot object has begun, or it is freed. */
  isZapped(k: IntLike): Bool
  /** kvm_free_memslot: the object and its metadata are gone. */
  isFreed(k: IntLike): Bool
  /** The page that userspace has mapped behind the object. */
  pageBehind(k: IntLike): Int
  /** The page was given back by the deletion: the ioctl returned. */
  isReleased(page: IntLike): Bool
  /** The page was taken away by the host while the slot was there. */
  isReclaimed(page: IntLike): Bool
  /** Somebody else uses the page. */
  isReused(page: IntLike): Bool
  /** Userspace has a page mapped behind the slot's addresses. */
  readonly isBacked: Bool
  /** KVM_SET_USER_MEMORY_REGION, the first incarnation. */
  create(): Item
  /** KVM_SET_USER_MEMORY_REGION with a new page behind the same gfns. */
  createNext(): Item
  /** kvm_swap_active_memslots after kvm_invalidate_memslot marked the slot. */
  publishInvalid(): Item
  /** kvm_swap_active_memslots after kvm_delete_memslot. */
  publishAbsent(): Item
  /** kvm_swap_active_memslots after a later step failed: the object as it was before. */
  publishOld(): Item
  /** kvm_arch_flush_shadow_memslot begins. */
  startZap(): Item
  /** kvm_free_memslot, and the ioctl returns. */
  free(): Item
  /** The host gives a released page to somebody else. */
  reuse(page: IntLike): Item
  /** The host takes the page behind the slot and gives it to somebody else. */
  reclaim(): Item
}

/**
 * A memslot that can be created `incarnations` times; readers are the vCPUs. Page k is behind
 * incarnation k until it is reclaimed, which can happen `reclaims` (0 or 1) times; the page that
 * comes then is the last one.
 */
export function memslot(incarnations: number, reclaims: number, vcpus: SymmetricType<'vcpu'>) {
  const pages = incarnations + reclaims
  const fields = {
    active: enumeration('absent', 'valid', 'invalid'),
    incarnation: index(incarnations),
    object: array(incarnations, enumeration('none', 'live', 'zapping', 'freed')),
    page: array(pages, enumeration('fresh', 'mapped', 'released', 'reused', 'reclaimed')),
    /** The page behind the present incarnation. */
    backing: index(pages),
    srcu: srcu(vcpus),
  }
  return part(fields, ({ active, incarnation, object, page, backing, srcu }): Memslot => {
    const now = incarnation.number()
    const next = now.plus(1)
    const backed = backing.number()
    return {
      isValid: active.is('valid'),
      isInvalid: active.is('invalid'),
      isAbsent: active.is('absent'),
      wasCreated: object[0].isNot('none'),
      incarnation: now,
      srcu,
      isZapped: k => object.at(k).is('zapping', 'freed'),
      isFreed: k => object.at(k).is('freed'),
      pageBehind: k => now.is(k).pick(backed, k),
      isReleased: p => page.at(p).is('released', 'reused'),
      isReclaimed: p => page.at(p).is('reclaimed'),
      isReused: p => page.at(p).is('reused', 'reclaimed'),
      isBacked: page.at(backed).is('mapped'),
      create: () => [active.set('valid'), object[0].set('live'), page[0].set('mapped')],
      createNext: () => [
        active.set('valid'),
        incarnation.set(next),
        object.at(next).set('live'),
        backing.set(next),
        page.at(next).set('mapped'),
      ],
      publishInvalid: () => [active.set('invalid'), srcu.publish()],
      publishAbsent: () => [active.set('absent'), srcu.publish()],
      publishOld: () => [active.set('valid'), object.at(now).set('live'), srcu.publish()],
      startZap: () => object.at(now).set('zapping'),
      free: () => [object.at(now).set('freed'), page.at(backed).set('released')],
      reuse: p => page.at(p).set('reused'),
      reclaim: () => [
        page.at(backed).set('reclaimed'),
        page.at(pages - 1).set('mapped'),
        backing.set(pages - 1),
      ],
    }
  })
}
