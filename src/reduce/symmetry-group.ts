/**
 * The group that symmetry reduction divides by, and the reference for it: plain TypeScript on
 * unpacked states. The compiled `canonicalize` must agree with `canonicalState`.
 *
 * The group consists of the permutations of all symmetric types that leave the initial state as it
 * is. Each is a product of swaps that the declaration's check has found to leave the model as it
 * is, so states of one orbit have the same future: see `docs/internals/symmetry.md`.
 * Source: Ip and Dill, "Better verification through symmetry", Formal Methods in System Design 9,
 * 1996.
 */
import { assert, defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import type { State } from '../interpret/evaluate.js'
import { compose, identity, permuteValue, transposition } from '../ir/permutation.js'
import type { StatePermutation } from '../ir/permutation.js'
import type { Model } from '../ir/model.js'
import { checkSymmetry } from '../ir/symmetric.js'
import { pack } from '../layout/layout.js'
import type { Layout } from '../layout/layout.js'

/** Most permutations that a state is compared under: 6 interchangeable elements. */
export const GROUP_ORDER_MAX = 720

/** Permutations that leave the model and its initial state as they are. */
export interface SymmetryGroup {
  /** All of them, the identity first. */
  readonly elements: readonly StatePermutation[]
}

/**
 * The symmetry group of a model, of order 1 if it has nothing interchangeable.
 * @throws Diagnostic ZC305 if errors of the model may depend on the order of elements, ZC306 if
 * there are more than GROUP_ORDER_MAX permutations
 */
export function symmetryGroup(model: Model): SymmetryGroup {
  checkSymmetry(model, 'errors')
  const order = model.sorts.reduce((product, { size }) => product * factorial(size), 1)
  if (order > GROUP_ORDER_MAX)
    throw new Diagnostic(
      'ZC306',
      `model ${model.name}: its symmetric types have ${order} permutations`,
      { hint: `symmetry reduction takes up to ${GROUP_ORDER_MAX}; search without it` },
    )
  const all = closure(model)
  assert(all.length === order, 'swaps generate every permutation of the symmetric types')
  const initial = model.variables.map(v => v.initial)
  const elements = all.filter(p => permuteState(p, model, initial).join() === initial.join())
  return { elements }
}

/** All products of swaps of neighbours, shortest first. */
function closure(model: Model): readonly StatePermutation[] {
  const swaps = model.sorts.flatMap(sort =>
    Array.from({ length: Math.max(0, sort.size - 1) }, (_, i) =>
      transposition(model, sort, i, i + 1),
    ),
  )
  const found = new Map([[keyOf(identity(model)), identity(model)]])
  // A map is walked in order of insertion, and what is added meanwhile is walked, too.
  for (const element of found.values())
    for (const swap of swaps) {
      const product = compose(element, swap)
      if (!found.has(keyOf(product))) found.set(keyOf(product), product)
    }
  return [...found.values()]
}

/** Tells permutations of one model apart. */
function keyOf({ elements, variables }: StatePermutation): string {
  return `${[...elements.values()].join(';')} ${variables.join()}`
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1)
}

/** The state with elements renamed. */
export function permuteState(p: StatePermutation, model: Model, state: State): State {
  const permuted = [...state]
  model.variables.forEach(({ type }, variable) => {
    permuted[defined(p.variables[variable])] = permuteValue(p, type, defined(state[variable]))
  })
  return permuted
}

/** The states that are the same but for names: each once, in no particular order. */
export function orbitOf(group: SymmetryGroup, model: Model, state: State): readonly State[] {
  const images = group.elements.map(p => permuteState(p, model, state))
  return [...new Map(images.map(image => [image.join(), image])).values()]
}

/** The state that stands for its orbit: the one whose packed words are least. */
export function canonicalState(
  group: SymmetryGroup,
  model: Model,
  layout: Layout,
  state: State,
): State {
  const [first, ...others] = orbitOf(group, model, state)
  return others.reduce(
    (least, image) => (isLess(pack(layout, image), pack(layout, least)) ? image : least),
    defined(first),
  )
}

/** Packed states compared word by word, as unsigned numbers from word 0. */
function isLess(a: BigUint64Array, b: BigUint64Array): boolean {
  const word = a.findIndex((value, i) => value !== b[i])
  return word >= 0 && defined(a[word]) < defined(b[word])
}
