/** The decision tree: every instance is in it once, and the fanout bound is a bound. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decisionTree, fanoutMax } from '../../src/compile/decision-tree.js'
import type { DecisionTree } from '../../src/compile/decision-tree.js'
import septZap from '../../models/sept-zap.js'
import { randomModel } from '../generators/random-model.js'

function actionsIn(tree: DecisionTree): number[] {
  return tree.flatMap(node =>
    node.kind === 'leaf' ? [node.candidate.action] : [...node.cases.values()].flatMap(actionsIn),
  )
}

test('holds every action instance at most once', () => {
  fc.assert(
    fc.property(randomModel(), model => {
      const actions = actionsIn(decisionTree(model))
      expect(new Set(actions).size).toBe(actions.length)
      expect(fanoutMax(decisionTree(model))).toBeLessThanOrEqual(model.actions.length)
    }),
  )
})

test('separates the instances of sept-zap by program counters first', () => {
  const model = septZap.instantiate({ vcpus: 3, gfns: 3 })
  const tree = decisionTree(model)
  expect(actionsIn(tree).sort((a, b) => a - b)).toEqual(model.actions.map((_, i) => i))
  const switches = tree.map(node =>
    node.kind === 'switch' ? model.variables[node.variable]!.name : 'leaf',
  )
  expect(switches).toEqual(['vcpu[0].pc', 'vcpu[1].pc', 'vcpu[2].pc', 'zpc'])
  // 3 vCPUs with at most 2 actions per gfn each, and 2 of the zapper.
  expect(fanoutMax(tree)).toBe(20)
})
