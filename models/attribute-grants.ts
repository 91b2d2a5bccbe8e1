/**
 * attribute-grants: a memory attribute that says what a guest may do with a page, which KVM does
 * not have; and calls that change it without an invalidation. The commit message of
 * KVM_SET_MEMORY_ATTRIBUTES says that a call which only grants more may not need one.
 *
 *   right     read-only | writable     of each gfn, kvm->mem_attr_array
 *   leaf      allows what the right was when the fault looked; 4K, or 2M for both gfns
 *   mixed     the rights of the two gfns differ: no 2M leaf
 *
 * Steps and names are those of memory-attributes; what would be new is that A4 and the end of A6
 * are left out of some calls.
 *
 * Source: RFC v11 patch 8/29 "KVM: Introduce per-page memory attributes", July 2023;
 * virt/kvm/kvm_main.c and arch/x86/kvm/mmu/mmu.c (v6.16) for the steps that exist.
 */
import { and, array, bool, branch, choose, counter, defineModel, each, enumeration } from 'zapcheck'
import { flag, forEach, implies, index, not, option, or, range, rwlock, step, when } from 'zapcheck'
import type {
  Bool,
  Item,
  ModelBuilder,
  ParameterValues,
  SmallIndex,
  Statements,
  Variant,
} from 'zapcheck'
import { invalidation } from './components/invalidation.js'
import { pageFault } from './components/page-fault.js'
import { row } from './components/row.js'

/** gfns of the one hugepage. */
const gfns = 2

const parameters = {
  calls: range(1, 4, 2, 'calls of the ioctl'),
  skips: option(['none', 'grants', 'all'], 'none', 'calls without an invalidation'),
  hugepages: flag(true, 'a 2M leaf can map both gfns'),
  bug: option(
    ['none', 'post-handler-locks'],
    'none',
    'the post handler takes mmu_lock, which kvm_handle_gfn_range has for it already',
  ),
  mixedEarly: flag(false, 'the hugepage is marked as mixed before the attribute is stored'),
}
/** Values of the parameters. */
type Values = ParameterValues<typeof parameters>

const right = () => enumeration('read-only', 'writable')
const leaf = () => enumeration('none', 'read-only', 'writable')

function declareState(m: ModelBuilder, { calls }: Values) {
  return m.state({
    mmuLock: rwlock(1),
    invalidation: invalidation({ sections: 1, sequence: calls + 1, gfns }),
    right: array(gfns, right()),
    mixed: bool(),
    small: array(gfns, leaf()),
    large: leaf(),
    set: { gfn: index(gfns), value: right() },
    fault: { gfn: index(gfns), right: right(), seen: counter(calls + 1) },
  })
}

type State = ReturnType<typeof declareState>

/** A leaf through which the guest can write to the gfn. */
const isWritable = (s: State, g: SmallIndex): Bool =>
  or(s.small[g].is('writable'), s.large.is('writable'))

/** The vCPU writes to a gfn that it cannot write to yet. */
function declareVcpu(m: ModelBuilder, s: State, p: Values): void {
  const { fault } = s
  const forget = [fault.gfn.set(0), fault.right.set('read-only'), fault.seen.set(0)]
  const writes = each(gfns).map(
    g => [`gfn ${g}`, [not(isWritable(s, g)), fault.gfn.set(g)]] as const,
  )
  m.process('vcpu', { actor: 'vCPU 0', repeats: true }, [
    step('V4_kvm_mmu_do_page_fault', choose(Object.fromEntries(writes))),
    pageFault({
      snapshot: { steps: [step('V6_mmu_invalidate_seq', fault.seen.set(s.invalidation.seq))] },
      attributes: {
        steps: [step('V7_kvm_get_memory_attributes', fault.right.set(s.right.at(fault.gfn)))],
      },
      mmuLock: s.mmuLock,
      isStale: s.invalidation.mustRetry(fault.seen, fault.gfn.number()),
      map: unlock => [step('V15_kvm_tdp_mmu_map', install(s, p)), unlock],
      forget,
    }),
  ])
}

/** A 2M leaf if nothing forbids it, in place of what is there; else a 4K leaf. */
function install(s: State, p: Values): Item {
  const { fault, large, small } = s
  const rights = ['read-only', 'writable'] as const
  const isLarge = and(p.hugepages, not(s.mixed))
  const of = (to: typeof large): Item => rights.map(r => when(fault.right.is(r), to.set(r)))
  const one = each(gfns).map(g =>
    when(fault.gfn.is(g), [
      of(small[g]),
      when(not(large.is('none')), [
        each(gfns).map(other => (other === g ? [] : small[other].set(large))),
        large.set('none'),
      ]),
    ]),
  )
  return when(isLarge, [of(large), each(gfns).map(g => small[g].set('none'))], one)
}

/** The ioctl: with an invalidation, or without. */
function declareIoctl(m: ModelBuilder, s: State, p: Values) {
  const { set, mmuLock } = s
  const rights = ['read-only', 'writable'] as const
  const requests = each(gfns).flatMap(g =>
    rights.map(r => [`gfn ${g} ${r}`, [set.gfn.set(g), set.value.set(r)]] as const),
  )
  const skips = { none: or(), grants: set.value.is('writable'), all: or(true) }[p.skips]
  const store = (suffix: string) => step(`A5_xa_store${suffix}`, s.right.at(set.gfn).set(set.value))
  const inSection: Statements = [
    step('A4_kvm_mmu_invalidate_begin', mmuLock.acquireWrite(), s.invalidation.begin()),
    step(
      'A4_kvm_pre_set_memory_attributes',
      s.invalidation.addRange({ from: 0, to: gfns }),
      each(gfns).map(g => when(set.gfn.is(g), s.small[g].set('none'))),
      s.large.set('none'),
      mmuLock.releaseWrite(),
    ),
    store(''),
    step('A6_kvm_mmu_invalidate_end', mmuLock.acquireWrite(), s.invalidation.end()),
    step(
      'A6_kvm_arch_post_set_memory_attributes',
      p.bug === 'post-handler-locks' ? mmuLock.isFree : [],
      updateMixed(s),
      mmuLock.releaseWrite(),
    ),
  ]
  // mmu_lock is taken and dropped in one step: it must be free.
  const without: Statements = [
    p.mixedEarly ? step('A4_mark_mixed', mmuLock.isFree, s.mixed.set(true)) : [],
    store('_without_invalidation'),
    step('A6_post_without_invalidation', mmuLock.isFree, updateMixed(s)),
  ]
  const body: Statements =
    p.skips === 'none' ? inSection : [branch(skips, without, p.skips === 'all' ? [] : inSection)]
  return m.process('set', { actor: 'VMM' }, [
    forEach('call', p.calls, () => [
      step('A0_kvm_vm_ioctl_set_mem_attributes', choose(Object.fromEntries(requests))),
      body,
      step('A7_return_0', set.gfn.set(0), set.value.set('read-only')),
    ]),
  ])
}

/** kvm_arch_post_set_memory_attributes. */
function updateMixed(s: State): Item {
  return when(s.right[0].is(s.right[1]), s.mixed.set(false), s.mixed.set(true))
}

const property = 'a leaf allows no more than its pages'

const variants: readonly Variant<Values>[] = [
  row('all-invalidate', 'Each call invalidates: holds.', {}, [2848, 5452, 33]),
  row(
    'grants-4K',
    'A grant does not invalidate, and there are no hugepages: holds.',
    { skips: 'grants', hugepages: false },
    [4833, 9304, 33],
  ),
  row(
    'grants-2M',
    'With hugepages a fault takes the new right of one page for both.',
    { skips: 'grants' },
    [4019, 7700, 30],
    { [property]: 8 },
  ),
  row(
    'grants-2M-mixed-early',
    'The hugepage is marked as mixed before the grant is stored: holds.',
    { skips: 'grants', mixedEarly: true },
    [5091, 9564, 31],
  ),
  row(
    'grants-2M-mixed-early-four',
    'The same with four calls.',
    { skips: 'grants', mixedEarly: true, calls: 4 },
    [33_206, 64_740, 45],
  ),
  row(
    'none-invalidate',
    'A call that revokes has to invalidate.',
    { skips: 'all', hugepages: false },
    [3677, 7386, 27],
    { [property]: 12 },
  ),
  row(
    'post-handler-locks',
    'The post handler takes mmu_lock itself: the lock is not recursive.',
    { bug: 'post-handler-locks' },
    [298, 568, 13],
    { 'deadlock freedom': 8 },
  ),
]

export default defineModel({
  name: 'attribute-grants',
  about: 'Rights of pages are granted and revoked with and without an invalidation.',
  sources: [
    'patch "KVM: Introduce per-page memory attributes", RFC v11 8/29, July 2023: commit message',
    'virt/kvm/kvm_main.c and arch/x86/kvm/mmu/mmu.c, v6.16, as in memory-attributes',
  ],
  omits: [
    'All that memory-attributes says of the ioctl but the order of zap, store and end: other ' +
      'invalidators, errors and memslots have nothing to do with what a call may leave out',
    'A guest that writes without the right: KVM would exit to userspace, which changes nothing ' +
      'here; the model installs a read-only leaf',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    declareVcpu(m, s, p)
    const ioctl = declareIoctl(m, s, p)
    m.deadlock(ioctl.isDone)
    const isChanging =
      p.skips === 'all'
        ? or()
        : ioctl.at('A4_kvm_pre_set_memory_attributes', 'A5_xa_store', 'A6_kvm_mmu_invalidate_end')
    m.invariant(
      property,
      and(
        ...each(gfns).map(g =>
          or(
            and(isChanging, s.set.gfn.is(g)),
            implies(isWritable(s, g), s.right[g].is('writable')),
          ),
        ),
      ),
      'the guest writes to a page that is read-only, and nothing will remove the leaf',
    )
    if (p.bug !== 'none') return
    m.reachable('scenario: a granted page is written to', isWritable(s, 0))
    if (p.skips === 'all' || p.calls < 2) return
    m.reachable(
      'scenario: a right is granted and revoked',
      and(
        ioctl.isDone,
        s.right[0].is('read-only'),
        p.skips === 'none' ? s.invalidation.seq.gt(1) : s.invalidation.seq.gt(0),
      ),
    )
  },
})
