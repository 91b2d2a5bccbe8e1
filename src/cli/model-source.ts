/** Finds the model that the user means: a built-in one by its name, or a file of their own. */
import { resolve } from 'node:path'
import { loadModel, modelNames } from '../../models/index.js'
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { ModelDefinition } from '../lang/definition.js'
import type { Model } from '../ir/model.js'
import { asDiagnostic } from './failure.js'
import type { LoadOptions } from './user-model.js'

/** A model and where it comes from. */
export interface ModelSource {
  readonly definition: ModelDefinition
  /** Absolute path of the user's file; null for a built-in model. */
  readonly file: string | null
}

/**
 * Loads a model by name or path.
 * @param options  for paths that the user did not type
 * @throws Diagnostic ZC102, ZC20x
 */
export async function findModel(word: string, options?: LoadOptions): Promise<ModelSource> {
  const definition = await loadModel(word)
  if (definition !== undefined) return { definition, file: null }
  if (isPath(word)) {
    const { loadUserModel } = await import('./user-model.js')
    const file = resolve(word)
    return { definition: await loadUserModel(file, options), file }
  }
  throw new Diagnostic('ZC102', `unknown model '${word}'`, {
    hint: `did you mean '${nearest(word, modelNames)}'? 'zapcheck list' shows all; a file of your own needs its path, such as ./${word}.ts`,
  })
}

/** Names have no slash and no suffix. */
function isPath(word: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(word)
}

/**
 * Builds the model for parameter values.
 * @throws Diagnostic ZC103, ZC104, ZC3xx; ZC203 if the user's `build` throws something else
 */
export async function instantiate(
  { definition, file }: ModelSource,
  values: Parameters<ModelDefinition['instantiate']>[0],
): Promise<Model> {
  try {
    return definition.instantiate(values)
  } catch (error) {
    if (file === null || asDiagnostic(error) !== undefined) throw error
    const { thrownByModel } = await import('./user-model.js')
    throw thrownByModel(error, file, 'while it is built')
  }
}
