/**
 * What is claimed of a migration beside the assertions in its steps, and witnesses that the
 * scenarios can happen.
 */
import { and, implies, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle } from 'zapcheck'
import { contracts, isLost, isUsable, readsRight } from './state.js'
import type { State } from './state.js'
import type { Guest } from './guest.js'

/** Declares the properties. */
export function declareProperties(
  m: ModelBuilder,
  s: State,
  guest: Guest,
  migration: ProcessHandle,
): void {
  const hasMoved = and(s.running, s.where.isNot('SRC'))
  for (const contract of contracts) {
    const right = s.cells.map(({ page }, cell) =>
      or(isLost(s, contract, cell), not(isUsable(s, page)), readsRight(s, cell)),
    )
    m.check(
      invariant(
        `transparent under contract ${contract}`,
        implies(hasMoved, and(...right)),
        'the guest would read something else now than it would without a migration: its data is ' +
          'lost',
      ),
    )
  }
  m.deadlock(and(guest.process.isDone, migration.isDone))
  declareScenarios(m, s, guest)
}

function declareScenarios(m: ModelBuilder, s: State, guest: Guest): void {
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const { p } = s
  if (p.hypercall === 'enosys' || (!p.dirtyLogging && p.bug !== 'no-bitmap-check')) return
  const hasMoved = and(s.running, s.where.isNot('SRC'))
  scenario('the guest ends on another host', and(guest.process.isDone, hasMoved))
  scenario(
    'the guest moves while its C-bit and the status that the host knows differ',
    and(hasMoved, or(...s.pages.map(i => s.page[i].c.isNot(s.page[i].st.is('PRIV'))))),
  )
  if (p.resync && p.list === 'snapshot')
    scenario(
      'a page is sent again at the end because its status changed',
      or(
        ...s.pages.map(i => {
          const { lst, sentAs, dset } = s.page[i]
          const changed = or(
            and(lst.is('PRIV'), sentAs.is('SHARED')),
            and(lst.is('SHARED'), sentAs.is('PRIV')),
          )
          return and(not(s.running), not(dset), changed)
        }),
      ),
    )
}
