/**
 * Groups action instances so that those which cannot be enabled are not tested one by one.
 *
 * Instances whose guards compare one variable with constants (a program counter, the state of an
 * entry) are put under a switch on that variable; within a case the next best variable is looked
 * for. An instance appears once, so no state takes a transition twice:
 *
 *   switch vcpu[0].pc  run  -> switch sept[0]  mapped -> access(0,0), accept(0,0)
 *                                              free   -> fault(0,0)
 *                      snap -> lock(0)
 *   switch zpc         idle -> begin, recreate
 */
import { defined } from '../base/assert.js'
import { asAtom } from '../ir/atom.js'
import type { Atom } from '../ir/atom.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import { splitGuard } from '../ir/interval.js'
import { typeRanges } from '../ir/model.js'
import type { Model } from '../ir/model.js'

/** An action instance with what is left to test of its guard. */
export interface Candidate {
  /** Position in `Model.actions`. */
  readonly action: number
  /** Comparisons of one variable with one value. */
  readonly atoms: readonly Atom[]
  /** Other conjuncts that cannot fail. */
  readonly total: readonly Expression[]
  /** Conjuncts that can fail; tested last, in order. */
  readonly partial: readonly Expression[]
}

/** What is tried for each state, one node after the other. */
export type DecisionTree = readonly DecisionNode[]

/** All nodes of a tree are tried, one after the other. */
export type DecisionNode =
  | { readonly kind: 'leaf'; readonly candidate: Candidate }
  | {
      readonly kind: 'switch'
      readonly variable: VariableIndex
      readonly cases: ReadonlyMap<number, DecisionTree>
    }

/** Fewer instances than this are tested directly. */
const SWITCH_MIN = 2

/** The tree over all action instances of a model. */
export function decisionTree(model: Model): DecisionTree {
  const ranges = typeRanges(model.variables)
  const candidates = model.actions.flatMap(({ guard }, action): readonly Candidate[] => {
    const { total, partial } = splitGuard(guard, ranges)
    const atoms: Atom[] = []
    const others: Expression[] = []
    for (const e of total) {
      const atom = asAtom(e, model.variables)
      if (atom === null) others.push(e)
      else atoms.push(atom)
    }
    return isContradictory(atoms) ? [] : [{ action, atoms, total: others, partial }]
  })
  return grow(candidates)
}

/** Two different values asked of one variable: never enabled. */
function isContradictory(atoms: readonly Atom[]): boolean {
  return atoms.some(a => atoms.some(b => a.variable === b.variable && a.value !== b.value))
}

function grow(candidates: readonly Candidate[]): DecisionTree {
  const variable = bestVariable(candidates)
  if (variable === null) return candidates.map(candidate => ({ kind: 'leaf', candidate }))
  const cases = new Map<number, Candidate[]>()
  const rest: Candidate[] = []
  for (const candidate of candidates) {
    const atom = candidate.atoms.find(a => a.variable === variable)
    if (atom === undefined) {
      rest.push(candidate)
      continue
    }
    const atoms = candidate.atoms.filter(a => a.variable !== variable)
    const group = cases.get(atom.value) ?? []
    cases.set(atom.value, [...group, { ...candidate, atoms }])
  }
  const grown = new Map([...cases].map(([value, group]) => [value, grow(group)]))
  return [{ kind: 'switch', variable, cases: grown }, ...grow(rest)]
}

/** The variable that tells most instances apart, or null if a switch would not pay. */
function bestVariable(candidates: readonly Candidate[]): VariableIndex | null {
  const uses = new Map<VariableIndex, { count: number; values: Set<number> }>()
  for (const { atoms } of candidates)
    for (const { variable, value } of atoms) {
      const use = uses.get(variable) ?? { count: 0, values: new Set<number>() }
      use.count++
      use.values.add(value)
      uses.set(variable, use)
    }
  let best: VariableIndex | null = null
  let bestScore = 0
  for (const [variable, { count, values }] of uses) {
    // A switch over one value still spares the test to all instances but one.
    const score = count - count / (values.size + 1)
    if (count >= SWITCH_MIN && score > bestScore) {
      best = variable
      bestScore = score
    }
  }
  return best
}

/** Most instances that can be enabled in one state, as far as the switches tell. */
export function fanoutMax(tree: DecisionTree): number {
  return tree.reduce((sum, node) => {
    if (node.kind === 'leaf') return sum + 1
    return sum + Math.max(...[...node.cases.values()].map(fanoutMax))
  }, 0)
}

/** Values of a switch in ascending order, each with its tree. */
export function sortedCases(
  cases: ReadonlyMap<number, DecisionTree>,
): readonly (readonly [number, DecisionTree])[] {
  return [...cases.keys()].sort((a, b) => a - b).map(value => [value, defined(cases.get(value))])
}
