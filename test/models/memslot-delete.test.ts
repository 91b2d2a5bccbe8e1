/**
 * The model memslot-delete: what its variants say together, and that its counterexamples are the
 * interleavings of the design notes. Counts of all variants are compared where the suite is tested.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/memslot-delete/index.js'
import { parameters } from '../../models/memslot-delete/parameters.js'
import { search } from '../../src/interpret/search.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import { replay, shortestViolation } from './paths.js'

const variantOf = (name: string) => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (name: string, values: Readonly<Record<string, ParameterValue>> = {}): Model =>
  definition.instantiate({ ...variantOf(name).params, ...values })
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})

/** What the search of a variant finds: violated properties and the actions that happened. */
function explore(name: string, values: Readonly<Record<string, ParameterValue>>) {
  const model = modelOf(name, values)
  const { depths, fired, states, transitions, depth } = search(model)
  const violated = model.properties.flatMap((p, i) => {
    const isFound = depths[i] !== null
    return (p.kind === 'reachable' ? !isFound : isFound) ? [p.name] : []
  })
  const names = (isWanted: (i: number) => boolean) =>
    new Set(model.actions.filter((_, i) => isWanted(i)).map(a => a.name))
  const counts = { states, transitions, depth }
  return { counts, violated, declared: names(() => true), fired: names(i => fired[i] === true) }
}

/** Variants that one vCPU explores quickly and that show every action between them. */
const quick = [
  'A3',
  'A1',
  'A2-top-down',
  'B1-fast',
  'B5-i',
  'B5-ii',
  'B5-ii-late',
  'B5b',
  'B6',
  'B7',
  'B11-leafs',
  'C1',
  'C4',
  'T1',
  'any-tdx',
  'any-default-twice',
  'notifier-leafs',
  'B8-tdx',
  'B8-gmem',
  'B8-early',
  'B12',
  'B9-prefault',
  'B9-prefault-fixed',
  'T20-window-closed',
  'T20',
]

describe('the variants of memslot-delete', () => {
  /** By variant, the properties that it has; scenarios only have to be reached. */
  const properties = new Map(
    definition.variants.map(({ name }) => [
      name,
      modelOf(name, { vcpus: 1 })
        .properties.filter(p => p.kind !== 'reachable')
        .map(p => p.name),
    ]),
  )
  const names = [...properties.keys()]

  test.each([...new Set([...properties.values()].flat())])('violate and keep "%s"', property => {
    const having = names.filter(name => properties.get(name)?.includes(property))
    const violating = having.filter(name => violatedIn(name).includes(property))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(new Set(used)).toEqual(new Set(parameter.options))
      else expect(used.size).toBeGreaterThan(1)
    }
  })

  test('have the verdicts that are expected, and no dead action, already with one vCPU', () => {
    const declared = new Set<string>()
    const fired = new Set<string>()
    for (const name of quick) {
      const result = explore(name, { vcpus: 1 })
      expect({ name, violated: [...result.violated].sort() }).toEqual({
        name,
        violated: [...violatedIn(name)].sort(),
      })
      for (const action of result.declared) declared.add(action)
      for (const action of result.fired) fired.add(action)
    }
    for (const action of explore('B1-leafs', { vcpus: 1 }).fired) fired.add(action)
    for (const action of explore('notifier-fast', { vcpus: 1 }).fired) fired.add(action)
    expect([...declared].filter(action => !fired.has(action))).toEqual([])
  })

  test('have the counts that are expected', () => {
    for (const name of ['A1-twice', 'B6-unlock']) {
      const { states, transitions, depth } = variantOf(name).expect
      expect(explore(name, {}).counts).toEqual({ states, transitions, depth })
    }
  })

  test('a present leaf changes its page only with two vCPUs', () => {
    const property = 'a present leaf keeps its page'
    expect(explore('B1-leafs', { vcpus: 1 }).violated).not.toContain(property)
    expect(violatedIn('B1-leafs')).toContain(property)
  })
})

/** The guest touches gfn A and its fault is followed up to and including `last`. */
const faultOnA = (...last: readonly string[]) => [
  'vcpu.V4_ept_violation(v=0, choice=A)',
  'vcpu.V5',
  ...last,
]
const start = ['ioctl.CREATE', 'vcpu.V0', 'vcpu.V1_kvm_mmu_load', 'vcpu.V2']
const install = ['vcpu.V12', 'vcpu.V13_is_page_fault_stale_no', 'vcpu.V14', 'vcpu.V15', 'vcpu.V16']
const leafZap = ['ioctl.Z2.1', 'ioctl.Z2.5_write_unlock']
const fastZap = [
  'ioctl.Z1.1_write_lock',
  'ioctl.Z1.1_kvm_tdp_mmu_invalidate_roots',
  'ioctl.Z1.1_kvm_make_all_cpus_request',
  'ioctl.Z1.1_wait_for_kicked_vcpus',
  'ioctl.Z1.1_write_unlock',
  'ioctl.Z1.2_read_lock',
  'ioctl.Z1.2_tdp_mmu_zap_root_0',
  'ioctl.Z1.2_zap_4K_root0_A',
  'ioctl.Z1.2_zap_4K_root0_B',
  'ioctl.Z1.2_zap_table_root0',
  'ioctl.Z1.2_read_unlock',
]

describe('the trace cards of memslot-delete', () => {
  const one = { vcpus: 1 }

  test('card 1: without SRCU a fault installs a page that the host has reused', () => {
    const path = [
      ...start,
      ...faultOnA('vcpu.V10_kvm_faultin_pfn'),
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      ...leafZap,
      'ioctl.M6_kvm_swap_active_memslots_absent',
      'ioctl.M7',
      'host_reuses_page',
      ...install,
      'vcpu.V2',
      'V3_tlb_fill(v=0, gfn=A)',
    ]
    const violated = replay(modelOf('B1-leafs', one), path)
    expect(violated.get('no use of a freed memslot')).toBe(path.indexOf('ioctl.M7') + 1)
    const installed = path.indexOf('vcpu.V15') + 1
    expect(violated.get('no install after zap')).toBe(installed)
    expect(violated.get('no stale mapping after deletion')).toBe(installed)
    expect(violated.get('flush before reuse')).toBe(path.length)
  })

  test('card 2: the fast zap makes the same fault retry, which holds a freed memslot', () => {
    const path = [
      ...start,
      ...faultOnA('vcpu.V10_kvm_faultin_pfn'),
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      ...fastZap,
      'ioctl.M6_kvm_swap_active_memslots_absent',
      'ioctl.M7',
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_RETRY',
    ]
    const violated = replay(modelOf('B1-fast', one), path)
    expect([...violated.keys()]).toEqual([
      'no fault holds the slot when its zap runs',
      'no use of a freed memslot',
    ])
  })

  test('card 8: with SRCU the deletion waits for the fault and zaps what it installed', () => {
    const held = [
      ...start,
      ...faultOnA('vcpu.V10_kvm_faultin_pfn'),
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
    ]
    const model = modelOf('A3', one)
    expect(() => replay(model, [...held, 'ioctl.M2_synchronize_srcu'])).toThrow('0 actions fit')
    const path = [
      ...held,
      ...install,
      'vcpu.V2',
      'ioctl.M2_synchronize_srcu',
      'ioctl.Z2.1',
      'ioctl.Z2.2_tdp_mmu_zap_leafs_root0',
      'ioctl.Z2.5_kvm_flush_remote_tlbs',
      'vcpu.V4_kick',
      'ioctl.Z2.5_wait_for_kicked_vcpus',
      'ioctl.Z2.5_write_unlock',
      'ioctl.M6_kvm_swap_active_memslots_absent',
    ]
    expect(() => replay(model, [...path, 'ioctl.M6_synchronize_srcu'])).toThrow('0 actions fit')
    expect([...replay(model, [...path, 'vcpu.V1_kvm_vcpu_flush_tlb_all']).keys()]).toEqual([])
  })

  /** Positions of the steps in a path, to compare their order. */
  const order = (path: readonly string[] | null, ...steps: readonly string[]) => {
    const at = steps.map(name => (path ?? []).findIndex(action => action.startsWith(name)))
    expect(at).not.toContain(-1)
    expect(at).toEqual([...at].sort((a, b) => a - b))
  }

  test('the shortest counterexample of B1 is the interleaving of card 1', () => {
    const path = shortestViolation(modelOf('B1-leafs', one), 'flush before reuse')
    expect(path).toHaveLength(20)
    order(path, 'vcpu.V5', 'vcpu.V10', 'ioctl.M2', 'ioctl.Z2.5', 'vcpu.V12', 'vcpu.V13', 'vcpu.V15')
    order(path, 'vcpu.V15', 'V3_tlb_fill', 'ioctl.M7', 'host_reuses_page')
  })

  test('the shortest counterexample of B5 (i) is the interleaving of card 3', () => {
    const path = shortestViolation(modelOf('B5-i', one), 'flush before reuse')
    expect(path).toHaveLength(36)
    order(
      path,
      'V3_tlb_fill(v=0, gfn=A)',
      'ioctl.Z1.1_kvm_make_all_cpus_request',
      'vcpu.V4_kick',
      'vcpu.V1_kvm_mmu_free_obsolete_roots',
      'ioctl.Z1.1_kvm_tdp_mmu_invalidate_roots',
      'ioctl.Z1.2_zap_4K_root0_A',
      'ioctl.M7',
      'host_reuses_page',
    )
  })

  test('the shortest counterexample of B6 is the interleaving of card 6', () => {
    const path = shortestViolation(modelOf('B6', one), 'flush before reuse')
    expect(path).toHaveLength(23)
    order(path, 'V3_tlb_fill', 'ioctl.Z2.2', 'ioctl.Z2.5_write_unlock', 'ioctl.M7', 'host_reuses')
  })

  test('a private fault passes the check of the direct root and breaks the order', () => {
    const path = shortestViolation(modelOf('A2', one), 'leaves zapped before non-leaves')
    expect(path).toHaveLength(24)
    order(
      path,
      'ioctl.CREATE(choice=A shared, B private)',
      'ioctl.Z1.1_kvm_tdp_mmu_invalidate_roots',
      'vcpu.V1_kvm_mmu_load',
      'vcpu.V13_is_page_fault_stale_no',
      'ioctl.Z1.2_zap_4K_mirror_B_not_present',
      'vcpu.V15',
      'ioctl.Z1.2_zap_table_mirror',
    )
  })

  test('the shortest counterexample of B4 is the interleaving of card 4', () => {
    const path = shortestViolation(modelOf('B4', one), 'no stale mapping after reclaim')
    expect(path).toHaveLength(27)
    order(path, 'ioctl.Z1.1_kvm_tdp', 'ioctl.Z1.1_write_unlock', 'notifier.N2', 'notifier.N3')
    const inYield = [
      ...start,
      ...faultOnA('vcpu.V6', 'vcpu.V10_kvm_faultin_pfn', ...install),
      'vcpu.V2',
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      'ioctl.M2_synchronize_srcu',
      ...fastZap.slice(0, 3),
      'vcpu.V4_kick',
      ...fastZap.slice(3, 7),
      'ioctl.Z1.2_cond_resched_unlock_root0_A',
      'notifier.N1',
      'notifier.N2_write_lock',
      'notifier.N2_kvm_unmap',
      'notifier.N2_write_unlock',
      'notifier.N3',
    ]
    const violated = replay(modelOf('B4', one), inYield)
    expect(violated.get('no stale mapping after reclaim')).toBe(inYield.length)
    expect([...replay(modelOf('notifier-fast', one), inYield).keys()]).toEqual([])
  })
})
