/**
 * RCU with callbacks: readers enter and leave, and an object that was handed to call_rcu is freed
 * when every reader that was inside at that time has left.
 *
 *   object: in use ─call_rcu─▶ waits for the readers inside ─grace period over─▶ callback
 *
 * Source: include/linux/rcupdate.h `rcu_read_lock`, `call_rcu`; used by the TDP MMU for its page
 * tables, arch/x86/kvm/mmu/tdp_mmu.c `tdp_mmu_free_sp_rcu_callback`.
 *
 * Readers are vCPUs, which are interchangeable, and a few tasks, which are not. Unlike `srcu` of
 * the language, several objects can wait at the same time, each for readers of its own.
 */
import { and, array, bool, each, part, set } from 'zapcheck'
import type { Bool, ElementKey, IntLike, Item, SymmetricType } from 'zapcheck'

/** A reader: one of the vCPUs, or a task by its number. */
export type RcuReader = ElementKey<'vcpu'> | number

/** An RCU domain as models use it. `o` is the number of an object. */
export interface Rcu {
  /** rcu_read_lock. */
  enter(reader: RcuReader): Item
  /** rcu_read_unlock; nothing if the reader is not inside. */
  exit(reader: RcuReader): Item
  isInside(reader: RcuReader): Bool
  /** call_rcu: the object waits for the readers that are inside now. */
  call(o: IntLike): Item
  /** The object was handed to call_rcu and not freed yet. */
  isCalled(o: IntLike): Bool
  /** The object was handed to call_rcu, and its grace period is over. */
  isElapsed(o: IntLike): Bool
  /** The callback ran. */
  done(o: IntLike): Item
}

/** An RCU domain with the vCPUs and `tasks` tasks as readers, and `objects` objects to free. */
export function rcu(vcpus: SymmetricType<'vcpu'>, tasks: number, objects: number) {
  const fields = {
    vcpus: set(vcpus),
    tasks: set(tasks),
    waiting: array(objects, { isCalled: bool(), vcpus: set(vcpus), tasks: set(tasks) }),
  }
  return part(fields, ({ vcpus: inside, tasks: tasksInside, waiting }): Rcu => ({
    enter: r => (typeof r === 'number' ? tasksInside.add(r) : inside.add(r)),
    exit: r =>
      typeof r === 'number'
        ? [tasksInside.remove(r), each(objects).map(o => waiting[o].tasks.remove(r))]
        : [inside.remove(r), each(objects).map(o => waiting[o].vcpus.remove(r))],
    isInside: r => (typeof r === 'number' ? tasksInside.has(r) : inside.has(r)),
    call: o => [
      waiting.at(o).isCalled.set(true),
      waiting.at(o).vcpus.set(inside),
      waiting.at(o).tasks.set(tasksInside),
    ],
    isCalled: o => waiting.at(o).isCalled,
    isElapsed: o =>
      and(waiting.at(o).isCalled, waiting.at(o).vcpus.isEmpty(), waiting.at(o).tasks.isEmpty()),
    done: o => waiting.at(o).isCalled.set(false),
  }))
}
