/**
 * Conflicts: pairs of assignments of one action that may write the same variable in one step. All
 * updates take effect together, so such a pair is an error of the model. Pairs that can be shown
 * apart are left out; pairs that always meet are refused when the model is built; the rest is
 * checked while it runs, by interpreter and compiled code alike.
 */
import { TRUE, and, compare, not } from './expression.js'
import type { Expression, Location } from './expression.js'
import type { Update } from './model.js'
import { printExpression, printLocation } from './print.js'
import type { Variable } from './model.js'

/** An assignment with the conditions of the branches that lead to it. */
export interface GuardedAssignment {
  readonly path: readonly Expression[]
  readonly location: Location
  readonly update: Update & { readonly kind: 'assign' }
}

/** Two assignments that write one variable where `condition` is true. */
export interface Conflict {
  readonly first: GuardedAssignment
  readonly second: GuardedAssignment
  /** May fail only where one of the assignments would fail as well. */
  readonly condition: Expression
}

/** The assignments of an action with their paths, in the author's order. */
export function guardedAssignments(
  updates: readonly Update[],
  path: readonly Expression[] = [],
): readonly GuardedAssignment[] {
  return updates.flatMap((update): readonly GuardedAssignment[] => {
    if (update.kind === 'assign') return [{ path, location: update.location, update }]
    if (update.kind === 'assert') return []
    return [
      ...guardedAssignments(update.then, [...path, update.condition]),
      ...guardedAssignments(update.otherwise, [...path, not(update.condition)]),
    ]
  })
}

/** The pairs that may write the same variable, and when they do. */
export function conflictsOf(
  updates: readonly Update[],
  variables: readonly Variable[],
): readonly Conflict[] {
  const assignments = guardedAssignments(updates)
  const conflicts: Conflict[] = []
  assignments.forEach((first, i) => {
    for (const second of assignments.slice(i + 1)) {
      if (!first.location.elements.some(v => second.location.elements.includes(v))) continue
      if (isContradiction([...first.path, ...second.path], variables)) continue
      const same = sameElement(first.location, second.location, variables)
      conflicts.push({ first, second, condition: and(...first.path, ...second.path, same) })
    }
  })
  return conflicts
}

/** True if the list has a condition and its negation. */
function isContradiction(path: readonly Expression[], variables: readonly Variable[]): boolean {
  const texts = new Set(path.map(e => printExpression(e, variables)))
  return path.some(e => texts.has(printExpression(not(e), variables)))
}

/** True where both locations mean the same variable. */
function sameElement(a: Location, b: Location, variables: readonly Variable[]): Expression {
  if (printLocation(a, variables) === printLocation(b, variables)) return TRUE
  const pairs: Expression[] = []
  const positionA = positions(a)
  const positionB = positions(b)
  a.elements.forEach((variable, i) => {
    b.elements.forEach((other, j) => {
      if (variable === other) pairs.push(and(...positionA(i), ...positionB(j)))
    })
  })
  return pairs.length === 1 ? pairs[0]! : { kind: 'or', operands: pairs }
}

/** Conditions under which a location means its element `i`. */
function positions(location: Location): (i: number) => readonly Expression[] {
  return i => {
    let rest = i
    return [...location.indices].reverse().map(({ expression, size }) => {
      const value = rest % size
      rest = Math.floor(rest / size)
      return compare('eq', expression, { kind: 'constant', value, type: null })
    })
  }
}
