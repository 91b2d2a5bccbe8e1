/**
 * The iterator that tasks walk page tables with: a pre-order walk that may stop, give mmu_lock and
 * RCU away, and go on from the root.
 *
 *   tdp_iter_start ─▶ visit ─▶ tdp_iter_next: step down, or to the side, or up and to the side
 *                       └─▶ cond_resched: flush, unlock, lock ─▶ tdp_iter_restart ─▶ visit
 *
 * Source: arch/x86/kvm/mmu/tdp_iter.c (v6.16) `tdp_iter_start`, `tdp_iter_restart`,
 * `tdp_iter_next`, `try_step_down`, `try_step_side`, `try_step_up`; tdp_mmu.c
 * `tdp_mmu_iter_cond_resched`.
 *
 * `next_last_level_gfn` is kept as the entry of the root and the entry of its table, and "it
 * differs from yielded_gfn" as one truth value: it only grows, so that is what changed since the
 * last yield. A step up is always followed by a step to the side in the same call, and part of it.
 */
import {
  assert,
  bool,
  branch,
  either,
  enumeration,
  index,
  int,
  loopWhile,
  or,
  step,
  when,
} from 'zapcheck'
import type { Item, Label, ModelBuilder, Statement, Statements } from 'zapcheck'
import { flushRemoteTlbs, isAnyTable, tasks, whenTable } from './state.js'
import type { Entry, State, Task } from './state.js'
import type { Parameters } from './parameters.js'

/** Declares the iterator of a task: struct tdp_iter, and the zapper's own variables. */
export function declareIterator(m: ModelBuilder, p: Parameters, task: Task) {
  const fields = {
    /** The next gfn, as an entry of the root and an entry of its table. */
    entry: int(0, p.entries),
    leaf: int(0, p.leafs - 1),
    /** The SPTE that the walk looks at is in the root, or in `table`. */
    level: enumeration('root', 'table'),
    table: index(p.tables),
    /** next_last_level_gfn is not yielded_gfn. */
    progress: bool(),
    /** The zapper's variable `flush`. */
    flush: bool(),
    /** SPTEs of a valid root were changed since the last flush. */
    isOwed: bool(),
    /** How often the walk yielded. */
    yields: int(0, p.counters ? p.entries * p.leafs + 1 : 0),
  }
  return { ...m.state({ [task]: fields } as { iterator: typeof fields })[task as 'iterator'], task }
}

/** An iterator of a task. */
export type Iterator = ReturnType<typeof declareIterator>

/** One walk over a root. */
export interface Walk {
  readonly iterator: Iterator
  /** What comes before the labels of the walk's steps. */
  readonly prefix: string
  readonly entry: (e: Iterator['entry']) => Label<Entry>
  /** The walk goes down to the tables, or stays in the root: min_level. */
  readonly goesDown: boolean
  /** mmu_lock is held for write. */
  readonly isExclusive: boolean
  /** What is done with an SPTE of the root, and with one of a table; nothing, without a step. */
  readonly visitEntry: Statements
  readonly visitLeaf?: Statements
  /** The zapper never owes a flush in this walk. */
  readonly owesNothing?: boolean
  /** What else tdp_iter_start sets. */
  readonly start?: Item
}

/** mmu_lock and RCU are taken. */
export function lock(s: State, it: Iterator, isExclusive: boolean): Item {
  const { mmuLock } = s
  return [isExclusive ? mmuLock.acquireWrite() : mmuLock.acquireRead(), s.rcu.enter(tasks[it.task])]
}

/** mmu_lock and RCU are given back; `isFlushed` where that is owed. */
export function unlock(s: State, it: Iterator, isExclusive: boolean): Item {
  const { mmuLock } = s
  return [
    assert(
      it.isOwed.not(),
      'mmu_lock is not released with a flush owed',
      'a task drops mmu_lock while TLBs may still have what it zapped: whoever takes the lock ' +
        'next sees no SPTE, and gives the page away',
    ),
    isExclusive ? mmuLock.releaseWrite() : mmuLock.releaseRead(),
    s.rcu.exit(tasks[it.task]),
  ]
}

/** kvm_flush_remote_tlbs, if the zapper thinks that it is needed. */
export function flush(s: State, it: Iterator, label: string): Statement {
  return branch(it.flush, [step(label, flushed(s, it))])
}

/** The statements of a walk over all entries of a root. */
export function walk(s: State, w: Walk): Statements {
  const { iterator: it, prefix, goesDown } = w
  const spte = w.entry(it.entry)
  const restart: Item = [it.level.set('root'), it.progress.set(false)]
  const isLinked = goesDown ? isAnyTable(spte) : or()
  const stepDown: Item = [it.level.set('table'), whenTable(s, spte, k => it.table.set(k))]
  const nextEntry: Item = [it.entry.increase(), it.leaf.set(0), it.progress.set(true)]
  const isLast = it.leaf.is(s.p.leafs - 1)
  const advances = s.p.bug === 'iter-advance-after-restart'
  const fromRoot: Statements = [
    branch(
      isLinked,
      [step(`${prefix}_try_step_down`, stepDown)],
      [step(`${prefix}_try_step_side`, nextEntry)],
    ),
  ]
  const stepUp = step(`${prefix}_try_step_up`, it.level.set('root'), nextEntry)
  const stepSide = [it.leaf.increase(), it.progress.set(true)]
  const fromTable: Statements =
    s.p.leafs === 1
      ? [stepUp]
      : [branch(isLast, [stepUp], [step(`${prefix}_try_step_side_in_table`, stepSide)])]
  const resume: Statements =
    s.p.bug === 'iter-no-restart'
      ? []
      : [
          step(`${prefix}_tdp_iter_restart`, restart),
          advances ? [step(`${prefix}_tdp_iter_next`, when(isLinked, stepDown, nextEntry))] : [],
        ]
  const inRoot: Statements = [w.visitEntry, fromRoot]
  const start: Item = [it.entry.set(0), it.leaf.set(0), it.yields.set(0), w.start ?? []]
  return [
    step(`${prefix}_tdp_iter_start`, start, restart),
    loopWhile(it.entry.lt(s.p.entries), [
      either(
        [condResched(s, w), resume],
        goesDown ? [branch(it.level.is('root'), inRoot, [w.visitLeaf ?? [], fromTable])] : inRoot,
      ),
    ]),
  ]
}

/** tdp_mmu_iter_cond_resched: once the walk got on since the last time, whoever asks for it. */
function condResched(s: State, w: Walk): Statements {
  const { iterator: it, prefix, isExclusive } = w
  const { bug } = s.p
  const mayYield = bug === 'iter-no-forward-progress' ? or(true) : it.progress
  const leavesPath = bug === 'iter-no-restart' ? [] : it.level.set('root')
  const most = s.p.entries * s.p.leafs
  const flushFirst: Statements =
    bug === 'yield-drops-pending-flush' || w.owesNothing === true
      ? []
      : [branch(it.flush, [step(`${prefix}_cond_resched_flush`, mayYield, flushed(s, it))])]
  return [
    flushFirst,
    step(
      `${prefix}_cond_resched_unlock`,
      mayYield,
      unlock(s, it, isExclusive),
      leavesPath,
      s.p.counters ? when(it.yields.le(most), it.yields.increase()) : [],
    ),
    step(`${prefix}_cond_resched_lock`, lock(s, it, isExclusive)),
  ]
}

function flushed(s: State, it: Iterator): Item {
  return [flushRemoteTlbs(s), it.flush.set(false), it.isOwed.set(false)]
}
