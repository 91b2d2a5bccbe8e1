/**
 * Elements of symmetric types are names, not numbers: the types of the language keep them apart,
 * and this check makes sure of it on the finished model, whatever way it was built. Each expression
 * has a kind: plain, an element of one type, or a set over one type; kinds never mix. Then renaming
 * elements in a state renames them in the value of every expression, which the comparison of texts
 * in `symmetric.ts` relies on.
 */
import { unreachable } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import type { Expression, Location } from './expression.js'
import { formatAction, walkUpdates } from './model.js'
import type { Model, Site } from './model.js'
import type { ScalarType } from './type.js'

/** `plain`, `element of vcpu`, `set over vcpu`. */
type Kind = string

const PLAIN: Kind = 'plain'

/** Throws Diagnostic ZC305 if elements of a symmetric type are used as something else. */
export function checkSortKinds(model: Model): void {
  const kinds = new SortKinds(model)
  for (const action of model.actions) {
    const check = kinds.at(`action ${formatAction(action)}`, action.site)
    for (const e of action.guard) check.expect(e, PLAIN)
    walkUpdates(action.updates, update => {
      if (update.kind !== 'assign') return check.expect(update.condition, PLAIN)
      kinds.at(`action ${formatAction(action)}`, update.site).assignment(update)
    })
  }
  for (const property of model.properties) {
    const check = kinds.at(`property '${property.name}'`, property.site)
    if (property.kind === 'assertion') continue
    if (property.kind === 'deadlock') check.expect(property.allowed, PLAIN)
    else if (property.kind === 'step') for (const e of property.predicates) check.expect(e, PLAIN)
    else check.expect(property.predicate, PLAIN)
  }
}

/** The symmetric type whose elements `e` has as values; null if it has others. */
export function elementSort(e: Expression, model: Model): string | null {
  if (e.kind === 'ite') return elementSort(e.then, model)
  const type = e.kind === 'constant' ? e.type : typeRead(e, model)
  return type?.kind === 'index' ? type.sort : null
}

function typeRead(e: Expression, model: Model): ScalarType | null {
  if (e.kind !== 'read' && e.kind !== 'next') return null
  return model.variables[e.location.elements[0] ?? -1]?.type ?? null
}

function kindOfType(type: ScalarType | null): Kind {
  if (type === null || !('sort' in type) || type.sort === null) return PLAIN
  return type.kind === 'index' ? `element of ${type.sort}` : `set over ${type.sort}`
}

class SortKinds {
  constructor(
    private readonly model: Model,
    private readonly where = '',
    private readonly site: Site = () => undefined,
  ) {}

  /** The same check, for messages about `where`. */
  at(where: string, site: Site): SortKinds {
    return new SortKinds(this.model, where, site)
  }

  expect(e: Expression, wanted: Kind): void {
    const kind = this.kindOf(e)
    if (kind !== wanted) this.refuse(`${kind} is used as ${wanted}`)
  }

  assignment({ location, value }: { location: Location; value: Expression }): void {
    this.expect(value, this.location(location))
  }

  private refuse(problem: string): never {
    throw new Diagnostic('ZC305', `model ${this.model.name}, ${this.where}: ${problem}`, {
      place: this.site(),
      hint: 'elements of a symmetric type can be compared, stored and used as index, no more',
    })
  }

  private location({ elements, indices }: Location): Kind {
    for (const { expression, size } of indices) this.member(expression, size)
    const kinds = elements.map(v => kindOfType(this.model.variables[v]?.type ?? null))
    const [kind = PLAIN] = kinds
    if (kinds.some(k => k !== kind)) this.refuse('an array has elements of several kinds')
    return kind
  }

  /** An index: a number, or an element of a type of this size; gives the kind of a set of it. */
  private member(e: Expression, size: number): Kind {
    const kind = this.kindOf(e)
    const sort = elementSort(e, this.model)
    if (kind !== (sort === null ? PLAIN : `element of ${sort}`))
      this.refuse(`${kind} is used as an index`)
    if (sort === null) return PLAIN
    const ofSort = this.model.sorts.find(s => s.name === sort)
    if (ofSort?.size !== size) this.refuse(`an element of ${sort} picks from ${size} places`)
    return `set over ${sort}`
  }

  private same(a: Expression, b: Expression): Kind {
    const kind = this.kindOf(a)
    this.expect(b, kind)
    return kind
  }

  private plain(...operands: readonly Expression[]): Kind {
    for (const e of operands) this.expect(e, PLAIN)
    return PLAIN
  }

  private kindOf(e: Expression): Kind {
    switch (e.kind) {
      case 'constant':
        return kindOfType(e.type)
      case 'read':
      case 'next':
        return this.location(e.location)
      case 'not':
      case 'modulo':
        return this.plain(e.operand)
      case 'and':
      case 'or':
        return this.plain(...e.operands)
      case 'compare':
        if (e.operator === 'lt' || e.operator === 'le') return this.plain(e.left, e.right)
        this.same(e.left, e.right)
        return PLAIN
      case 'arithmetic':
        return this.plain(e.left, e.right)
      case 'ite':
        this.expect(e.condition, PLAIN)
        return this.same(e.then, e.otherwise)
      case 'bits':
        return this.same(e.left, e.right)
      case 'singleton':
        return this.member(e.member, e.size)
      case 'member':
        this.expect(e.set, this.member(e.member, e.size))
        return PLAIN
      case 'cardinality':
        if (this.kindOf(e.set).startsWith('element')) this.refuse('an element is used as a set')
        return PLAIN
      default:
        return unreachable(e)
    }
  }
}
