/**
 * The models tdx-sept and tdx-lifecycle: what their variants say together, and that their traces
 * are the interleavings of the design notes. Counts are compared where the suite is tested.
 */
import { describe, expect, test } from 'vitest'
import type { ModelDefinition } from 'zapcheck'
import lifecycle from '../../models/tdx-lifecycle/index.js'
import { parameters as lifecycleParameters } from '../../models/tdx-lifecycle/parameters.js'
import sept from '../../models/tdx-sept/index.js'
import { parameters as septParameters } from '../../models/tdx-sept/parameters.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import { replay, shortestViolation } from './paths.js'

function variantOf(definition: ModelDefinition, name: string) {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (
  definition: ModelDefinition,
  name: string,
  values: Readonly<Record<string, ParameterValue>> = {},
): Model => definition.instantiate({ ...variantOf(definition, name).params, ...values })

describe.each([
  ['tdx-sept', sept, septParameters],
  ['tdx-lifecycle', lifecycle, lifecycleParameters],
] as const)('the variants of %s', (_, definition, parameters) => {
  const properties = new Map(
    definition.variants.map(({ name }) => [
      name,
      modelOf(definition, name).properties.flatMap(p => (p.kind === 'reachable' ? [] : [p.name])),
    ]),
  )
  const violatedIn = (name: string): readonly string[] =>
    Object.keys(variantOf(definition, name).expect.properties ?? {})
  const names = [...properties.keys()]

  test('violate and keep each property', () => {
    for (const property of new Set([...properties.values()].flat())) {
      const having = names.filter(name => properties.get(name)?.includes(property))
      const violating = having.filter(name => violatedIn(name).includes(property))
      // The locks of the ioctls are taken in one order in every variant.
      if (definition === lifecycle && property === 'deadlock freedom') continue
      expect({ property, violating }).not.toEqual({ property, violating: [] })
      expect(violating.length).toBeLessThan(having.length)
    }
  })

  test('use every value of every option', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
      else expect(used.size).toBeGreaterThan(1)
    }
  })
})

/** The vCPU enters; its fault on the only gfn, or on `choice`, maps a page. */
const enter = (v: number, locks = true) => [
  `vcpu.K3_vcpu_enter_guest(v=${v}`,
  ...(locks ? [`vcpu.T1_tdh_vp_enter_lock(v=${v}`] : []),
  `vcpu.T1_tdh_vp_enter(v=${v}`,
]
const lookUp = (v: number, choice = '') => [
  `vcpu.T2_ept_violation(v=${v}${choice}`,
  `vcpu.K1_read_lock(v=${v}`,
  `vcpu.K1_kvm_gmem_get_pfn(v=${v}`,
]
const table = (v: number) => [`vcpu.K1_freeze_table(v=${v}`, `vcpu.K1_tdh_mem_sept_add(v=${v}`]
const leaf = (v: number) => [
  `vcpu.K1_freeze_leaf(v=${v}`,
  `vcpu.K1_tdh_mem_page_aug(v=${v}`,
  `vcpu.K1_read_unlock(v=${v}`,
]
const accept = (v: number) => [
  `vcpu.TDG_MEM_PAGE_ACCEPT_lock(v=${v}`,
  `vcpu.TDG_MEM_PAGE_ACCEPT(v=${v}`,
]
/** vCPU 0 has the page in its TLB. */
const inUse = [
  ...enter(0),
  ...lookUp(0),
  ...table(0),
  ...leaf(0),
  ...enter(0),
  ...accept(0),
  'vcpu.T5_tlb_fill(v=0',
]
const block = [
  'vmm.kvm_gmem_invalidate_begin',
  'vmm.K2_tdp_mmu_zap_leafs',
  'vmm.K2_tdh_mem_range_block',
]
const kick = ['vmm.K2_kick_vcpus', 'vcpu.T2_external_interrupt(v=0', 'vmm.K2_wait_for_vcpus']
const remove = [
  'vmm.K2_tdh_mem_page_remove',
  'vmm.K2_tdh_phymem_page_wbinvd_and_clear',
  'vmm.K2_unlock',
  'vmm.truncate_and_kvm_gmem_invalidate_end',
]
/** The same steps in a variant without locks of the module. */
const withoutLocks = (path: readonly string[]) =>
  path.filter(name => !/(enter|ACCEPT)_lock\(/.test(name))

describe('the trace cards of tdx-sept', () => {
  const model = modelOf(sept, 'V1')

  test('card 1: block, track, kick, remove; the next entry flushes', () => {
    const path = [...inUse, ...block, 'vmm.K2_tdh_mem_track', ...kick, ...remove, ...enter(0)]
    expect(replay(model, path).size).toBe(0)
  })

  test('card 1: PAGE.REMOVE waits for the kick', () => {
    const path = [...inUse, ...block, 'vmm.K2_tdh_mem_track', 'vmm.K2_kick_vcpus']
    expect(() => replay(model, [...path, 'vmm.K2_wait_for_vcpus'])).toThrow('0 actions fit')
  })

  test('cards 2 and 3: PAGE.REMOVE fails without the track, and without the kick', () => {
    const failed = ['vmm.K2_KVM_BUG_ON', 'vmm.K2_unlock']
    const noTrack = [...withoutLocks(inUse), ...block, ...failed]
    const noKick = [...withoutLocks(inUse), ...block, 'vmm.K2_tdh_mem_track', ...failed]
    for (const [variant, path] of [
      ['V2', noTrack],
      ['V3', noKick],
    ] as const)
      expect(replay(modelOf(sept, variant), path).get('the mirror and the Secure-EPT agree')).toBe(
        path.length,
      )
  })

  test('card 4: a vCPU that enters between BLOCK and TRACK keeps its TLB until the kick', () => {
    const out = [...inUse, 'vcpu.T2_external_interrupt(v=0', ...block, ...enter(0)]
    const path = [...out, 'vmm.K2_tdh_mem_track', ...kick, ...remove]
    expect(replay(model, path).size).toBe(0)
    const unsafe = modelOf(sept, 'V3-unchecked')
    const noKick = [...withoutLocks(out), 'vmm.K2_tdh_mem_track', 'vmm.K2_tdh_mem_page_remove']
    expect(replay(unsafe, noKick).get('no stale translation after PAGE.REMOVE')).toBe(noKick.length)
  })

  test('card 5: a vCPU that enters after TRACK does not hold the removal up', () => {
    const path = [
      ...inUse,
      'vcpu.T2_external_interrupt(v=0',
      ...block,
      'vmm.K2_tdh_mem_track',
      ...enter(0),
      ...kick,
    ]
    expect(replay(model, [...path, ...remove]).size).toBe(0)
  })

  test('card 6: zero-stepping makes BLOCK busy, and wait_for_sept_zap keeps the vCPU out', () => {
    const busy = modelOf(sept, 'zero-step-1')
    const path = [
      ...enter(0),
      ...lookUp(0),
      ...table(0),
      ...leaf(0),
      'vcpu.K3_vcpu_enter_guest(v=0',
      'vcpu.T1_tdh_vp_enter_lock(v=0',
      ...block.slice(0, 2),
      'vmm.K2_tdh_mem_range_block_BUSY_wait_for_sept_zap',
      'vmm.K2_tdh_mem_range_block_BUSY_kick_vcpus',
      'vcpu.T1_tdh_vp_enter(v=0',
      'vcpu.T2_external_interrupt(v=0',
      'vmm.K2_tdh_mem_range_block_BUSY_wait_for_vcpus',
      'vcpu.K3_vcpu_enter_guest(v=0',
      'vcpu.K3_wait_for_sept_zap_EXIT_HANDLED(v=0',
      'vmm.K2_tdh_mem_range_block_again',
    ]
    expect(replay(busy, path).size).toBe(0)
  })

  test('card 7: without FROZEN_SPTE the second PAGE.AUG fails', () => {
    const path = [
      ...withoutLocks([...enter(0), ...lookUp(0)]),
      'vcpu.K1_link_table(v=0',
      'vcpu.K1_tdh_mem_sept_add(v=0',
      ...withoutLocks([...enter(1), ...lookUp(1)]),
      'vcpu.K1_old_spte_none(v=1',
      'vcpu.K1_old_spte_none(v=0',
      'vcpu.K1_tdh_mem_page_aug(v=0',
      'vcpu.K1_tdh_mem_page_aug_KVM_BUG_ON(v=1',
    ]
    replay(modelOf(sept, 'V9'), path)
    const shortest = shortestViolation(modelOf(sept, 'V9'), 'the mirror and the Secure-EPT agree')
    expect(shortest?.at(-1)).toContain('K1_link_table')
  })

  test('card 8: a guest dies if another slot takes its page along', () => {
    const path = shortestViolation(modelOf(sept, 'V7', { vcpus: 1 }), 'private root never zapped')
    expect(path?.at(-1)).toBe('vmm.Z1_kvm_tdp_mmu_invalidate_roots_mirror')
  })

  test('card 9: ACCEPT makes BLOCK busy; the kick waits for it, and the page is blocked', () => {
    const path = [
      ...enter(0),
      ...lookUp(0),
      ...table(0),
      ...leaf(0),
      ...enter(0),
      'vcpu.TDG_MEM_PAGE_ACCEPT_lock(v=0',
      ...block.slice(0, 2),
      'vmm.K2_tdh_mem_range_block_BUSY_wait_for_sept_zap',
      'vmm.K2_tdh_mem_range_block_BUSY_kick_vcpus',
      'vcpu.TDG_MEM_PAGE_ACCEPT(v=0',
      'vcpu.T2_external_interrupt(v=0',
      'vmm.K2_tdh_mem_range_block_BUSY_wait_for_vcpus',
      'vmm.K2_tdh_mem_range_block_again',
    ]
    expect(replay(model, path).size).toBe(0)
  })

  test('card 10: a pending page is removed; ACCEPT faults, and the page is augmented again', () => {
    const path = [
      ...enter(0),
      ...lookUp(0),
      ...table(0),
      ...leaf(0),
      ...block,
      'vmm.K2_tdh_mem_track',
      'vmm.K2_kick_vcpus',
      'vmm.K2_wait_for_vcpus',
      ...remove,
      ...enter(0),
      'vcpu.TDG_MEM_PAGE_ACCEPT_lock(v=0',
      'vcpu.T2_ept_violation_in_ACCEPT(v=0',
      'vcpu.K1_read_lock(v=0',
      'vcpu.K1_kvm_gmem_get_pfn(v=0',
      ...leaf(0),
      ...enter(0),
      ...accept(0),
    ]
    expect(replay(model, path).size).toBe(0)
  })

  test('X6: a vCPU that meets FROZEN_SPTE twice is suspected', () => {
    const path = [
      ...enter(0),
      ...enter(1),
      ...lookUp(0),
      ...table(0),
      'vcpu.K1_freeze_leaf(v=0',
      ...lookUp(1),
      'vcpu.K1_frozen_leaf_RETRY(v=1',
      ...enter(1),
      'vcpu.T2_ept_violation(v=1',
    ]
    const violated = replay(modelOf(sept, 'X6'), path)
    expect(violated.get('no vCPU is suspected of zero-stepping')).toBe(path.length)
  })
})

/** All locks of a state ioctl, by the process that takes them. */
const allLocks = (by: string) => [
  `${by}.kvm_lock`,
  `${by}.kvm_lock_all_vcpus_0`,
  `${by}.kvm_lock_all_vcpus_1`,
  `${by}.slots_lock`,
]
const addPage = [
  ...allLocks('init_mem_region'),
  'init_mem_region.state_checked',
  'init_mem_region.filemap_invalidate_lock',
  'init_mem_region.mmu_lock',
  'init_mem_region.freeze_leaf',
  'init_mem_region.tdh_mem_page_add',
  'init_mem_region.mmu_unlock',
  'init_mem_region.tdh_mr_extend',
  'init_mem_region.unlock',
]
const finalized = [
  ...allLocks('finalize'),
  'finalize.tdh_mr_finalize',
  'finalize.state_runnable',
  'finalize.pre_fault_allowed',
  'finalize.unlock',
]

describe('the traces of tdx-lifecycle', () => {
  const launch = modelOf(lifecycle, 'launch')

  test('a TD is launched: add, measure, finalize, run', () => {
    const path = [...addPage, ...finalized, 'run.vcpu_mutex', 'run.tdh_vp_enter']
    expect(replay(launch, path).size).toBe(0)
  })

  test('calls at the wrong time return errors', () => {
    const errors: readonly (readonly [string, readonly string[]])[] = [
      ['launch', ['run.vcpu_mutex', 'run.not_runnable_EINVAL']],
      ['launch', ['prefault.vcpu_mutex', 'prefault.not_allowed_EOPNOTSUPP']],
      ['launch', [...finalized, ...allLocks('finalize'), 'finalize.runnable_EINVAL']],
      ['launch', [...finalized, ...allLocks('init_mem_region'), 'init_mem_region.runnable_EINVAL']],
      ['launch', [...addPage, ...addPage.slice(0, 7), 'init_mem_region.already_mapped_EIO']],
      [
        'launch',
        [
          'init_vcpu.kvm_vm_ioctl_create_vcpu',
          'finalize.kvm_lock',
          'finalize.created_is_not_online_EBUSY',
        ],
      ],
      [
        'launch',
        [
          ...finalized,
          'init_vcpu.kvm_vm_ioctl_create_vcpu',
          'init_vcpu.online_vcpus',
          ...allLocks('init_vcpu'),
          'init_vcpu.runnable_EINVAL',
        ],
      ],
      [
        'prefault-open',
        [
          'prefault.vcpu_mutex',
          'prefault.mmu_lock',
          'prefault.premap',
          'prefault.unlock',
          ...allLocks('finalize'),
          'finalize.premapped_EINVAL',
        ],
      ],
    ]
    for (const [variant, path] of errors) replay(modelOf(lifecycle, variant), path)
  })

  test('a hole punched between MR.FINALIZE and its store is removed without a track', () => {
    const path = [
      ...addPage,
      ...allLocks('finalize'),
      'finalize.tdh_mr_finalize',
      'punch.filemap_invalidate_lock',
      'punch.mmu_lock',
      'punch.zap_leaf',
      'punch.tdh_mem_range_block',
    ]
    replay(modelOf(lifecycle, 'punch-vs-finalize'), [
      ...path,
      'punch.tdh_mem_page_remove_KVM_BUG_ON',
    ])
    const stored = [...path.slice(0, -4), 'finalize.state_runnable', ...path.slice(-4)]
    replay(modelOf(lifecycle, 'punch-vs-finalize'), [
      ...stored,
      'punch.tdh_mem_track',
      'punch.tdh_mem_page_remove',
    ])
  })

  test('V14 needs fine locks: with all of them a prefault waits for the end of FINALIZE', () => {
    const bug = { bug: 'allowed-before-runnable' }
    const fine = [
      'finalize.kvm_lock',
      'finalize.slots_lock',
      'finalize.tdh_mr_finalize',
      'finalize.pre_fault_allowed',
      'prefault.vcpu_mutex',
    ]
    replay(modelOf(lifecycle, 'X3', bug), [
      ...fine,
      'prefault.mmu_lock',
      'prefault.tdx_mem_page_add_no_source_KVM_BUG_ON',
    ])
    const all = [...allLocks('finalize'), ...fine.slice(2)]
    expect(() => replay(modelOf(lifecycle, 'launch', bug), all)).toThrow('0 actions fit')
  })

  test('V18 as posted once lets a vCPU run without a key', () => {
    const model = modelOf(lifecycle, 'V18-trylock-inverted')
    const path = shortestViolation(model, 'no vCPU is in the guest without a key')
    expect(path).toContain('vm.V18_kvm_trylock_all_vcpus_failed_and_went_on')
    expect(path?.at(-1)).toBe('vm.K7_tdh_mng_key_freeid')
  })
})
