/**
 * The model memslot-ioctl: the table of errors of KVM_SET_USER_MEMORY_REGION2, row by row, and what
 * each check keeps away.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/memslot-ioctl/index.js'
import { parameters } from '../../models/memslot-ioctl/parameters.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { search } from '../../src/interpret/search.js'
import { formatAction } from '../../src/ir/model.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import { shortestViolation } from './paths.js'

const variantOf = (name: string) => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (name: string, values: Readonly<Record<string, ParameterValue>> = {}): Model =>
  definition.instantiate({ ...variantOf(name).params, ...values })
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})

/**
 * Makes the calls in turn, each by its name; allocations succeed.
 * @returns the last step of each call before it returns
 */
function callAll(model: Model, calls: readonly string[]): readonly string[] {
  const interpreter = new Interpreter(model)
  let state = interpreter.initial()
  const take = (isWanted: (name: string) => boolean): string => {
    const found = interpreter
      .transitions(state)
      .map(({ action, successor }) => ({ name: formatAction(model.actions[action]!), successor }))
      .filter(({ name }) => isWanted(name))
    if (found.length !== 1) throw new Error(`${found.length} steps fit`)
    state = found[0]!.successor
    return found[0]!.name.replace('ioctl.', '')
  }
  const isStep = (name: string): boolean => name.startsWith('ioctl.') && !name.endsWith('ENOMEM')
  return calls.map(call => {
    take(name => name === `ioctl.KVM_SET_USER_MEMORY_REGION2(choice=${call})`)
    let outcome = ''
    for (let taken = take(isStep); taken !== 'return'; taken = take(isStep)) outcome = taken
    return outcome
  })
}

/** Rows of the table: variant, calls before, the call, the step that refuses it. */
const table: readonly (readonly [string, string, readonly string[], string, string])[] = [
  [
    'a flag that is not valid',
    'merged',
    [],
    'gfn 0 ZAP_LEAFS_ONLY',
    'check_memory_region_flags_EINVAL',
  ],
  [
    'GUEST_MEMFD without private memory',
    'merged-default',
    [],
    'gfn 0 GUEST_MEMFD',
    'check_memory_region_flags_EINVAL',
  ],
  [
    'READONLY with GUEST_MEMFD',
    'merged',
    [],
    'gfn 0 READONLY GUEST_MEMFD',
    'check_memory_region_flags_EINVAL',
  ],
  [
    'LOG_DIRTY with GUEST_MEMFD',
    'merged',
    [],
    'gfn 0 LOG_DIRTY_PAGES GUEST_MEMFD',
    'check_memory_region_flags_EINVAL',
  ],
  [
    'an unaligned size, gpa or address',
    'merged',
    [],
    'gfn 0 unaligned',
    'kvm_set_memory_region_sanity_EINVAL',
  ],
  [
    'an unaligned offset of guest_memfd',
    'merged',
    [],
    'gfn 0 GUEST_MEMFD unaligned_offset',
    'kvm_set_memory_region_sanity_EINVAL',
  ],
  ['DELETE of a slot that is not there', 'merged', [], 'size 0', 'delete_of_nothing_EINVAL'],
  [
    'GUEST_MEMFD for an existing slot',
    'merged',
    ['gfn 0'],
    'gfn 0 GUEST_MEMFD',
    'modify_with_GUEST_MEMFD_EINVAL',
  ],
  ['another address', 'merged', ['gfn 0'], 'gfn 0 other_address', 'modify_what_is_fixed_EINVAL'],
  ['another size', 'merged', ['gfn 0'], 'gfn 0 larger', 'modify_what_is_fixed_EINVAL'],
  ['READONLY toggled', 'merged', ['gfn 0'], 'gfn 0 READONLY', 'modify_what_is_fixed_EINVAL'],
  ['GUEST_MEMFD toggled', 'merged', ['gfn 0 GUEST_MEMFD'], 'gfn 0', 'modify_what_is_fixed_EINVAL'],
  [
    'GUEST_MEMFD toggled before v6.19',
    'merged-6.18',
    ['gfn 0 GUEST_MEMFD'],
    'gfn 0',
    'kvm_update_flags_memslot',
  ],
  ['the flag toggled on', 'seed', ['gfn 0'], 'gfn 0 ZAP_LEAFS_ONLY', 'modify_what_is_fixed_EINVAL'],
  [
    'the flag toggled off',
    'seed',
    ['gfn 0 ZAP_LEAFS_ONLY'],
    'gfn 0',
    'modify_what_is_fixed_EINVAL',
  ],
  ['the flag in a MOVE', 'seed', ['gfn 0'], 'gfn 2 ZAP_LEAFS_ONLY', 'modify_what_is_fixed_EINVAL'],
  [
    'a TD: GUEST_MEMFD without the flag',
    'seed',
    [],
    'gfn 0 GUEST_MEMFD',
    'kvm_arch_prepare_memory_region_of_bound_EINVAL',
  ],
  [
    'a TD: GUEST_MEMFD with the flag',
    'seed',
    [],
    'gfn 0 GUEST_MEMFD ZAP_LEAFS_ONLY',
    'kvm_create_memslot_bound',
  ],
  ['a TD: a shared slot without the flag', 'seed', [], 'gfn 0', 'kvm_create_memslot'],
  [
    'the flag without the TDP MMU',
    'seed-no-tdp-mmu',
    [],
    'gfn 0 ZAP_LEAFS_ONLY',
    'kvm_arch_prepare_memory_region_of_CREATE_EINVAL',
  ],
  [
    'the flag on another architecture',
    'seed-other-arch',
    [],
    'gfn 0 ZAP_LEAFS_ONLY',
    'kvm_create_memslot',
  ],
  [
    'the flag on another architecture, guarded',
    'seed-other-arch-guarded',
    [],
    'gfn 0 ZAP_LEAFS_ONLY',
    'check_memory_region_flags_EINVAL',
  ],
  [
    'CREATE above the highest gfn',
    'merged',
    [],
    'gfn 3',
    'kvm_arch_prepare_memory_region_of_CREATE_EINVAL',
  ],
  [
    'MOVE above the highest gfn',
    'merged',
    ['gfn 0'],
    'gfn 3',
    'kvm_arch_prepare_memory_region_of_MOVE_EINVAL',
  ],
  ['CREATE over another slot', 'merged', [], 'gfn 1', 'kvm_check_memslot_overlap_of_CREATE_EEXIST'],
  [
    'MOVE onto another slot',
    'merged',
    ['gfn 0'],
    'gfn 1',
    'kvm_check_memslot_overlap_of_MOVE_EEXIST',
  ],
  ['nothing changed', 'merged', ['gfn 0'], 'gfn 0', 'nothing_to_change'],
  [
    'another set of flags',
    'merged',
    ['gfn 0'],
    'gfn 0 LOG_DIRTY_PAGES',
    'kvm_update_flags_memslot',
  ],
  ['MOVE', 'merged', ['gfn 0'], 'gfn 2', 'kvm_move_memslot'],
  ['DELETE', 'merged', ['gfn 0'], 'size 0', 'kvm_delete_memslot'],
  ['no file', 'merged', [], 'gfn 0 GUEST_MEMFD none', 'kvm_gmem_bind_EBADF'],
  ['not a guest_memfd', 'merged', [], 'gfn 0 GUEST_MEMFD other_file', 'kvm_gmem_bind_EINVAL'],
  ['guest_memfd of another VM', 'merged', [], 'gfn 0 GUEST_MEMFD other_vm', 'kvm_gmem_bind_EINVAL'],
  [
    'a range beyond the size',
    'merged',
    [],
    'gfn 0 GUEST_MEMFD beyond_size',
    'kvm_gmem_bind_EINVAL',
  ],
  ['a range that is bound', 'merged', [], 'gfn 0 GUEST_MEMFD bound', 'kvm_gmem_bind_EINVAL'],
]

describe('the table of errors', () => {
  test.each(table)('%s (%s)', (_row, variant, before, call, expected) => {
    expect(callAll(modelOf(variant), [...before, call]).at(-1)).toBe(expected)
  })

  test('an allocation can fail wherever one is made, and only a MOVE has zapped by then', () => {
    const model = modelOf('merged')
    const { fired } = search(model)
    const names = model.actions.filter((a, i) => fired[i] === true && a.name.endsWith('ENOMEM'))
    expect(names.map(a => a.name.replace('ioctl.', '')).sort()).toEqual([
      'kvm_alloc_memslot_metadata_of_CREATE_ENOMEM',
      'kvm_alloc_memslot_metadata_of_MOVE_ENOMEM',
      'kvm_alloc_memslot_metadata_of_bound_ENOMEM',
      'kzalloc_invalid_slot_of_DELETE_ENOMEM',
      'kzalloc_new_slot_of_CREATE_ENOMEM',
      'kzalloc_new_slot_of_FLAGS_ONLY_ENOMEM',
      'kzalloc_of_MOVE_ENOMEM',
    ])
  })
})

describe('the checks', () => {
  const properties = modelOf('merged').properties.filter(p => p.kind !== 'reachable')

  test.each(properties.filter(p => p.name !== 'deadlock freedom').map(p => p.name))(
    'are needed, and sufficient, for "%s"',
    property => {
      const violating = definition.variants.filter(v => violatedIn(v.name).includes(property))
      expect(violating).not.toEqual([])
      expect(violating.length).toBeLessThan(definition.variants.length)
    },
  )

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const values = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(values).toEqual(new Set(parameter.options))
      else expect(values.size).toBe(2)
    }
  })

  test('have no dead step', () => {
    const dead = new Set<string>()
    const fired = new Set<string>()
    for (const { name } of definition.variants) {
      const model = modelOf(name)
      const result = search(model)
      model.actions.forEach((action, i) =>
        (result.fired[i] === true ? fired : dead).add(action.name),
      )
    }
    expect([...dead].filter(name => !fired.has(name))).toEqual([])
  })

  test('before v6.19 a MOVE without GUEST_MEMFD takes private pages, and fails', () => {
    const path = shortestViolation(modelOf('merged-6.18'), 'a failed ioctl takes no private page')
    expect(path?.map(name => name.replace('ioctl.', ''))).toEqual([
      'KVM_SET_USER_MEMORY_REGION2(choice=gfn 0 GUEST_MEMFD)',
      'kvm_gmem_bind',
      'kvm_create_memslot_bound',
      'return',
      'guest_touches_slot',
      'KVM_SET_USER_MEMORY_REGION2(choice=gfn 2)',
      'kvm_invalidate_memslot_of_MOVE',
      'kvm_alloc_memslot_metadata_of_MOVE_ENOMEM',
    ])
  })

  test('GUEST_MEMFD in a request for an existing slot is refused twice since v6.19', () => {
    expect(violatedIn('no-gmem-modify-check')).toEqual(violatedIn('merged'))
    expect(violatedIn('no-gmem-modify-check-6.18')).toContain('guest_memfd of a slot never changes')
  })
})
