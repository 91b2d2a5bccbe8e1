/**
 * The models snp-launch and sev-ghcb: their bugs as paths, the same paths with the fix, and the
 * errors that the calls return.
 */
import { describe, expect, test } from 'vitest'
import ghcb from '../../models/sev-ghcb/index.js'
import launch from '../../models/snp-launch/index.js'
import type { ModelDefinition } from '../../src/index.js'
import { modelOf, replay, shortestViolation } from './paths.js'

const found = (definition: ModelDefinition, name: string, path: readonly string[]) => [
  ...replay(modelOf(definition, name), path),
]

const start = ['SNP_LAUNCH_UPDATE', 'L2_copy_from_user', 'L3_rmp_make_private']
const measured = [...start, 'L4_firmware_measures'].map(label => `launch.${label}`)
const update = [...measured, 'launch.L4_firmware_encrypts']
const finish = [
  'launch.SNP_LAUNCH_FINISH',
  ...['sev_es_sync_vmsa_a', 'sev_es_sync_vmsa_b', 'rmp_make_private', 'firmware_encrypts_vmsa'].map(
    label => `launch.${label}_vcpu0`,
  ),
]
const online = 'vcpus.create_vcpu0'

describe('SNP_LAUNCH_UPDATE', () => {
  test('Y13: a second call takes the page away from the guest', () => {
    const again = ['launch.SNP_LAUNCH_UPDATE', 'launch.L3_rmp_make_private']
    expect(found(launch, 'Y13', [...update, ...again])).toEqual([
      ["a launched page stays the guest's", update.length + 2],
    ])
  })

  test('Y13: as merged it is refused with -EEXIST', () => {
    const again = ['launch.SNP_LAUNCH_UPDATE', 'launch.L1_assigned_EEXIST']
    expect(found(launch, 'merged', [...update, ...again])).toEqual([])
  })

  const host = ['host_rmpupdate_shared', 'host_writes', 'host_rmpupdate_private']

  test('Y14: a malicious host changes the page between measuring and encrypting', () => {
    const path = [...measured, ...host, 'launch.L4_firmware_encrypts']
    expect(found(launch, 'Y14', path)).toEqual([
      ['the launched page is what was measured', path.length],
    ])
  })

  test('Y14: an immutable entry refuses that', () => {
    const model = modelOf(launch, 'Y14-immutable')
    expect(() => replay(model, [...measured, 'host_rmpupdate_shared'])).toThrow('0 actions fit')
  })

  test('L5: a page that firmware keeps is leaked, or freed although it is assigned', () => {
    const failed = [...start.map(label => `launch.${label}`), 'launch.L4_firmware_error']
    const leaked = [...failed, 'launch.L5_reclaim_fails_snp_leak_pages']
    const freed = [...failed, 'launch.L5_reclaim_fails_page_freed']
    expect(found(launch, 'merged', leaked)).toEqual([])
    expect(found(launch, 'reclaim-freed', freed)).toEqual([
      ['no assigned page is freed', freed.length],
    ])
  })
})

describe('SNP_LAUNCH_FINISH', () => {
  const again = [online, ...finish, 'launch.finished', 'launch.SNP_LAUNCH_FINISH']

  test('S5: the second one writes to a VMSA that is encrypted', () => {
    const path = [...again, 'launch.sev_es_sync_vmsa_a_vcpu0']
    expect(found(launch, 'S5', path)).toEqual([
      ["the host never writes to a guest's page", path.length],
    ])
  })

  test('S5: as merged it is refused with -EINVAL', () => {
    const path = [...again, 'launch.guest_state_protected_EINVAL_vcpu0']
    expect(found(launch, 'merged', path)).toEqual([])
  })

  test('S6: registers that change meanwhile end in the VMSA by halves', () => {
    const set = ['set_regs.lock', 'set_regs.KVM_SET_REGS_a']
    const path = [online, ...finish.slice(0, 2), ...set, ...finish.slice(2)]
    expect(found(launch, 'S6', path).map(([name]) => name)).toEqual([
      'the encrypted VMSA is one register state',
    ])
    expect(() => replay(modelOf(launch, 'merged'), path)).toThrow('0 actions fit set_regs.lock')
  })

  test('it is refused with -EBUSY while a vCPU is being created', () => {
    const path = [online, 'vcpus.create_vcpu1_created', 'launch.SNP_LAUNCH_FINISH_EBUSY']
    expect(found(launch, 'merged', path)).toEqual([])
    expect(() => replay(modelOf(launch, 'creating'), path)).toThrow('0 actions fit')
  })
})

describe('sev-ghcb', () => {
  const property = 'KVM uses the value that it validated'
  const path = [
    'handler.sev_es_validate_vmgexit',
    'rewrites_scratch(choice=outside',
    'handler.setup_vmgexit_scratch',
  ]

  test('S3: the address is rewritten between its check and its use', () => {
    expect([...replay(modelOf(ghcb, 'S3'), [...path]).keys()]).toEqual([property])
    expect([...replay(modelOf(ghcb, 'merged'), [...path])]).toEqual([])
  })

  const entry = ['C1_snp_begin_psc_entry', 'C3_SET_MEMORY_ATTRIBUTES', 'C4_snp_complete_one_psc']
  const [read = '', ...rest] = entry.map(label => `handler.${label}`)

  test('Y15: an entry that is read twice is reported as what it became', () => {
    const twice = ['handler.snp_begin_psc_header', read, 'rewrites_entry(i=0, choice=private']
    expect(found(ghcb, 'Y15', [...twice, ...rest])).toEqual([
      ['what is reported as converted is converted', 5],
    ])
    expect(found(ghcb, 'merged', [...twice, ...rest])).toEqual([])
  })

  test('Y15: an index that is read again leads out of the buffer; a copy does not', () => {
    const one = ['handler.snp_begin_psc_header', read, ...rest, 'rewrites_end(end=2']
    const overrun = [...one, read, ...rest, 'handler.C1_snp_begin_psc_entry_overrun']
    expect(found(ghcb, 'Y15-end', overrun)).toEqual([['KVM stays inside of the buffer', 9]])
    expect(found(ghcb, 'merged', [...one, 'handler.C5_snp_complete_psc'])).toEqual([])
  })

  test('S7: a refused AP creation leaves a VMSA pending only without the check first', () => {
    const refused = ['handler.sev_snp_ap_creation', 'handler.ap_request_invalid_EINVAL']
    expect(found(ghcb, 'S7', refused)).toEqual([
      ['a refused request leaves its target as it was', 2],
    ])
    expect(found(ghcb, 'merged', refused)).toEqual([])
  })

  test('a header or an address that is wrong from the start is refused', () => {
    const header = ['rewrites_end(end=2', 'handler.snp_begin_psc_INVALID_HDR']
    const address = ['rewrites_scratch(choice=outside', 'handler.sev_es_validate_vmgexit_INVALID']
    for (const name of ['merged', 'S3', 'Y15-end']) {
      expect(found(ghcb, name, header)).toEqual([])
      expect(found(ghcb, name, address)).toEqual([])
    }
    expect(shortestViolation(modelOf(ghcb, 'merged'), property)).toBeNull()
  })
})
