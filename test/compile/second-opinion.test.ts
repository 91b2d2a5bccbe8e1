/**
 * A second opinion on the emitted code: binaryen reads and validates every module that the compiler
 * emits, for every variant of the built-in models and for generated models.
 */
import binaryen from 'binaryen'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { compile } from '../../src/compile/compile.js'
import { printModel } from '../generators/print-model.js'
import { randomModel } from '../generators/random-model.js'
import { isPackable } from './compiled-code.js'

/** True if binaryen finds nothing wrong with a module. */
function isValid(wasm: Uint8Array): boolean {
  const module = binaryen.readBinary(wasm)
  try {
    module.setFeatures(binaryen.Features.All)
    return module.validate() === 1
  } finally {
    module.dispose()
  }
}

test.each(modelNames)('every variant of %s compiles to a valid module', async name => {
  const definition = await loadModel(name)
  expect(definition?.variants.length).toBeGreaterThan(0)
  for (const { name: variant, params } of definition?.variants ?? [])
    expect(isValid(compile(definition!.instantiate(params)).wasm), variant).toBe(true)
})

test('generated models compile to valid modules', () => {
  fc.assert(
    fc.property(randomModel(), model => {
      fc.pre(isPackable(model))
      expect(isValid(compile(model).wasm), printModel(model)).toBe(true)
    }),
  )
})

test('a broken module is noticed', () => {
  const { wasm } = compile({
    name: 'm',
    parameters: {},
    variables: [],
    actions: [],
    properties: [],
    sorts: [],
  })
  expect(isValid(wasm)).toBe(true)
  // The last function ends by dropping a value that is not there.
  const broken = wasm.with(wasm.length - 2, 0x1a)
  let verdict = false
  try {
    verdict = isValid(broken)
  } catch {
    verdict = false
  }
  expect(verdict).toBe(false)
})
