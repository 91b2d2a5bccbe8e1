/**
 * The migration thread of the source's userspace: live rounds, pause, final round, resume.
 *
 *   round: list ─▶ dirty ─▶ send of each dirty page      (LD; DL: dirty ─▶ list)
 *
 * A send as private goes through the firmware: SEND_UPDATE_DATA decrypts with the key of the
 * source, RECEIVE_UPDATE_DATA encrypts with that of the destination. A send as shared copies bytes.
 *
 * Sources: virt/kvm/kvm_main.c (v6.16) `kvm_get_dirty_log_protect`; arch/x86/kvm/svm/sev.c
 * `sev_send_update_data`, `sev_receive_update_data`; patches "KVM: x86: Introduce
 * KVM_GET_SHARED_PAGES_LIST ioctl", v10, February 2021.
 */
import {
  and,
  assert,
  branch,
  call,
  either,
  exit,
  implies,
  loopWhile,
  or,
  step,
  when,
} from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statement, Statements } from 'zapcheck'
import { contentOn, contracts, hosts, isLost, ofPage, pageOf, wasWrittenAs } from './state.js'
import type { Host, Page, State, Status } from './state.js'
import type { Guest } from './guest.js'

/** One migration. */
interface Journey {
  readonly s: State
  readonly guest: Guest
  readonly from: Host
  readonly to: Host
  /** Another migration follows. */
  readonly goesOn: boolean
}

/** What the vCPU did when the list was taken: the list of a running one may be stale. */
type VcpuAtList = 'running' | 'paused'

/** Declares the migration thread. */
export function declareMigration(m: ModelBuilder, s: State, guest: Guest): ProcessHandle {
  const [src, dst, third] = hosts
  const goesOn = s.p.migrations === 2
  const first: Journey = { s, guest, from: src, to: dst, goesOn }
  const second: Journey = { s, guest, from: dst, to: third, goesOn: false }
  const body = [...migrate(first), goesOn ? call('again', migrate(second)) : []]
  return m.process('migration', { actor: 'userspace' }, [refusals(s), body])
}

/** What keeps a migration from starting. */
function refusals(s: State): Statements {
  if (s.p.hypercall === 'enosys') return [step('KVM_MIGRATION_READY_is_clear'), exit()]
  if (!s.p.dirtyLogging && s.p.bug !== 'no-bitmap-check')
    return [step('KVM_GET_DIRTY_LOG_ENOENT'), exit()]
  return []
}

function migrate(journey: Journey): Statements {
  const { s, guest } = journey
  const canPause = guest.isInExit.not()
  const paused = [canPause, s.running, s.running.set(false)]
  const pause: Statements =
    s.p.bug === 'pause-with-lock'
      ? [step('lock', s.listLock.acquire()), step('pause_vcpu', paused, s.listLock.release())]
      : [step('pause_vcpu', paused)]
  return [
    liveRounds(journey, 1),
    s.p.final === 'list-before-pause' ? [call('last', getList(journey)), pause] : pause,
    call('final', finalRound(journey)),
    s.p.resync
      ? call(
          'resync',
          s.pages.map(page => resync(journey, page)),
        )
      : [],
    resume(journey),
  ]
}

/** One live round, and another one if the host likes. */
function liveRounds(journey: Journey, number: number): Statements {
  const { s } = journey
  const round = call(`live${number}`, roundOf(journey, s.p.order, 'running'))
  if (number === s.p.rounds) return [round]
  return [round, either([liveRounds(journey, number + 1)], [])]
}

function finalRound(journey: Journey): Statements {
  const { final, order } = journey.s.p
  if (final === 'list-before-pause') return [getDirty(journey), sendAll(journey, 'running')]
  return roundOf(journey, final === 'as-live' ? order : final, 'paused')
}

function roundOf(journey: Journey, order: 'LD' | 'DL', vcpu: VcpuAtList): Statements {
  const list = getList(journey)
  const dirty = getDirty(journey)
  return [order === 'LD' ? [list, dirty] : [dirty, list], sendAll(journey, vcpu)]
}

/** KVM_GET_DIRTY_LOG: takes the dirty pages, and protects them again. */
function getDirty({ s }: Journey): Statement {
  const take = s.pages.map((i): Item => {
    const { dirty, dset } = s.page[i]
    return s.p.dirtyLogging ? [dset.set(dirty), dirty.set(false)] : []
  })
  return step('KVM_GET_DIRTY_LOG', take)
}

/** KVM_GET_SHARED_PAGES_LIST, or a copy of what userspace knows itself. */
function getList({ s }: Journey): Statements {
  if (s.p.list === 'at-send') return []
  const list = step(
    'KVM_GET_SHARED_PAGES_LIST',
    s.pages.map(i => listPage(s, i)),
  )
  if (s.p.list === 'snapshot') return [list]
  return [branch(and(...s.pages.map(i => s.page[i].dset.not())).not(), [list])]
}

/** The page's status goes into the list. */
function listPage(s: State, page: Page): Item {
  const { st, lst } = s.page[page]
  return when(st.is('PRIV'), lst.set('PRIV'), lst.set('SHARED'))
}

/** What a send of the page goes by. */
function isKnownAs(s: State, page: Page, status: Status): Bool {
  const { st, lst } = s.page[page]
  return s.p.list === 'at-send' ? st.is(status) : lst.is(status)
}

/** Each page of the snapshot is sent; one that was refused as well, by a new list. */
function sendAll(journey: Journey, vcpu: VcpuAtList): Statements {
  const { s } = journey
  return s.pages.map(page => loopWhile(s.page[page].dset, send(journey, page, vcpu)))
}

/** The page was sent as something else than it is known as now: it is sent again. */
function resync(journey: Journey, page: Page): Statements {
  const { s } = journey
  const differs = (['PRIV', 'SHARED'] as const).map(status =>
    and(isKnownAs(s, page, status), s.page[page].sentAs.isNot(status)),
  )
  return [branch(or(...differs), send(journey, page, 'paused'))]
}

/** One page is sent as what it is known as; after a refusal the list is taken again. */
function send(journey: Journey, page: Page, vcpu: VcpuAtList): Statements {
  const { s } = journey
  const { lst } = s.page[page]
  const canBeStale = vcpu === 'running' && (s.p.list !== 'at-send' || isTold(s))
  const as = (status: Status) => sendAs(journey, page, status, canBeStale)
  const known = [branch(isKnownAs(s, page, 'PRIV'), as('PRIV'), as('SHARED'))]
  if (s.hw === null || s.p.list === 'at-send' || !canBeStale) return known
  const again = step(ofPage(s, 'KVM_GET_SHARED_PAGES_LIST_again', page), listPage(s, page))
  return [branch(lst.is('none'), [again], known)]
}

/** The migration is told of a conversion in a step of its own, before or after it. */
function isTold({ p }: State): boolean {
  return p.awareness === 'hw-zap-first' || p.awareness === 'hw-trusts-hint'
}

/** One page is sent in one way, unless the hardware refuses that way. */
function sendAs(journey: Journey, page: Page, status: Status, canBeStale: boolean): Statements {
  const { s, from, to } = journey
  const { st, dset, sentAs, lst } = s.page[page]
  const name = ofPage(s, status === 'PRIV' ? 'SEND_UPDATE_DATA' : 'copy_as_shared', page)
  const cells = s.cells.flatMap((cell, i) => (cell.page === page ? [{ ...cell, i }] : []))
  const transfer = cells.map(({ i }): Item => {
    const [here, there] = [contentOn(s, from, i), contentOn(s, to, i)]
    return status === 'PRIV' ? there.reencrypt(here, from.key, to.key) : there.copyBytes(here)
  })
  const checks = [
    assert(
      st.is(status),
      'a send uses the current status',
      'the status changed after the list was taken: if the page is not sent again, its data is lost',
    ),
    s.hw !== null && status === 'SHARED'
      ? assert(
          s.hw[page].is('SHARED'),
          'no shared access to private memory',
          'the host reads memory that belongs to the guest alone: a machine check on TDX',
        )
      : [],
  ]
  const done = [sentAs.set(status), dset.set(false)]
  const steps: Statements = s.p.partialSend
    ? transfer.map((item, i) =>
        step(
          `${name}_${cells[i]?.name ?? ''}`,
          i === 0 ? checks : [],
          item,
          i === transfer.length - 1 ? done : [],
        ),
      )
    : [step(name, checks, transfer, done)]
  if (s.hw === null || !canBeStale || !isRefused(s, status)) return steps
  return [branch(s.hw[page].is(status), steps, [step(`${name}_refused`, lst.set('none'))])]
}

/** The hardware refuses to send a page of the other kind in this way. */
function isRefused({ p }: State, status: Status): boolean {
  return p.awareness === 'hw' || (status === 'PRIV' && p.awareness !== 'hw-blind')
}

/** The vCPU goes on at the destination; the source is gone. */
function resume({ s, from, to, goesOn }: Journey): Statement {
  const pages = s.pages.map((i): Item => {
    const { st, dirty, dset, lst, sentAs } = s.page[i]
    const learnt: Record<typeof s.p.status, Item> = {
      transferred: [],
      'last-list': when(lst.is('SHARED'), st.set('SHARED'), st.set('PRIV')),
      'not-transferred': st.set('PRIV'),
    }
    const forget = [dirty.set(goesOn), dset.set(false), lst.set('none'), sentAs.set('NEVER')]
    return [learnt[s.p.status], forget]
  })
  return step(
    `resume_vcpu_on_${to.name}`,
    checksOfResume(s),
    s.where.set(to.name),
    s.running.set(true),
    s.cells.map((_, i) => contentOn(s, from, i).spoil()),
    pages,
  )
}

function checksOfResume(s: State): Item {
  const isKnown = s.pages.map(i => {
    const { st } = s.page[i]
    return and(
      implies(st.is('PRIV'), isKnownAs(s, i, 'PRIV')),
      implies(st.is('SHARED'), isKnownAs(s, i, 'SHARED')),
    )
  })
  const agrees = (cell: number): Bool => {
    const { sentAs } = pageOf(s, cell)
    return and(
      implies(wasWrittenAs(s, cell, 'PRIV'), sentAs.is('PRIV')),
      implies(wasWrittenAs(s, cell, 'SHARED'), sentAs.is('SHARED')),
    )
  }
  return [
    assert(
      and(...isKnown),
      'the status is known at the end',
      'the last list of the migration is older than the last change of a status',
    ),
    contracts.map(contract =>
      assert(
        and(...s.cells.map((_, cell) => isLost(s, contract, cell).or(agrees(cell)))),
        `sent as last written under contract ${contract}`,
        'data arrives that the guest cannot read: ciphertext of the source that was copied as ' +
          'bytes, or plain text that was decrypted',
      ),
    ),
  ]
}
