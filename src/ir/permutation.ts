/**
 * Permutations of the elements of symmetric types, and what they do to states: variables trade
 * places, values that name elements are renamed. The check of symmetric types and the reduction
 * both read this, so what is merged is what was checked.
 */
import type { VariableIndex } from './expression.js'
import type { Model, Sort } from './model.js'
import { setMembers } from './type.js'
import type { ScalarType } from './type.js'

/** A permutation of the elements of all symmetric types of a model, acting on its states. */
export interface StatePermutation {
  /** The value of variable v goes to variable `variables[v]`. */
  readonly variables: readonly VariableIndex[]
  /** By symmetric type: element i becomes element `elements.get(name)[i]`. */
  readonly elements: ReadonlyMap<string, readonly number[]>
}

/** The permutation that changes nothing. */
export function identity(model: Model): StatePermutation {
  return {
    variables: model.variables.map((_, v) => v),
    elements: new Map(model.sorts.map(({ name, size }) => [name, range(size)])),
  }
}

/** Swaps elements `i` and `j` of a symmetric type everywhere in the state. */
export function transposition(model: Model, sort: Sort, i: number, j: number): StatePermutation {
  const { variables, elements } = identity(model)
  const swapped = range(sort.size).map(e => (e === i ? j : e === j ? i : e))
  return {
    variables: variablesSwapped(variables, sort, i, j),
    elements: new Map([...elements, [sort.name, swapped]]),
  }
}

/** First `first`, then `second`. */
export function compose(first: StatePermutation, second: StatePermutation): StatePermutation {
  return {
    variables: first.variables.map(v => second.variables[v] ?? v),
    elements: new Map(
      [...first.elements].map(([name, to]) => [
        name,
        to.map(e => second.elements.get(name)?.[e] ?? e),
      ]),
    ),
  }
}

/** What undoes a permutation. */
export function inverse({ variables, elements }: StatePermutation): StatePermutation {
  const turned = (to: readonly number[]): number[] => {
    const back = to.map(() => 0)
    to.forEach((e, i) => (back[e] = i))
    return back
  }
  return {
    variables: turned(variables),
    elements: new Map([...elements].map(([name, to]) => [name, turned(to)])),
  }
}

/** A value of `type` with the elements that it names renamed. */
export function permuteValue(p: StatePermutation, type: ScalarType | null, value: number): number {
  if (type === null || !('sort' in type) || type.sort === null) return value
  const to = p.elements.get(type.sort)
  // An optional index has one value more, for none, which stays.
  if (type.kind === 'index') return to?.[value] ?? value
  return setMembers(value).reduce((bits, member) => bits | (1 << (to?.[member] ?? member)), 0)
}

/** Where each variable goes when two elements of a sort are swapped. */
function variablesSwapped(
  variables: readonly VariableIndex[],
  sort: Sort,
  i: number,
  j: number,
): readonly VariableIndex[] {
  const permutation = [...variables]
  for (const array of sort.arrays) {
    // Arrays may be nested in one another: compose, outer and inner swaps act on different axes.
    const a = array[i] ?? []
    const b = array[j] ?? []
    a.forEach((variable, k) => {
      const other = b[k] ?? variable
      const moved = permutation[variable] ?? variable
      permutation[variable] = permutation[other] ?? other
      permutation[other] = moved
    })
  }
  return permutation
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i)
}
