/**
 * The kernel's locks as parts of a state. Each acquire is an operation: it waits until the lock can
 * be taken, and takes it in the same atomic step.
 */
import { bool, enumeration, int, part, set } from './types.js'
import type { SymmetricType } from './types.js'
import { operation } from './updates.js'
import type { Item, Operation } from './updates.js'
import type { Bool, IndexLike } from './values.js'
import type { PartDeclaration } from './declarations.js'

/** A mutex or spinlock as authors use it. */
export interface Mutex<L extends string> {
  /** Waits until the lock is free and takes it. */
  acquire(owner?: L): Operation
  /** Gives the lock back. */
  release(): Item
  readonly isFree: Bool
  isHeldBy(owner: L): Bool
}

/** A lock that one owner at a time holds. Owners are named so that traces say who has it. */
export function mutex<const L extends string = 'held'>(
  ...owners: readonly L[]
): PartDeclaration<never, Mutex<L>> {
  const labels = owners.length === 0 ? ['held' as L] : owners
  const [first] = labels
  const fields = { owner: enumeration<'free' | L>('free', ...labels) }
  const declaration = part(fields, ({ owner }): Mutex<L> => ({
    acquire: (by = first as L) => operation(owner.is('free'), owner.set(by)),
    release: () => owner.set('free'),
    isFree: owner.is('free'),
    isHeldBy: by => owner.is(by),
  }))
  return declaration as PartDeclaration<never, Mutex<L>>
}

/** A reader-writer lock as authors use it. */
export interface ReadWriteLock {
  /** Waits until nobody holds the lock and takes it for writing. */
  acquireWrite(): Operation
  releaseWrite(): Item
  /** Waits until no writer holds the lock and joins its readers. */
  acquireRead(): Operation
  releaseRead(): Item
  readonly isWriteHeld: Bool
  readonly isReadHeld: Bool
  readonly isFree: Bool
}

/** A lock that one writer or up to `readersMax` readers hold. Not fair: a reader may overtake. */
export function rwlock(readersMax: number): PartDeclaration<never, ReadWriteLock> {
  const fields = { writer: bool(), readers: int(0, readersMax) }
  const declaration = part(fields, ({ writer, readers }): ReadWriteLock => {
    const isFree = writer.not().and(readers.is(0))
    return {
      acquireWrite: () => operation(isFree, writer.set(true)),
      releaseWrite: () => writer.set(false),
      acquireRead: () => operation(writer.not(), readers.increase()),
      releaseRead: () => readers.decrease(),
      isWriteHeld: writer,
      isReadHeld: readers.gt(0),
      isFree,
    }
  })
  return declaration as PartDeclaration<never, ReadWriteLock>
}

/** Sleepable RCU as authors use it. */
export interface Srcu<S extends string> {
  /** srcu_read_lock by reader `r`. */
  enter(r: IndexLike<S>): Item
  /** srcu_read_unlock by reader `r`. */
  exit(r: IndexLike<S>): Item
  /** The start of synchronize_srcu: remembers the readers that are inside now. */
  publish(): Item
  /** True once all readers that were inside at `publish` have left: synchronize_srcu returns. */
  readonly isSynchronized: Bool
  isInside(r: IndexLike<S>): Bool
}

/** A sleepable RCU domain with readers 0..readers-1 or a symmetric type; one updater at a time. */
export function srcu(readers: number): PartDeclaration<never, Srcu<never>>
export function srcu<S extends string>(readers: SymmetricType<S>): PartDeclaration<never, Srcu<S>>
export function srcu(
  readers: number | SymmetricType<string>,
): PartDeclaration<never, Srcu<never>> | PartDeclaration<never, Srcu<string>> {
  const members = (typeof readers === 'number' ? set(readers) : set(readers)) as ReturnType<
    typeof set<string>
  >
  const fields = { inside: members, awaited: members }
  const declaration = part(fields, ({ inside, awaited }): Srcu<string> => ({
    enter: r => inside.add(r),
    exit: r => [inside.remove(r), awaited.remove(r)],
    publish: () => awaited.set(inside),
    isSynchronized: awaited.isEmpty(),
    isInside: r => inside.has(r),
  }))
  return declaration as PartDeclaration<never, Srcu<string>>
}
