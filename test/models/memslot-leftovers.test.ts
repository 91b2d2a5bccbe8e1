/**
 * The model memslot-delete: what a deletion leaves behind in the shadow MMU and on the NX list, the
 * hypotheses for the bug with an assigned GPU, and that the page of the documentation agrees with
 * the variants, which are compared with runs where the suite is tested.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import definition from '../../models/memslot-delete/index.js'
import mmioGeneration from '../../models/mmio-generation/index.js'
import { search } from '../../src/interpret/search.js'
import type { Expectation } from '../../src/lang/definition.js'
import type { Model, ParameterValue } from '../../src/ir/model.js'
import { formatCount } from '../../src/report/numbers.js'
import { replay, shortestViolation } from './paths.js'

const page = readFileSync('docs/models/memslot-delete.md', 'utf8')
const expectations = new Map(definition.variants.map(({ name, expect }) => [name, expect]))
const modelOf = (name: string, values: Readonly<Record<string, ParameterValue>> = {}): Model => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return definition.instantiate({ ...variant.params, ...values })
}

/** Rows of all tables of the page whose first cell fits, as lists of cells. */
const rowsOf = (first: RegExp): readonly (readonly string[])[] =>
  page
    .split('\n')
    .filter(line => line.startsWith('| '))
    .map(line =>
      line
        .split('|')
        .map(cell => cell.trim())
        .slice(1, -1),
    ) // prettier-ignore
    .filter(([cell]) => first.test(cell ?? ''))

/** The short name that the page gives to a property. */
const labels = new Map(
  rowsOf(/^[A-Z][A-Za-z0-9]{0,3}$/).map(([label, name]) => [name?.replaceAll('*', ''), label]),
)

/** A cell with its violations in one order. */
const sorted = (cell: string): string => cell.split(', ').sort().join(', ')

/** `P1 (23), P5 (25)`: what is violated, of the properties whose label is wanted. */
function violations({ properties = {} }: Expectation, isWanted = (_: string) => true): string {
  const found = Object.entries(properties)
    .map(([name, verdict]) => ({ label: labels.get(name) ?? `no label for ${name}`, verdict }))
    .filter(({ label }) => isWanted(label))
  const texts = found.map(({ label, verdict }) =>
    typeof verdict === 'string' ? label : `${label} (${verdict.depth})`,
  )
  return texts.length === 0 ? 'none' : sorted(texts.join(', '))
}

/** Fails unless the steps come in this order in the path. */
const inOrder = (path: readonly string[] | null, ...steps: readonly string[]): void => {
  const at = steps.map(name => (path ?? []).findIndex(action => action.startsWith(name)))
  expect(at).not.toContain(-1)
  expect(at).toEqual([...at].sort((a, b) => a - b))
}

describe('the page of memslot-delete', () => {
  const rows = rowsOf(/^`[A-Za-z0-9-]+`$/).filter(cells => cells.length === 5)

  test('has the verdicts and counts of the variants', () => {
    expect(rows.length).toBeGreaterThan(100)
    for (const [name, violated = '', ...counts] of rows) {
      const expectation = expectations.get(name?.replaceAll('`', '') ?? '')
      if (expectation === undefined) throw new Error(`no variant ${name}`)
      const { states = 0, transitions = 0, depth = 0 } = expectation
      expect([name, sorted(violated), ...counts]).toEqual([
        name,
        violations(expectation),
        formatCount(states),
        formatCount(transitions),
        formatCount(depth),
      ])
    }
  })

  test('has every variant on leftovers and hypotheses', () => {
    const listed = new Set(rows.map(([name]) => name?.replaceAll('`', '')))
    const own = [...expectations.keys()].filter(name =>
      /^(H\d|device|B1-shadow|B3|C1|C5|P12)/.test(name),
    )
    expect(own.filter(name => !listed.has(name))).toEqual([])
  })
})

/** Variants that show every action of the shadow MMU, the workers, the device and the pause. */
const quick = [
  'B3-merged',
  'B3-rc-shadow',
  'B3-fast-shadow',
  'B1-shadow',
  'P12-shrinker-fast',
  'C5',
  'C5-fast',
  'C1-toggle',
  'device-leafs',
  'H1-leafs-private',
  'H4-leafs',
  'H6-leafs-paused',
]

test('no action of the leftovers is dead', () => {
  const declared = new Set<string>()
  const fired = new Set<string>()
  for (const name of quick) {
    const model = modelOf(name, { vcpus: 1 })
    const found = search(model).fired
    model.actions.forEach((action, i) => {
      declared.add(action.name)
      if (found[i] === true) fired.add(action.name)
    })
  }
  expect([...declared].filter(action => !fired.has(action))).toEqual([])
})

/** The columns of the table of hypotheses. */
const zaps = ['fast', 'leafs', 'hybrid-shared', 'hybrid-private', 'leafs-private']
const columns = [...zaps, 'fast-paused', 'leafs-paused']
const symptoms = ['P1', 'P5', 'K2', 'MT', 'HO']

describe('the table of hypotheses', () => {
  const table = rowsOf(/^H\d: /).map(([head = '', ...cells]) => ({ name: head.slice(0, 2), cells }))

  test('has all seven', () => {
    expect(table.map(({ name }) => name)).toEqual(['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7'])
  })

  test.each(table.filter(({ name }) => name !== 'H3'))('$name is as run', ({ name, cells }) => {
    const found = columns.map(column => {
      const expectation = expectations.get(`${name}-${column}`)
      return expectation === undefined
        ? '—'
        : violations(expectation, label => symptoms.includes(label))
    })
    const isMasked = found[0] === 'none' && found[1] !== 'none'
    expect(cells.map(sorted)).toEqual([...found, isMasked ? 'yes' : 'no'])
  })

  test('H3 is as run in mmio-generation', () => {
    const found = ['fast', 'leafs'].map(zap => {
      const variant = mmioGeneration.variants.find(v => v.name === `H3-${zap}`)
      const verdicts = Object.values(variant?.expect.properties ?? { missing: 'violated' as const })
      const depths = verdicts.map(v => (typeof v === 'string' ? v : v.depth))
      return depths.length === 0 ? 'none' : `P13 (${depths.join()})`
    })
    const cells = table.find(({ name }) => name === 'H3')?.cells
    expect(cells?.slice(0, 2)).toEqual(found)
    expect(cells?.at(-1)).toBe('yes')
  })
})

describe('a leaf zap leaves behind', () => {
  test('a leaf of L2 that leads to a reused page, in the zap of the patch', () => {
    const path = shortestViolation(modelOf('B3-seed'), 'flush before reuse')
    expect(path).toHaveLength(25)
    inOrder(
      path,
      'vcpu.V4_nested_vmx_run',
      'vcpu.V4_shadow_page_fault',
      'vcpu.shadow_V12_write_lock',
      'vcpu.shadow_V14_account_shadowed',
      'vcpu.shadow_V15_mmu_set_spte_rmap_add',
      'ioctl.Z2.1_write_lock',
      'ioctl.Z2.5_write_unlock',
      'ioctl.M7_kvm_free_memslot',
      'host_reuses_page',
    )
    inOrder(path, 'vcpu.shadow_V15', 'V3_tlb_fill_L2(v=0, gfn=A)', 'host_reuses_page')
  })

  test('a shadow page in 6.12-rc, whose memslot unaccount_shadowed does not find', () => {
    const path = shortestViolation(modelOf('B3-rc'), 'no use of a freed memslot by a shadow page')
    inOrder(path, 'vcpu.shadow_V14', 'ioctl.Z2.1', 'ioctl.Z2.5_write_unlock', 'ioctl.M7')
    const shrunk = [...(path ?? []).slice(0, -2), 'shrinker.kvm_mmu_zap_oldest_mmu_pages_shadow0']
    expect(path?.at(-1)).toMatch(/^ioctl.M7/)
    expect(() => replay(modelOf('B3-rc-shrinker'), shrunk)).not.toThrow()
  })

  test('a table on the NX list, as in card 7', () => {
    const path = [
      'ioctl.CREATE(choice=B logs dirty pages)',
      'vcpu.V0',
      'vcpu.V1_kvm_mmu_load',
      'vcpu.V2',
      'vcpu.V4_ept_violation(v=0, choice=A)',
      'vcpu.V5',
      'vcpu.V10',
      'vcpu.V12',
      'vcpu.V13_is_page_fault_stale_no',
      'vcpu.V14_tdp_mmu_link_sp(v=0, choice=fetch)',
      'vcpu.V15',
      'vcpu.V16',
      'vcpu.V2',
      'vcpu.V4_exit_to_userspace',
      'ioctl.M2_kvm_swap_active_memslots_INVALID',
      'ioctl.M2_synchronize_srcu',
      'ioctl.Z2.1',
      'ioctl.Z2.2_tdp_mmu_zap_leafs_root0',
      'ioctl.Z2.5_kvm_flush_remote_tlbs',
      'ioctl.Z2.5_wait_for_kicked_vcpus',
      'ioctl.Z2.5_write_unlock',
      'ioctl.M6_kvm_swap_active_memslots_absent',
      'nx_recovery.kvm_recover_nx_huge_pages_root0',
    ]
    const violated = replay(modelOf('C5', { vcpus: 1 }), path)
    expect(violated.get('the NX recovery worker finds the memslot')).toBe(path.length)
    expect(violated.get('idle tables stay')).toBe(path.length)
    const early = [...path.slice(0, -2), 'nx_recovery.kvm_recover_nx_huge_pages_root0']
    expect([...replay(modelOf('C5', { vcpus: 1 }), early).keys()]).toEqual([])
  })

  test('an idle table that nobody recycles in the TDP MMU, with and without a shrinker', () => {
    for (const name of ['A3', 'A3-tdx', 'P12-tdp', 'A1']) {
      const model = modelOf(name, { vcpus: 1 })
      const at = model.properties.findIndex(p => p.name === 'idle tables stay')
      expect(search(model).depths[at]).toBeNull()
    }
  })
})

describe('a hypothesis', () => {
  test('H1 of a private page kills the VM before the page is reused', () => {
    const path = shortestViolation(modelOf('H1-leafs-private'), 'TDH.MEM.PAGE.REMOVE succeeds')
    inOrder(path, 'ioctl.Z2.2_tdh_mem_range_block_A', 'ioctl.Z2.2_tdh_mem_page_remove_A_TLB')
    expect(expectations.get('H1-leafs-private')?.properties).not.toHaveProperty(
      'flush before reuse',
    )
  })

  test('H5 shows when the device comes before the zap, on a leaf of the other slot', () => {
    const path = shortestViolation(modelOf('H5-leafs'), 'no stale memory type after a deletion')
    inOrder(
      path,
      'vcpu.V4_ept_violation(v=0, choice=B)',
      'vcpu.V15',
      'vfio.kvm_arch_register_noncoherent_dma',
      'ioctl.Z2.1',
      'ioctl.M7',
    )
  })

  test('H6 is an access between M6 and CREATE_again', () => {
    const path = shortestViolation(modelOf('H6-leafs'), 'no access in the hole')
    inOrder(path, 'ioctl.M6', 'vcpu.V8_no_slot_exit_mmio')
    expect(path).not.toContain('ioctl.CREATE_again')
  })
})
