/**
 * What an action or a step is made of, besides assignments: conditions, choices, assertions and
 * operations of parts. Authors nest them freely in lists; `flatten` brings them into IR form.
 */
import { Diagnostic } from '../base/diagnostic.js'
import type { Expression } from '../ir/expression.js'
import type { Site, Update } from '../ir/model.js'
import { Assignment } from './references.js'
import { captureSite } from './site.js'
import { Bool, boolOf } from './values.js'
import type { BoolLike } from './values.js'

/** Updates that happen only where `condition` is true, others where it is false. */
export class Conditional {
  constructor(
    readonly condition: Bool,
    readonly then: Item,
    readonly otherwise: Item,
  ) {}
}

/** A nondeterministic choice between labelled alternatives. */
export class Choice {
  constructor(readonly alternatives: Readonly<Record<string, Item>>) {}
}

/** A condition that must be true whenever the action happens. */
export class Assertion {
  constructor(
    readonly name: string,
    readonly condition: Bool,
    readonly meaning: string | null,
    readonly site: Site,
  ) {}
}

/** A guard with the updates that go with it, as a lock offers them. */
export class Operation {
  constructor(
    readonly guard: Bool,
    readonly items: readonly Item[],
  ) {}
}

/** What can stand in an action: updates, guards (`Bool`), choices, assertions, lists of these. */
export type Item =
  Assignment | Conditional | Choice | Assertion | Operation | Bool | readonly Item[]

/** Updates only where `condition` is true before the action; `otherwise` where it is false. */
export function when(condition: BoolLike, then: Item, otherwise: Item = []): Conditional {
  return new Conditional(new Bool(boolOf(condition)), then, otherwise)
}

/**
 * Lets one action branch: each alternative is an action instance of its own, named by its label
 * in the parameter `choice`, and counts as a transition where its guards are true.
 */
export function choose(alternatives: Readonly<Record<string, Item>>): Choice {
  return new Choice(alternatives)
}

/** `condition` must be true whenever the action happens; a violation is reported under `name`. */
export function assert(
  condition: BoolLike,
  name: string,
  meaning: string | null = null,
): Assertion {
  return new Assertion(name, new Bool(boolOf(condition)), meaning, captureSite(assert))
}

/** A guard and updates that belong together; parts offer these. */
export function operation(guard: BoolLike, ...items: readonly Item[]): Operation {
  return new Operation(new Bool(boolOf(guard)), items)
}

/** One way an action can go: the labels chosen, its guards and its updates. */
export interface Alternative {
  readonly choices: readonly string[]
  readonly guards: readonly Expression[]
  readonly updates: readonly Update[]
}

/** Gives the position of an assertion's property, declaring it at the first use of its name. */
export type AssertionProperty = (assertion: Assertion) => number

const NOTHING: Alternative = { choices: [], guards: [], updates: [] }

/** Brings `items` into IR form: one alternative for each combination of choices. */
export function flatten(
  items: readonly Item[],
  assertionProperty: AssertionProperty,
): readonly Alternative[] {
  return items.reduce<readonly Alternative[]>(
    (alternatives, item) =>
      alternatives.flatMap(a =>
        flattenItem(item, assertionProperty).map(b => ({
          choices: [...a.choices, ...b.choices],
          guards: [...a.guards, ...b.guards],
          updates: [...a.updates, ...b.updates],
        })),
      ),
    [NOTHING],
  )
}

function flattenItem(item: Item, assertionProperty: AssertionProperty): readonly Alternative[] {
  if (item instanceof Assignment) {
    const { location, value, site } = item
    return [{ ...NOTHING, updates: [{ kind: 'assign', location, value, site }] }]
  }
  if (item instanceof Bool) return [{ ...NOTHING, guards: [item.ir] }]
  if (item instanceof Assertion) {
    const property = assertionProperty(item)
    const update: Update = { kind: 'assert', property, condition: item.condition.ir }
    return [{ ...NOTHING, updates: [update] }]
  }
  if (item instanceof Conditional) {
    const then = updatesOnly(item.then, assertionProperty)
    const otherwise = updatesOnly(item.otherwise, assertionProperty)
    const update: Update = { kind: 'if', condition: item.condition.ir, then, otherwise }
    return [{ ...NOTHING, updates: [update] }]
  }
  if (item instanceof Operation) return flatten([item.guard, ...item.items], assertionProperty)
  if (item instanceof Choice)
    return Object.entries(item.alternatives).flatMap(([label, inner]) =>
      flatten([inner], assertionProperty).map(a => ({ ...a, choices: [label, ...a.choices] })),
    )
  if (Array.isArray(item)) return flatten(item as readonly Item[], assertionProperty)
  throw new Diagnostic('ZC302', 'an action is made of updates, guards, choices and assertions', {
    hint: 'write x.set(...), when(...), choose(...) or a condition',
  })
}

function updatesOnly(item: Item, assertionProperty: AssertionProperty): readonly Update[] {
  const alternatives = flatten([item], assertionProperty)
  const [only] = alternatives
  if (alternatives.length !== 1 || only === undefined || only.choices.length > 0)
    throw new Diagnostic('ZC302', 'a choice cannot stand inside when(...)', {
      hint: 'put choose(...) outside, and the condition into its alternatives',
    })
  if (only.guards.length > 0)
    throw new Diagnostic('ZC302', 'a guard cannot stand inside when(...)', {
      hint: 'guards belong to the whole action',
    })
  return only.updates
}
