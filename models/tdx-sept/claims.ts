/**
 * What is claimed of the running TD: properties, and witnesses that the scenarios happen. S1 to
 * S10 are the numbers of the design notes; S5, S6 and S8 are assertions in the steps themselves.
 */
import { and, each, implies, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle } from 'zapcheck'
import { leavesBeforeNonLeaves, rootNeverZapped } from 'zapcheck/properties'
import { isAllocated } from './state.js'
import type { State } from './state.js'

/** Declares the properties; `vcpus` are the processes of the vCPUs. */
export function declareProperties(
  m: ModelBuilder,
  s: State,
  vcpus: readonly ProcessHandle[],
): void {
  const { tdx, sept, pages } = s
  const gfns = each(s.p.gfns)
  const stale = each(s.vcpus).flatMap(v =>
    gfns.map(g => {
      const isThere = or(
        sept[g].is('MAPPED', 'BLOCKED'),
        sept.at(tdx.table).is('MAPPED', 'BLOCKED'),
      )
      return implies(and(s.epochs.isInside(v), s.vcpu[v].tlb.has(g)), isThere)
    }),
  )
  m.check(
    leavesBeforeNonLeaves([
      {
        isLinked: sept.at(tdx.table).isNot('FREE'),
        hasNoLeaf: and(...gfns.map(g => sept[g].is('FREE'))),
      },
    ]),
    invariant(
      'no stale translation after PAGE.REMOVE',
      and(...stale),
      'a vCPU in the guest reaches through its TLB a page that was removed from the TD',
    ),
    invariant(
      'the mirror and the Secure-EPT agree',
      agreement(s),
      'outside of a section that removes, an SPTE of the mirror and its Secure-EPT entry say ' +
        'different things: later SEAMCALLs fail where KVM allows no failure',
    ),
    invariant(
      'content is defined by ACCEPT',
      and(...gfns.map(g => implies(tdx.isAccessible(g), s.zeroed.has(g)))),
      'the guest reads a page that it has not accepted since the page was added: the host chose ' +
        'the content',
    ),
    invariant(
      'the host has no page of the TD',
      and(...gfns.map(page => implies(pages.isOwned(page), isAllocated(s, page)))),
      'a page goes back to the host while the TDX module counts it as the TD’s: the host’s ' +
        'accesses are integrity errors (#MC)',
    ),
  )
  if (s.p.gfns === 2) m.check(alias(s))
  if (s.slot !== null) m.check(rootNeverZapped(s.slot.rootIsValid))
  declareProgress(m, s, vcpus)
  m.deadlock(not(s.vm.is('alive')))
}

/** What can be said of progress without temporal properties. */
function declareProgress(m: ModelBuilder, s: State, vcpus: readonly ProcessHandle[]): void {
  if (s.locked !== null && s.p.vmm === 'none') {
    const { strikes } = s.locked
    const isSuspected = or(...each(s.vcpus).map(v => strikes[v].is(s.p.zeroStep)))
    m.check(
      invariant(
        'no vCPU is suspected of zero-stepping',
        not(isSuspected),
        'a vCPU faults again and again without progress while KVM is only retrying: from then on ' +
          'VP.ENTER takes the tree lock, and makes the calls busy that would resolve the fault',
      ),
    )
  }
  if (s.p.bug === 'stale-old-spte-local') {
    const isStuck = each(s.vcpus).map((v, i) => {
      const isAt = vcpus[i]?.at('K1_cmpxchg_old_spte') ?? or()
      return and(isAt, s.mirror.leaf.at(s.vcpu[v].gfn.number()).is('LEAF'))
    })
    m.check(
      invariant(
        'no fault compares with a stale SPTE without end',
        not(or(...isStuck)),
        'a fault waits, with mmu_lock held, for a value of the SPTE that only somebody with ' +
          'mmu_lock for write could bring back',
      ),
    )
  }
}

/** S10. */
function alias(s: State) {
  const gfns = each(s.p.gfns)
  return invariant(
    'a page is in one entry',
    and(...gfns.map(page => not(and(...gfns.map(g => s.pages.isBehind(g, page)))))),
    'two gfns of the TD lead to one page: the guest’s own memory is aliased behind its back',
  )
}

/** S4: what is FROZEN, and what a writer is working on, is left out. */
function agreement(s: State): Bool {
  const { mirror, sept, mmuLock } = s
  const { table, leaf } = mirror
  const gfns = each(s.p.gfns)
  const tableEntry = sept.at(s.tdx.table)
  const tableAgrees = or(
    table.is('FROZEN'),
    and(table.is('NONE'), tableEntry.is('FREE')),
    and(table.is('LINKED'), tableEntry.is('NL_MAPPED')),
    and(table.is('HUGE'), tableEntry.is('MAPPED', 'PENDING')),
  )
  const leafsAgree = gfns.map(g =>
    or(
      leaf[g].is('FROZEN'),
      and(leaf[g].is('NONE'), sept[g].is('FREE')),
      and(leaf[g].is('LEAF'), sept[g].is('MAPPED', 'PENDING')),
    ),
  )
  return or(mmuLock.isWriteHeld, and(tableAgrees, ...leafsAgree))
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State): void {
  const { sept, epochs, locked, p } = s
  const gfns = each(p.gfns)
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const someGfn = (predicate: (g: (typeof gfns)[number]) => Bool): Bool =>
    or(...gfns.map(predicate))
  const isIn = or(...each(s.vcpus).map(v => epochs.isInside(v)))
  if (p.vmm !== 'none' && p.bug === 'none' && p.vmm !== 'split') {
    scenario(
      'a vCPU runs in the guest while a page is blocked',
      and(
        isIn,
        someGfn(g => sept[g].is('BLOCKED')),
      ),
    )
    if (p.guest === 'malicious' && p.module !== 'no-accept')
      scenario(
        'a page is removed that was never accepted',
        someGfn(g => sept[g].is('PENDING_BLOCKED')),
      )
    if (locked !== null && p.guest === 'malicious')
      scenario('a SEAMCALL of a removal is busy', locked.waitForSeptZap)
  }
  if (p.module !== 'no-accept')
    scenario('a page is accepted', or(...gfns.map(g => s.zeroed.has(g))))
}
