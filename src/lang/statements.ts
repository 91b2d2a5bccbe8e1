/**
 * Sequential code: what a process is made of. A kernel function that takes a lock, loops over gfns
 * and drops the lock is a list of statements; each `step` is one atomic step, and between two steps
 * every other action can happen. Branches and loops take no step of their own: their condition is
 * evaluated together with the first step of the arm that is taken.
 *
 * Statements are plain values, so a fragment that several processes share is a function that
 * returns a list of them; `call` gives its labels a prefix.
 */
import type { Site } from '../ir/model.js'
import { captureSite } from './site.js'
import type { Item } from './updates.js'
import { Bool, boolOf } from './values.js'
import type { BoolLike, Int } from './values.js'

/** One statement of a process, tagged by `kind`; made by the functions below. */
export type Statement =
  | {
      readonly kind: 'step'
      readonly label: string
      readonly items: readonly Item[]
      readonly source: string | null
      readonly site: Site
    }
  | {
      readonly kind: 'branch'
      readonly condition: Bool
      readonly then: Statements
      readonly otherwise: Statements
    }
  | { readonly kind: 'either'; readonly arms: readonly Statements[] }
  | {
      readonly kind: 'while'
      readonly condition: Bool
      readonly body: Statements
      readonly site: Site
    }
  | {
      readonly kind: 'for'
      readonly name: string
      readonly size: number
      readonly body: (index: Int) => Statements
    }
  | { readonly kind: 'goto'; readonly label: string; readonly site: Site }
  | { readonly kind: 'call'; readonly name: string; readonly body: Statements }
  | { readonly kind: 'return'; readonly site: Site }
  | { readonly kind: 'exit' }

/** A list of statements; lists may be nested. */
export type Statements = readonly (Statement | Statements)[]

/**
 * One atomic step. Guards among the items make it wait until they are true. Its name in traces is
 * `process.label`, and `goto(label)` jumps to it.
 */
export function step(label: string, ...items: readonly Item[]): Statement {
  return { kind: 'step', label, items, source: null, site: captureSite(step) }
}

/** A step that waits until `condition` is true, and then happens with `items`. */
export function waitUntil(
  label: string,
  condition: BoolLike,
  ...items: readonly Item[]
): Statement {
  const guard = new Bool(boolOf(condition))
  const site = captureSite(waitUntil)
  return { kind: 'step', label, items: [guard, ...items], source: null, site }
}

/** `then` if the condition is true when its first step happens, else the other statements. */
export function branch(
  condition: BoolLike,
  then: Statements,
  otherwise: Statements = [],
): Statement {
  return { kind: 'branch', condition: new Bool(boolOf(condition)), then, otherwise }
}

/** One of the arms, nondeterministically. */
export function either(...arms: readonly Statements[]): Statement {
  return { kind: 'either', arms }
}

/** The body again and again while the condition is true when its first step happens. */
export function loopWhile(condition: BoolLike, body: Statements): Statement {
  const site = captureSite(loopWhile)
  return { kind: 'while', condition: new Bool(boolOf(condition)), body, site }
}

/** The body once for each index 0..size-1; the index is a variable of the process. */
export function forEach(name: string, size: number, body: (index: Int) => Statements): Statement {
  return { kind: 'for', name, size, body }
}

/** Goes on at the step with this label. */
export function goto(label: string): Statement {
  return { kind: 'goto', label, site: captureSite(goto) }
}

/** A shared fragment: its labels become `name.label`, and `leave()` inside goes to its end. */
export function call(name: string, body: Statements): Statement {
  return { kind: 'call', name, body }
}

/** Goes on behind the innermost `call`; outside of any, ends the process. */
export function leave(): Statement {
  return { kind: 'return', site: captureSite(leave) }
}

/** Ends the process. */
export function exit(): Statement {
  return { kind: 'exit' }
}
