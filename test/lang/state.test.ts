/** Declarations of state, references to it, and what is refused at run time. */
import { describe, expect, it } from 'vitest'
import {
  array, bool, counter, defineModel, each, enumeration, index, indexOrNone, int, part, set,
} from '../../src/index.js' // prettier-ignore
import type { ModelBuilder } from '../../src/index.js'
import type { Model } from '../../src/ir/model.js'
import { formatType, formatValue } from '../../src/ir/type.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { mistake, wrong } from './mistake.js'

function modelOf(build: (m: ModelBuilder) => void): Model {
  return defineModel({ name: 'demo', about: '', build }).instantiate()
}

/** The diagnostic that a declaration causes. */
const refused = (declare: () => unknown): string => mistake(() => void declare()).text

describe('m.state', () => {
  it('names variables after their path, in the order of the declaration', () => {
    const model = modelOf(m => {
      m.state({
        slot: bool(true),
        vcpu: array(2, { pc: enumeration('run', 'lock').initially('lock'), tlb: array(2, bool()) }),
        gate: part({ open: bool() }, ({ open }) => ({ open })),
      })
      m.state({ owner: indexOrNone(3), mask: set(3, [0, 2]), n: int(-2, 2, 1), c: counter(4, 3) })
      m.action('a')
    })
    const lines = model.variables.map(
      v => `${v.name}: ${formatType(v.type)} = ${formatValue(v.type, v.initial)}`,
    )
    expect(lines).toEqual([
      'slot: bool = true',
      'vcpu[0].pc: enumeration(run, lock) = lock',
      'vcpu[0].tlb[0]: bool = false',
      'vcpu[0].tlb[1]: bool = false',
      'vcpu[1].pc: enumeration(run, lock) = lock',
      'vcpu[1].tlb[0]: bool = false',
      'vcpu[1].tlb[1]: bool = false',
      'gate.open: bool = false',
      'owner: indexOrNone(3) = none',
      'mask: set(3) = {0, 2}',
      'n: int(-2, 2) = 1',
      'c: counter(4) = 3',
    ])
  })

  it('knows the line of each declaration', () => {
    const [variable] = modelOf(m => {
      m.state({ slot: bool() })
      m.action('a')
    }).variables
    expect(variable?.site()?.file).toMatch(/state\.test\.ts$/)
  })
})

describe('references', () => {
  it('lead through constant and dynamic indices in any order', () => {
    const model = modelOf(m => {
      const s = m.state({
        g: array(2, { row: array(3, int(0, 9)) }),
        i: index(2, 1),
        j: index(3, 2),
      })
      m.action('a').do(s.g.at(s.i).row[0].set(1), s.g[0].row.at(s.j).set(2))
      m.action('b').do(
        s.g
          .at(s.i)
          .row.at(s.j)
          .set(s.g.length + s.g[0].row.length),
      )
    })
    const interpreter = new Interpreter(model)
    const [a, b] = interpreter.transitions(interpreter.initial())
    expect(a?.successor.slice(0, 6)).toEqual([0, 0, 2, 1, 0, 0])
    expect(b?.successor.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 5])
  })

  it('to arrays of more than 32 elements go through at', () => {
    const model = modelOf(m => {
      const s = m.state({ big: array(40, bool()) })
      m.action('a').do(s.big.at(39).set(true))
    })
    expect(
      new Interpreter(model).take(
        0,
        model.variables.map(() => 0),
      ).successor[39],
    ).toBe(1)
  })

  it('refuse fields, elements and kinds that do not exist', () => {
    const text = (use: (s: ReturnType<typeof declare>) => unknown): string =>
      mistake(m => {
        const s = declare(m)
        use(s)
        m.action('a')
      }).text
    const declare = (m: ModelBuilder) => {
      const vcpu = m.symmetric('vcpu', 2)
      const page = m.symmetric('page', 2)
      return m.state({
        tlb: array(2, bool()),
        none: array(0, bool()),
        gfn: index(2),
        owner: indexOrNone(vcpu),
        target: index(page),
        on: array(vcpu, bool()),
        inside: set(vcpu),
        pages: set(page),
        pc: enumeration('a', 'b'),
        other: enumeration('b', 'a'),
      })
    }
    expect(text(s => s.tlb[wrong<0>('x')])).toMatch(/^ZC302 .*array tlb has no element 'x'/)
    expect(text(s => s.tlb[2])).toMatch(/^ZC402 .*array tlb: index 2 is outside 0\.\.1/)
    expect(text(s => s.none[0])).toMatch(/^ZC402 /)
    expect(text(s => s.on[wrong<'vcpu#0'>(0)])).toMatch(/^ZC305 .*array on over vcpu has no/)
    expect(text(s => s.on[wrong<'vcpu#0'>('page#0')])).toMatch(
      /^ZC305 .*'page#0' is not an element/,
    )
    expect(text(s => s.on.at(wrong(1)))).toMatch(/^ZC305 .*a number is used as an element/)
    expect(text(s => s.on.at(wrong(s.target)))).toMatch(/^ZC305 .*an index of page meets vcpu/)
    expect(text(s => s.owner.set(wrong(s.gfn)))).toMatch(/^ZC305 .*variable owner: an index of no/)
    expect(text(s => s.inside.union(wrong(s.pages)))).toMatch(/^ZC305 .*a set over page meets one/)
    expect(text(s => s.inside.set(wrong(s.pages)))).toMatch(/^ZC305 .*variable inside: a set over/)
    expect(text(s => s.gfn.clear())).toMatch(/^ZC302 .*variable gfn: only an index declared with/)
    expect(text(s => s.gfn.set(2))).toMatch(/^ZC402 .*variable gfn: index 2 is outside 0\.\.1/)
    expect(text(s => s.pc.set(wrong(s.other)))).toMatch(
      /^ZC302 .*variable pc: labels b, a meet a, b/,
    )
    expect(text(s => s.tlb[0].set(wrong(1)))).toMatch(
      /^ZC302 .*variable tlb\[0\]: 1 is not a truth/,
    )
    expect(text(s => s.gfn.number().mod(0))).toMatch(/^ZC302 .*the modulus must be/)
    expect(text(s => s.gfn.number().plus(0.5))).toMatch(/^ZC302 .*0\.5 is not a whole number/)
  })
})

describe('declarations are refused', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['for an empty range', () => int(3, 2), /^ZC301 model demo: int\(3, 2\) is not a range/],
    ['for a range beyond 32 bits', () => int(0, 2 ** 31), /^ZC301/],
    [
      'for an initial value outside',
      () => int(0, 3, 4),
      /^ZC301 .*initial value 4 is outside 0\.\.3/,
    ],
    ['for a counter of nothing', () => counter(0), /^ZC301 .*the modulus must be/],
    ['for an enumeration without labels', () => enumeration(), /^ZC301 .*needs a label/],
    ['for a label twice', () => enumeration('a', 'b', 'a'), /^ZC301 .*label 'a' is there twice/],
    ['for an initial label of another', () => enumeration('a').initially(wrong('b')), /^ZC301/],
    ['for an index into nothing', () => index(0), /^ZC301/],
    ['for a set of more than 31', () => set(32), /^ZC301 .*0 to 31 possible members/],
    ['for a member outside', () => set(3, [3]), /^ZC402 .*index 3 is outside/],
    ['for a size that is no number', () => array(1.5, bool()), /^ZC301/],
    ['for a size below 0', () => array(-1, bool()), /^ZC301/],
  ])('%s', (_, declare, text) => {
    expect(refused(declare)).toMatch(text)
  })

  it('for a symmetric type declared twice', () => {
    const { text } = mistake(m => {
      m.symmetric('vcpu', 2)
      m.symmetric('vcpu', 3)
    })
    expect(text).toMatch(/^ZC301 .*symmetric type vcpu is declared twice/)
  })
})

describe('each', () => {
  it('gives numbers, or elements of a symmetric type', () => {
    expect(each(3)).toEqual([0, 1, 2])
    expect(each(0)).toEqual([])
    expect(each({ name: 'vcpu', size: 2 })).toEqual(['vcpu#0', 'vcpu#1'])
  })
})
