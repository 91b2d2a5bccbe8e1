/**
 * The calls that userspace can make: arguments of KVM_SET_USER_MEMORY_REGION2 for slot A.
 *
 *   gfn 0, 2   free        gfn 1   slot B is there        gfn 3   above kvm_mmu_max_gfn()
 */

/** Flags of a request, and of a slot. */
export const flagNames = ['LOG_DIRTY_PAGES', 'READONLY', 'GUEST_MEMFD', 'ZAP_LEAFS_ONLY'] as const

/** A flag of a request. */
export type Flag = (typeof flagNames)[number]

/** What is wrong with the form of a request. */
export const forms = ['sound', 'unaligned', 'unaligned_offset', 'other_address', 'larger'] as const

/** The file that the request names as its guest_memfd. */
export const files = ['own', 'none', 'other_file', 'other_vm', 'beyond_size', 'bound'] as const

/** The arguments of one call. */
export interface Call {
  readonly name: string
  readonly isDelete: boolean
  readonly gfn: number
  readonly flags: readonly Flag[]
  readonly form: (typeof forms)[number]
  readonly file: (typeof files)[number]
}

/** The gfn of slot B. */
export const gfnB = 1
/** The gfn that no slot can have. */
export const gfnAbove = 3

const sound = { isDelete: false, gfn: 0, flags: [], form: 'sound', file: 'own' } as const

/** The calls, on an architecture that does or does not refuse high gfns as x86 does. */
export function callsOf(hasMaxGfn: boolean): readonly Call[] {
  const gfns = hasMaxGfn ? [0, gfnB, 2, gfnAbove] : [0, gfnB, 2]
  const regions = gfns.flatMap(gfn => subsets().map(flags => ({ ...sound, gfn, flags })))
  const fds = files
    .filter(file => file !== 'own')
    .flatMap(file =>
      [[], ['ZAP_LEAFS_ONLY'] as const].map(more => ({
        ...sound,
        flags: ['GUEST_MEMFD', ...more] as readonly Flag[],
        file,
      })),
    )
  const calls: readonly Omit<Call, 'name'>[] = [
    { ...sound, isDelete: true },
    { ...sound, form: 'unaligned' },
    { ...sound, form: 'unaligned_offset', flags: ['GUEST_MEMFD', 'ZAP_LEAFS_ONLY'] },
    { ...sound, form: 'unaligned_offset', flags: ['GUEST_MEMFD'] },
    { ...sound, form: 'other_address' },
    { ...sound, form: 'larger' },
    ...regions,
    ...fds,
  ]
  return calls.map(call => ({ name: nameOf(call), ...call }))
}

function subsets(): readonly (readonly Flag[])[] {
  return Array.from({ length: 1 << flagNames.length }, (_, bits) =>
    flagNames.filter((_name, i) => (bits & (1 << i)) !== 0),
  )
}

/** `gfn 0 GUEST_MEMFD other_vm`. */
function nameOf({ isDelete, gfn, flags, form, file }: Omit<Call, 'name'>): string {
  if (isDelete) return 'size 0'
  const words = [...flags, form === 'sound' ? '' : form, file === 'own' ? '' : file]
  return [`gfn ${gfn}`, ...words.filter(word => word !== '')].join(' ')
}
