/**
 * The models tdp-walk, nx-recovery and shadow-rmap: what their variants say together, and that the
 * counterexamples are the interleavings of the bugs of history.
 */
import { describe, expect, test } from 'vitest'
import { bugs } from '../../models/bugs/ledger.js'
import { tdpWalkBugs } from '../../models/bugs/tdp-walk.js'
import nxRecovery from '../../models/nx-recovery/index.js'
import { parameters as nxParameters } from '../../models/nx-recovery/parameters.js'
import shadowRmap from '../../models/shadow-rmap/index.js'
import { parameters as shadowParameters } from '../../models/shadow-rmap/parameters.js'
import tdpWalk from '../../models/tdp-walk/index.js'
import { parameters as walkParameters } from '../../models/tdp-walk/parameters.js'
import { search } from '../../src/interpret/search.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import type { ModelDefinition } from '../../src/lang/definition.js'
import { replay, shortestViolation } from './paths.js'

const variantOf = (definition: ModelDefinition, name: string) => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (
  definition: ModelDefinition,
  name: string,
  values: Readonly<Record<string, ParameterValue>> = {},
): Model => definition.instantiate({ ...variantOf(definition, name).params, ...values })

const models = [
  { name: 'tdp-walk', definition: tdpWalk, parameters: walkParameters },
  { name: 'nx-recovery', definition: nxRecovery, parameters: nxParameters },
  { name: 'shadow-rmap', definition: shadowRmap, parameters: shadowParameters },
] as const

describe.each(models)('the variants of $name', ({ definition, parameters }) => {
  const checked = definition.variants.filter(v => v.tier !== 'large')
  const built = checked.map(({ name, expect: { properties = {}, states = 0 } }) => {
    const model = modelOf(definition, name)
    return { name, model, states, violated: Object.keys(properties) }
  })
  const all = built.flatMap(({ model }) =>
    model.properties.filter(p => p.kind !== 'reachable').map(p => p.name),
  )

  test.each([...new Set(all)])('violate and keep "%s"', property => {
    const having = built.filter(({ model }) => model.properties.some(p => p.name === property))
    const violating = having.filter(({ violated }) => violated.includes(property))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
      else expect(used.size).toBeGreaterThan(1)
    }
  })

  test('have a variant without the bug beside each with it', () => {
    const key = (params: object, bug: unknown) => {
      const values = Object.entries(parameters).map(([name, { default: initial }]) => {
        const value = name in params ? params[name as keyof typeof params] : initial
        return [name, name === 'bug' ? bug : value]
      })
      return JSON.stringify(values)
    }
    const merged = new Set(
      definition.variants
        .filter(v => v.params['bug'] === undefined)
        .map(v => key(v.params, 'none')),
    )
    const alone = definition.variants.filter(v => !merged.has(key(v.params, 'none')))
    // Further scopes of a bug that has a pair already.
    const others = ['T5-leafs', 'T11-write-lock', 'T10-alone']
    expect(alone.map(v => v.name).filter(name => !others.includes(name))).toEqual([])
  })

  test('have no dead action', () => {
    const declared = new Set<string>()
    const fired = new Set<string>()
    for (const { model, states } of built) {
      for (const action of model.actions) declared.add(action.name)
      if (states > 40_000) continue
      const result = search(model)
      model.actions.forEach((action, i) => {
        if (result.fired[i] === true) fired.add(action.name)
      })
    }
    expect([...declared].filter(name => !fired.has(name))).toEqual([])
  }, 120_000)
})

/** Names of actions without their parameters. */
const names = (path: readonly string[] | null): readonly string[] =>
  (path ?? []).map(action => action.replace(/\(.*/, ''))

describe('the counterexamples', () => {
  const decided = tdpWalkBugs.flatMap(bug => ('waitsFor' in bug ? [] : [bug]))

  test.each(decided)('$id has the steps of the known interleaving', bug => {
    const { definition } = models.find(({ name }) => name === bug.model)!
    const path = names(shortestViolation(modelOf(definition, bug.buggy), bug.property))
    let from = 0
    for (const step of bug.follows) {
      const at = path.indexOf(step, from)
      expect({ step, isThere: at >= 0 }).toEqual({ step, isThere: true })
      from = at + 1
    }
  })

  test('are in the ledger', () => {
    expect(bugs).toEqual(expect.arrayContaining([...tdpWalkBugs]))
    expect(tdpWalkBugs.map(({ id }) => id).sort()).toEqual(
      ['T5', 'T6', 'T8', 'T9', 'T10', 'T11', 'T12', 'T15', 'T22'].sort(),
    )
  })

  const walkTo = ['V4', 'V12', 'V13', 'V14_tdp_iter_start', 'V14_tdp_mmu_link_sp', 'V14_try']
  const fault = (...steps: readonly string[]) => steps.map(step => `vcpu.${step}`)
  const zapTable = [
    'collapse.read_lock',
    'collapse.root0_tdp_iter_start',
    'collapse.root0_tdp_iter_refresh_sptep',
    'collapse.root0_tdp_mmu_zap_spte_atomic',
    'collapse.root0_handle_removed_pt_0',
    'collapse.root0_call_rcu',
  ]

  test('of T9 is also the one where the fault has read the empty SPTE before', () => {
    const path = [...fault(...walkTo, 'V14_tdp_iter_refresh_sptep'), ...zapTable]
    const found = replay(modelOf(tdpWalk, 'T9'), [...path, 'vcpu.V15_tdp'])
    expect([...found.keys()]).toEqual(['a table that is given to RCU maps nothing'])
    const fixed = replay(modelOf(tdpWalk, 'T9-fixed'), [...path, 'vcpu.V15_EBUSY_RETRY'])
    expect([...fixed.keys()]).toEqual([])
  })

  test('a leaf may be created in a table that lost its entry, ahead of the zapper', () => {
    const path = [
      ...fault(...walkTo, 'V14_tdp_iter_refresh_sptep'),
      ...zapTable.slice(0, 4),
      'vcpu.V15_tdp',
      ...zapTable.slice(4),
    ]
    expect([...replay(modelOf(tdpWalk, 'T9-fixed'), path).keys()]).toEqual([])
  })

  test('T5 needs a walk that stays in the root: one that goes down finds its place again', () => {
    const { properties } = variantOf(tdpWalk, 'T5-leafs').expect
    expect(variantOf(tdpWalk, 'T5-leafs').params).toMatchObject({
      bug: 'iter-advance-after-restart',
    })
    expect(Object.keys(properties ?? {})).toEqual([])
  })

  test('T11 is not mended by its own fix: T12 is the same with the flag set in time', () => {
    const path = (name: string) =>
      names(shortestViolation(modelOf(nxRecovery, name), 'a freed table is not listed'))
    expect(path('T11')).not.toContain('recover.untrack_possible_nx_huge_page')
    expect(path('T12')).toContain('recover.untrack_possible_nx_huge_page')
    expect(path('T12-unlocked')).toContain('vcpu.V14_check_without_lock')
  })

  test('T10 needs two vCPUs', () => {
    const property = 'the rmap has what is removed from it'
    expect(shortestViolation(modelOf(shadowRmap, 'T10-alone'), property)).toBeNull()
    const path = shortestViolation(modelOf(shadowRmap, 'T10'), property)
    expect(path?.filter(action => action.includes('pte_list_remove'))).toHaveLength(2)
  })
})

describe('a walk ends', () => {
  test('with the fix of T6 after at most one yield for each gfn', () => {
    const model = modelOf(tdpWalk, 'T6-fixed', { leafs: 2 })
    expect(shortestViolation(model, 'a walk yields at most once for each gfn')).toBeNull()
  })

  test('with the check before the lock a vCPU is in the way once, without it without end', () => {
    const property = 'mmu_lock is taken in vain at most once for each invalidation'
    expect(shortestViolation(modelOf(tdpWalk, 'T22-fixed'), property)).toBeNull()
    const path = names(shortestViolation(modelOf(tdpWalk, 'T22'), property))
    expect(path.filter(action => action === 'vcpu.V12_read_lock')).toHaveLength(2)
    expect(path).toContain('vcpu.V13_is_page_fault_stale_RETRY')
  })
})
