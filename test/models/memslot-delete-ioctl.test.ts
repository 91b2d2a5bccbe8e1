/**
 * The model memslot-delete on the side of the ioctl: MOVE and late errors, the INVALID copy of the
 * slot, KVM_PRE_FAULT_MEMORY.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/memslot-delete/index.js'
import { search } from '../../src/interpret/search.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import { replay, shortestViolation } from './paths.js'

const modelOf = (name: string, values: Readonly<Record<string, ParameterValue>> = {}): Model => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return definition.instantiate({ ...variant.params, ...values })
}

/** What a search finds: properties that are violated, actions that happen. */
function explore(model: Model) {
  const { depths, fired } = search(model)
  const violated = model.properties.filter((p, i) => p.kind !== 'reachable' && depths[i] !== null)
  const actions = model.actions.filter((_, i) => fired[i] === true).map(a => a.name)
  return { violated: violated.map(p => p.name), actions: new Set(actions) }
}

/** Positions of the steps in a path ascend. */
const order = (path: readonly string[] | null, ...steps: readonly string[]): void => {
  const at = steps.map(name => (path ?? []).findIndex(action => action.startsWith(name)))
  expect(at).not.toContain(-1)
  expect(at).toEqual([...at].sort((a, b) => a - b))
}

const run = ['vcpu.V0_kvm_arch_vcpu_ioctl_run', 'vcpu.V1_kvm_mmu_load', 'vcpu.V2']
const faultOnA = [
  'vcpu.V4_ept_violation(v=0, choice=A)',
  'vcpu.V5_kvm_vcpu_gfn_to_memslot',
  'vcpu.V10_kvm_faultin_pfn',
  'vcpu.V12',
  'vcpu.V13_is_page_fault_stale_no',
  'vcpu.V14',
  'vcpu.V15',
  'vcpu.V16',
  'vcpu.V2',
]
const invalidate = ['ioctl.M2_kvm_swap_active_memslots_INVALID', 'ioctl.M2_synchronize_srcu']

describe('MOVE', () => {
  test('is what a deletion is, as long as nothing fails after the zap', () => {
    const counts = (model: Model) => {
      const { states, transitions, depth } = search(model)
      return { states, transitions, depth }
    }
    const one = { vcpus: 1 }
    expect(counts(modelOf('move', one))).toEqual(counts(modelOf('A1', one)))
    expect(explore(modelOf('move', one)).violated).toEqual(explore(modelOf('A1', one)).violated)
  })

  test('of a slot with guest_memfd is refused before anything has changed', () => {
    const model = modelOf('B8-tdx')
    const path = ['ioctl.CREATE(choice=A private, B shared, quirk enabled)']
    expect([...replay(model, [...path, 'ioctl.kvm_set_memory_region_EINVAL']).keys()]).toEqual([])
    expect(() => replay(model, [...path, 'ioctl.M2'])).toThrow('0 actions fit')
    expect(explore(model).violated).not.toContain('a failed ioctl takes no private page')
  })

  test('that fails late has taken a mapping, which the guest faults in again', () => {
    const failed = [
      'ioctl.CREATE(choice=A shared, B shared, quirk enabled)',
      ...run,
      ...faultOnA,
      ...invalidate,
      'ioctl.Z2.1',
      'ioctl.Z2.2_tdp_mmu_zap_leafs_root0',
      'ioctl.Z2.5_kvm_flush_remote_tlbs',
      'vcpu.V4_kick',
      'ioctl.Z2.5_wait_for_kicked_vcpus',
      'ioctl.Z2.5_write_unlock',
      'ioctl.M5_kvm_prepare_memory_region_fails',
    ]
    const back = [
      ...failed,
      'ioctl.M5_kvm_swap_active_memslots_old',
      'vcpu.V1_kvm_vcpu_flush_tlb_all',
      'vcpu.V2',
      'ioctl.M5_synchronize_srcu',
      'ioctl.M5_kvm_set_memslot_returns_error',
      ...faultOnA.filter(label => label !== 'vcpu.V14'),
      'V3_tlb_fill(v=0, gfn=A)',
    ]
    const violated = replay(modelOf('B8-tdx'), back)
    expect([...violated]).toEqual([['a failed ioctl takes no mapping', failed.length]])
  })

  test('of a slot with guest_memfd, were it allowed, loses pages without moving anything', () => {
    const property = 'a failed ioctl takes no private page'
    const path = shortestViolation(modelOf('B8-gmem'), property)
    expect(path).toHaveLength(24)
    order(
      path,
      'TDG_MEM_PAGE_ACCEPT(v=0, gfn=A)',
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      'ioctl.Z2.2_tdh_mem_range_block_A',
      'ioctl.Z2.2_tdh_mem_page_remove_A',
      'ioctl.M5_kvm_prepare_memory_region_fails',
    )
  })
})

describe('the INVALID copy of the slot', () => {
  test('is read after it was freed where M7 comes before the second synchronize_srcu', () => {
    const path = shortestViolation(modelOf('B12', { vcpus: 1 }), 'no use of a freed memslot')
    expect(path).toHaveLength(12)
    order(
      path,
      'vcpu.V5_kvm_vcpu_gfn_to_memslot_INVALID',
      'ioctl.M6_kvm_swap_active_memslots_absent',
      'ioctl.M7_kvm_free_memslot',
    )
  })

  test('is kept by the second synchronize_srcu for a fault that found it', () => {
    const held = [
      'ioctl.CREATE',
      ...run,
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      'ioctl.M2_synchronize_srcu',
      'ioctl.Z2.1',
      'ioctl.Z2.5_write_unlock',
      'vcpu.V4_ept_violation(v=0, choice=A)',
      'vcpu.V5_kvm_vcpu_gfn_to_memslot_INVALID',
      'ioctl.M6_kvm_swap_active_memslots_absent',
    ]
    const model = modelOf('B12-fixed', { vcpus: 1 })
    expect(() => replay(model, [...held, 'ioctl.M6_synchronize_srcu'])).toThrow('0 actions fit')
  })
})

describe('KVM_PRE_FAULT_MEMORY', () => {
  test('returns -EAGAIN for an INVALID slot, where it waited for the ioctl before', () => {
    const path = [
      'ioctl.CREATE',
      'vcpu.prefault.V0_kvm_vcpu_pre_fault_memory(v=0, choice=A)',
      'vcpu.prefault.V1_kvm_mmu_load',
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
    ]
    replay(modelOf('B9-prefault-fixed'), [
      ...path,
      'vcpu.prefault.V8_invalid_slot_EAGAIN',
      'ioctl.M2_synchronize_srcu',
    ])
    const buggy = [...path, 'vcpu.prefault.V8_invalid_slot_RET_PF_RETRY']
    const nobody = [...buggy, '']
    expect(() => replay(modelOf('B9-prefault'), nobody)).toThrow('step 6: 0 actions fit')
  })

  test('with the fix of T20 retries without end if the root becomes obsolete in its loop', () => {
    const path = [
      'ioctl.CREATE',
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      'vcpu.prefault.V0_kvm_vcpu_pre_fault_memory(v=0, choice=B)',
      'vcpu.prefault.V1_kvm_mmu_load',
      'ioctl.M2_synchronize_srcu',
      'ioctl.Z1.1_write_lock',
      'ioctl.Z1.1_kvm_tdp_mmu_invalidate_roots',
      'ioctl.Z1.1_kvm_make_all_cpus_request',
      'ioctl.Z1.1_wait_for_kicked_vcpus',
      'ioctl.Z1.1_write_unlock',
      'vcpu.prefault.V5_kvm_vcpu_gfn_to_memslot',
      'vcpu.prefault.V10_kvm_faultin_pfn',
      'vcpu.prefault.V12',
      'vcpu.prefault.V13_is_page_fault_stale_RETRY',
    ]
    const stuck = [...path, 'vcpu.']
    expect(() => replay(modelOf('T20-window'), stuck)).toThrow('0 actions fit vcpu.')
    replay(modelOf('T20-window-closed'), [
      ...path,
      'vcpu.prefault.V1_kvm_mmu_free_obsolete_roots',
      'vcpu.prefault.V1_kvm_mmu_load',
      'vcpu.prefault.V5_kvm_vcpu_gfn_to_memslot',
    ])
  })
})

test('a notifier that sees the slot at one end only leaves the count too high or too low', () => {
  const begin = shortestViolation(modelOf('B13'), 'invalidations are balanced')
  order(begin, 'notifier.N2_write_lock', 'ioctl.M6_kvm_swap_active_memslots_absent', 'notifier.N5')
  const end = shortestViolation(modelOf('B13'), 'no invalidation ends that was not begun')
  order(end, 'ioctl.M6', 'notifier.N1', 'notifier.N3', 'ioctl.CREATE_again', 'notifier.N4')
})
