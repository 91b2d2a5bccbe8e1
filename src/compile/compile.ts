/** The compiler: a model and its layout become a WebAssembly module that the explorer runs. */
import type { Model } from '../ir/model.js'
import { Interpreter } from '../interpret/interpreter.js'
import { layoutOf, pack } from '../layout/layout.js'
import type { Layout } from '../layout/layout.js'
import type { SymmetryGroup } from '../reduce/symmetry-group.js'
import { buildCanonicalize } from './canonicalize-function.js'
import { buildCheck } from './check-function.js'
import type { CompiledModel, CompiledProperty, CoverageMode } from './compiled-model.js'
import { decisionTree, fanoutMax } from './decision-tree.js'
import { buildExpand } from './expand-function.js'
import { buildRecord } from './record-emitter.js'
import { ModuleBuilder } from './wasm/module-builder.js'

/** What the code shall do beyond what every search needs. */
export interface CompileOptions {
  /** @defaultValue none */
  readonly coverage?: CoverageMode
}

/**
 * Compiles a validated model. Deterministic: equal models give equal bytes. With a symmetry group
 * the search is one of representatives; null, or a group of order 1, leaves all states apart.
 */
export function compile(
  model: Model,
  layout: Layout = layoutOf(model),
  group: SymmetryGroup | null = null,
  { coverage = 'none' }: CompileOptions = {},
): CompiledModel {
  const tree = decisionTree(model)
  const maxFanout = Math.max(1, fanoutMax(tree))
  const module = new ModuleBuilder()
  const record = module.define(buildRecord(layout.wordCount), [])
  module.define(
    buildExpand({ model, layout, tree, maxFanout, record, coverage }),
    ['i32'],
    'expand',
  )
  module.define(buildCheck({ model, layout, record, coverage }), [], 'check')
  if (group !== null && group.elements.length > 1)
    module.define(buildCanonicalize(model, layout, group), [], 'canonicalize')
  return {
    wasm: module.finish(),
    strideWords: layout.wordCount,
    stateBits: layout.stateBits,
    initial: pack(layout, new Interpreter(model).initial()),
    actionCount: model.actions.length,
    maxFanout,
    coverage: coverage !== 'none',
    properties: model.properties.map(({ name, kind }): CompiledProperty => ({
      name,
      isViolation: kind !== 'reachable',
      isStateProperty: kind === 'invariant' || kind === 'reachable',
      hasAction: kind === 'step' || kind === 'assertion',
    })),
  }
}
