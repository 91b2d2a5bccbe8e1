/**
 * Validation: refuses a model that has no meaning, or that the compiler cannot represent, before
 * anything runs. Messages name model, action and variable, and carry the author's line.
 */
import { Diagnostic } from '../base/diagnostic.js'
import type { DiagnosticCode } from '../base/diagnostic.js'
import { conflictsOf } from './conflict.js'
import { isTrue, walk } from './expression.js'
import type { Expression } from './expression.js'
import { assume, intervalOf, splitGuard } from './interval.js'
import type { Ranges } from './interval.js'
import { formatAction, typeRanges } from './model.js'
import type { ActionInstance, Model, Property, Site, Update } from './model.js'
import { printTarget } from './print.js'
import { checkSymmetry } from './symmetric.js'
import { formatType, rangeOf } from './type.js'

/** Most action instances of a model. */
export const ACTIONS_MAX = 65_535
/** Most properties of a model: one bit each in a 64-bit mask. */
export const PROPERTIES_MAX = 63

const INT32_MAX = 2 ** 31 - 1

/** Throws Diagnostic ZC3xx for the first mistake of the model. */
export function validate(model: Model): void {
  const fail = (code: DiagnosticCode, what: string, site: Site, hint?: string): never => {
    throw new Diagnostic(code, `model ${model.name}: ${what}`, { place: site(), hint })
  }
  checkNames(model, fail)
  checkSizes(model, fail)
  const ranges = typeRanges(model.variables)
  for (const action of model.actions) {
    const what = `action ${formatAction(action)}`
    for (const e of action.guard) checkExpression(e, `${what}, guard`, action.site, ranges, fail)
    const { total, partial } = splitGuard(action.guard, ranges)
    const known = [...total, ...partial].reduce((r, e) => assume(e, r), ranges)
    checkUpdates(model, action, action.updates, known, fail)
    for (const { first, condition } of conflictsOf(action.updates, model.variables))
      if (isTrue(condition))
        fail(
          'ZC303',
          `${what} writes variable ${printTarget(first.location, model.variables)} twice`,
          first.update.site,
          'all updates of an action take effect together; write each variable once',
        )
  }
  for (const property of model.properties) checkProperty(property, ranges, fail)
  checkSymmetry(model)
}

type Fail = (code: DiagnosticCode, what: string, site: Site, hint?: string) => never

function checkNames(model: Model, fail: Fail): void {
  const seen = new Set<string>()
  for (const { name, site } of model.variables) {
    if (seen.has(name)) fail('ZC301', `variable ${name} is declared twice`, site)
    seen.add(name)
  }
  const properties = new Set<string>()
  for (const { name, site } of model.properties) {
    if (properties.has(name)) fail('ZC301', `property '${name}' is declared twice`, site)
    properties.add(name)
  }
}

function checkSizes(model: Model, fail: Fail): void {
  const nowhere: Site = () => undefined
  const { actions, properties } = model
  if (actions.length === 0) fail('ZC301', 'it has no action', nowhere, 'declare one with m.action')
  if (actions.length > ACTIONS_MAX)
    fail(
      'ZC306',
      `${actions.length} action instances, at most ${ACTIONS_MAX} are possible`,
      nowhere,
    )
  if (properties.length > PROPERTIES_MAX)
    fail(
      'ZC306',
      `${properties.length} properties, at most ${PROPERTIES_MAX} are possible`,
      nowhere,
    )
}

function checkExpression(
  e: Expression,
  what: string,
  site: Site,
  ranges: Ranges,
  fail: Fail,
  allowsNext = false,
): void {
  walk(e, inner => {
    if (inner.kind === 'next' && !allowsNext)
      fail(
        'ZC302',
        `${what}: next(...) is used`,
        site,
        'only step properties can read the state after',
      )
    if (inner.kind !== 'arithmetic') return
    const { lo, hi } = intervalOf(inner, ranges)
    if (lo < -INT32_MAX || hi > INT32_MAX)
      fail(
        'ZC302',
        `${what}: a number may reach ${lo < -INT32_MAX ? lo : hi}`,
        site,
        'numbers have 32 bits',
      )
  })
}

function checkUpdates(
  model: Model,
  action: ActionInstance,
  updates: readonly Update[],
  ranges: Ranges,
  fail: Fail,
): void {
  const what = `action ${formatAction(action)}`
  for (const update of updates) {
    if (update.kind === 'if') {
      checkExpression(update.condition, `${what}, when`, action.site, ranges, fail)
      checkUpdates(model, action, update.then, assume(update.condition, ranges), fail)
      checkUpdates(model, action, update.otherwise, ranges, fail)
    } else if (update.kind === 'assert') {
      checkExpression(update.condition, `${what}, assert`, action.site, ranges, fail)
    } else {
      checkAssignment(model, what, update, ranges, fail)
    }
  }
}

function checkAssignment(
  model: Model,
  what: string,
  update: Update & { readonly kind: 'assign' },
  ranges: Ranges,
  fail: Fail,
): void {
  const target = printTarget(update.location, model.variables)
  checkExpression(update.value, `${what}, variable ${target}`, update.site, ranges, fail)
  for (const index of update.location.indices)
    checkExpression(index.expression, `${what}, variable ${target}`, update.site, ranges, fail)
  const type = model.variables[update.location.elements[0] ?? 0]?.type
  if (type === undefined || type.kind === 'counter') return
  const value = intervalOf(update.value, ranges)
  const { lo, hi } = rangeOf(type)
  if (value.hi < lo || value.lo > hi) {
    const values = value.lo === value.hi ? String(value.lo) : `${value.lo}..${value.hi}`
    fail(
      'ZC302',
      `${what} writes ${values} to variable ${target}, which is ${formatType(type)}`,
      update.site,
      `it must be in ${lo}..${hi}`,
    )
  }
}

function checkProperty(property: Property, ranges: Ranges, fail: Fail): void {
  const what = `property '${property.name}'`
  const { site } = property
  if (property.kind === 'step')
    for (const e of property.predicates) checkExpression(e, what, site, ranges, fail, true)
  else if (property.kind === 'deadlock') checkExpression(property.allowed, what, site, ranges, fail)
  else if (property.kind !== 'assertion')
    checkExpression(property.predicate, what, site, ranges, fail)
}
