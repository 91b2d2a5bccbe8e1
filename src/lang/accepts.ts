/**
 * What a model accepts of itself: actions that never happen and properties that are never put to
 * the test, in any of its variants, each with the reason why that is right. Anything else of the
 * kind is a finding of the suite, and so is an acceptance that is not needed.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { Model } from '../ir/model.js'

/** What a model accepts; reasons by name. */
export interface Accepts {
  /** Actions that no variant enables, by name; `process.label` for a step of a process. */
  readonly dead?: Readonly<Record<string, string>>
  /** Properties whose interesting part is true in no variant, by name. */
  readonly vacuous?: Readonly<Record<string, string>>
}

/** Checks that reasons are given. @throws Diagnostic ZC301 */
export function checkReasons(model: string, accepts: Accepts): void {
  for (const reasons of [accepts.dead, accepts.vacuous])
    for (const [name, reason] of Object.entries(reasons ?? {}))
      if (typeof reason !== 'string' || reason.trim() === '')
        throw new Diagnostic('ZC301', `model ${model} accepts '${name}' without a reason`, {
          hint: 'write one sentence that says why it is right',
        })
}

/**
 * Checks that a model has the names that it accepts, in one of the forms that its parameters give.
 * @param forms  the model for several choices of parameters; as many are asked for as needed
 * @throws Diagnostic ZC307
 */
export function checkAcceptedNames(accepts: Accepts, forms: Iterable<Model>): void {
  const missing = {
    action: new Set(Object.keys(accepts.dead ?? {})),
    property: new Set(Object.keys(accepts.vacuous ?? {})),
  }
  const known = { action: new Set<string>(), property: new Set<string>() }
  if (missing.action.size + missing.property.size === 0) return
  let name = ''
  for (const model of forms) {
    ;({ name } = model)
    for (const action of model.actions) known.action.add(action.name)
    for (const property of model.properties) known.property.add(property.name)
    for (const kind of ['action', 'property'] as const)
      for (const word of known[kind]) missing[kind].delete(word)
    if (missing.action.size + missing.property.size === 0) return
  }
  for (const kind of ['action', 'property'] as const)
    for (const word of missing[kind]) throw unknownName(name, kind, word, [...known[kind]])
}

/** A name among what a model accepts that it does not have. */
export function unknownName(
  model: string,
  kind: 'action' | 'property',
  word: string,
  known: readonly string[],
): Diagnostic {
  return new Diagnostic('ZC307', `model ${model} accepts '${word}', and has no such ${kind}`, {
    hint: known.length === 0 ? `it has none at all` : `did you mean '${nearest(word, known)}'?`,
  })
}
