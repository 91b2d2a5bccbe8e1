/** The compiler: a model and its layout become a WebAssembly module that the explorer runs. */
import type { Model } from '../ir/model.js'
import { Interpreter } from '../interpret/interpreter.js'
import { layoutOf, pack } from '../layout/layout.js'
import type { Layout } from '../layout/layout.js'
import type { SymmetryGroup } from '../reduce/symmetry-group.js'
import type { StubbornTables } from '../reduce/stubborn-tables.js'
import { buildCanonicalize } from './canonicalize-function.js'
import { buildCheck } from './check-function.js'
import type { CompiledModel, CompiledProperty, CoverageMode } from './compiled-model.js'
import { decisionTree, fanoutMax, sortedCases } from './decision-tree.js'
import type { DecisionTree } from './decision-tree.js'
import { buildChoose, setWords } from './choose-function.js'
import { buildExpand } from './expand-function.js'
import { buildRecord } from './record-emitter.js'
import type { Selection } from './successor-selector.js'
import { ModuleBuilder } from './wasm/module-builder.js'

/** What the code shall do beyond what every search needs. */
export interface CompileOptions {
  /** @defaultValue none */
  readonly coverage?: CoverageMode
  /** Explore only what these tables tell; all enabled actions if null or absent. */
  readonly stubborn?: StubbornTables | null
}

/**
 * Compiles a validated model. Deterministic: equal models give equal bytes. With a symmetry group
 * the search is one of representatives; null, or a group of order 1, leaves all states apart. With
 * stubborn tables it explores part of the enabled actions; null, or no tables, explores all.
 */
export function compile(
  model: Model,
  layout: Layout = layoutOf(model),
  group: SymmetryGroup | null = null,
  { coverage = 'none', stubborn = null }: CompileOptions = {},
): CompiledModel {
  const tree = decisionTree(model)
  const maxFanout = Math.max(1, fanoutMax(tree))
  const module = new ModuleBuilder()
  const record = module.define(buildRecord(layout.wordCount), [])
  // With fewer than two actions there is nothing to choose from.
  const tables = stubborn !== null && stubborn.actionCount > 1 ? stubborn : null
  const selection = tables === null ? null : defineChoose(module, model, layout, tables)
  const expand = buildExpand({ model, layout, tree, maxFanout, record, coverage, selection })
  module.define(expand, ['i32'], 'expand')
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

/**
 * The action instances that can be enabled as far as their guards tell, in the order in which
 * `expand` writes their successors.
 */
export function successorOrder(model: Model): readonly number[] {
  const actionsOf = (tree: DecisionTree): readonly number[] =>
    tree.flatMap(node =>
      node.kind === 'leaf'
        ? [node.candidate.action]
        : sortedCases(node.cases).flatMap(([, inner]) => actionsOf(inner)),
    )
  return actionsOf(decisionTree(model))
}

function defineChoose(
  module: ModuleBuilder,
  model: Model,
  layout: Layout,
  tables: StubbornTables,
): Selection {
  const results = Array.from({ length: setWords(tables.actionCount) }, () => 'i64' as const)
  return { tables, choose: module.define(buildChoose(model, layout, tables), results) }
}
