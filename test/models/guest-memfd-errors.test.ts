/**
 * The errors that calls on guest_memfd return, as far as they guard a property: each is returned
 * in some variant, the property it guards is violated where the check is left out, and a call that
 * was refused leaves nothing behind.
 */
import { describe, expect, test } from 'vitest'
import conversion from '../../models/guest-memfd-conversion/index.js'
import inPlace from '../../models/guest-memfd-in-place/index.js'
import launch from '../../models/guest-memfd-launch/index.js'
import lifetime from '../../models/guest-memfd/index.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { search } from '../../src/interpret/search.js'
import { formatAction } from '../../src/ir/model.js'
import { shortestViolation } from './paths.js'

type Definition = typeof lifetime

/** The variant as a model. */
function modelOf(definition: Definition, name: string) {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return definition.instantiate(variant.params)
}

/** What is returned where; and the variant without the check, with what it violates. */
interface Refusal {
  readonly what: string
  readonly of: Definition
  readonly variant: string
  readonly step: string
  readonly without?: readonly [variant: string, property: string]
}

const refusals: readonly Refusal[] = [
  {
    what: 'bind of an index that is bound: -EINVAL',
    of: lifetime,
    variant: 'W14-fixed',
    step: 'ioctl.B2_kvm_gmem_bind_EINVAL_overlap',
    without: ['no-overlap-check', 'no mapping of a freed page'],
  },
  {
    what: "bind of another VM's file: -EINVAL",
    of: lifetime,
    variant: 'owner-check',
    step: 'ioctl.B1_kvm_gmem_bind_EINVAL_other_VM',
    without: ['no-owner-check', 'no mapping of a freed page'],
  },
  {
    what: 'a fault while the file is being closed: -EFAULT',
    of: lifetime,
    variant: 'W14-fixed',
    step: 'vcpu.V10_kvm_gmem_get_pfn_EFAULT',
  },
  {
    what: 'a fault whose binding is gone: -EIO, after bind took it from another slot',
    of: lifetime,
    variant: 'no-overlap-check',
    step: 'vcpu.V10_kvm_gmem_get_pfn_EIO',
  },
  {
    what: 'a fault on a poisoned page: -EHWPOISON',
    of: lifetime,
    variant: 'error',
    step: 'vcpu.V10_kvm_gmem_get_pfn_EHWPOISON',
    without: ['error-no-check', 'a poisoned page is not mapped when its error was handled'],
  },
  {
    what: 'a prefault before finalize: -EOPNOTSUPP',
    of: launch,
    variant: 'W1-snp',
    step: 'vcpu.F_KVM_PRE_FAULT_MEMORY_EOPNOTSUPP',
    without: ['W20', 'populate succeeds after a prefault'],
  },
  {
    what: 'populate of a page that is up to date, v6.18: -EEXIST',
    of: launch,
    variant: 'W1-snp-6.18',
    step: 'populate.L2_EEXIST',
  },
  {
    what: 'populate of a page that is assigned: -EEXIST',
    of: launch,
    variant: 'W1-snp',
    step: 'populate.L4_EEXIST',
    without: ['measure-twice', 'the image of a page is measured once'],
  },
  {
    what: 'populate of a gfn that is shared: -EINVAL',
    of: launch,
    variant: 'W1-converted',
    step: 'populate.L3_EINVAL',
    without: ['no-attribute-check', 'a page of the image is private'],
  },
  {
    what: 'populate while a lock of the TDX module is busy, v6.16: -EBUSY',
    of: launch,
    variant: 'W6',
    step: 'populate.L4_tdh_mem_page_add_EBUSY',
  },
  {
    what: 'populate of a gfn that has a leaf: -EIO',
    of: launch,
    variant: 'W1-tdx',
    step: 'populate.L4_kvm_tdp_mmu_map_private_pfn_EIO',
  },
  {
    what: 'finalize while a page waits for PAGE.ADD: -EINVAL',
    of: launch,
    variant: 'W6',
    step: 'FINALIZE_EINVAL',
    without: ['no-premapped-check', 'a leaf of a finalized TD has its entry'],
  },
  {
    what: 'the ioctl of the pending proposal without a request of the guest: an error',
    of: conversion,
    variant: 'W19-guard',
    step: 'KVM_SET_MEMORY_ATTRIBUTES_error',
    without: ['W19', 'private data stays out of shared memory'],
  },
  {
    what: 'conversion in place of a page with references: -EAGAIN',
    of: inPlace,
    variant: 'in-place',
    step: 'to_private.I3_EAGAIN',
    without: ['W17', 'the host never writes a page of the guest'],
  },
]

describe('an error of guest_memfd', () => {
  test.each(refusals)('is returned: $what', ({ of, variant, step }) => {
    const model = modelOf(of, variant)
    const { fired } = search(model)
    const isReturned = model.actions.some(
      (action, i) => fired[i] === true && formatAction(action).startsWith(step),
    )
    expect(isReturned).toBe(true)
  })
  test('is a WARN where nothing returns it: -EIO of a lost binding', () => {
    const model = modelOf(lifetime, 'W1-snp')
    const { fired } = search(model)
    const returned = model.actions.filter((_, i) => fired[i] === true).map(action => action.name)
    expect(returned.filter(name => name.includes('EIO'))).toEqual([])
  })
  const guards = refusals.filter(refusal => refusal.without !== undefined)
  test.each(guards)('guards a property: $what', ({ of, step, without }) => {
    const [variant, property] = without ?? ['', '']
    const path = shortestViolation(modelOf(of, variant), property)
    expect(path).not.toBeNull()
    expect(path?.some(name => name.startsWith(step))).toBe(false)
  })
})

/** The name of the action, or its beginning; a name in full wins over a longer one. */
function isNamed(action: string, name: string): boolean {
  return name.endsWith('=') ? action === name.slice(0, -1) : action.startsWith(name)
}

/** How many variables differ after the last actions of a path, each named by its beginning. */
function differences(definition: Definition, variant: string, before: string[], refused: string[]) {
  const model = modelOf(definition, variant)
  const interpreter = new Interpreter(model)
  let state = interpreter.initial()
  const take = (name: string): void => {
    const fitting = interpreter
      .transitions(state)
      .filter(({ action }) => isNamed(formatAction(model.actions[action]!), name))
    if (fitting.length !== 1) throw new Error(`${fitting.length} actions fit ${name}`)
    state = fitting[0]!.successor
  }
  before.forEach(take)
  const old = state
  refused.forEach(take)
  return state.filter((value, i) => value !== old[i]).length
}

// An ioctl of one slot happens once, so where it stands is the one thing that differs.
describe('a call that was refused leaves nothing behind', () => {
  const bound = ['ioctl.CREATE(slot=0)', 'ioctl.B2', 'ioctl.B3', 'ioctl.M6']
  test('bind of an index that is bound', () => {
    const call = ['ioctl.CREATE(slot=1)', 'ioctl.B2_filemap', 'ioctl.B2_kvm_gmem_bind_EINVAL']
    const count = differences(lifetime, 'W1-snp', bound, call)
    expect(count).toBe(1)
  })
  test("bind of another VM's file", () => {
    const call = ['ioctl.CREATE(slot=0)', 'ioctl.B1_kvm_gmem_bind_EINVAL_other_VM']
    const count = differences(lifetime, 'owner-check', [], call)
    expect(count).toBe(1)
  })
  test('a second image of one page', () => {
    const start = ['populate.L0', 'populate.L1_filemap', 'populate.L1_kvm']
    const add = ['populate.L4_rmp', 'populate.L4_SNP_LAUNCH_UPDATE=', 'populate.L5']
    const again = [...start, 'populate.L4_EEXIST']
    const count = differences(launch, 'W1-snp', [...start, ...add], again)
    expect(count).toBe(0)
  })
})
