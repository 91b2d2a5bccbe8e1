/** The model shadow-rmap: T10 and T15 of the corpus as paths, and their fixes. */
import { describe, expect, test } from 'vitest'
import definition from '../../models/shadow-rmap/index.js'
import type { Model } from '../../src/ir/model.js'
import { modelOf as variantOf, replay, shortestViolation } from './paths.js'

const modelOf = (name: string): Model => variantOf(definition, name)

/** A nested guest has a shadow page with a present SPTE. */
const map = (v: string): readonly string[] =>
  [
    'nested_walk_addr',
    'nested_write_lock',
    'nested_kvm_mmu_get_child_sp',
    'nested_mmu_set_spte_rmap_add',
    'nested_write_unlock',
  ].map(label => `vcpu.${label}(v=${v}`)

describe('T10: two TDP faults recycle one shadow page', () => {
  const both = (...labels: readonly string[]): readonly string[] =>
    labels.flatMap(label => [0, 1].map(v => `vcpu.tdp_${label}(v=${v}`))
  const path = [
    ...map('0'),
    ...both('read_lock', 'make_mmu_pages_available_0', 'mmu_page_zap_pte'),
    ...both('mmu_spte_clear_track_bits', 'pte_list_remove'),
  ]

  test('the second removal does not find the SPTE in the rmap: BUG in pte_list_remove', () => {
    const found = replay(modelOf('T10'), path)
    expect([...found]).toEqual([['the rmap has what is removed from it', path.length]])
  })

  test('the shadow page is unlinked twice', () => {
    const found = replay(modelOf('T10'), [...path, ...both('kvm_mmu_prepare_zap_page')])
    expect(found.get('no shadow page is unlinked twice')).toBe(path.length + 2)
  })

  test('a fixed TDP fault recycles nothing', () => {
    const model = modelOf('T10-fixed')
    const start = path.slice(0, map('0').length + 2)
    expect(() => replay(model, [...start, 'vcpu.tdp_make_mmu'])).toThrow('0 actions fit')
    expect(shortestViolation(model, 'no shadow page is unlinked twice')).toBeNull()
  })

  test('alone a vCPU recycles without harm', () => {
    const model = modelOf('T10-alone')
    for (const { name, kind } of model.properties)
      if (kind !== 'reachable') expect([name, shortestViolation(model, name)]).toEqual([name, null])
  })
})

describe('T15: an MMIO SPTE over a present one', () => {
  const again = ['nested_walk_addr', 'nested_write_lock', 'nested_kvm_mmu_get_child_sp']
  const start = [
    ...map('0'),
    'host_writes_gpte(page=0',
    ...again.map(label => `vcpu.${label}(v=0`),
  ].map(name => (name.includes('walk_addr') ? `${name}, choice=page0` : name))

  test('the rmap keeps an SPTE that maps nothing, and the notifier meets it', () => {
    const path = [...start, 'vcpu.nested_mark_mmio_spte', 'vcpu.nested_write_unlock']
    const found = replay(modelOf('T15'), [...path, 'notifier.write_lock', 'notifier.kvm_zap_rmap'])
    expect([...found]).toEqual([
      ['the rmap has exactly the present SPTEs', path.length],
      ['the rmap leads to present SPTEs', path.length + 2],
    ])
  })

  test('with the fix the SPTE is dropped first', () => {
    const path = [...start, 'vcpu.nested_drop_spte', 'vcpu.nested_mark_mmio_spte']
    const end = ['vcpu.nested_write_unlock', 'notifier.write_lock', 'notifier.kvm_zap_rmap']
    expect([...replay(modelOf('T15-fixed'), [...path, ...end])]).toEqual([])
  })
})
