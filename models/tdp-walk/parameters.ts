/**
 * The parameters of the model: how large the tables are, who walks them, and which rule of the walk
 * is broken.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 3, 1, 'vCPUs'),
  roots: range(1, 2, 1, 'roots; a vCPU may use either'),
  entries: range(1, 2, 1, 'entries of a root'),
  leafs: range(1, 2, 2, 'entries of a page table below a root'),
  tables: range(1, 3, 2, 'page tables; one that was freed can be used again'),
  hugeFaults: flag(false, 'a page fault may map a huge page, also in place of a table'),
  collapse: option(
    ['none', 'recover', 'zap'],
    'recover',
    'dirty logging stops: tables become huge pages (since v6.13), or are zapped (before)',
  ),
  invalidate: flag(false, 'root 0 is invalidated once, and zapped with mmu_lock held for read'),
  passes: option(
    ['bottom-up', 'top-down'],
    'bottom-up',
    'tdp_mmu_zap_root: 4K entries first (since v6.9), or tables with all below them',
  ),
  notifier: flag(true, 'the host takes the page behind all gfns away once, and gives another'),
  counters: flag(false, 'yields of a walk and retries with mmu_lock held are counted'),
  bug: option(
    [
      'none',
      'iter-advance-after-restart',
      'iter-no-forward-progress',
      'iter-no-restart',
      'yield-drops-pending-flush',
      'leaf-zap-flush-overwritten',
      'disconnected-pt-install',
      'plain-store',
      'free-without-rcu',
      'flush-after-rcu',
      'no-retry-check',
      'retry-only-after-lock',
    ],
    'none',
    'the rule of the walk that is broken',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
