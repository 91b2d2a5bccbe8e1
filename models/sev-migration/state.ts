/**
 * The state of the model, and what its parts share: hosts, keys, cells, contracts.
 *
 *   page ── cells ── content on SRC, on DST (on THIRD), and on the one host of a guest that is
 *                    never migrated (ghost)
 */
import { and, array, bool, enumeration, mutex, not, or, set, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder } from 'zapcheck'
import { memoryContent } from '../components/memory-content.js'
import type { Access, MemoryContent } from '../components/memory-content.js'
import type { Parameters } from './parameters.js'

/** What the guest writes: data from before, private data, data of the shared page. */
export type Value = 'OLD' | 'W' | 'Z'
/** The guest's keys: on the source, on the destination, on the next one. */
export type Key = 'Ks' | 'Kd' | 'Kt'
/** Encryption status of a page. */
export type Status = 'PRIV' | 'SHARED'
/** When data counts as lost: never, at a flip of the C-bit, at the call that tells the host. */
export type Contract = 'N' | 'F' | 'H'
/** Number of a page. */
export type Page = 0 | 1
/** All contracts. */
export const contracts = ['N', 'F', 'H'] as const

/** The hosts in the order of the migrations, each with the key of the guest there. */
export const hosts = [
  { name: 'SRC', key: 'Ks' },
  { name: 'DST', key: 'Kd' },
  { name: 'THIRD', key: 'Kt' },
] as const
/** One of the hosts. */
export type Host = (typeof hosts)[number]

const alphabet = { values: ['OLD', 'W', 'Z'], keys: ['Ks', 'Kd', 'Kt'] } as const
type Cell = MemoryContent<Value, Key>

/** The parts of memory that are written one by one: halves of a page, or whole pages. */
export interface CellOfPage {
  readonly name: string
  readonly page: Page
}

/** The cells of a number of pages. */
function cellsOf(pages: number): readonly [CellOfPage, CellOfPage] {
  return [
    { name: pages === 1 ? 'lo' : 'page0', page: 0 },
    { name: pages === 1 ? 'hi' : 'page1', page: pages === 1 ? 0 : 1 },
  ]
}

/** Content of the cells at first, under names that suit them. */
function memory(pages: number, initially: 'C(Ks,OLD)' | 'C(Kd,OLD)' | 'X') {
  const cell = memoryContent<Value, Key>(alphabet, initially)
  return pages === 1 ? { lo: cell, hi: cell } : { page0: cell, page1: cell }
}

/** Declares the state: the page is private, was sent once as private and is clean. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const cells = cellsOf(p.pages)
  const pages: readonly Page[] = p.pages === 1 ? [0] : [0, 1]
  const status = enumeration('PRIV', 'SHARED')
  const s = m.state({
    /** Where the vCPU runs, unless it is paused. */
    where: enumeration('SRC', 'DST', 'THIRD'),
    running: bool(true),
    /** Userspace's lock of what it knows of the pages. */
    listLock: mutex(),
    src: memory(p.pages, 'C(Ks,OLD)'),
    dst: memory(p.pages, 'C(Kd,OLD)'),
    ghost: memory(p.pages, 'C(Ks,OLD)'),
    page: array(p.pages, {
      /** The C-bit in the guest's page table. */
      c: bool(true),
      /** What the host believes. */
      st: status,
      dirty: bool(),
      /** The host's snapshot of the dirty log. */
      dset: bool(),
      /** The host's snapshot of the status. */
      lst: enumeration('none', 'PRIV', 'SHARED'),
      sentAs: enumeration('NEVER', 'PRIV', 'SHARED').initially('PRIV'),
    }),
    /** Cells whose data the contract has given up. */
    lost: { F: set(cells.length), H: set(cells.length) },
  })
  const third = p.migrations === 2 ? m.state({ third: memory(p.pages, 'X') }).third : null
  /** What RMP or Secure-EPT enforce; the guest can use a page only as what it is. */
  const hw = p.awareness === 'hint' ? null : m.state({ hw: array(p.pages, status) }).hw
  const memories = [s.src, s.dst, ...(third === null ? [] : [third])]
  const content = memories.map((m): readonly Cell[] => Object.values(m))
  const ghost: readonly Cell[] = Object.values(s.ghost)
  return { ...s, hw, p, cells, pages, content, ghosts: ghost, used: hosts.slice(0, content.length) }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** A cell's content on a host. */
export function contentOn(s: State, host: Host, cell: number): Cell {
  return indexed(indexed(s.content, hosts.indexOf(host)), cell)
}

/** A cell's content had the guest never been migrated. */
export function ghostOf(s: State, cell: number): Cell {
  return indexed(s.ghosts, cell)
}

/** How the guest reaches a cell: through its C-bit, with the key that it has on the host. */
export function guestAccess(s: State, key: Key, cell: number): Access<Key> {
  return { key, isEncrypted: pageOf(s, cell).c }
}

/** The page of a cell. */
export function pageOf(s: State, cell: number) {
  return s.page[indexed(s.cells, cell).page]
}

/** The hardware lets the guest through: always where it enforces nothing. */
export function isUsable(s: State, page: Page): Bool {
  if (s.hw === null) return and()
  return s.hw[page].is('PRIV').is(s.page[page].c)
}

/** The contract has given the cell's data up, or hardware has destroyed it. */
export function isLost(s: State, contract: Contract, cell: number): Bool {
  const isDestroyed = s.hw === null ? or() : ghostOf(s, cell).isGarbage
  return contract === 'N' ? isDestroyed : or(s.lost[contract].has(cell), isDestroyed)
}

/** A read by the guest, where it runs now, gives what it would give had it never moved. */
export function readsRight(s: State, cell: number): Bool {
  const ghost = ghostOf(s, cell)
  const here = s.used.map(host =>
    and(
      s.where.is(host.name),
      contentOn(s, host, cell).readsLike(
        guestAccess(s, host.key, cell),
        ghost,
        guestAccess(s, 'Ks', cell),
      ),
    ),
  )
  return or(...here)
}

/** Does `items(host)` for the host where the vCPU runs. */
export function whereItRuns(s: State, items: (host: Host) => Item): Item {
  return s.used.map(host => when(s.where.is(host.name), items(host)))
}

/**
 * The host converts a page, in hardware: what is stored in it is gone, also for a guest that never
 * moves.
 */
export function convertInHardware(s: State, page: Page, to: Status): Item {
  if (s.hw === null) return []
  const isChange = s.hw[page].isNot(to)
  const spoilt = s.cells.map((cell, i) =>
    cell.page === page
      ? [whereItRuns(s, host => contentOn(s, host, i).spoil()), ghostOf(s, i).spoil()]
      : [],
  )
  return when(isChange, [s.hw[page].set(to), spoilt])
}

/** The guest's last write to the cell was of this kind; neither, if hardware destroyed it. */
export function wasWrittenAs(s: State, cell: number, status: Status): Bool {
  return not(ghostOf(s, cell).readsAs(status === 'PRIV' ? 'Ks' : null, null))
}

/** `text` if there is one page, else with the number of the page. */
export function ofPage(s: State, text: string, page: number): string {
  return s.p.pages === 1 ? text : `${text}_page${page}`
}

function indexed<T>(list: readonly T[], i: number): T {
  const element = list[i]
  if (element === undefined) throw new RangeError(`no element ${i} of ${list.length}`)
  return element
}
