/**
 * The models of guest_memfd: that counterexamples are the interleavings of the design notes, and
 * that every property is kept somewhere and violated somewhere. Counts are compared by the suite.
 */
import { describe, expect, test } from 'vitest'
import conversion from '../../models/guest-memfd-conversion/index.js'
import inPlace from '../../models/guest-memfd-in-place/index.js'
import launch from '../../models/guest-memfd-launch/index.js'
import lifetime from '../../models/guest-memfd/index.js'
import { search } from '../../src/interpret/search.js'
import { replay, shortestViolation } from './paths.js'

const definitions = [lifetime, launch, conversion, inPlace]

/** The variant with its model. */
function variantOf(model: (typeof definitions)[number], name: string) {
  const variant = model.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return { variant, model: model.instantiate(variant.params) }
}

/** The steps of a shortest counterexample, without their parameters. */
function steps(model: (typeof definitions)[number], name: string, property: string) {
  const path = shortestViolation(variantOf(model, name).model, property)
  return path?.map(step => step.replace(/\(.*$/, '')) ?? null
}

/** The wanted steps come in this order. */
function expectOrder(path: readonly string[] | null, ...wanted: readonly string[]): void {
  const rest = [...wanted]
  for (const name of path ?? []) if (rest[0] !== undefined && name.startsWith(rest[0])) rest.shift()
  expect(rest).toEqual([])
}

describe('the variants of the guest_memfd models', () => {
  test('violate and keep every property, and every action happens in one of them', () => {
    for (const definition of definitions) {
      const found = new Map<string, Set<boolean>>()
      const fired = new Map<string, boolean>()
      for (const { name, tier } of definition.variants) {
        if (tier === 'large') continue
        const { model } = variantOf(definition, name)
        if (definition === conversion && name.startsWith('W10-')) continue
        const result = search(model)
        model.properties.forEach((p, i) => {
          if (p.kind === 'reachable') return
          const verdicts = found.get(p.name) ?? new Set<boolean>()
          found.set(p.name, verdicts.add(result.depths[i] === null))
        })
        model.actions.forEach((a, i) =>
          fired.set(a.name, fired.get(a.name) === true || result.fired[i] === true),
        )
      }
      // The bound of lazy discards has its own rows, which are larger.
      found.delete('at most one gfn has two backings')
      const alwaysTheSame = [...found].flatMap(([name, verdicts]) =>
        verdicts.size === 2 || name === 'deadlock freedom' ? [] : [name],
      )
      const dead = [...fired].flatMap(([name, isFired]) =>
        isFired || name === 'lazy_discard' ? [] : [name],
      )
      expect({ model: definition.name, alwaysTheSame, dead }).toEqual({
        model: definition.name,
        alwaysTheSame: [],
        dead: [],
      })
    }
  }, 120_000)
})

describe('the trace cards of guest_memfd', () => {
  test('card 1: a prefault marks the folio, and populate refuses it', () => {
    const path = steps(launch, 'W2', 'populate succeeds after a prefault')
    expectOrder(path, 'vcpu.F_', 'vcpu.V10_kvm_gmem_prepare_folio', 'populate.L1', 'populate.L2')
    expect(path).toHaveLength(8)
  })
  test('card 2: a busy PAGE.ADD ends in -EEXIST', () => {
    const path = steps(launch, 'W6', 'populate can be repeated after an error that passes')
    expectOrder(path, 'populate.L4_kvm_tdp_map', 'populate.L4_tdh_mem_page_add_EBUSY')
    expect(path?.at(-1)).toBe('populate.L2_EEXIST')
    const finalized = steps(launch, 'W6', 'each call of the launch is complete by itself')
    expectOrder(finalized, 'populate.L4_tdh_mem_page_add_EBUSY', 'FINALIZE_EINVAL')
  })
  test('card 3: pages that were there before the bind are not prepared', () => {
    const path = steps(conversion, 'W8', 'a page of the guest is prepared at its first access')
    expectOrder(path, 'stray_fallocate', 'bind.B_register_notifier', 'guest_write')
  })
  test('card 4: an allocation between scan and registration is lost', () => {
    const path = steps(
      conversion,
      'W8-scan-first',
      'a page of the guest is prepared at its first access',
    )
    expectOrder(path, 'bind.B_scan', 'stray_fallocate', 'bind.B_register_notifier', 'guest_write')
  })
  test('card 5: the second fault that prepares a folio clears what the guest wrote', () => {
    const path = steps(lifetime, 'W12', 'clearing never hits guest content')
    const folio = 'vcpu.V10_kvm_gmem_get_folio'
    const prepare = 'vcpu.V10_kvm_gmem_prepare_folio'
    expectOrder(path, folio, folio, prepare, 'vcpu.V15', 'guest_access', prepare)
    expect(steps(lifetime, 'W12-locked', 'clearing never hits guest content')).toBeNull()
  })
  test('card 6: a punch between L1 and L4 leaves a page of the host with the TD', () => {
    const path = steps(launch, 'W13', "a page that was given back is the host's")
    expectOrder(path, 'populate.L1', 'punch.P2', 'populate.L4', 'punch.P3')
  })
  test('card 7: a release meets a slot that was freed', () => {
    const path = steps(lifetime, 'W14', 'no binding leads to a freed slot')
    expectOrder(path, 'fput', 'ioctl.U_get_file_active', 'ioctl.M7', 'release.R1', 'release.R3')
  })
  test('card 8: an end without a begin', () => {
    const path = steps(lifetime, 'W15', 'invalidations are balanced')
    expectOrder(path, 'punch.P2_kvm_gmem_invalidate_begin_not_bound', 'ioctl.B3', 'punch.P4')
  })
  test('card 8, the other way round: a begin without an end', () => {
    const path = steps(lifetime, 'W15-unbind', 'invalidations are balanced')
    expectOrder(path, 'punch.P2_kvm_gmem_invalidate_begin', 'ioctl.U_kvm_gmem_unbind', 'punch.P4')
    expect(path?.at(-1)).toBe('punch.P4_kvm_gmem_invalidate_end_not_bound')
  })
  test('card 9: a fault installs a page after the zap of the punch that frees it', () => {
    const path = steps(lifetime, 'W16', 'no mapping of a freed page')
    expectOrder(path, 'vcpu.V10_kvm_gmem_get_folio', 'punch.P2', 'vcpu.V15')
  })
  test('card 10: a stray fallocate converts, and the guest writes to the wrong page', () => {
    const path = steps(conversion, 'W9', 'an access reaches the backing that the guest means')
    expect(path).toEqual(['stray_fallocate', 'V15_map_private', 'guest_write'])
  })
  test('card 11: old shared bytes come back, and the host never saw the private ones', () => {
    const { model } = variantOf(conversion, 'W10-shared')
    const toPrivate = ['KVM_HC_MAP_GPA_RANGE(g=0, to=private)', 'convert.C1', 'convert.C3']
    const toShared = ['KVM_HC_MAP_GPA_RANGE(g=0, to=shared)', 'convert.C1', 'convert.C3']
    const violated = replay(model, [
      ...['V15_map_shared', 'guest_write', ...toPrivate, 'convert.C2_keep', 'convert.C4'],
      ...['V15_map_private', 'guest_write', ...toShared, 'convert.C2_PUNCH', 'convert.C4'],
      'V15_map_shared',
    ])
    const names = ['a gfn has one backing', 'a page is zero after its conversion']
    expect([...violated.keys()]).toEqual(names)
  })
  test('card 12: a conversion at will brings private data into shared memory', () => {
    const path = steps(conversion, 'W19', 'private data stays out of shared memory')
    expectOrder(path, 'KVM_SET_MEMORY_ATTRIBUTES_at_will', 'V15_map_shared', 'guest_write')
    expect(steps(conversion, 'W19-guard', 'private data stays out of shared memory')).toBeNull()
  })
  test('populate with a source in the same file waits for itself', () => {
    const { variant } = variantOf(launch, 'W21-gmem')
    expect(variant.expect?.properties?.['deadlock freedom']).toMatchObject({ depth: 4 })
  })
  test('the lazy bound counts a gfn about which the guest has asked again', () => {
    const { model } = variantOf(conversion, 'W10-lazy')
    const convert = (g: number): string[] => [
      `KVM_HC_MAP_GPA_RANGE(g=${g}, to=private)`,
      `convert.C1_exit_to_userspace(g=${g})`,
      `convert.C3_KVM_SET_MEMORY_ATTRIBUTES(g=${g})`,
    ]
    const first = ['V15_map_shared(g=0)', ...convert(0), 'convert.C4', 'V15_map_private(g=0)']
    const again = ['KVM_HC_MAP_GPA_RANGE(g=0, to=shared)', 'V15_map_shared(g=1)', ...convert(1)]
    const resume = 'convert.C4_resume(g=1)'
    expect(() => replay(model, [...first, ...again, resume])).toThrow(/0 actions fit/)
    expect([...replay(model, [...first, ...again, 'lazy_discard(g=0)', resume]).keys()]).toEqual([
      'a gfn has one backing',
    ])
  })
})
