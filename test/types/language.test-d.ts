/**
 * What the type checker must refuse, and what it must accept, in an author's editor. Nothing here
 * runs: a line marked as an error that compiles is itself an error.
 */
/* oxlint-disable vitest/expect-expect -- the compiler is what expects */
import { describe, expectTypeOf, it } from 'vitest'
import {
  all, and, array, assert, bool, branch, choose, count, counter, defineModel, each, enumeration,
  flag, goto, implies, index, indexOrNone, int, invariant, leave, mutex, next, operation, option,
  part, range, rwlock, set, srcu, step, violated, waitUntil, when,
} from 'zapcheck' // prettier-ignore
import type { Bool, Int, ModelBuilder } from 'zapcheck'

declare const m: ModelBuilder

const vcpu = m.symmetric('vcpu', 3)
const page = m.symmetric('page', 2)

const s = m.state({
  slot: bool(true),
  n: int(0, 7),
  seq: counter(4),
  pc: enumeration('run', 'lock'),
  other: enumeration('run', 'exit'),
  sub: enumeration('run'),
  gfn: index(3),
  gfn2: index(3),
  owner: indexOrNone(3),
  mask: set(3),
  tlb: array(3, bool()),
  grid: array(2, { cells: array(3, int(0, 3)) }),
  running: indexOrNone(vcpu),
  last: index(vcpu),
  target: index(page),
  inside: set(vcpu),
  pages: set(page),
  perVcpu: array(vcpu, { pc: enumeration('run', 'lock'), page: index(page) }),
  perPage: array(page, bool()),
  lock: mutex('vmm', 'fault'),
  spin: mutex(),
  mmu: rwlock(2),
  srcu: srcu(vcpu),
})

describe('labels', () => {
  it('are checked in set, is, isNot and initially', () => {
    s.pc.set('lock')
    // @ts-expect-error a label of no enumeration
    s.pc.set('lokc')
    // @ts-expect-error a label of another enumeration
    s.pc.is('exit')
    // @ts-expect-error one of several is wrong
    s.pc.isNot('run', 'exit')
    // @ts-expect-error an initial label that does not exist
    enumeration('a', 'b').initially('c')
  })

  it('of different enumerations do not mix', () => {
    s.pc.set(s.perVcpu['vcpu#0'].pc)
    // @ts-expect-error other labels
    s.pc.set(s.other)
    // @ts-expect-error fewer labels
    s.pc.is(s.sub)
    // @ts-expect-error more labels
    s.sub.is(s.pc)
  })

  it('are no numbers and have no order', () => {
    // @ts-expect-error a label is no number
    s.pc.set(1)
    // @ts-expect-error labels have no order
    s.pc.lt('lock')
  })
})

describe('values', () => {
  it('must have the type of the variable', () => {
    s.n.set(s.seq.plus(1))
    s.slot.set(s.n.gt(3))
    // @ts-expect-error a number is no truth value
    s.slot.set(1)
    // @ts-expect-error a truth value is no number
    s.n.set(true)
    // @ts-expect-error a condition is no number
    s.n.set(s.n.is(1))
    // @ts-expect-error a label is no truth value
    s.slot.set(s.pc)
    // @ts-expect-error a number is no truth value
    s.slot.and(s.n)
    // @ts-expect-error a set is no number
    s.n.set(s.mask)
  })

  it('cannot be written where they are computed', () => {
    // @ts-expect-error a sum is no variable
    s.n.plus(1).set(3)
    // @ts-expect-error a negation is no variable
    s.slot.not().set(true)
  })

  it('cannot be conditions of C', () => {
    // @ts-expect-error a number is no condition
    m.action('a').when(s.n)
    // @ts-expect-error an assignment is no condition
    m.action('a').when(s.slot.set(true))
    // @ts-expect-error a number is no condition
    when(s.n, s.slot.set(true))
    // @ts-expect-error a number is no condition
    m.invariant('i', s.n)
    // @ts-expect-error a number is no condition
    branch(s.n, [])
    // @ts-expect-error a number is no condition
    waitUntil('w', s.n)
  })
})

describe('records and arrays', () => {
  it('have the declared fields only', () => {
    // @ts-expect-error no such variable
    void s.slott
    // @ts-expect-error no such field
    void s.grid[0].cell
    // @ts-expect-error a field of the element, not of the array
    void s.perVcpu.pc
  })

  it('need an index for each dimension', () => {
    s.grid[0].cells[1].set(2)
    s.grid.at(s.n).cells.at(s.gfn).increase()
    // @ts-expect-error the array itself cannot be set
    s.tlb.set(true)
    // @ts-expect-error the second index is missing
    s.grid[0].cells.set(1)
  })

  it('take numbers as constant index, and state expressions in at', () => {
    for (const g of each(3)) s.tlb[g].set(true)
    s.tlb.at(s.gfn).set(true)
    s.tlb.at(s.n.plus(1)).set(true)
    // @ts-expect-error a state expression in brackets
    void s.tlb[s.gfn]
    // @ts-expect-error a label is no index
    s.tlb.at('run')
    // @ts-expect-error a truth value is no index
    s.tlb.at(s.slot)
    // @ts-expect-error no such element
    void s.tlb['x']
  })

  it('cannot be assigned to', () => {
    // @ts-expect-error variables are written by set
    s.slot = s.slot.not()
    // @ts-expect-error variables are written by set
    s.tlb[0] = s.slot
  })
})

describe('plain indices and sets', () => {
  it('can be compared and copied', () => {
    s.gfn.set(s.gfn2)
    s.gfn.is(s.gfn2)
    s.gfn.set(s.n)
    s.n.set(s.gfn)
    s.owner.set(s.gfn.number().plus(1))
    s.mask.add(s.gfn)
    s.mask.set([0, 2])
  })

  it('are numbers only through number()', () => {
    // @ts-expect-error arithmetic goes through number()
    s.gfn.plus(1)
    // @ts-expect-error order goes through number()
    s.gfn.lt(2)
    // @ts-expect-error members are indices
    s.mask.set(['run'])
    // @ts-expect-error a member is an index
    s.mask.has(s.slot)
  })
})

describe('symmetric types', () => {
  it('can be stored, compared for equality and used as index', () => {
    for (const v of each(vcpu)) {
      s.running.set(v)
      s.last.is(v)
      s.inside.add(v)
      s.perVcpu[v].pc.set('lock')
      s.srcu.enter(v)
    }
    s.perVcpu.at(s.last).pc.set('run')
    s.perPage.at(s.perVcpu.at(s.running).page).set(true)
    s.running.set(s.last)
    s.inside.set(s.inside.with(s.last))
    expectTypeOf(s.running.isNone()).toEqualTypeOf<Bool>()
    all(vcpu, v => s.perVcpu[v].pc.is('run'))
    count(vcpu, v => s.inside.has(v))
  })

  it('have no order and no arithmetic', () => {
    // @ts-expect-error no order
    s.last.lt(s.running)
    // @ts-expect-error no arithmetic
    s.last.plus(1)
    // @ts-expect-error no number
    s.last.number()
    // @ts-expect-error no number to store either
    s.n.set(s.last)
  })

  it('are not numbers', () => {
    // @ts-expect-error a number as element
    s.running.set(0)
    // @ts-expect-error a number as element
    s.last.is(1)
    // @ts-expect-error a number as index
    void s.perVcpu[0]
    // @ts-expect-error a number as index
    s.perVcpu.at(0)
    // @ts-expect-error a state number as index
    s.perVcpu.at(s.n)
    // @ts-expect-error a plain index as index
    s.perVcpu.at(s.gfn)
    // @ts-expect-error a number as member
    s.inside.add(0)
    // @ts-expect-error an element of a plain array
    void s.tlb['vcpu#0']
    // @ts-expect-error an element as number
    s.n.set(each(vcpu)[0])
    for (const v of each(3)) {
      // @ts-expect-error a plain loop over a symmetric array
      void s.perVcpu[v]
      // @ts-expect-error a plain reader of a symmetric domain
      s.srcu.enter(v)
    }
  })

  it('of different names do not mix', () => {
    for (const p of each(page)) {
      // @ts-expect-error an element of another sort as index
      void s.perVcpu[p]
      // @ts-expect-error an element of another sort as value
      s.last.set(p)
      // @ts-expect-error an element of another sort as member
      s.inside.has(p)
    }
    // @ts-expect-error an index of another sort as value
    s.last.set(s.target)
    // @ts-expect-error an index of another sort in a comparison
    s.last.is(s.target)
    // @ts-expect-error an index of another sort as index
    s.perVcpu.at(s.target)
    // @ts-expect-error a set over another sort
    s.inside.union(s.pages)
    // @ts-expect-error a set over another sort
    s.inside.set(s.pages)
    // @ts-expect-error a set over another sort in a comparison
    s.mask.is(s.pages)
    // @ts-expect-error a plain index in a symmetric one
    s.last.set(s.gfn)
    // @ts-expect-error a symmetric index in a plain one
    s.gfn.set(s.last)
    // @ts-expect-error a symmetric index in a plain array
    s.tlb.at(s.last)
  })
})

describe('actions', () => {
  it('are made of updates, conditions, choices, assertions and lists of them', () => {
    m.action('a', { v: 1, name: 'x', fast: true })
      .by('vCPU 0')
      .source('file.c')
      .when(s.slot, true)
      .do(
        s.slot.set(false),
        [s.n.increase(), [s.n.is(1)]],
        when(s.slot, s.seq.increase(), [s.seq.decrease(2)]),
        choose({ yes: s.slot.set(true), no: [] }),
        assert(s.slot, 'set'),
        s.lock.acquire('vmm'),
      )
  })

  it('refuse everything else', () => {
    // @ts-expect-error a number is no update
    m.action('a').do(1)
    // @ts-expect-error a label variable is no update
    m.action('a').do(s.pc)
    // @ts-expect-error a step is no update
    m.action('a').do(step('x'))
    // @ts-expect-error a list of alternatives needs labels
    choose([s.slot.set(true)])
    // @ts-expect-error an assertion needs a name
    assert(s.slot)
    // @ts-expect-error a variable is no parameter
    m.action('a', { v: s.n })
  })
})

describe('processes', () => {
  it('are lists of statements', () => {
    const handle = m.process('p', { with: { v: 0 }, repeats: true }, [
      step('a', s.slot.set(true)),
      [branch(s.slot, [goto('a')], [leave()])],
    ])
    expectTypeOf(handle.isDone).toEqualTypeOf<Bool>()
    // @ts-expect-error an update is no statement
    m.process('p', {}, [s.slot.set(true)])
    // @ts-expect-error no such option
    m.process('p', { repeat: true }, [])
    // @ts-expect-error a step needs a label
    step(s.slot.set(true))
    // @ts-expect-error the arms are lists
    branch(s.slot, step('a'))
  })
})

describe('locks and parts', () => {
  it('know their owners', () => {
    s.lock.acquire('fault')
    s.lock.isHeldBy('vmm')
    s.spin.acquire()
    // @ts-expect-error not an owner
    s.lock.acquire('zap')
    // @ts-expect-error not an owner
    s.lock.isHeldBy('zap')
    // @ts-expect-error fields of a lock are its own
    void s.lock.owner
    // @ts-expect-error a property, not a function
    s.mmu.isReadHeld()
  })

  it('have the types of their operations', () => {
    const t = m.state({
      gate: part({ open: bool(), passed: int(0, 3) }, ({ open, passed }) => ({
        pass: (by: Int) => operation(open, passed.increase(by)),
      })),
    })
    t.gate.pass(s.n)
    // @ts-expect-error a truth value is no number
    t.gate.pass(s.slot)
    // @ts-expect-error fields are not reached from outside
    void t.gate.open
  })
})

describe('properties', () => {
  it('keep the types of what next reads', () => {
    next(s.pc).is('lock')
    next(s.n).plus(1)
    next(s.last).is(s.last)
    next(s.inside).has(s.last)
    // @ts-expect-error a label that does not exist
    next(s.pc).is('exit')
    // @ts-expect-error the state after cannot be written
    next(s.n).set(1)
    // @ts-expect-error an array has no value
    next(s.tlb)
  })

  it('take conditions', () => {
    m.step('p', ({ name, actor }) => name === 'a' || actor === null || next(s.slot))
    m.check(invariant('i', implies(s.slot, s.n.is(1))))
    // @ts-expect-error a predicate over actions gives a condition
    m.step('p', () => 3)
    // @ts-expect-error a deadlock policy
    m.deadlock('forbidden')
    // @ts-expect-error a number is no condition
    and(s.slot, 1)
  })
})

describe('parameters and variants', () => {
  it('have the types of their domains', () => {
    defineModel({
      name: 'p',
      about: '',
      params: { gfns: range(1, 3, 2), track: flag(true), zap: option(['all', 'leafs'], 'all') },
      variants: [
        { name: 'a', params: { gfns: 3, track: false, zap: 'leafs' }, expect: {} },
        { name: 'b', params: {}, expect: { states: 1, properties: { p: violated(1) } } },
        // @ts-expect-error no such parameter
        { name: 'c', params: { gfn: 3 }, expect: {} },
        // @ts-expect-error a text is no number
        { name: 'd', params: { gfns: '3' }, expect: {} },
        // @ts-expect-error not one of the words
        { name: 'e', params: { zap: 'some' }, expect: {} },
        // @ts-expect-error no such verdict
        { name: 'f', params: {}, expect: { properties: { p: 'fails' } } },
        // @ts-expect-error no such expectation
        { name: 'g', params: {}, expect: { state: 3 } },
        // @ts-expect-error an expectation is needed
        { name: 'h', params: {} },
      ],
      build(_, params) {
        expectTypeOf(params).toEqualTypeOf<{
          readonly gfns: number
          readonly track: boolean
          readonly zap: 'all' | 'leafs'
        }>()
        // @ts-expect-error no such parameter
        void params.vcpus
      },
    })
    // @ts-expect-error a default that is not one of the words
    option(['a', 'b'], 'c')
    // @ts-expect-error a default is needed
    range(1, 3)
  })

  it('leave nothing to build without parameters', () => {
    defineModel({
      name: 'p',
      about: '',
      build(_, params) {
        // @ts-expect-error there are no parameters
        void params.gfns
      },
    })
    // @ts-expect-error a model needs a name
    defineModel({ about: '', build: () => undefined })
  })
})
