/**
 * The builder that `build(m, parameters)` receives: declares state, actions, processes and
 * properties, and turns them into IR once the author's function has returned.
 */
import { defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import * as ir from '../ir/expression.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import { formatAction } from '../ir/model.js'
import type {
  ActionInstance,
  Model,
  ParameterValue,
  Property,
  Site,
  Sort,
  Variable,
} from '../ir/model.js'
import { premiseOf } from '../ir/premise.js'
import { isSame } from '../ir/same-expression.js'
import type { RecordDeclaration, ScalarDeclaration } from './declarations.js'
import { ProcessLowering } from './lower-process.js'
import { ProcessControl, ProcessHandle } from './process.js'
import { invariant, reachable, stepProperty } from './properties.js'
import type { ActionView, PropertySpecification } from './properties.js'
import { place, referenceTo } from './references.js'
import type { Placement, RecordReference } from './references.js'
import { captureSite, noSite } from './site.js'
import type { Statements } from './statements.js'
import { index as indexType } from './types.js'
import type { SymmetricType } from './types.js'
import { flatten } from './updates.js'
import type { Assertion, AssertionProperty, Item } from './updates.js'
import { Bool, boolOf } from './values.js'
import type { BoolLike } from './values.js'

/** Values of an action's parameters: numbers, elements of symmetric types, labels. */
export type ActionParameters = Readonly<Record<string, number | string | boolean>>

/** Options of a process. */
export interface ProcessOptions {
  /** Which instance this is, shown in traces and names. */
  readonly with?: ActionParameters
  /** Who acts, in the words of the kernel. */
  readonly actor?: string
  /** True: the end goes on at the start. */
  readonly repeats?: boolean
  /** Where in the kernel it comes from: file, function, version. */
  readonly source?: string
}

/** Declares one action; each method returns the action, so that calls chain. */
export class ActionDeclaration {
  private readonly items: Item[] = []
  private actorName: string | null = null
  private sourceText: string | null = null

  constructor(
    readonly name: string,
    readonly parameters: readonly (readonly [string, string])[],
    readonly site: Site,
    /** Called once the author has said what the action does. */
    private readonly onDone: () => void,
  ) {}

  /** Who acts, in the words of the kernel: `vCPU 0`. */
  by(actor: string): this {
    this.actorName = actor
    return this
  }
  /** Where in the kernel it comes from: file, function, version. */
  source(text: string): this {
    this.sourceText = text
    return this
  }
  /** Conditions that must all be true for the action to be enabled. */
  when(...guards: readonly BoolLike[]): this {
    this.items.push(...guards.map(g => new Bool(boolOf(g))))
    return this
  }
  /** What the action does: updates, `when(...)`, `choose(...)`, `assert(...)`, operations. */
  do(...items: readonly Item[]): this {
    this.items.push(...items)
    this.onDone()
    return this
  }

  /** The instances in IR form: one for each combination of choices. */
  lower(assertionProperty: AssertionProperty): ActionInstance[] {
    return flatten(this.items, assertionProperty).map(({ choices, guards, updates }) => ({
      name: this.name,
      parameters: withChoices(this.parameters, choices),
      actor: this.actorName,
      guard: guards,
      updates,
      source: this.sourceText,
      site: this.site,
    }))
  }
}

function withChoices(
  parameters: readonly (readonly [string, string])[],
  choices: readonly string[],
): readonly (readonly [string, string])[] {
  return choices.length === 0 ? parameters : [...parameters, ['choice', choices.join('.')]]
}

function parameterList(parameters: ActionParameters): readonly (readonly [string, string])[] {
  return Object.entries(parameters).map(([name, value]) => {
    const text = String(value)
    return [name, text.includes('#') ? text.slice(text.indexOf('#') + 1) : text]
  })
}

/** Declares the parts of one model. Authors get one as `m`. */
export class ModelBuilder {
  private readonly variables: Variable[] = []
  private readonly sorts = new Map<string, { size: number; arrays: VariableIndex[][][] }>()
  /** By process and parameter: the arrays that its variables form over the parameter's type. */
  private readonly processAxes = new Map<string, ProcessAxis>()
  private readonly pending: Pending[] = []
  private readonly specifications: PropertySpecification[] = []
  private readonly assertions = new Map<string, Assertion>()
  private deadlockAllowed: Expression = ir.FALSE
  private deadlockSite: Site = noSite
  /** The action that is being declared, for messages. */
  private current: string | null = null

  constructor(private readonly name: string) {}

  /** Declares variables; the result leads to them: `s.vcpu[0].pc`. */
  state<const D extends RecordDeclaration>(declaration: D): RecordReference<D> {
    const site = captureSite(this.state)
    const placement = place(declaration, '', (name, d) => this.allocate(name, d, site))
    this.collectArrays(placement)
    return referenceTo([placement], [], '') as RecordReference<D>
  }

  /**
   * Declares a symmetric index type of `size` interchangeable values. They can be compared for
   * equality, stored and used as index of arrays over the type; anything else is an error.
   */
  symmetric<const S extends string>(name: S, size: number): SymmetricType<S> {
    if (this.sorts.has(name))
      throw new Diagnostic('ZC301', `the symmetric type ${name} is declared twice`)
    this.sorts.set(name, { size, arrays: [] })
    return { name, size }
  }

  /** Declares an action; `parameters` tell its instances apart. */
  action(name: string, parameters: ActionParameters = {}): ActionDeclaration {
    const list = parameterList(parameters)
    const site = captureSite(this.action)
    const context = `action ${formatAction({ name, parameters: list })}`
    const declaration = new ActionDeclaration(name, list, site, () => (this.current = null))
    this.current = context
    const lower = (): ActionInstance[] => declaration.lower(a => this.assertionProperty(a))
    this.pending.push({ context, site, lower })
    return declaration
  }

  /** Declares a process: sequential code of one actor. */
  process(name: string, options: ProcessOptions, body: Statements): ProcessHandle {
    const parameters = parameterList(options.with ?? {})
    const suffix = parameters.length === 0 ? '' : `[${parameters.map(([, v]) => v).join(',')}]`
    const path = name + suffix
    const site = captureSite(this.process)
    this.current = `process ${path}`
    const loops: VariableIndex[] = []
    const lowering = new ProcessLowering((loop, size) => {
      const variable = this.allocate(`${path}.${loop}`, indexType(size), site)
      loops.push(variable)
      return variable
    })
    const repeats = options.repeats ?? false
    const control = placing(
      site,
      () => new ProcessControl(path, lowering.lower(body, repeats), lowering),
    )
    const counterDeclaration = { type: control.type, initial: 0 }
    const counter = this.allocate(`${path}.pc`, counterDeclaration, site)
    for (const variable of [...loops, counter]) this.joinSort(name, options.with ?? {}, variable)
    const lower = (): ActionInstance[] =>
      this.processActions(name, parameters, options, control, counter)
    this.pending.push({ context: `process ${path}`, site, lower })
    this.current = null
    const read: Expression = { kind: 'read', location: ir.variableAt(counter) }
    const positionsOf = (label: string): readonly number[] => control.positionsOf(label)
    return new ProcessHandle(path, read, control.type, positionsOf, control.endPosition)
  }

  /** Must be true in every reachable state. */
  invariant(name: string, predicate: BoolLike, meaning: string | null = null): void {
    this.check({ ...invariant(name, predicate, meaning), site: captureSite(this.invariant) })
  }

  /** Must be true of every transition; `next(x)` reads the state after it. */
  step(
    name: string,
    predicate: BoolLike | ((action: ActionView) => BoolLike),
    meaning: string | null = null,
  ): void {
    this.check({ ...stepProperty(name, predicate, meaning), site: captureSite(this.step) })
  }

  /** Must be true in some reachable state. */
  reachable(name: string, predicate: BoolLike, meaning: string | null = null): void {
    this.check({ ...reachable(name, predicate, meaning), site: captureSite(this.reachable) })
  }

  /** Declares properties made elsewhere. */
  check(...specifications: readonly PropertySpecification[]): void {
    this.current = null
    this.specifications.push(...specifications)
  }

  /**
   * States without an enabled action: an error (as long as this is not called), allowed, or allowed
   * where a condition is true.
   */
  deadlock(policy: 'error' | 'allowed' | Bool): void {
    this.deadlockSite = captureSite(this.deadlock)
    this.deadlockAllowed =
      policy === 'error' ? ir.FALSE : policy === 'allowed' ? ir.TRUE : policy.ir
  }

  /** What is being declared, for messages: `action map(v=0)`; null if nothing is. */
  get context(): string | null {
    return this.current
  }

  /** The model in IR form. */
  finish(parameters: Readonly<Record<string, ParameterValue>>): Model {
    const actions = this.pending.flatMap(({ context, site, lower }) => {
      this.current = context
      return placing(site, lower)
    })
    this.current = null
    const properties = [
      ...this.specifications.map(s => {
        this.current = `property '${s.name}'`
        return placing(s.site, () => lowerProperty(s, actions))
      }),
      ...this.assertionProperties(),
    ]
    if (!ir.isTrue(this.deadlockAllowed))
      properties.push({
        kind: 'deadlock',
        name: 'deadlock freedom',
        meaning: 'nothing can happen any more: every actor waits for another one',
        allowed: this.deadlockAllowed,
        site: this.deadlockSite,
      })
    const sorts = this.completeSorts()
    return { name: this.name, parameters, variables: this.variables, actions, properties, sorts }
  }

  /**
   * The sorts with all arrays over them. Those of one process parameter stand together: a process
   * with two parameters of one type is an array nested in another, and each swap is one of a whole
   * axis.
   */
  private completeSorts(): Sort[] {
    const axes = [...this.processAxes.values()]
    return [...this.sorts].map(([name, { size, arrays }]) => {
      const ofProcesses = axes.filter(axis => axis.sort === name)
      return {
        name,
        size,
        arrays: [...arrays, ...ofProcesses.flatMap(axis => [...axis.arrays.values()])],
      }
    })
  }

  private allocate(
    name: string,
    { type, initial }: Pick<ScalarDeclaration<unknown>, 'type' | 'initial'>,
    site: Site,
  ): VariableIndex {
    return this.variables.push({ name, type, initial, site }) - 1
  }

  /** Remembers the arrays over symmetric types with the variables below each element. */
  private collectArrays(placement: Placement): void {
    if (placement.kind === 'scalar') return
    if (placement.kind !== 'array') {
      for (const field of placement.fields.values()) this.collectArrays(field)
      return
    }
    for (const element of placement.elements) this.collectArrays(element)
    if (placement.sort !== null)
      defined(this.sorts.get(placement.sort)).arrays.push(placement.elements.map(variablesBelow))
  }

  /** Makes a variable of a process an element of an array over its symmetric parameters. */
  private joinSort(process: string, parameters: ActionParameters, variable: VariableIndex): void {
    for (const [parameter, value] of Object.entries(parameters)) {
      const [sortName, position] = String(value).split('#')
      const sort = this.sorts.get(sortName ?? '')
      if (sort === undefined || position === undefined) continue
      const others = Object.entries(parameters).filter(([name]) => name !== parameter)
      const axisKey = `${process} ${parameter}`
      const axis = this.processAxes.get(axisKey) ?? { sort: sortName ?? '', arrays: new Map() }
      this.processAxes.set(axisKey, axis)
      const key = JSON.stringify(others)
      const array = axis.arrays.get(key) ?? Array.from({ length: sort.size }, () => [])
      axis.arrays.set(key, array)
      defined(array[Number(position)]).push(variable)
    }
  }

  private processActions(
    name: string,
    parameters: readonly (readonly [string, string])[],
    options: ProcessOptions,
    control: ProcessControl,
    counter: VariableIndex,
  ): ActionInstance[] {
    return control.actions(counter).flatMap(({ entry: { step }, guards, updates }) =>
      placing(step.site, () => flatten(step.items, a => this.assertionProperty(a))).map(a => ({
        name: `${name}.${step.label}`,
        parameters: withChoices(parameters, a.choices),
        actor: options.actor ?? null,
        guard: [...guards, ...a.guards],
        updates: [...a.updates, ...updates],
        source: step.source ?? options.source ?? null,
        site: step.site,
      })),
    )
  }

  private assertionProperty(assertion: Assertion): number {
    const { name } = assertion
    if (!this.assertions.has(name)) this.assertions.set(name, assertion)
    return this.specifications.length + [...this.assertions.keys()].indexOf(name)
  }

  private assertionProperties(): Property[] {
    return [...this.assertions.values()].map(({ name, meaning, site }) => ({
      kind: 'assertion',
      name,
      meaning,
      site,
    }))
  }
}

/** Arrays over a symmetric type that the variables of a process form along one parameter. */
interface ProcessAxis {
  readonly sort: string
  /** By the values of the other parameters; `[i]` are the variables of element i. */
  readonly arrays: Map<string, VariableIndex[][]>
}

/** Something declared that becomes action instances once the author's function has returned. */
interface Pending {
  /** What it is, for messages. */
  readonly context: string
  readonly site: Site
  readonly lower: () => ActionInstance[]
}

/** Runs `make`; a diagnostic that it throws without a place is about `site`. */
function placing<T>(site: Site, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Diagnostic) || error.place !== undefined) throw error
    const { code, message, hint } = error
    throw new Diagnostic(code, message, { place: site(), hint })
  }
}

function variablesBelow(placement: Placement): VariableIndex[] {
  if (placement.kind === 'scalar') return [placement.variable]
  const inner = placement.kind === 'array' ? placement.elements : [...placement.fields.values()]
  return inner.flatMap(variablesBelow)
}

/** Equal expressions become one object: most step properties are the same in all actions. */
function shared(expressions: readonly Expression[]): Expression[] {
  const distinct: Expression[] = []
  return expressions.map(e => {
    const known = distinct.find(d => isSame(d, e) && isSame(premiseOf(d), premiseOf(e)))
    if (known === undefined) distinct.push(e)
    return known ?? e
  })
}

function lowerProperty(s: PropertySpecification, actions: readonly ActionInstance[]): Property {
  const { name, meaning, site } = s
  const nowhere: ActionView = { name: '', actor: null, parameters: {} }
  if (s.kind === 'step') {
    const predicates = actions.map(({ name, actor, parameters }) =>
      s.predicate({ name, actor, parameters: Object.fromEntries(parameters) }),
    )
    return { kind: 'step', name, meaning, site, predicates: shared(predicates.map(p => p.ir)) }
  }
  const kind = s.kind === 'reachable' ? 'reachable' : 'invariant'
  return { kind, name, meaning, site, predicate: s.predicate(nowhere).ir }
}
