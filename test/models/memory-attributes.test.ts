/**
 * The model memory-attributes: what its variants say together, and that its counterexamples are the
 * trace cards of the design notes. Counts of all variants are compared where the suite is tested.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/memory-attributes/index.js'
import { parameters } from '../../models/memory-attributes/parameters.js'
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

/** What the search of a model finds: violated properties, and the actions that happened. */
function explore(model: Model) {
  const { depths, fired } = search(model)
  const violated = model.properties.flatMap((p, i) =>
    (p.kind === 'reachable') === (depths[i] === null) ? [p.name] : [],
  )
  const names = (isWanted: (i: number) => boolean) =>
    new Set(model.actions.filter((_, i) => isWanted(i)).map(a => a.name))
  return { violated, declared: names(() => true), fired: names(i => fired[i] === true) }
}

const kinds = 'a leaf has the kind of its pages'
const installs = 'a fault installs the kind of its page'
const noOldLeaf = 'no leaf of the old kind while attributes change'
const hugepage = 'a hugepage has one attribute'
const count = 'in_progress counts the open invalidations'
const lock = 'invalidation state is written under mmu_lock'
const warning = 'a range is added only while an invalidation is in progress'
const retries = 'a fault retries only for an invalidation'

describe('the variants of memory-attributes', () => {
  const rows = definition.variants.filter(v => v.tier !== 'large').map(v => v.name)
  /** By variant, the properties that it has; scenarios only have to be reached. */
  const properties = new Map(
    rows.map(name => [
      name,
      modelOf(name)
        .properties.filter(p => p.kind !== 'reachable' && p.kind !== 'deadlock')
        .map(p => p.name),
    ]),
  )

  test.each([...new Set([...properties.values()].flat())])('violate and keep "%s"', property => {
    const having = rows.filter(name => properties.get(name)?.includes(property))
    const violating = having.filter(name => violatedIn(name).includes(property))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
      else expect(used.size, name).toBeGreaterThan(1)
    }
  })

  test('have the verdicts that are expected, and no dead action', () => {
    const declared = new Set<string>()
    const fired = new Set<string>()
    for (const name of rows) {
      if ((variantOf(name).expect.states ?? 0) > 4000) continue
      const result = explore(modelOf(name))
      expect({ name, violated: [...result.violated].sort() }).toEqual({
        name,
        violated: [...violatedIn(name)].sort(),
      })
      for (const action of result.declared) declared.add(action)
      for (const action of result.fired) fired.add(action)
    }
    expect([...declared].filter(action => !fired.has(action))).toEqual([])
  })

  test('the end may be first or last under the lock: the same properties hold', () => {
    for (const values of [{ vcpus: 1 }, { vcpus: 1, secondInvalidator: 'notifier' }]) {
      const first = definition.instantiate({ ...values, endPlacement: 'lockedFirst' })
      const last = definition.instantiate({ ...values, endPlacement: 'lockedLast' })
      expect(last.properties.map(p => p.name)).toEqual(first.properties.map(p => p.name))
      expect(explore(first).violated).toEqual([])
      expect(explore(last).violated).toEqual([])
    }
  })

  test('the unlocked end alone breaks the lock rule and nothing else', () => {
    const alone = { vcpus: 1, endPlacement: 'unlocked', calls: 2 }
    expect(explore(definition.instantiate(alone)).violated).toEqual([lock])
    expect(violatedIn('D2')).toEqual([lock])
  })
})

/** A0 to A4 of a call, up to the unlock of mmu_lock. */
const pre = (request: string) => [
  `set.A0_kvm_vm_ioctl_set_mem_attributes(choice=${request})`,
  'set.A1',
  'set.A3_xa_reserve',
  'set.A4_kvm_mmu_invalidate_begin',
  'set.A4_kvm_pre_set_memory_attributes',
]
const lookup = (access: string) => [
  `vcpu.V4_kvm_mmu_do_page_fault(v=0, choice=${access})`,
  'vcpu.V6',
  'vcpu.V7_kvm_mem_is_private',
  'vcpu.V10',
]
const install = (size: string) => [
  'vcpu.V12',
  'vcpu.V13_is_page_fault_stale_no',
  `vcpu.V15_kvm_tdp_mmu_map(v=0, choice=${size})`,
]
const post = ['set.A6_kvm_mmu_invalidate_end', 'set.A6_kvm_arch_post']
const unlockedPost = ['set.A6_kvm_arch_post', 'set.A6_KVM_MMU_UNLOCK']
const endSeq = ['set.A6_load_mmu_invalidate_seq', 'set.A6_store_mmu_invalidate_seq']
const [loadCount, storeCount] = [
  'set.A6_load_mmu_invalidate_in_progress',
  'set.A6_store_mmu_invalidate_in_progress',
]

describe('the trace cards of memory-attributes', () => {
  test('card 1: a fault beside the range installs a hugepage over it', () => {
    const path = [
      ...pre('gfns 1 to 1 private'),
      ...lookup('gfn 0 shared'),
      ...install('2M'),
      'vcpu.V16',
      'set.A5_xa_store',
      ...post,
    ]
    const violated = replay(modelOf('D8'), path)
    expect(violated.get(noOldLeaf)).toBe(path.indexOf('vcpu.V16'))
    expect(violated.get(hugepage)).toBe(path.indexOf('set.A5_xa_store') + 1)
    expect(violated.get(kinds)).toBe(path.length - 1)
    const held = [...pre('gfns 1 to 1 private'), ...lookup('gfn 0 shared'), 'vcpu.V12']
    expect(() => replay(modelOf('D1-one'), [...held, 'vcpu.V13_is_page_fault_stale_no'])).toThrow(
      'V13_is_page_fault_stale_RETRY',
    )
  })

  test('card 2: the shortest way to the warning of the mail is a lost update of the count', () => {
    const found = shortestViolation(modelOf('D2-punch'), count)
    const path = [
      ...pre('gfns 0 to 0 private'),
      'set.A5_xa_store',
      ...unlockedPost,
      ...endSeq,
      loadCount,
      'punch.P2_kvm_mmu_invalidate_begin(choice=gfns 0 and 1)',
      storeCount,
    ]
    expect(found).toHaveLength(path.length)
    path.forEach((name, i) => expect(found?.[i]?.startsWith(name)).toBe(true))
    expect(() => replay(modelOf('D2-punch'), [...path, 'punch.P2_kvm_mmu_unmap'])).not.toThrow()
    const { expect: expected } = variantOf('D2-punch')
    expect(expected.properties?.[warning]).toEqual({ verdict: 'violated', depth: path.length + 1 })
  })

  test('card 3: a lost decrement leaves the count above zero with nobody open', () => {
    const path = [
      'punch.P2_kvm_mmu_invalidate_begin(choice=gfns 0 and 1)',
      'punch.P2_kvm_mmu_unmap_gfn_range',
      'punch.P3_truncate_inode_pages_range',
      ...pre('gfns 0 to 0 private'),
      'set.A5_xa_store',
      ...unlockedPost,
      ...endSeq,
      loadCount,
      'punch.P4_kvm_mmu_invalidate_end',
      'punch.P4_KVM_MMU_UNLOCK',
      storeCount,
      'set.A7_return_0',
      ...lookup('gfn 0 private'),
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_RETRY',
      ...lookup('gfn 0 private'),
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_RETRY',
    ]
    const violated = replay(modelOf('D2-punch'), path)
    expect(violated.get(count)).toBe(path.indexOf(storeCount) + 1)
    expect(violated.get(retries)).toBe(path.indexOf('vcpu.V13_is_page_fault_stale_RETRY') + 1)
  })

  test('card 4: an attribute that was read before the snapshot is out of date', () => {
    const path = [
      'vcpu.V4_kvm_mmu_do_page_fault(v=0, choice=gfn 0 shared)',
      'vcpu.V7_kvm_mem_is_private',
      ...pre('gfns 0 to 0 private'),
      'set.A5_xa_store',
      ...post,
      'set.A7_return_0',
      'vcpu.V6',
      'vcpu.V10',
      ...install('4K'),
    ]
    const violated = replay(modelOf('D5'), path)
    expect([...violated]).toEqual([
      [kinds, path.length],
      [installs, path.length],
    ])
  })

  test('card 5: without the number a fault sleeps through a whole call', () => {
    const path = [
      'vcpu.V4_kvm_mmu_do_page_fault(v=0, choice=gfn 0 shared)',
      'vcpu.V7_kvm_mem_is_private',
      ...pre('gfns 0 to 0 private'),
      'set.A5_xa_store',
      ...post,
      'vcpu.V10',
      ...install('4K'),
    ]
    expect(replay(modelOf('D7'), path).get(kinds)).toBe(path.length)
  })

  test('card 6: without the count a fault comes between zap and store', () => {
    const path = [
      ...pre('gfns 0 to 0 private'),
      ...lookup('gfn 0 shared'),
      ...install('2M'),
      'vcpu.V16',
      'set.A5_xa_store',
      'set.A6_kvm_mmu_invalidate_end',
    ]
    const violated = replay(modelOf('D6'), path)
    expect(violated.get(noOldLeaf)).toBe(path.indexOf('vcpu.V16'))
    expect(violated.get(kinds)).toBe(path.length)
  })

  test('card 7: as merged the fault is held off, and then exits to userspace', () => {
    const path = [
      ...pre('gfns 0 to 0 private'),
      ...lookup('gfn 0 shared'),
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_RETRY',
      'set.A5_xa_store',
      ...post,
      'vcpu.V4_kvm_mmu_do_page_fault(v=0, choice=gfn 0 shared)',
      'vcpu.V6',
      'vcpu.V7_KVM_EXIT_MEMORY_FAULT',
    ]
    expect([...replay(modelOf('D1-one'), path)]).toEqual([])
  })

  test('PUNCH_HOLE frees a page that a fault installs under a count of zero', () => {
    const path = [
      ...pre('gfns 0 to 0 private'),
      'set.A5_xa_store',
      ...unlockedPost,
      ...endSeq,
      loadCount,
      'punch.P2_kvm_mmu_invalidate_begin(choice=gfns 0 and 1)',
      'punch.P2_kvm_mmu_unmap_gfn_range',
      storeCount,
      ...lookup('gfn 0 private'),
      'punch.P3_truncate_inode_pages_range',
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_no',
      'vcpu.V15_kvm_tdp_mmu_map(v=0, choice=4K)',
    ]
    expect(() => replay(modelOf('D2-punch'), path)).not.toThrow()
    expect(violatedIn('D2-punch')).toContain('no mapping of a freed page')
    expect(violatedIn('D1-punch')).toEqual([])
  })
})

describe('the errors of KVM_SET_MEMORY_ATTRIBUTES', () => {
  test.each([
    'copy_from_user -EFAULT',
    'flags -EINVAL',
    'size 0 -EINVAL',
    'address + size wraps -EINVAL',
    'unaligned -EINVAL',
    'unsupported attribute -EINVAL',
  ])('%s comes before any lock', argument => {
    const wrong = `set.A0_wrong_argument(choice=${argument})`
    expect([...replay(modelOf('errors'), [wrong, 'set.A0_return_error'])]).toEqual([])
  })

  test('-ENOMEM comes before the invalidation, and the next call is possible', () => {
    const failing = [...pre('gfns 0 to 1 private').slice(0, 2), 'set.A3_xa_reserve_ENOMEM']
    expect([...replay(modelOf('errors'), [...failing, ...failing])]).toEqual([])
  })

  test('a call for what is there already returns 0 without an invalidation', () => {
    const equal = [
      'set.A0_kvm_vm_ioctl_set_mem_attributes(choice=gfns 0 to 1 shared)',
      'set.A1',
      'set.A2_already_equal_return_0',
    ]
    expect([...replay(modelOf('errors'), equal)]).toEqual([])
  })

  test('a VM without private memory refuses private and accepts shared', () => {
    const names = modelOf('plain').actions.map(a => JSON.stringify(a))
    expect(names.some(name => name.includes('gfns 0 to 0 shared'))).toBe(true)
    expect(names.some(name => name.includes('gfns 0 to 0 private'))).toBe(false)
  })

  test('a second pass over nothing loses the end of the invalidation', () => {
    const found = shortestViolation(modelOf('D12-by-slots'), count)
    expect(found?.at(-2)).toBe('set.A5_xa_store_ENOMEM')
    expect(found?.at(-1)).toBe('set.A7_return_ENOMEM')
  })
})
