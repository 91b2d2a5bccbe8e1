/**
 * Random models in IR form, for differential tests: small state spaces that use every kind of
 * expression, update, type and property. All of them pass `validate`. One in six may do what has
 * no meaning (write out of range, index out of bounds, write a variable twice); the others cannot.
 */
import fc from 'fast-check'
import { Diagnostic } from '../../src/base/diagnostic.js'
import { search } from '../../src/interpret/search.js'
import type { SearchResult } from '../../src/interpret/search.js'
import type { Location } from '../../src/ir/expression.js'
import type { ActionInstance, Model, Property, Update, Variable } from '../../src/ir/model.js'
import { rangeOf } from '../../src/ir/type.js'
import { validate } from '../../src/ir/validate.js'
import { printModel } from './print-model.js'
import { ExpressionBuilder, draft, drafts } from './random-expression.js'
import type { Declared, Draft } from './random-expression.js'
import { randomValue, smallDeclaration, valueAt, wideDeclaration } from './random-type.js'
import type { DeclarationDraft } from './random-type.js'

/** States that `boundedSearch` visits at most unless told otherwise. */
export const STATES_MAX = 2_000

const noSite = (): undefined => undefined

/** An update before it is known which variables there are. */
interface UpdateDraft {
  readonly op: number
  readonly target: Draft
  readonly value: Draft
  readonly then: readonly UpdateDraft[]
  readonly otherwise: readonly UpdateDraft[]
}

interface ActionDraft {
  readonly guard: readonly Draft[]
  readonly updates: readonly UpdateDraft[]
  readonly parameter: number | null
}

interface PropertyDraft {
  readonly kind: 'invariant' | 'step' | 'deadlock' | 'reachable' | 'assertion'
  readonly predicates: readonly Draft[]
}

interface ModelDraft {
  readonly small: readonly DeclarationDraft[]
  readonly wide: readonly DeclarationDraft[]
  readonly actions: readonly ActionDraft[]
  readonly changes: readonly ActionDraft[]
  readonly properties: readonly PropertyDraft[]
  readonly mayFail: boolean
  readonly propertiesMayFail: boolean
}

/** Updates with at most `depth` levels of branches. */
function updateDrafts(depth: number): fc.Arbitrary<UpdateDraft> {
  const none = fc.constant<readonly UpdateDraft[]>([])
  const inner =
    depth === 0
      ? none
      : fc.oneof(
          { weight: 2, arbitrary: none },
          { weight: 1, arbitrary: fc.array(updateDrafts(depth - 1), { maxLength: 2 }) },
        )
  return fc.record({ op: fc.nat(15), target: draft, value: draft, then: inner, otherwise: inner })
}

const updateDraft = updateDrafts(2)

const actionDraft: fc.Arbitrary<ActionDraft> = fc.record({
  guard: fc.oneof(
    { withCrossShrink: true },
    fc.constant([]),
    fc.array(draft, { minLength: 1, maxLength: 3 }),
    fc.tuple(drafts(0)),
  ),
  updates: fc.array(updateDraft, { minLength: 1, maxLength: 4, size: 'max' }),
  parameter: fc.option(fc.nat(3)),
})

/** An action that changes one variable: some of these make a space grow. */
const changeDraft: fc.Arbitrary<ActionDraft> = fc
  .record({ target: draft, value: drafts(1), guard: fc.array(drafts(0), { maxLength: 1 }) })
  .map(({ target, value, guard }) => ({
    guard,
    updates: [{ op: 0, target, value, then: [], otherwise: [] }],
    parameter: null,
  }))

const propertyDraft: fc.Arbitrary<PropertyDraft> = fc.record({
  kind: fc.constantFrom('invariant', 'step', 'assertion', 'reachable', 'deadlock'),
  predicates: fc.array(draft, { minLength: 1, maxLength: 3 }),
})

/** What kind of models to make. */
export interface RandomModelOptions {
  /** Whether actions may run into model errors; both kinds unless given. */
  readonly mayFail?: boolean
  /** Whether properties and assertions may, too; not unless given. */
  readonly propertiesMayFail?: boolean
  /** Whether states are wider than 64 bits; both kinds unless given. */
  readonly isWide?: boolean
}

/** Small valid models. Shrinks towards one boolean and one action. */
export function randomModel(options: RandomModelOptions = {}): fc.Arbitrary<Model> {
  const { mayFail, isWide, propertiesMayFail = false } = options
  const failing = fc.integer({ min: 0, max: 5 }).map(n => n === 5)
  const wide = fc.array(wideDeclaration, { minLength: 3, maxLength: 4 })
  const narrow = fc.constant<DeclarationDraft[]>([])
  const some = fc.oneof({ weight: 5, arbitrary: narrow }, { weight: 1, arbitrary: wide })
  const drafts = fc.noBias(
    fc.record<ModelDraft>({
      small: fc.array(smallDeclaration, { minLength: 1, maxLength: 4, size: 'max' }),
      wide: isWide === undefined ? some : isWide ? wide : narrow,
      actions: fc.array(actionDraft, { minLength: 1, maxLength: 4, size: 'max' }),
      changes: fc.array(changeDraft, { maxLength: 3, size: 'max' }),
      properties: fc.array(propertyDraft, { maxLength: 5, size: 'max' }).map(withOneDeadlock),
      mayFail: mayFail === undefined ? failing : fc.constant(mayFail),
      propertiesMayFail: fc.constant(propertiesMayFail),
    }),
  )
  return drafts
    .map(d => new ModelMaker(d).model())
    .filter(isValid)
    .filter(model => isWide !== true || stateBits(model) > 64)
}

/** States of a model: any value for each variable, also unreachable combinations. */
export function randomState(model: Model): fc.Arbitrary<readonly number[]> {
  return fc.tuple(...model.variables.map(({ type }) => randomValue(type)))
}

/** A model together with some of its states. */
export function modelAndStates(
  options: RandomModelOptions = {},
): fc.Arbitrary<{ readonly model: Model; readonly states: readonly (readonly number[])[] }> {
  return randomModel(options).chain(model =>
    fc.array(randomState(model), { minLength: 1, maxLength: 5 }).map(states => ({ model, states })),
  )
}

/** Searches by the reference semantics; null if there are more than `statesMax` states. */
export function boundedSearch(model: Model, statesMax = STATES_MAX): SearchResult | null {
  return search(model, statesMax)
}

/** Bits that the variables need together. */
export function stateBits(model: Model): number {
  return model.variables.reduce((bits, { type }) => {
    const { lo, hi } = rangeOf(type)
    return bits + Math.ceil(Math.log2(hi - lo + 1))
  }, 0)
}

/** A model has one rule for deadlocks at most. */
function withOneDeadlock(drafts: readonly PropertyDraft[]): readonly PropertyDraft[] {
  const first = drafts.findIndex(p => p.kind === 'deadlock')
  return drafts.filter((p, i) => p.kind !== 'deadlock' || i === first)
}

/** True if `validate` takes the model. */
export function isValid(model: Model): boolean {
  try {
    validate(model)
    return true
  } catch (error) {
    if (error instanceof Diagnostic) return false
    throw error
  }
}

/** Turns one draft into a model. */
class ModelMaker {
  private readonly variables: Variable[] = []
  private readonly declarations: Declared[] = []
  private readonly builder: ExpressionBuilder
  /** For properties and assertions: they never run into model errors. */
  private readonly predicates: ExpressionBuilder
  private readonly assertions: readonly number[]

  constructor(private readonly from: ModelDraft) {
    for (const d of [...from.small, ...from.wide]) this.declare(d)
    this.builder = this.expressions({ mayFail: from.mayFail })
    this.predicates = this.expressions({ mayFail: from.propertiesMayFail })
    this.assertions = from.properties.flatMap((p, i) => (p.kind === 'assertion' ? [i] : []))
  }

  model(): Model {
    const { variables } = this
    const actions = [...this.from.actions, ...this.from.changes].map((a, i) => this.action(a, i))
    const properties = this.from.properties.map((p, i) => this.property(p, i, actions.length))
    const model = { name: 'random', parameters: {}, variables, actions, properties, sorts: [] }
    // Failures of fast-check show the model as text.
    return Object.defineProperty(model, fc.toStringMethod, { value: () => printModel(model) })
  }

  private declare({ type, dimensions, initials }: DeclarationDraft): void {
    const name = `v${this.declarations.length}`
    const first = this.variables.length
    let names = [name]
    for (const size of dimensions)
      names = names.flatMap(n => Array.from({ length: size }, (_, i) => `${n}[${i}]`))
    names.forEach((element, i) => {
      const initial = valueAt(type, initials[i % initials.length] ?? 0)
      this.variables.push({ name: element, type, initial, site: noSite })
    })
    this.declarations.push({ type, dimensions, first })
  }

  private expressions(options: { mayFail: boolean; allowsNext?: boolean }): ExpressionBuilder {
    const { declarations, variables } = this
    return new ExpressionBuilder({ declarations, variables, allowsNext: false, ...options })
  }

  private action({ guard, updates, parameter }: ActionDraft, i: number): ActionInstance {
    return {
      name: `a${i}`,
      parameters: parameter === null ? [] : [['i', String(parameter)]],
      actor: parameter === null ? null : `actor ${parameter}`,
      guard: guard.map(d => this.builder.condition(d)),
      updates: this.updates(updates, new Set()),
      source: null,
      site: noSite,
    }
  }

  /** `written`: variables that the updates before may write; extended by this list's. */
  private updates(drafts: readonly UpdateDraft[], written: Set<number>): readonly Update[] {
    return drafts.flatMap(d => this.update(d, written))
  }

  private update(d: UpdateDraft, written: Set<number>): readonly Update[] {
    if (d.op % 8 === 7 && this.assertions.length > 0) {
      const property = this.assertions[d.target.pick % this.assertions.length] ?? 0
      return [{ kind: 'assert', property, condition: this.predicates.bool(d.value) }]
    }
    if (d.then.length + d.otherwise.length > 0) {
      const inThen = new Set(written)
      const inOtherwise = new Set(written)
      const then = this.updates(d.then, inThen)
      const otherwise = this.updates(d.otherwise, inOtherwise)
      for (const variable of [...inThen, ...inOtherwise]) written.add(variable)
      if (then.length + otherwise.length > 0)
        return [{ kind: 'if', condition: this.builder.bool(d.value), then, otherwise }]
    }
    return this.assignment(d, written)
  }

  private assignment(d: UpdateDraft, written: Set<number>): readonly Update[] {
    const declared = this.builder.pickDeclared(d.target.pick, () => true)
    if (declared === undefined) return []
    const location: Location = this.builder.location(declared, d.target)
    const isRisky = this.from.mayFail && d.value.pick % 2 === 0
    if (!isRisky && location.elements.some(v => written.has(v))) return []
    for (const variable of location.elements) written.add(variable)
    const value =
      d.op % 8 < 4
        ? this.builder.changeOf(location, declared.type, d.value)
        : this.builder.valueFor(declared.type, d.value)
    return [{ kind: 'assign', location, value, site: noSite }]
  }

  private property({ kind, predicates }: PropertyDraft, i: number, actions: number): Property {
    const base = { name: `p${i}`, meaning: null, site: noSite }
    const [first] = predicates
    if (kind === 'assertion' || first === undefined) return { ...base, kind: 'assertion' }
    if (kind === 'deadlock') return { ...base, kind, allowed: this.predicates.bool(first) }
    if (kind !== 'step') return { ...base, kind, predicate: this.predicates.bool(first) }
    const step = this.expressions({ mayFail: this.from.propertiesMayFail, allowsNext: true })
    const of = (action: number): Draft => predicates[action % predicates.length] ?? first
    return {
      ...base,
      kind,
      predicates: Array.from({ length: actions }, (_, action) => step.bool(of(action))),
    }
  }
}
