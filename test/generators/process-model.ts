/**
 * Random models of a few processes, in IR form: program counters that go round, locks, shared
 * variables, arrays indexed by variables, sets, assertions, and properties of all kinds. Made for
 * partial-order reduction, which finds little to do in `randomModel`.
 */
import fc from 'fast-check'
import { and, compare, constant, not, or, variableAt } from '../../src/ir/expression.js'
import type { Expression } from '../../src/ir/expression.js'
import type { ActionInstance, Model, Property, Update, Variable } from '../../src/ir/model.js'
import type { ScalarType } from '../../src/ir/type.js'
import { printModel } from './print-model.js'
import { isValid } from './random-model.js'

const noSite = (): undefined => undefined

/** What a step does besides moving its program counter; numbers are taken modulo what there is. */
interface StepDraft {
  readonly wait: number
  readonly effect: number
  readonly pick: number
  readonly value: number
  readonly jump: number
}

interface ProcessDraft {
  readonly steps: readonly StepDraft[]
  readonly isCyclic: boolean
}

interface ProcessModelDraft {
  readonly processes: readonly ProcessDraft[]
  readonly shared: number
  readonly mayFail: boolean
  /** Whether an index has so many values that actions are not told apart by them. */
  readonly isWide: boolean
  readonly properties: readonly { kind: number; pick: number; value: number }[]
}

const small = fc.nat(11)

const stepDraft: fc.Arbitrary<StepDraft> = fc.record({
  wait: fc.nat(15),
  effect: fc.nat(15),
  pick: small,
  value: small,
  jump: fc.nat(9),
})

const draft: fc.Arbitrary<ProcessModelDraft> = fc.noBias(
  fc.record({
    processes: fc.array(
      fc.record({
        steps: fc.array(stepDraft, { minLength: 1, maxLength: 4, size: 'max' }),
        isCyclic: fc.boolean(),
      }),
      { minLength: 2, maxLength: 4, size: 'max' },
    ),
    shared: fc.integer({ min: 1, max: 4 }),
    mayFail: fc.integer({ min: 0, max: 5 }).map(n => n === 5),
    isWide: fc.integer({ min: 0, max: 3 }).map(n => n === 3),
    properties: fc.array(fc.record({ kind: fc.nat(9), pick: small, value: small }), {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    }),
  }),
)

/** Models of two to four processes, of at most some thousand states. */
export const processModel: fc.Arbitrary<Model> = draft
  .map(d => {
    const model = new Maker(d).model()
    return Object.defineProperty(model, fc.toStringMethod, { value: () => printModel(model) })
  })
  .filter(isValid)

const VALUES = 3

class Maker {
  private readonly variables: Variable[] = []
  private readonly lock: number
  private readonly shared: readonly number[]
  private readonly members: number
  private readonly counters: readonly number[]
  private readonly own: readonly number[]
  private readonly isAsserted: boolean

  constructor(private readonly from: ProcessModelDraft) {
    const add = (name: string, type: ScalarType): number =>
      this.variables.push({ name, type, initial: 0, site: noSite }) - 1
    this.lock = add('lock', { kind: 'int', lo: 0, hi: from.processes.length })
    this.shared = Array.from({ length: from.shared }, (_, i) =>
      add(`x[${i}]`, { kind: 'int', lo: 0, hi: VALUES - 1 }),
    )
    this.members = add('s', { kind: 'set', size: 3, sort: null })
    this.counters = from.processes.map(({ steps }, p) =>
      add(`pc[${p}]`, { kind: 'int', lo: 0, hi: steps.length }),
    )
    this.own = from.processes.map((_, p) =>
      add(`i[${p}]`, { kind: 'int', lo: 0, hi: this.indexMax }),
    )
    this.isAsserted = from.properties.some(p => p.kind % 10 === 5)
  }

  private get indexMax(): number {
    const { isWide, mayFail, shared } = this.from
    return isWide ? 20 : mayFail ? VALUES : shared - 1
  }

  model(): Model {
    const actions = this.from.processes.flatMap((process, p) =>
      process.steps.map((step, at) => this.action(process, step, p, at)),
    )
    const properties = [
      ...this.from.properties.map((p, i) => this.property(p, i, actions.length)),
      {
        name: 'rest',
        meaning: null,
        site: noSite,
        kind: 'deadlock' as const,
        allowed: this.done(),
      },
    ]
    const { variables } = this
    return { name: 'processes', parameters: {}, variables, actions, properties, sorts: [] }
  }

  private action(
    { steps, isCyclic }: ProcessDraft,
    step: StepDraft,
    p: number,
    at: number,
  ): ActionInstance {
    const counter = this.counters[p] ?? 0
    const isLast = at + 1 === steps.length
    const next = isLast && isCyclic ? 0 : step.jump === 9 ? step.pick % (at + 2) : at + 1
    const updates: Update[] = [this.assign(counter, next)]
    return {
      name: `p${p}.${at}`,
      parameters: [],
      actor: `process ${p}`,
      guard: [equal(this.read(counter), at), ...this.wait(step, p)],
      updates: [...updates, ...this.effect(step, p)],
      source: null,
      site: noSite,
    }
  }

  private wait({ wait, pick, value }: StepDraft, p: number): readonly Expression[] {
    const variable = this.shared[pick % this.shared.length] ?? 0
    const other = this.counters[pick % this.counters.length] ?? 0
    switch (wait) {
      case 0:
        return [equal(this.read(this.lock), 0)]
      case 1:
        return [not(equal(this.read(variable), value % VALUES))]
      case 2:
        return [equal(this.read(variable), value % VALUES)]
      case 3:
        return [equal(this.element(p), value % VALUES)]
      case 4:
        return [this.isMember(value % 3)]
      case 5:
        return [not(this.isMember(value % 3)), not(equal(this.read(other), value % 3))]
      case 6:
        return [or(equal(this.read(variable), 0), equal(this.read(other), value % 3))]
      case 7:
        return [not(equal(this.read(this.members), 0))]
      case 8:
        return [compare('le', this.cardinality(), constant(value % 3))]
      default:
        return []
    }
  }

  private effect({ effect, pick, value }: StepDraft, p: number): readonly Update[] {
    const variable = this.shared[pick % this.shared.length] ?? 0
    const own = this.own[p] ?? 0
    const condition = equal(this.read(variable), value % VALUES)
    switch (effect) {
      case 0:
        return [this.assign(this.lock, p + 1)]
      case 1:
        return [this.assign(this.lock, 0)]
      case 2:
      case 3:
        return [this.assign(variable, value % VALUES)]
      case 4:
        return [this.store(p, value % VALUES)]
      case 5:
        return [this.assign(own, value % this.shared.length)]
      case 6:
      case 7:
        return [this.change(value % 3, effect === 6 ? 'or' : 'andnot')]
      case 8:
        return [{ kind: 'if', condition, then: [this.assign(this.lock, 0)], otherwise: [] }]
      case 9:
        return this.from.mayFail ? [this.add(variable)] : [this.assign(variable, 0)]
      case 10:
        return this.isAsserted ? [{ kind: 'assert', property: this.assertion(), condition }] : []
      default:
        return []
    }
  }

  private property(
    { kind, pick, value }: { kind: number; pick: number; value: number },
    i: number,
    actions: number,
  ): Property {
    const base = { name: `p${i}`, meaning: null, site: noSite }
    const counters = this.counters.map(c => this.read(c))
    const a = counters[pick % counters.length] ?? counters[0]
    const b = counters[(pick + 1) % counters.length] ?? counters[0]
    const variable = this.shared[value % this.shared.length] ?? 0
    if (a === undefined || b === undefined) return { ...base, kind: 'assertion' }
    const both = and(equal(a, value % 3), equal(b, pick % 3))
    const sets = [not(equal(this.read(this.members), 0)), equal(this.cardinality(), 2)]
    const held = pick % 4 < 2 ? (sets[pick % 2] ?? a) : equal(this.read(variable), pick % VALUES)
    const mixed = and(equal(a, value % 4), held)
    if (kind === 5) return { ...base, kind: 'assertion' }
    if (kind < 2) return { ...base, kind: 'invariant', predicate: not(kind === 0 ? both : mixed) }
    if (kind < 5) return { ...base, kind: 'reachable', predicate: kind === 2 ? both : mixed }
    const now: Expression = { kind: 'next', location: variableAt(variable) }
    const predicate =
      kind < 8
        ? not(and(equal(this.read(variable), pick % VALUES), equal(now, value % VALUES)))
        : not(and(equal(a, value % 3), equal(now, pick % VALUES)))
    return { ...base, kind: 'step', predicates: Array.from({ length: actions }, () => predicate) }
  }

  /** Some processes have ended: a deadlock may be one that is allowed, or not. */
  private done(): Expression {
    const ends = this.from.processes.map(({ steps }, p) =>
      equal(this.read(this.counters[p] ?? 0), steps.length),
    )
    return and(...ends.slice(0, 2))
  }

  private assertion(): number {
    return this.from.properties.findIndex(p => p.kind === 5)
  }

  private read(variable: number): Expression {
    return { kind: 'read', location: variableAt(variable) }
  }

  private element(p: number): Expression {
    return { kind: 'read', location: this.elementLocation(p) }
  }

  private elementLocation(p: number) {
    const operand = this.read(this.own[p] ?? 0)
    const size = this.shared.length
    const expression: Expression = this.from.isWide
      ? { kind: 'modulo', operand, modulus: size }
      : operand
    return { elements: this.shared, indices: [{ expression, size }] }
  }

  private cardinality(): Expression {
    return { kind: 'cardinality', set: this.read(this.members) }
  }

  private isMember(member: number): Expression {
    return { kind: 'member', set: this.read(this.members), member: constant(member), size: 3 }
  }

  private assign(variable: number, value: number): Update {
    const location = variableAt(variable)
    return { kind: 'assign', location, value: constant(value), site: noSite }
  }

  private store(p: number, value: number): Update {
    const location = this.elementLocation(p)
    return { kind: 'assign', location, value: constant(value), site: noSite }
  }

  private add(variable: number): Update {
    const left = this.read(variable)
    const value: Expression = { kind: 'arithmetic', operator: 'add', left, right: constant(1) }
    return { kind: 'assign', location: variableAt(variable), value, site: noSite }
  }

  private change(member: number, operator: 'or' | 'andnot'): Update {
    const left = this.read(this.members)
    const value: Expression = { kind: 'bits', operator, left, right: constant(1 << member) }
    return { kind: 'assign', location: variableAt(this.members), value, site: noSite }
  }
}

function equal(e: Expression, value: number): Expression {
  return compare('eq', e, constant(value))
}
