/**
 * The model mmio-generation: which update an MMIO SPTE survives, and who still believes it.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/mmio-generation/index.js'
import { parameters } from '../../models/mmio-generation/parameters.js'
import { search } from '../../src/interpret/search.js'
import type { Model } from '../../src/ir/model.js'
import { replay, shortestViolation } from './paths.js'

const variantOf = (name: string) => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (name: string): Model => definition.instantiate(variantOf(name).params)
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})

const used = 'cached MMIO is used only where there is no memslot'
const overwritten = 'a present leaf does not become an MMIO SPTE'

/** Positions of the steps in a path ascend. */
const order = (path: readonly string[] | null, ...steps: readonly string[]): void => {
  let from = 0
  for (const step of steps) {
    const at = (path ?? []).findIndex((action, i) => i >= from && action.startsWith(step))
    expect({ step, isThere: at >= 0 }).toEqual({ step, isThere: true })
    from = at + 1
  }
}

describe('the variants of mmio-generation', () => {
  const properties = modelOf('merged').properties.filter(p => p.kind !== 'reachable')

  test.each(properties.filter(p => p.name !== 'deadlock freedom').map(p => p.name))(
    'violate and keep "%s"',
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
      else expect(values.size).toBeGreaterThan(1)
    }
  })

  test('have no dead action', () => {
    const declared = new Set<string>()
    const fired = new Set<string>()
    for (const name of ['merged', 'merged-fast', 'T2', 'L8', 'wrap-window-closed', 'B10']) {
      const model = modelOf(name)
      const result = search(model)
      model.actions.forEach((action, i) => {
        declared.add(action.name)
        if (result.fired[i] === true) fired.add(action.name)
      })
    }
    // That takes a second vCPU: see the last test.
    const never = [...declared].filter(action => !fired.has(action))
    expect(never).toEqual(['vcpu.fault.V15_RET_PF_SPURIOUS'])
  })
})

describe('MMIO SPTEs', () => {
  test('T2: a fault on an INVALID slot overwrites a leaf, and the deletion flushes nothing', () => {
    const path = shortestViolation(modelOf('T2'), overwritten)
    const last = ['vcpu.fault.V8_kvm_handle_noslot_fault', 'vcpu.fault.V15_make_mmio_spte']
    const map = 'vcpu.fault.V15_tdp_mmu_map_handle_target_level'
    order(path, map, 'ioctl.INVALID.M2a_rcu_assign_pointer', ...last)
    order(path, map, 'vcpu.fault.V4_ept_violation(v=0, choice=write)', ...last)
    expect(violatedIn('T2')).toContain('flush before reuse')
    expect(violatedIn('T2-fast')).not.toContain('flush before reuse')
  })

  test('B10: a fault that found no slot tags its MMIO SPTE with the generation of the slot', () => {
    order(
      shortestViolation(modelOf('B10'), used),
      'vcpu.fault.V5_kvm_vcpu_gfn_to_memslot',
      'ioctl.CREATE.M2a_rcu_assign_pointer',
      'vcpu.fault.V4_ept_misconfig',
    )
  })

  test('are not believed while the memslots are in flux, nor afterwards', () => {
    const made = [
      'vcpu.V0',
      'vcpu.V2',
      'vcpu.fault.V4_ept_violation(v=0, choice=read)',
      'vcpu.fault.V5',
      'ioctl.CREATE.M2a_rcu_assign_pointer',
      'vcpu.fault.V8_kvm_handle_noslot_fault',
      'vcpu.fault.V12',
      'vcpu.fault.V13_is_page_fault_stale_no',
      'vcpu.fault.V15_make_mmio_spte',
      'vcpu.fault.V16_read_unlock_RET_PF_EMULATE',
    ]
    const again = ['vcpu.V0', 'vcpu.V2', 'vcpu.fault.V4_ept_misconfig']
    const model = modelOf('merged')
    replay(model, [...made, ...again, 'vcpu.fault.check_mmio_spte_RET_PF_INVALID'])
    const done = ['ioctl.CREATE.M2_synchronize_srcu', 'ioctl.CREATE.M2b_generation_plus_1']
    replay(model, [
      ...made,
      ...done,
      ...again,
      'vcpu.fault.check_mmio_spte_RET_PF_INVALID',
      'vcpu.fault.V5',
      'vcpu.fault.V10_kvm_faultin_pfn',
    ])
  })

  test('L8: an old one is believed between the store of a wrapped generation and the zap', () => {
    order(
      shortestViolation(modelOf('L8'), used),
      'vcpu.fault.V15_make_mmio_spte',
      'ioctl.CREATE.M2b_generation_plus_1',
      'vcpu.fault.V4_ept_misconfig',
      'vcpu.fault.check_mmio_spte_RET_PF_EMULATE',
    )
    expect(violatedIn('L8-fixed')).toEqual([])
    expect(violatedIn('L8-two-bits-fixed')).toEqual([])
  })

  test('made between the zap of a wrap and the store have the last generation before it', () => {
    order(
      shortestViolation(modelOf('wrap-window'), used),
      'ioctl.other_slot.kvm_mmu_invalidate_mmio_sptes_zap_all',
      'vcpu.fault.V15_make_mmio_spte',
      'ioctl.other_slot.M2b_generation_plus_1',
      'ioctl.CREATE.M2b_generation_plus_1',
      'vcpu.fault.check_mmio_spte_RET_PF_EMULATE',
    )
  })

  test('H3: outlive the leaf zap, not the fast zap', () => {
    expect(violatedIn('H3-leafs')).toEqual([used])
    expect(violatedIn('H3-fast')).toEqual([])
  })

  test('overwrite a leaf while the slot is created, and a deletion flushes nothing', () => {
    const path = [
      'vcpu.V0_kvm_arch_vcpu_ioctl_run(v=0)',
      'vcpu.V2_vcpu_enter_guest(v=0)',
      'vcpu.fault.V4_ept_violation(v=0, choice=write)',
      'vcpu.fault.V5_kvm_vcpu_gfn_to_memslot(v=0)',
      'vcpu.fault.V8_kvm_handle_noslot_fault(v=0)',
      'ioctl.CREATE.M2a_rcu_assign_pointer',
      'vcpu.V0_kvm_arch_vcpu_ioctl_run(v=1)',
      'vcpu.V2_vcpu_enter_guest(v=1)',
      'vcpu.fault.V4_ept_violation(v=1, choice=read)',
      'vcpu.fault.V5_kvm_vcpu_gfn_to_memslot(v=1)',
      'vcpu.fault.V10_kvm_faultin_pfn(v=1)',
      'vcpu.fault.V12_read_lock(v=1)',
      'vcpu.fault.V13_is_page_fault_stale_no(v=1)',
      'vcpu.fault.V15_tdp_mmu_map_handle_target_level(v=1)',
      'vcpu.fault.V12_read_lock(v=0)',
      'vcpu.fault.V13_is_page_fault_stale_no(v=0)',
    ]
    const violated = replay(modelOf('create-race'), [...path, 'vcpu.fault.V15_make_mmio_spte(v=0)'])
    expect([...violated.keys()]).toEqual([overwritten])
    const closed = [...path, 'vcpu.fault.V15_in_flux_RET_PF_EMULATE(v=0)']
    expect([...replay(modelOf('create-race-closed'), closed).keys()]).toEqual([])
    const read = path.map(step => step.replace('v=0, choice=write', 'v=0, choice=read'))
    const spurious = [...read, 'vcpu.fault.V15_RET_PF_SPURIOUS(v=0)']
    expect([...replay(modelOf('create-race'), spurious).keys()]).toEqual([])
    const before = [...read, 'vcpu.fault.V15_make_mmio_spte(v=0)']
    expect([...replay(modelOf('create-race-before-6.14'), before).keys()]).toEqual([overwritten])
    expect(violatedIn('create-race')).toContain('flush before reuse')
    expect(violatedIn('create-race-fast')).toEqual([overwritten])
  })
})
