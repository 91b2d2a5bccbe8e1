/**
 * Validation: refuses a model that has no meaning, or that the compiler cannot represent, before
 * anything runs. Messages name model, action and variable, and carry the author's line.
 */
import { Diagnostic } from '../base/diagnostic.js'
import type { DiagnosticCode } from '../base/diagnostic.js'
import { conflictsOf } from './conflict.js'
import { isTrue, not, walk } from './expression.js'
import type { Expression } from './expression.js'
import { assume, intervalOf, isAlways, isNever, isTotal, splitGuard } from './interval.js'
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
  const fail: Fail = (code, where, problem, site, hint) => {
    const context = where === null ? '' : `, ${where}`
    const message = `model ${model.name}${context}: ${problem}`
    throw new Diagnostic(code, message, { place: site(), hint })
  }
  checkNames(model, fail)
  checkSizes(model, fail)
  const ranges = typeRanges(model.variables)
  for (const action of model.actions) {
    const where = `action ${formatAction(action)}`
    for (const e of action.guard) checkExpression(e, where, action.site, ranges, fail)
    const { total, partial } = splitGuard(action.guard, ranges)
    const known = [...total, ...partial].reduce((r, e) => assume(e, r), ranges)
    checkUpdates(model, action, action.updates, known, fail)
    for (const { second, condition } of conflictsOf(action.updates, model.variables))
      if (isTrue(condition))
        fail(
          'ZC303',
          where,
          `variable ${printTarget(second.location, model.variables)} is written twice`,
          second.update.site,
          'all updates of an action take effect together; write each variable once',
        )
  }
  for (const property of model.properties) checkProperty(property, ranges, fail)
  checkSymmetry(model)
}

/** Reports a problem; `where` in the model it is: action or property, null for the whole model. */
type Fail = (
  code: DiagnosticCode,
  where: string | null,
  problem: string,
  site: Site,
  hint?: string,
) => never

function checkNames(model: Model, fail: Fail): void {
  const seen = new Set<string>()
  for (const { name, site } of model.variables) {
    if (seen.has(name)) fail('ZC301', null, `variable ${name} is declared twice`, site)
    seen.add(name)
  }
  const properties = new Set<string>()
  for (const { name, site } of model.properties) {
    if (properties.has(name)) fail('ZC301', null, `property '${name}' is declared twice`, site)
    properties.add(name)
  }
  const [, second] = model.properties.filter(p => p.kind === 'deadlock')
  if (second !== undefined) fail('ZC301', null, 'deadlock is ruled twice', second.site)
}

function checkSizes({ actions, properties }: Model, fail: Fail): void {
  const nowhere: Site = () => undefined
  if (actions.length === 0)
    fail('ZC301', null, 'it has no action', nowhere, 'declare one with m.action or m.process')
  checkCount(actions.length, ACTIONS_MAX, 'action instances', fail)
  checkCount(properties.length, PROPERTIES_MAX, 'properties', fail)
}

function checkCount(count: number, max: number, what: string, fail: Fail): void {
  const nowhere: Site = () => undefined
  if (count > max)
    fail('ZC306', null, `it has ${count} ${what}, at most ${max} are possible`, nowhere)
}

function checkExpression(
  e: Expression,
  where: string,
  site: Site,
  ranges: Ranges,
  fail: Fail,
): void {
  walk(e, inner => {
    if (inner.kind === 'next' && !where.startsWith(STEP_PROPERTY))
      fail(
        'ZC302',
        where,
        'next(...) is used',
        site,
        'only step properties can read the state after',
      )
    if (inner.kind !== 'arithmetic') return
    const { lo, hi } = intervalOf(inner, ranges)
    if (lo < -INT32_MAX || hi > INT32_MAX)
      fail(
        'ZC302',
        where,
        `a number may reach ${lo < -INT32_MAX ? lo : hi}`,
        site,
        'numbers have 32 bits',
      )
  })
}

/** How the name of a step property begins in messages. */
const STEP_PROPERTY = 'step property '

function checkUpdates(
  model: Model,
  action: ActionInstance,
  updates: readonly Update[],
  ranges: Ranges,
  fail: Fail,
): void {
  const where = `action ${formatAction(action)}`
  for (const update of updates) {
    if (update.kind === 'if') {
      checkExpression(update.condition, where, action.site, ranges, fail)
      const truth = intervalOf(update.condition, ranges)
      if (!isNever(truth))
        checkUpdates(model, action, update.then, assume(update.condition, ranges), fail)
      if (!isAlways(truth))
        checkUpdates(model, action, update.otherwise, assume(not(update.condition), ranges), fail)
    } else if (update.kind === 'assert') {
      checkExpression(update.condition, where, action.site, ranges, fail)
    } else {
      checkAssignment(model, where, update, ranges, fail)
    }
  }
}

function checkAssignment(
  model: Model,
  where: string,
  update: Update & { readonly kind: 'assign' },
  ranges: Ranges,
  fail: Fail,
): void {
  const target = printTarget(update.location, model.variables)
  const place = `${where}, variable ${target}`
  checkExpression(update.value, place, update.site, ranges, fail)
  for (const index of update.location.indices)
    checkExpression(index.expression, place, update.site, ranges, fail)
  const type = model.variables[update.location.elements[0] ?? 0]?.type
  if (type === undefined || type.kind === 'counter') return
  const value = intervalOf(update.value, ranges)
  const { lo, hi } = rangeOf(type)
  if (value.hi < lo || value.lo > hi) {
    const values = value.lo === value.hi ? String(value.lo) : `${value.lo}..${value.hi}`
    fail(
      'ZC302',
      where,
      `variable ${target} (${formatType(type)}) is given ${values}`,
      update.site,
      `it must be in ${lo}..${hi}`,
    )
  }
}

function checkProperty(property: Property, ranges: Ranges, fail: Fail): void {
  const { kind, name, site } = property
  const where = kind === 'step' ? `${STEP_PROPERTY}'${name}'` : `property '${name}'`
  if (kind === 'step')
    for (const e of new Set(property.predicates)) checkExpression(e, where, site, ranges, fail)
  else if (kind === 'deadlock') {
    checkExpression(property.allowed, where, site, ranges, fail)
    if (!isTotal(property.allowed, ranges))
      fail('ZC302', null, `property '${name}' may use an index out of range`, site)
  } else if (kind !== 'assertion') checkExpression(property.predicate, where, site, ranges, fail)
}
