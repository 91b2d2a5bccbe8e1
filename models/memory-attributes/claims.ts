/**
 * What is claimed of the ioctl: properties, and witnesses that the scenarios can happen.
 */
import { all, and, each, implies, invariant, next, not, or, reachable } from 'zapcheck'
import { stepProperty } from 'zapcheck'
import type { ActionView, Bool, ModelBuilder, ProcessHandle, SmallIndex } from 'zapcheck'
import { countsOpenSections, retriesOnlyIfStale, writtenUnderWriteLock } from 'zapcheck/properties'
import { setter } from './calls.js'
import type { Setter } from './calls.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { labelsOf } from './invalidator.js'
import { isMapped, isMappedAtAll } from './page-tables.js'
import { differs, gfnsOf, kinds, slotGfns, slotHugepages } from './state.js'
import type { State } from './state.js'

/** The processes of the model. */
export interface Processes {
  readonly vcpus: readonly ProcessHandle[]
  readonly setters: readonly ProcessHandle[]
  readonly second: ProcessHandle | null
  readonly memslots: ProcessHandle | null
}

/** One call with the phase in which it is. */
interface Call extends Setter {
  readonly process: ProcessHandle
}

function callsOf(s: State, { setters }: Processes): readonly Call[] {
  return setters.flatMap((process, i) => {
    const t = each(s.p.setters)[i]
    return t === undefined ? [] : [{ ...setter(s, t), process }]
  })
}

const handler = 'A6_kvm_arch_post_set_memory_attributes'
const end = 'A6_kvm_mmu_invalidate_end'

/** Steps that are to come while the attributes may be half changed: A5 and A6 up to the end. */
function stepsOfChange(s: State): readonly string[] {
  switch (s.p.endPlacement) {
    case 'lockedFirst':
      return ['A5_xa_store', end]
    case 'lockedLast':
      return ['A5_xa_store', handler, end]
    case 'beforeStore':
      return ['A5_xa_store', handler]
    case 'twoPairs':
      return ['A5_xa_store', 'A6_kvm_mmu_invalidate_begin', 'A6_kvm_unmap_gfn_range', end]
    case 'unlocked':
      return [
        'A5_xa_store',
        handler,
        'A6_KVM_MMU_UNLOCK',
        'A6_load_mmu_invalidate_seq',
        'A6_store_mmu_invalidate_seq',
        'A6_load_mmu_invalidate_in_progress',
        'A6_store_mmu_invalidate_in_progress',
      ]
  }
}

/** Steps that are to come between the begin and the last step of the end. */
function stepsOfSection(s: State): readonly string[] {
  const pre = [
    ...(s.p.yields
      ? [
          'A4_kvm_mmu_invalidate_range_add',
          ...slotGfns(s)
            .slice(0, -1)
            .flatMap(g => [`A4_zap_and_yield_gfn${g}`, `A4_write_lock_again_gfn${g}`]),
        ]
      : []),
    'A4_kvm_pre_set_memory_attributes',
  ]
  switch (s.p.endPlacement) {
    case 'beforeStore':
      return [...pre, 'A4_kvm_mmu_invalidate_end']
    case 'twoPairs':
      return [...pre, 'A4_kvm_mmu_invalidate_end', 'A6_kvm_unmap_gfn_range', end]
    default:
      return [...pre, ...stepsOfChange(s)]
  }
}

/** The attribute of the gfn is being changed by a call that has begun its invalidation. */
function isChanging(s: State, calls: readonly Call[], g: number): Bool {
  const steps = [...new Set([...stepsOfSection(s), ...stepsOfChange(s)])]
  return or(...calls.map(one => and(one.process.at(...steps), one.covers(g))))
}

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State, processes: Processes): void {
  const calls = callsOf(s, processes)
  m.deadlock(isOver(processes))
  declareKinds(m, s, calls)
  declareHugepages(m, s, calls)
  declareProtocol(m, s, processes, calls)
  if (s.memslot !== null)
    m.check(
      stepProperty(
        'only the ioctl changes attributes',
        ({ name }) =>
          name.includes('A5_') || all(s.gfns, g => s.attribute[g].is(next(s.attribute[g]))),
        'a memslot update destroys what is known of private and shared pages',
      ),
    )
}

/** Everybody but the vCPUs has ended; a vCPU for which all is mapped does nothing any more. */
function isOver({ setters, second, memslots }: Processes): Bool {
  const others = [second, memslots].flatMap(p => (p === null ? [] : [p.isDone]))
  return and(...setters.map(p => p.isDone), ...others)
}

/** M1, M2, M9. */
function declareKinds(m: ModelBuilder, s: State, calls: readonly Call[]): void {
  const settled = slotGfns(s).map(g => {
    const isRight = kinds.map(kind => implies(isMapped(s, g, kind), s.attribute[g].is(kind)))
    return or(isChanging(s, calls, g), and(...isRight))
  })
  m.check(
    invariant(
      'a leaf has the kind of its pages',
      and(...settled),
      'a leaf maps a private page as shared, or a shared one as private, and no call that ' +
        'changes the attribute is under way: nothing will remove the leaf',
    ),
    invariant(
      'no leaf of the old kind while attributes change',
      and(...calls.flatMap(one => slotGfns(s).map(g => hasNoOldLeaf(s, one, g)))),
      'after the zap, and before the end of the invalidation, a page has a leaf of the old kind',
    ),
    stepProperty(
      'a fault installs the kind of its page',
      action => installsRightKind(s, action),
      'a fault that has compared its kind with an old attribute installs a leaf of the wrong kind',
    ),
  )
  const { tlb } = s
  if (tlb === null) return
  const translations = each(s.vcpus).flatMap(v =>
    slotGfns(s).map(g =>
      implies(
        not(isChanging(s, calls, g)),
        and(...kinds.map(kind => implies(tlb[v][g].is(kind), s.attribute[g].is(kind)))),
      ),
    ),
  )
  m.check(
    invariant(
      'no translation of the old kind after the ioctl',
      and(...translations),
      'a vCPU has a TLB entry of the old kind when the ioctl has changed the attribute',
    ),
  )
}

/** After the zap of the call, a leaf that covers the gfn has the new kind. */
function hasNoOldLeaf(s: State, one: Call, g: SmallIndex): Bool {
  const { value } = s.set[one.t]
  const isZapped = and(one.process.at(...stepsOfChange(s)), one.covers(g))
  return implies(isZapped, and(...kinds.map(k => implies(isMapped(s, g, k), value.is(k)))))
}

function installsRightKind(s: State, { name, parameters }: ActionView): Bool {
  const v = each(s.vcpus).find(vcpu => vcpu === `vcpu#${parameters['v']}`)
  if (v === undefined || !name.includes('V15_')) return or(true)
  const { gfn, kind } = s.vcpu[v]
  return kind.is(s.attribute.at(gfn))
}

/** M5, M6. */
function declareHugepages(m: ModelBuilder, s: State, calls: readonly Call[]): void {
  if (slotHugepages(s).length === 0) return
  const isHalfDone = or(
    ...calls.map(({ process }) =>
      process.at(
        'A5_xa_store',
        ...(s.p.mixedEarly ? ['A4_kvm_pre_set_memory_attributes'] : []),
        ...stepsOfChange(s),
        handler,
      ),
    ),
  )
  m.check(
    invariant(
      'a hugepage has one attribute',
      and(...slotHugepages(s).map(h => implies(not(s.large[h].is('none')), not(differs(s, h))))),
      'a 2M leaf covers private and shared pages',
    ),
    invariant(
      'mixed says whether attributes differ',
      or(
        isHalfDone,
        s.slot.isPresent.not(),
        and(...slotHugepages(s).map(h => s.mixed[h].is(differs(s, h)))),
      ),
      'KVM_LPAGE_MIXED_FLAG of a hugepage is wrong: not set, and a 2M leaf can cover private and ' +
        'shared pages; set, and pages that are alike are mapped one by one',
    ),
  )
}

/** M3, M4, L2 and the safe part of L1. */
function declareProtocol(
  m: ModelBuilder,
  s: State,
  processes: Processes,
  calls: readonly Call[],
): void {
  const { second } = processes
  const own = labelsOf(s)
  const { inProgress, seq, isInHull } = s.invalidation
  const isChanged = or(next(inProgress).isNot(inProgress), next(seq).isNot(seq))
  m.check(
    writtenUnderWriteLock(isChanged, ({ name }) =>
      /_store_mmu_/.test(name) ? null : or(s.mmuLock.isWriteHeld, next(s.mmuLock.isWriteHeld)),
    ),
  )
  if (!s.p.usesIp) return
  const sections = calls.map(({ process }) => process.at(...stepsOfSection(s)))
  if (second !== null && own !== null) {
    const starts = s.p.errors && s.p.secondInvalidator === 'notifier'
    const between = starts ? ['N2_other_subscriber_starts'] : []
    sections.push(second.at(own.zap, ...between, own.free, own.end))
  }
  m.check(countsOpenSections(inProgress, sections))
  const { mirror } = s
  if (mirror !== null && s.p.secondInvalidator === 'notifier')
    m.check(
      stepProperty(
        'a notifier keeps private pages of a TD',
        ({ actor }) => actor !== 'mm' || all(s.gfns, g => implies(mirror[g], next(mirror[g]))),
        'an invalidation of host addresses, which are shared memory, takes a private page from ' +
          'the TD: its content is lost',
      ),
    )
  m.check(
    retriesOnlyIfStale(({ name, parameters }) => {
      const v = each(s.vcpus).find(vcpu => vcpu === `vcpu#${parameters['v']}`)
      if (v === undefined || !name.includes('V13_is_page_fault_stale_RETRY')) return null
      const { gfn, seen } = s.vcpu[v]
      const isHeldOff = and(or(...sections), isInHull(gfn.number()))
      return s.p.usesSeq ? or(isHeldOff, seen.isNot(seq)) : isHeldOff
    }),
  )
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State, processes: Processes): void {
  const { p, invalidation } = s
  const calls = callsOf(s, processes)
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const someFault = (step: string, predicate: (v: Vcpu) => Bool): Bool =>
    or(...each(s.vcpus).map((v, i) => and(processes.vcpus[i]?.at(step) ?? or(), predicate(v))))
  const isOfOldKind = (v: Vcpu): Bool => {
    const { gfn, kind } = s.vcpu[v]
    return or(
      ...calls.flatMap(one =>
        slotGfns(s).map(g =>
          and(gfn.is(g), isChanging(s, [one], g), kind.is(s.set[one.t].value).not()),
        ),
      ),
    )
  }
  if (p.vm === 'plain') return
  scenario(
    'a fault exits to userspace since its page is of the other kind',
    someFault('V7_KVM_EXIT_MEMORY_FAULT', v =>
      s.vcpu[v].kind.is(s.attribute.at(s.vcpu[v].gfn)).not(),
    ),
  )
  if (p.usesIp && p.endPlacement !== 'beforeStore' && p.endPlacement !== 'twoPairs')
    scenario(
      'a fault of the old kind meets an open invalidation',
      someFault('V13_is_page_fault_stale_RETRY', v =>
        and(isOfOldKind(v), invalidation.isInProgress),
      ),
    )
  if (p.usesSeq)
    scenario(
      'a fault finds that an invalidation has ended since its snapshot',
      someFault('V13_is_page_fault_stale_RETRY', v =>
        and(s.vcpu[v].seen.isNot(invalidation.seq), invalidation.inProgress.is(0)),
      ),
    )
  declareHugepageScenarios(s, scenario)
  if (processes.second !== null && p.usesIp)
    scenario('two invalidations are open', invalidation.inProgress.is(2))
  if (s.memslot !== null)
    scenario(
      'an attribute changes while there is no slot',
      and(
        s.memslot.is('absent'),
        or(...each(s.gfns).map(g => s.attribute[g].is(p.initially).not())),
      ),
    )
}

function declareHugepageScenarios(
  s: State,
  scenario: (name: string, predicate: Bool) => void,
): void {
  const [h] = slotHugepages(s)
  if (h === undefined) return
  const changed = s.p.initially === 'shared' ? 'private' : 'shared'
  scenario(
    'a mixed hugepage is mapped in 4K pages',
    and(s.mixed[h], or(...gfnsOf(h).map(g => isMappedAtAll(s, g)))),
  )
  const allowsPrivate = s.p.vm !== 'tdx' && s.p.gmem
  if (s.p.backing !== 'small' && (allowsPrivate || changed === 'shared'))
    scenario('a 2M leaf of the new kind is installed', s.large[h].is(changed))
}
