/**
 * The reference workload: a memslot is zapped while vCPUs fault on, access and accept its pages.
 * One action is one atomic step; the zapper holds mmu_lock from `begin` to `end`.
 */
import { all, array, bool, counter, defineModel, each, enumeration } from 'zapcheck'
import { flag, implies, index, int, range, violated, when } from 'zapcheck'

export default defineModel({
  name: 'sept-zap',
  about: 'A memslot is zapped while vCPUs fault on, access and accept its private pages.',
  sources: [
    'arch/x86/kvm/mmu/tdp_mmu.c and arch/x86/kvm/vmx/tdx.c, about v6.16: block, track, remove',
    'virt/kvm/kvm_main.c: mmu_invalidate_in_progress and mmu_invalidate_seq',
  ],
  omits: [
    'TDX module locks and busy retries: every SEAMCALL succeeds',
    'page content, acceptance by size, tables: one level of 4K entries',
  ],
  params: {
    vcpus: range(1, 4, 2, 'vCPUs'),
    gfns: range(1, 5, 2, 'guest frames of the slot'),
    track: flag(true, 'false: MEM.TRACK does not flush the TLBs (the seeded bug)'),
  },
  variants: [
    { name: '2x2', params: {}, expect: { states: 22_772, transitions: 49_156, depth: 74 } },
    { name: '2x3', params: { gfns: 3 }, expect: { states: 232_636, transitions: 593_484, depth: 88 } },
    { name: '3x2', params: { vcpus: 3 }, expect: { states: 387_236, transitions: 1_026_332, depth: 76 } },
    { name: '3x3', tier: 'large', params: { vcpus: 3, gfns: 3 }, expect: { states: 7_390_732, transitions: 23_192_404, depth: 97 } },
    { name: 'notrack', params: { track: false }, expect: { properties: { 'no stale translation': violated(10) } } },
    { name: 'notrack-3x3', params: { vcpus: 3, gfns: 3, track: false }, expect: { properties: { 'no stale translation': violated(11) } } },
  ], // prettier-ignore
  build(m, { vcpus, gfns, track }) {
    const zapper = vcpus + 1
    const s = m.state({
      slot: bool(true), inval: bool(), seq: counter(4), lock: int(0, zapper),
      sept: array(gfns, enumeration('free', 'mapped', 'blocked')), acc: array(gfns, bool()),
      vcpu: array(vcpus, {
        tlb: array(gfns, bool()), pc: enumeration('run', 'snap', 'lock'), fg: index(gfns), fs: counter(4),
      }),
      zpc: enumeration('idle', 'blocking', 'track', 'removing'), zi: int(0, gfns),
    }) // prettier-ignore
    for (const v of each(vcpus)) {
      const { pc, tlb, fg, fs } = s.vcpu[v]
      const done = [s.lock.set(0), pc.set('run'), fg.set(0), fs.set(0)]
      for (const g of each(gfns)) {
        const mapped = s.sept[g].is('mapped')
        m.action('access', { v, g }).when(pc.is('run'), mapped, tlb[g].not()).do(tlb[g].set(true))
        m.action('accept', { v, g }).when(pc.is('run'), mapped, s.acc[g].not()).do(s.acc[g].set(true))
        m.action('fault', { v, g }).when(pc.is('run'), s.slot, s.sept[g].is('free')).do(pc.set('snap'), fg.set(g), fs.set(s.seq))
      } // prettier-ignore
      const stale = s.inval.or(fs.isNot(s.seq))
      m.action('lock', { v }).when(pc.is('snap'), s.lock.is(0)).do(s.lock.set(v + 1), pc.set('lock'))
      m.action('retry', { v }).when(pc.is('lock'), stale).do(done)
      m.action('map', { v }).when(pc.is('lock'), stale.not()).do(when(s.sept.at(fg).is('free'), s.sept.at(fg).set('mapped')), done)
    } // prettier-ignore
    const { zpc, zi } = s
    m.action('begin').when(zpc.is('idle'), s.slot, s.lock.is(0)).do(s.lock.set(zapper), s.inval.set(true), zpc.set('blocking'), zi.set(0))
    m.action('block').when(zpc.is('blocking'), zi.lt(gfns)).do(when(s.sept.at(zi).is('mapped'), s.sept.at(zi).set('blocked')), zi.increase())
    m.action('blocked').when(zpc.is('blocking'), zi.is(gfns)).do(zpc.set('track'), zi.set(0))
    m.action('track').when(zpc.is('track')).do(track ? each(vcpus).map(v => each(gfns).map(g => s.vcpu[v].tlb[g].set(false))) : [], zpc.set('removing'))
    m.action('remove').when(zpc.is('removing'), zi.lt(gfns)).do(when(s.sept.at(zi).is('blocked'), [s.sept.at(zi).set('free'), s.acc.at(zi).set(false)]), zi.increase())
    m.action('end').when(zpc.is('removing'), zi.is(gfns)).do(s.inval.set(false), s.seq.increase(), s.lock.set(0), s.slot.set(false), zpc.set('idle'), zi.set(0))
    m.action('recreate').when(zpc.is('idle'), s.slot.not(), s.lock.is(0)).do(s.slot.set(true))
    m.deadlock('allowed')
    m.invariant('no stale translation', all(vcpus, v => all(gfns, g => implies(s.vcpu[v].tlb[g], s.sept[g].isNot('free')))),
      'a vCPU reaches a page through its TLB after the page was given back to the host') // prettier-ignore
  },
})
