/**
 * The TDX module by itself: every call in every state of an entry, and TLB tracking by ages against
 * TLB tracking by numbers.
 */
import { describe, expect, test } from 'vitest'
import { all, and, array, count, defineModel, each, int, not, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelDefinition } from 'zapcheck'
import {
  TdxModule,
  entryPages,
  moduleLocks,
  seamcall,
  septEntry,
  septStates,
  tdOpState,
  tlbEpochs,
} from '../../../models/components/tdx-module/index.js'
import type { Seamcall, SeptState, Status } from '../../../models/components/tdx-module/index.js'
import { Interpreter } from '../../../src/interpret/interpreter.js'
import { search } from '../../../src/interpret/search.js'

const statuses: readonly Status[] = [
  'SUCCESS',
  'OPERAND_BUSY',
  'OP_STATE_INCORRECT',
  'PAGE_METADATA_INCORRECT',
  'PREVIOUS_TLB_EPOCH_BUSY',
  'EPT_WALK_FAILED',
  'EPT_ENTRY_STATE_INCORRECT',
  'GPA_RANGE_ALREADY_BLOCKED',
  'GPA_RANGE_NOT_BLOCKED',
  'TLB_TRACKING_NOT_DONE',
  'EPT_INVALID_PROMOTE_CONDITIONS',
  'EPT_PAGE_NOT_FREE',
  'PAGE_ALREADY_ACCEPTED',
  'PAGE_SIZE_MISMATCH',
  'EPT_VIOLATION',
]

/** A TD with two 4K entries and the 2M entry above, all of whose calls are actions. */
const everything = defineModel({
  name: 'everything',
  about: 'Every call, in every state.',
  build(m) {
    const vcpus = m.symmetric('vcpu', 1)
    const s = m.state({
      op: tdOpState(),
      entry: array(3, septEntry()),
      epochs: tlbEpochs(vcpus, 3),
      locks: moduleLocks(1, 3),
      pages: entryPages(3, 1),
    })
    const tdx = new TdxModule({
      leafs: 2,
      entries: s.entry,
      hasTable: true,
      opState: s.op,
      epochs: s.epochs,
      locks: s.locks,
      pages: s.pages,
    })
    const calls: Readonly<Record<string, Seamcall>> = {
      'PAGE.ADD': tdx.pageAdd(0, 0),
      'SEPT.ADD': tdx.septAdd(),
      'PAGE.AUG': tdx.pageAug(0, 0),
      'RANGE.BLOCK': tdx.rangeBlock(0),
      'RANGE.BLOCK 2M': tdx.rangeBlock(2),
      'PAGE.DEMOTE': tdx.pageDemote(),
      'MR.EXTEND': tdx.mrExtend(0),
      'MR.FINALIZE': tdx.mrFinalize(),
      'PAGE.PROMOTE': tdx.pagePromote(),
      'PAGE.REMOVE': tdx.pageRemove(0),
      'SEPT.REMOVE': tdx.septRemove(),
      'RANGE.UNBLOCK': tdx.rangeUnblock(0),
      'RANGE.UNBLOCK 2M': tdx.rangeUnblock(2),
      'MEM.TRACK': tdx.memTrack(),
      ACCEPT: tdx.pageAccept(0),
      'ACCEPT 2M': tdx.pageAccept(2),
    }
    for (const [name, call] of Object.entries(calls))
      for (const status of statuses)
        m.action(`${name}: ${status}`)
          .when(call.returns(status))
          .do(status === 'SUCCESS' ? call.effect : [])
    m.action('accessible').when(tdx.isAccessible(0))
    m.action('pending').when(tdx.isPending(0))
    m.deadlock('allowed')
  },
}).instantiate({})

const interpreter = new Interpreter(everything)

/** The state in which the named variables have the given values, and all others their first. */
function stateWith(values: Readonly<Record<string, string | number>>): number[] {
  const state = [...interpreter.initial()]
  for (const [name, value] of Object.entries(values)) {
    const at = everything.variables.findIndex(v => v.name === name)
    const type = everything.variables[at]?.type
    const labels = type?.kind === 'enumeration' ? type.labels : []
    state[at] = typeof value === 'number' ? value : labels.indexOf(value)
    if (at < 0 || state[at]! < 0) throw new Error(`no ${name} = ${value}`)
  }
  return state
}

/** The status that a call returns in a state: exactly one. */
function statusOf(call: string, values: Readonly<Record<string, string | number>>): Status {
  const state = stateWith(values)
  const returned = statuses.filter(status => isTrue(`${call}: ${status}`, state))
  expect(returned).toHaveLength(1)
  return returned[0]!
}

function isTrue(name: string, state: readonly number[]): boolean {
  return interpreter.isEnabled(actionOf(name), state)
}

function actionOf(name: string): number {
  const action = everything.actions.findIndex(a => a.name === name)
  if (action < 0) throw new Error(`no action ${name}`)
  return action
}

/** What a variable is after a successful call. */
function after(call: string, values: Readonly<Record<string, string | number>>, variable: string) {
  const { successor } = interpreter.take(actionOf(`${call}: SUCCESS`), stateWith(values))
  const at = everything.variables.findIndex(v => v.name === variable)
  const { type } = everything.variables[at]!
  return type.kind === 'enumeration' ? type.labels[successor[at]!] : successor[at]
}

type Place = (state: SeptState, op: string) => Readonly<Record<string, string>>

/** A 4K entry in a state, with its table and tracking complete. */
const leaf: Place = (state, op) => ({
  op,
  'entry[0]': state,
  'entry[2]': 'NL_MAPPED',
  'epochs.bepoch[0]': 'older',
})
/** The 2M entry in a state, tracking complete. */
const table: Place = (state, op) => ({
  op,
  'entry[2]': state,
  'epochs.bepoch[2]': 'older',
})

describe('the acceptance table', () => {
  // Columns: FREE, NL_MAPPED, NL_BLOCKED, MAPPED, BLOCKED, PENDING, PENDING_BLOCKED. A state is
  // what a successful call makes of the entry.
  const I = 'EPT_ENTRY_STATE_INCORRECT'
  const A = 'GPA_RANGE_ALREADY_BLOCKED'
  const N = 'GPA_RANGE_NOT_BLOCKED'
  const rows: readonly [string, '4K' | '2M', string, readonly string[]][] = [
    ['PAGE.ADD', '4K', 'INITIALIZED', ['MAPPED', I, I, I, I, I, I]],
    ['SEPT.ADD', '2M', 'RUNNABLE', ['NL_MAPPED', I, I, I, I, I, I]],
    ['PAGE.AUG', '4K', 'RUNNABLE', ['PENDING', I, I, I, I, I, I]],
    ['RANGE.BLOCK', '4K', 'RUNNABLE', [I, 'NL_BLOCKED', A, 'BLOCKED', A, 'PENDING_BLOCKED', A]],
    ['RANGE.BLOCK 2M', '2M', 'RUNNABLE', [I, 'NL_BLOCKED', A, 'BLOCKED', A, 'PENDING_BLOCKED', A]],
    ['PAGE.DEMOTE', '2M', 'RUNNABLE', [I, I, I, N, 'NL_MAPPED', N, 'NL_MAPPED']],
    [
      'PAGE.DEMOTE',
      '2M',
      'INITIALIZED',
      [I, I, I, 'NL_MAPPED', 'NL_MAPPED', 'NL_MAPPED', 'NL_MAPPED'],
    ],
    ['MR.EXTEND', '4K', 'INITIALIZED', [I, I, I, 'MAPPED', I, I, I]],
    ['PAGE.REMOVE', '4K', 'RUNNABLE', [I, I, I, N, 'FREE', N, 'FREE']],
    ['PAGE.REMOVE', '4K', 'INITIALIZED', [I, I, I, 'FREE', 'FREE', 'FREE', 'FREE']],
    ['SEPT.REMOVE', '2M', 'RUNNABLE', [I, N, 'FREE', I, I, I, I]],
    ['SEPT.REMOVE', '2M', 'INITIALIZED', [I, 'FREE', 'FREE', I, I, I, I]],
    ['RANGE.UNBLOCK', '4K', 'RUNNABLE', [I, I, 'NL_MAPPED', I, 'MAPPED', I, 'PENDING']],
    ['RANGE.UNBLOCK 2M', '2M', 'RUNNABLE', [I, I, 'NL_MAPPED', I, 'MAPPED', I, 'PENDING']],
  ]
  test.each(rows)('%s of a %s entry, op_state %s', (call, size, op, expected) => {
    const place = size === '4K' ? leaf : table
    const found = septStates.map(state => {
      const values = place(state, op)
      const status = statusOf(call, values)
      return status === 'SUCCESS'
        ? after(call, values, size === '4K' ? 'entry[0]' : 'entry[2]')
        : status
    })
    expect(found).toEqual(expected)
  })

  test('PAGE.PROMOTE wants a table of mapped pages', () => {
    const children = { 'entry[0]': 'MAPPED', 'entry[1]': 'MAPPED' }
    const found = septStates.map(state =>
      statusOf('PAGE.PROMOTE', { ...table(state, 'RUNNABLE'), ...children }),
    )
    expect(found).toEqual([I, N, 'SUCCESS', I, I, I, I])
    const pending = { ...table('NL_BLOCKED', 'RUNNABLE'), ...children, 'entry[1]': 'PENDING' }
    expect(statusOf('PAGE.PROMOTE', pending)).toBe('EPT_INVALID_PROMOTE_CONDITIONS')
  })

  test('the guest accepts what is pending, at the level at which it is', () => {
    const violation = 'EPT_VIOLATION'
    const found = septStates.map(state => statusOf('ACCEPT', leaf(state, 'RUNNABLE')))
    expect(found).toEqual([
      violation,
      'PAGE_SIZE_MISMATCH',
      violation,
      'PAGE_ALREADY_ACCEPTED',
      violation,
      'SUCCESS',
      violation,
    ])
    expect(septStates.map(state => statusOf('ACCEPT 2M', table(state, 'RUNNABLE')))).toEqual(found)
    const below2M = septStates.map(state => statusOf('ACCEPT', table(state, 'RUNNABLE')))
    expect(below2M).toEqual(
      septStates.map(state => (state === 'MAPPED' ? 'PAGE_ALREADY_ACCEPTED' : violation)),
    )
  })

  test('the guest reaches mapped pages only', () => {
    for (const state of septStates) {
      expect(isTrue('accessible', stateWith(leaf(state, 'RUNNABLE')))).toBe(state === 'MAPPED')
      expect(isTrue('pending', stateWith(leaf(state, 'RUNNABLE')))).toBe(state === 'PENDING')
      const blocked = { ...leaf(state, 'RUNNABLE'), 'entry[2]': 'NL_BLOCKED' }
      expect(isTrue('accessible', stateWith(blocked))).toBe(false)
      expect(isTrue('accessible', stateWith(table(state, 'RUNNABLE')))).toBe(state === 'MAPPED')
    }
  })
})

describe('the other checks', () => {
  test('calls on 4K entries need the table', () => {
    for (const state of septStates)
      for (const call of ['PAGE.ADD', 'PAGE.AUG', 'RANGE.BLOCK', 'PAGE.REMOVE', 'RANGE.UNBLOCK']) {
        const op = call === 'PAGE.ADD' ? 'INITIALIZED' : 'RUNNABLE'
        const status = statusOf(call, { op, 'entry[2]': state })
        expect(status === 'EPT_WALK_FAILED').toBe(!state.startsWith('NL'))
      }
  })

  test('pages are added before finalize, and augmented after it', () => {
    const status = (call: string) =>
      ['UNINITIALIZED', 'INITIALIZED', 'RUNNABLE'].map(op => statusOf(call, leaf('FREE', op)))
    const no = 'OP_STATE_INCORRECT'
    expect(status('PAGE.ADD')).toEqual([no, 'SUCCESS', no])
    expect(status('PAGE.AUG')).toEqual([no, no, 'SUCCESS'])
    expect(status('MR.FINALIZE')).toEqual([no, 'SUCCESS', no])
    expect(statusOf('MR.EXTEND', leaf('MAPPED', 'RUNNABLE'))).toBe(no)
  })

  test('a page that is in an entry is in no other one', () => {
    const values = { ...leaf('FREE', 'RUNNABLE'), 'pages.page[1]': 0 }
    expect(statusOf('PAGE.AUG', values)).toBe('PAGE_METADATA_INCORRECT')
    expect(after('PAGE.AUG', leaf('FREE', 'RUNNABLE'), 'pages.page[0]')).toBe(0)
    expect(after('PAGE.REMOVE', leaf('BLOCKED', 'RUNNABLE'), 'pages.page[0]')).toBe(1)
  })

  test('a table is removed when all its entries are free', () => {
    for (const state of septStates) {
      const values = { ...table('NL_BLOCKED', 'RUNNABLE'), 'entry[1]': state }
      expect(statusOf('SEPT.REMOVE', values)).toBe(
        state === 'FREE' ? 'SUCCESS' : 'EPT_PAGE_NOT_FREE',
      )
    }
  })

  test('a blocked entry is removed, demoted and unblocked when it is tracked', () => {
    const epochs = ['older', 'td_epoch-1', 'td_epoch']
    const statusIn = (call: string, values: object, i: number, previous: number) =>
      epochs.map(epoch =>
        statusOf(call, {
          ...values,
          [`epochs.bepoch[${i}]`]: epoch,
          'epochs.refcount.previous': previous,
        }),
      )
    const no = 'TLB_TRACKING_NOT_DONE'
    const cases: [string, object, number][] = [
      ['PAGE.REMOVE', leaf('BLOCKED', 'RUNNABLE'), 0],
      ['RANGE.UNBLOCK', leaf('PENDING_BLOCKED', 'RUNNABLE'), 0],
      ['PAGE.DEMOTE', table('BLOCKED', 'RUNNABLE'), 2],
      ['SEPT.REMOVE', table('NL_BLOCKED', 'RUNNABLE'), 2],
    ]
    for (const [call, values, i] of cases) {
      expect(statusIn(call, values, i, 0)).toEqual(['SUCCESS', 'SUCCESS', no])
      expect(statusIn(call, values, i, 1)).toEqual(['SUCCESS', no, no])
    }
  })

  test('locks make calls busy', () => {
    const busy = (call: string, values: object, lock: object) =>
      statusOf(call, { ...values, ...lock }) === 'OPERAND_BUSY'
    const mapped = leaf('MAPPED', 'RUNNABLE')
    const free = leaf('FREE', 'RUNNABLE')
    for (const [call, values] of [
      ['RANGE.BLOCK', mapped],
      ['PAGE.REMOVE', mapped],
      ['PAGE.AUG', free],
      ['MEM.TRACK', free],
    ] as const) {
      expect(busy(call, values, {})).toBe(false)
      expect(busy(call, values, { 'locks.tdr': 1 })).toBe(true)
      expect(busy(call, values, { 'locks.tree': 1 })).toBe(call !== 'MEM.TRACK')
      expect(busy(call, values, { 'locks.entry': 1 })).toBe(call !== 'MEM.TRACK')
      expect(busy(call, values, { 'locks.entry': 2 })).toBe(false)
      expect(busy(call, values, { 'locks.epoch': 1 })).toBe(call === 'MEM.TRACK')
    }
  })

  test('MEM.TRACK waits for vCPUs of the previous epoch', () => {
    const op = { op: 'RUNNABLE' }
    expect(statusOf('MEM.TRACK', { ...op, 'epochs.refcount.current': 1 })).toBe('SUCCESS')
    expect(statusOf('MEM.TRACK', { ...op, 'epochs.refcount.previous': 1 })).toBe(
      'PREVIOUS_TLB_EPOCH_BUSY',
    )
  })
})

/** Names of violated properties; witnesses that are missing count. */
function violatedIn(definition: ModelDefinition): readonly string[] {
  const model = definition.instantiate({})
  const { depths } = search(model)
  return model.properties.flatMap((p, i) =>
    (p.kind === 'reachable') === (depths[i] === null) ? [p.name] : [],
  )
}

/** The last epoch of the numbered machine. */
const lastEpoch = 6

test('epochs as ages do what epochs as numbers do', () => {
  const definition = defineModel({
    name: 'epochs',
    about: 'Both machines side by side; two vCPUs, one entry, epochs 1 to 6.',
    build(m) {
      const vcpus = m.symmetric('vcpu', 2)
      const epoch = int(0, lastEpoch)
      const s = m.state({
        ages: tlbEpochs(vcpus, 1),
        td: int(0, lastEpoch, 1),
        vcpu: array(vcpus, epoch),
        bepoch: epoch,
        refcount: array(2, int(0, 2)),
      })
      const parity = (n: Bool, then: Item, otherwise: Item) => when(n, then, otherwise)
      const [even, odd] = [s.refcount[0], s.refcount[1]]
      const isOdd = s.td.mod(2).is(1)
      const previous = isOdd.pick(even, odd)
      for (const v of each(vcpus)) {
        m.action('VP.ENTER', { v })
          .when(s.ages.isInside(v).not())
          .do(s.ages.enter(v), s.vcpu[v].set(s.td), parity(isOdd, odd.increase(), even.increase()))
        m.action('exit', { v })
          .when(s.ages.isInside(v))
          .do(s.ages.exit(v), parity(s.vcpu[v].mod(2).is(1), odd.decrease(), even.decrease()))
      }
      m.action('BLOCK').when(s.bepoch.is(0)).do(s.ages.block(0), s.bepoch.set(s.td))
      m.action('REMOVE').when(s.bepoch.gt(0)).do(s.ages.forget(0), s.bepoch.set(0))
      m.action('TRACK')
        .when(s.ages.isPreviousEpochBusy.not(), s.td.lt(lastEpoch))
        .do(s.ages.track(), s.td.increase())
      const isNewest = and(s.bepoch.is(s.td.minus(1)), previous.is(0))
      const isTracked = and(s.bepoch.gt(0), or(isNewest, s.bepoch.lt(s.td.minus(1))))
      m.deadlock('allowed')
      m.invariant('tracked', s.ages.isTracked(0).is(isTracked))
      m.invariant('busy', s.ages.isPreviousEpochBusy.is(previous.gt(0)))
      m.invariant(
        'flush',
        all(vcpus, v => s.ages.mustFlush(v).is(s.vcpu[v].isNot(s.td))),
      )
      m.invariant('counts', count(vcpus, v => s.ages.isInside(v)).is(even.plus(odd)))
      m.reachable('the last epoch', and(s.td.is(lastEpoch), isTracked, not(isNewest)))
    },
  })
  expect(violatedIn(definition)).toEqual([])
})

test('a process goes on with the call, the busy path or the refused path', () => {
  const definition = defineModel({
    name: 'paths',
    about: 'BLOCK, again and again, of an entry that the guest accepts meanwhile.',
    build(m) {
      const s = m.state({ entry: array(1, septEntry()), locks: moduleLocks(1, 1) })
      const tdx = new TdxModule({ leafs: 1, entries: s.entry, locks: s.locks })
      const aug = tdx.pageAug(0)
      const accept = tdx.pageAccept(0)
      m.action('AUG').when(aug.isOk).do(aug.effect)
      m.process('guest', { repeats: true }, [
        step('lock', accept.isOk, s.locks.startAccept(0)),
        step('accept', accept.effect, s.locks.endAccept(0)),
      ])
      m.process('host', { repeats: true }, [
        seamcall('BLOCK', tdx.rangeBlock(0), {
          busy: [step('busy')],
          refused: [step('refused')],
        }),
      ])
      m.step('busy while the guest has the lock', ({ name }) =>
        name === 'host.busy' ? s.locks.isEntryBusy(0) : true,
      )
      m.step('refused in wrong states', ({ name }) =>
        name === 'host.refused' ? s.entry[0].isNot('PENDING', 'MAPPED') : true,
      )
      m.step('accepted while it was pending', ({ name }) =>
        name === 'guest.accept' ? s.entry[0].is('PENDING') : true,
      )
    },
  })
  expect(violatedIn(definition)).toEqual([])
  expect(search(definition.instantiate({})).fired).not.toContain(false)
})
