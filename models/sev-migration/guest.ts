/**
 * The guest: programs of one vCPU that convert a page (or two) to shared, and some of them back.
 *
 *   flip    the C-bit in the guest's page table, with the TLB flush; the host does not see it
 *   call    KVM_HC_MAP_GPA_RANGE
 *   write   one cell, as the C-bit says
 *   read    one cell at the end; what it returns is compared with a guest that never moved
 *
 * Sources: arch/x86/mm/pat/set_memory.c (v6.16) `__set_memory_enc_pgtable`; arch/x86/mm/
 * mem_encrypt_amd.c `enc_dec_hypercall`; arch/x86/kvm/x86.c `__kvm_emulate_hypercall`.
 */
import { assert, branch, choose, either, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import {
  contentOn,
  contracts,
  convertInHardware,
  ghostOf,
  guestAccess,
  isLost,
  isUsable,
  ofPage,
  pageOf,
  readsRight,
  whereItRuns,
} from './state.js'
import type { Page, State, Status, Value } from './state.js'
import type { Parameters } from './parameters.js'

/** One operation of a guest program. */
type Operation =
  | { readonly kind: 'flip' }
  | { readonly kind: 'call'; readonly to: Status }
  | { readonly kind: 'write'; readonly value: Value; readonly cells: 'first' | 'all' }

const flip: Operation = { kind: 'flip' }
const callShared: Operation = { kind: 'call', to: 'SHARED' }
const callPrivate: Operation = { kind: 'call', to: 'PRIV' }
const write = (value: Value): Operation => ({ kind: 'write', value, cells: 'all' })
/** A private write of one cell, which makes the page dirty before its conversion. */
const privateWrite: Operation = { kind: 'write', value: 'W', cells: 'first' }

const O1 = [callShared, flip, write('Z')]
const O3 = [write('W'), flip, callShared]
const O4 = [flip, callShared, write('Z')]

/** What each guest does, before it reads everything. */
const programs: Readonly<Record<Parameters['guest'], readonly Operation[]>> = {
  O1,
  'O1+': [privateWrite, ...O1],
  'O1-bail': [privateWrite, callShared, callPrivate],
  'O1-back': [...O1, callPrivate, flip, write('W')],
  O2: [flip, write('Z'), callShared],
  O3,
  'O3-write': [...O3, write('Z')],
  O4,
  'O4+': [privateWrite, ...O4],
  'O4-bail': [privateWrite, flip, callShared, flip, callPrivate],
  'O4-back': [...O4, flip, callPrivate, write('W')],
}

/** The guest's process, and where it is outside of the guest so that nobody can pause it. */
export interface Guest {
  readonly process: ProcessHandle
  readonly isInExit: Bool
}

/** What is known of the guest at a point of its program. */
interface Point {
  readonly s: State
  /** The status that it has reported last. */
  reported: Status
  /** The kind of its accesses: its C-bit. */
  access: Status
  /** What RMP or S-EPT say; null where a call may not have reached them. */
  converted: Status | null
  /** Labels of steps that happen while the vCPU is outside of the guest. */
  readonly exits: string[]
  /** Numbers the steps. */
  readonly label: (text: string) => string
}

/** Declares the guest's process. */
export function declareGuest(m: ModelBuilder, s: State): Guest {
  let number = 0
  const at: Point = {
    s,
    reported: 'PRIV',
    access: 'PRIV',
    converted: 'PRIV',
    exits: [],
    label: text => `g${(number += 1)}_${text}`,
  }
  const body = programs[s.p.guest].map(operation => operationOf(at, operation))
  const reads = s.cells.map((_, cell) => readOf(at, cell))
  const process = m.process('guest', { actor: 'vCPU 0' }, [...body, reads])
  return { process, isInExit: at.exits.length === 0 ? or() : process.at(...at.exits) }
}

/** The steps of one operation; moves the point on. */
function operationOf(at: Point, operation: Operation): Statements {
  const { s } = at
  if (operation.kind === 'flip') {
    at.access = at.access === 'PRIV' ? 'SHARED' : 'PRIV'
    return s.pages.map(page => flipOf(at, page))
  }
  if (operation.kind === 'write')
    return s.cells.map((_, cell) =>
      cell === 0 || operation.cells === 'all' ? writeOf(at, cell, operation.value) : [],
    )
  const statements = callOf(at, operation.to)
  at.reported = operation.to
  const reachesAll = s.p.hypercall === 'exit' || s.p.hypercall === 'kernel-list'
  at.converted = reachesAll && s.p.range !== 'first-only' && !s.p.badArguments ? operation.to : null
  return statements
}

/** __set_memory_enc_pgtable: contract F gives the page's data up here. */
function flipOf({ s, label }: Point, page: Page): Statements {
  const { c } = s.page[page]
  const name = label(ofPage(s, 'flip_C_bit', page))
  return [step(name, s.running, c.set(c.not()), lose(s, 'F', [page]))]
}

/** The contract gives up the data of the pages. */
function lose(s: State, contract: 'F' | 'H', pages: readonly number[]): Item {
  const lost = s.lost[contract]
  const members = s.cells.map((cell, i) => ({ page: cell.page, i }))
  const ofPages = members.filter(({ page }) => pages.includes(page))
  return lost.set(ofPages.reduce((all, { i }) => all.with(i), lost.with(ofPages[0]?.i ?? 0)))
}

/** One cell is written as the C-bit says. */
function writeOf(at: Point, cell: number, value: Value): Statements {
  const { s, label } = at
  const { c, st, dirty } = pageOf(s, cell)
  const { name = '', page = 0 } = s.cells[cell] ?? {}
  const isLogged = s.where.isNot(s.used.at(-1)?.name ?? 'SRC')
  return [
    convertForAccess(at, page),
    step(
      label(`write_${name}_${value}`),
      s.running,
      assert(
        st.is('PRIV').is(c),
        'the host knows the kind of each write',
        'the guest writes a page as private while the host takes it for shared, or the reverse: ' +
          'a migration at this time sends it in the wrong way',
      ),
      whereItRuns(s, host =>
        contentOn(s, host, cell).writeBy(guestAccess(s, host.key, cell), value),
      ),
      ghostOf(s, cell).writeBy(guestAccess(s, 'Ks', cell), value),
      when(isLogged, dirty.set(true)),
      [s.lost.F.remove(cell), s.lost.H.remove(cell)],
    ),
  ]
}

/** One cell is read; each contract says whether the result matters. */
function readOf(at: Point, cell: number): Statements {
  const { s, label } = at
  const { name = '', page = 0 } = s.cells[cell] ?? {}
  const right = contracts.map(contract =>
    assert(
      isLost(s, contract, cell).or(readsRight(s, cell)),
      `reads are right under contract ${contract}`,
      'the guest reads something else than it would have read without a migration',
    ),
  )
  return [convertForAccess(at, page), step(label(`read_${name}`), s.running, right)]
}

/** The access exits if the hardware takes the page for the other kind, and the host converts it. */
function convertForAccess(at: Point, page: Page): Statements {
  const { s, label, access } = at
  if (s.hw === null || at.converted === access) return []
  at.converted = s.p.pages === 1 ? access : null
  const name = label(
    ofPage(s, `page_state_change_${access === 'PRIV' ? 'private' : 'shared'}`, page),
  )
  const convert = [convertInHardware(s, page, access), s.page[page].st.set(access)]
  return [branch(isUsable(s, page).not(), [step(name, s.running, convert)])]
}

/** KVM_HC_MAP_GPA_RANGE for all pages. */
function callOf(at: Point, to: Status): Statements {
  const { s } = at
  const name = `KVM_HC_MAP_GPA_RANGE_${to === 'SHARED' ? 'shared' : 'private'}`
  if (s.p.badArguments) return callWithBadArguments(at, to, name)
  if (s.p.range === 'page-by-page')
    return s.pages.map(page => acceptedCall(at, to, ofPage(s, name, page), [page], [page]))
  return acceptedCall(at, to, name, s.pages, s.p.range === 'first-only' ? [0] : s.pages)
}

/** A call for `named` pages that succeeds, and reaches the `marked` ones. */
function acceptedCall(
  { s, reported, label, exits }: Point,
  to: Status,
  text: string,
  named: readonly Page[],
  marked: readonly Page[],
): Statements {
  const name = label(text)
  const lost = to !== reported ? lose(s, 'H', named) : []
  const tell = marked.map(page => s.page[page].st.set(to))
  const convert = marked.map(page => convertInHardware(s, page, to))
  const two = (first: Item, suffix: string, second: Item): Statements => {
    exits.push(`${name}_${suffix}`)
    return [step(name, s.running, lost, first), step(`${name}_${suffix}`, second)]
  }
  const tellsFirst =
    s.p.awareness === 'hw-trusts-hint' || (s.p.awareness === 'hw-zap-first' && to === 'PRIV')
  if (tellsFirst) return two(tell, 'convert', convert)
  if (s.p.awareness === 'hw-zap-first') return two(convert, 'tell_migration', tell)
  switch (s.p.hypercall) {
    case 'exit':
      return two([], 'userspace_sets_status', [s.listLock.isFree, tell, convert])
    case 'kernel-list':
      return [step(name, s.running, lost, tell, convert)]
    case 'nop':
      return [step(`${name}_does_nothing`, s.running, lost)]
    default:
      return [step(`${name}_ENOSYS`, s.running)]
  }
}

/**
 * The guest may first call with wrong arguments. KVM refuses them with -KVM_EINVAL, and the guest
 * calls again; without the check of one kind that call succeeds, and the guest goes on.
 */
function callWithBadArguments(at: Point, to: Status, name: string): Statements {
  const { s, label } = at
  const kinds = { unaligned: 'no-align-check', npages_0: 'no-npages-check', wrap: 'no-wrap-check' }
  const refused = Object.entries(kinds).filter(([, bug]) => bug !== s.p.bug)
  const accepted = Object.entries(kinds).filter(([, bug]) => bug === s.p.bug)
  const again = [
    step(
      label(`${name}_KVM_EINVAL`),
      s.running,
      choose(Object.fromEntries(refused.map(([kind]) => [kind, []]))),
    ),
    acceptedCall(at, to, `${name}_again`, s.pages, s.pages),
  ]
  // An unaligned range of one page lies in two; rounded down it is the first one.
  const wrong = accepted.map(([kind]) =>
    acceptedCall(at, to, `${name}_${kind}`, s.pages, kind === 'unaligned' ? [0] : []),
  )
  return [either(again, acceptedCall(at, to, name, s.pages, s.pages), ...wrong)]
}
