/**
 * References: what an author holds for a declared piece of state. A scalar's reference is an
 * expression that can also be written; records and arrays lead to scalars.
 */
import { assert, defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import * as ir from '../ir/expression.js'
import type { Expression, Location, LocationIndex } from '../ir/expression.js'
import type { ScalarType } from '../ir/type.js'
import { captureSite } from './site.js'
import type { Site } from '../ir/model.js'
import {
  Bool,
  Index,
  Int,
  Label,
  Members,
  boolOf,
  indexOf,
  intOf,
  labelOf,
  noneOf,
  setOf,
  setValue,
} from './values.js'
import type { BoolLike, Element, IndexLike, IntLike } from './values.js'
import { ArrayDeclaration, PartDeclaration, ScalarDeclaration } from './declarations.js'
import type { Declaration, RecordDeclaration } from './declarations.js'

/** An assignment: the value that a variable has after the action. */
export class Assignment {
  constructor(
    readonly location: Location,
    readonly value: Expression,
    readonly site: Site,
  ) {}
}

/** What an assignment is made for: where it writes, and the name for messages. */
interface Target {
  readonly location: Location
  /** Path in the state as the author wrote it; `[..]` for an index that the state picks. */
  readonly path: string
}

/** An assignment by the method `callee`; a mistake in the value names the variable. */
function assignment(
  { location, path }: Target,
  callee: (...parameters: never[]) => unknown,
  value: () => Expression,
): Assignment {
  return new Assignment(location, naming(`variable ${path}`, value), captureSite(callee))
}

/** Runs `make`; a diagnostic that it throws begins with `what`. */
function naming<T>(what: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error
    const { code, message, place, hint } = error
    throw new Diagnostic(code, `${what}: ${message}`, { place, hint })
  }
}

/** A truth value of the state. */
export class BoolVariable extends Bool {
  constructor(
    readonly location: Location,
    readonly path: string,
  ) {
    super({ kind: 'read', location })
  }
  set(value: BoolLike): Assignment {
    return assignment(this, this.set, () => boolOf(value))
  }
}

/** A number of the state. */
export class IntVariable extends Int {
  constructor(
    readonly location: Location,
    readonly path: string,
  ) {
    super({ kind: 'read', location })
  }
  set(value: IntLike | Index<never>): Assignment {
    return assignment(this, this.set, () => intOf(value))
  }
  /** Adds `by`. */
  increase(by: IntLike = 1): Assignment {
    return assignment(this, this.increase, () => this.plus(by).ir)
  }
  /** Subtracts `by`. */
  decrease(by: IntLike = 1): Assignment {
    return assignment(this, this.decrease, () => this.minus(by).ir)
  }
}

/** A label of the state. */
export class LabelVariable<L extends string> extends Label<L> {
  constructor(
    readonly location: Location,
    labels: readonly L[],
    readonly path: string,
  ) {
    super({ kind: 'read', location }, labels)
  }
  set(value: L | Label<L>): Assignment {
    return assignment(this, this.set, () => labelOf(this.labels, value))
  }
  override is(...options: readonly (L | Label<L>)[]): Bool {
    return naming(`variable ${this.path}`, () => super.is(...options))
  }
  override isNot(...options: readonly (L | Label<L>)[]): Bool {
    return naming(`variable ${this.path}`, () => super.isNot(...options))
  }
}

/** An index of the state. */
export class IndexVariable<S extends string> extends Index<S> {
  constructor(
    readonly location: Location,
    type: ScalarType & { readonly kind: 'index' },
    readonly path: string,
  ) {
    super({ kind: 'read', location }, type)
  }
  set(value: IndexLike<S>): Assignment {
    return assignment(this, this.set, () => indexOf(this.type, value))
  }
  /** Makes an optional index point nowhere. */
  clear(): Assignment {
    return assignment(this, this.clear, () => noneOf(this.type))
  }
  override is(other: IndexLike<S>): Bool {
    return naming(`variable ${this.path}`, () => super.is(other))
  }
  override isNot(other: IndexLike<S>): Bool {
    return naming(`variable ${this.path}`, () => super.isNot(other))
  }
}

/** A set of the state. */
export class SetVariable<S extends string> extends Members<S> {
  constructor(
    readonly location: Location,
    type: ScalarType & { readonly kind: 'set' },
    readonly path: string,
  ) {
    super({ kind: 'read', location }, type)
  }
  set(
    value: Members<S> | readonly Element<S>[] | readonly ([S] extends [never] ? number : never)[],
  ): Assignment {
    return assignment(this, this.set, () =>
      value instanceof Members
        ? setOf(this.type, value)
        : ir.constant(setValue(this.type, value), this.type),
    )
  }
  add(member: IndexLike<S>): Assignment {
    return assignment(this, this.add, () => this.with(member).ir)
  }
  remove(member: IndexLike<S>): Assignment {
    return assignment(this, this.remove, () => this.without(member).ir)
  }
  clear(): Assignment {
    return assignment(this, this.clear, () => ir.constant(0, this.type))
  }
  override has(member: IndexLike<S>): Bool {
    return naming(`variable ${this.path}`, () => super.has(member))
  }
}

/** What an author holds in the hand for a declaration. */
export type Reference<D> =
  D extends ScalarDeclaration<infer R>
    ? R
    : D extends ArrayDeclaration<infer E, infer K>
      ? ArrayReference<Reference<E>, K>
      : D extends PartDeclaration<RecordDeclaration, infer Operations>
        ? Operations
        : D extends RecordDeclaration
          ? RecordReference<D>
          : never

/** A record of the state: its fields. */
export type RecordReference<D extends RecordDeclaration> = {
  readonly [F in keyof D]: Reference<D[F]>
}

/** An array of the state: `a[i]` with a constant index, `a.at(i)` with a state expression too. */
export type ArrayReference<R, K extends number | string> = {
  readonly [I in K]: R
} & ArrayAccess<R, K>

/** What all arrays offer. */
export interface ArrayAccess<R, K extends number | string> {
  readonly length: number
  /** The element that a number or a state expression picks; out of range is a model error. */
  at(index: K extends `${infer S}#${number}` ? IndexLike<S> : IntLike | Index<never>): R
}

/** Where a declaration's variables went: the tree of the state with variables as leaves. */
export type Placement =
  | {
      readonly kind: 'scalar'
      readonly variable: ir.VariableIndex
      readonly declaration: ScalarDeclaration<unknown>
    }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, Placement> }
  | {
      readonly kind: 'part'
      readonly fields: ReadonlyMap<string, Placement>
      readonly operations: (fields: never) => unknown
    }
  | {
      readonly kind: 'array'
      readonly elements: readonly Placement[]
      readonly size: number
      readonly sort: string | null
    }

/** Places a declaration: `allocate` makes a variable. `path` is its name so far. */
export function place(
  declaration: Declaration,
  path: string,
  allocate: (name: string, declaration: ScalarDeclaration<unknown>) => ir.VariableIndex,
): Placement {
  if (declaration instanceof ScalarDeclaration)
    return { kind: 'scalar', variable: allocate(path, declaration), declaration }
  if (declaration instanceof ArrayDeclaration) {
    const { size, element, sort } = declaration
    const elements = Array.from({ length: size }, (_, i) =>
      place(element, `${path}[${i}]`, allocate),
    )
    return { kind: 'array', elements, size, sort }
  }
  const isPart = declaration instanceof PartDeclaration
  const record = isPart ? declaration.fields : declaration
  const fields = new Map<string, Placement>()
  for (const [name, field] of Object.entries(record))
    fields.set(name, place(field, path === '' ? name : `${path}.${name}`, allocate))
  if (!isPart) return { kind: 'record', fields }
  return { kind: 'part', fields, operations: declaration.operations }
}

/**
 * The reference to a piece of state. `placements` are the candidates that `indices` choose from,
 * row-major; all have the same shape.
 */
export function referenceTo(
  placements: readonly Placement[],
  indices: readonly LocationIndex[],
  path: string,
): unknown {
  const first = placements[0]
  if (first === undefined) throw new Diagnostic('ZC402', `array ${path} has no elements`)
  switch (first.kind) {
    case 'scalar':
      return scalarReference(placements, indices, path, first.declaration)
    case 'record':
      return recordReference(placements, indices, path, first.fields)
    case 'part':
      return first.operations(recordReference(placements, indices, path, first.fields) as never)
    default:
      return arrayReference(placements, indices, path, first.size, first.sort)
  }
}

function scalarReference(
  placements: readonly Placement[],
  indices: readonly LocationIndex[],
  path: string,
  declaration: ScalarDeclaration<unknown>,
): unknown {
  const elements = placements.map(p => {
    assert(p.kind === 'scalar', 'elements of an array have one shape')
    return p.variable
  })
  const location: Location = { elements, indices }
  const { type } = declaration
  switch (type.kind) {
    case 'bool':
      return new BoolVariable(location, path)
    case 'enumeration':
      return new LabelVariable(location, type.labels, path)
    case 'index':
      return new IndexVariable(location, type, path)
    case 'set':
      return new SetVariable(location, type, path)
    default:
      return new IntVariable(location, path)
  }
}

function recordReference(
  placements: readonly Placement[],
  indices: readonly LocationIndex[],
  path: string,
  fields: ReadonlyMap<string, Placement>,
): object {
  const record = {}
  for (const name of fields.keys()) {
    let made: unknown
    const get = (): unknown => {
      made ??= referenceTo(
        placements.map(p => {
          assert(p.kind === 'record' || p.kind === 'part', 'elements of an array have one shape')
          return defined(p.fields.get(name))
        }),
        indices,
        path === '' ? name : `${path}.${name}`,
      )
      return made
    }
    Object.defineProperty(record, name, { get, enumerable: true })
  }
  return record
}

function arrayReference(
  placements: readonly Placement[],
  indices: readonly LocationIndex[],
  path: string,
  size: number,
  sort: string | null,
): object {
  const arrays = placements.map(p => {
    assert(p.kind === 'array', 'elements of an array have one shape')
    return p.elements
  })
  const at = (index: IntLike | Index<never> | Element<string>): unknown => {
    const e = naming(`array ${path}`, () => indexOf({ size, sort }, index))
    if (e.kind === 'constant') {
      const chosen = arrays.map(elements => defined(elements[e.value]))
      return referenceTo(chosen, indices, `${path}[${e.value}]`)
    }
    return referenceTo(arrays.flat(), [...indices, { expression: e, size }], `${path}[..]`)
  }
  return new Proxy(
    { length: size, at },
    {
      get(target, key) {
        if (key === 'length') return target.length
        if (key === 'at') return target.at
        if (typeof key !== 'string') return undefined
        if (sort === null && /^\d+$/.test(key)) return at(Number(key))
        if (sort !== null && key.includes('#')) return at(key as Element<string>)
        const of = sort === null ? `i in 0..${size - 1}` : `i from each(${sort})`
        throw new Diagnostic(
          sort === null ? 'ZC302' : 'ZC305',
          `array ${path}${sort === null ? '' : ` over ${sort}`} has no element '${key}'`,
          { hint: `write ${path || 'the array'}[i] or .at(i), with ${of}` },
        )
      },
    },
  )
}
