/**
 * The reference workload: a memslot is zapped while vCPUs fault on, access and accept its pages.
 * One action is one atomic step; the zapper holds mmu_lock from `begin` to `end`. Other checkers
 * were given the same system, so its counts are known exactly.
 */
import { all, array, bool, counter, defineModel, each, enumeration } from 'zapcheck'
import { flag, index, int, range, violated, when } from 'zapcheck'
import type { Expectation } from 'zapcheck'

const counts = (states = 0, transitions = 0, depth = 0) => ({ states, transitions, depth })
/** Of a search reduced by symmetry; its depth is that of the search of all states. */
const reduced = (states = 0, depth = 0): Expectation => ({ reduced: { states }, depth })
const stale = (depth: number) => ({ properties: { 'no stale translation': violated(depth) } })
const row = <P>(name: string, about: string, params: P, expected: Expectation) => ({
  name,
  about,
  params,
  expect: expected,
})
const tier = 'large'
const reduce = 'symmetry'

export default defineModel({
  name: 'sept-zap',
  about: 'A memslot is zapped while vCPUs fault on, access and accept its private pages.',
  sources: [
    'arch/x86/kvm/vmx/tdx.c and arch/x86/kvm/mmu/tdp_mmu.c, about v6.16: block, track, remove',
    'virt/kvm/kvm_main.c, about v6.16: mmu_invalidate_in_progress, mmu_invalidate_seq',
  ],
  omits: ['module locks: a busy SEAMCALL changes nothing', 'page content: no property reads it'],
  params: {
    vcpus: range(1, 4, 2, 'vCPUs'),
    gfns: range(1, 5, 2, 'guest frames of the slot'),
    track: flag(true, 'false: MEM.TRACK does not make vCPUs flush (the seeded bug)'),
  },
  variants: [
    row('2x2', 'Two vCPUs and two gfns.', {}, counts(22_772, 49_156, 74)),
    row('2x3', 'A third gfn.', { gfns: 3 }, counts(232_636, 593_484, 88)),
    row('3x2', 'A third vCPU.', { vcpus: 3 }, counts(387_236, 1_026_332, 76)),
    row('3x3', 'Three of both.', { vcpus: 3, gfns: 3 }, counts(7_390_732, 23_192_404, 97)),
    { ...row('2x2-symmetry', 'vCPUs are interchangeable.', {}, reduced(11_948, 74)), reduce },
    { ...row('3x2-symmetry', 'The same.', { vcpus: 3 }, reduced(75_676, 76)), reduce },
    row('notrack', 'MEM.TRACK does not make vCPUs flush.', { track: false }, stale(10)),
    row('notrack-3x3', 'The same.', { vcpus: 3, gfns: 3, track: false }, stale(11)),
    { ...row('2x4', 'Four gfns.', { gfns: 4 }, counts(2_505_620, 7_296_372, 105)), tier },
    { ...row('2x5', 'Five gfns.', { gfns: 5 }, counts(27_582_164, 89_039_012, 123)), tier },
    { ...row('4x2', 'Four vCPUs.', { vcpus: 4 }, counts(6_120_500, 19_257_172, 78)), tier },
  ],
  // prettier-ignore
  build(m, { vcpus, gfns, track }) {
    const vcpu = m.symmetric('vcpu', vcpus)
    const s = m.state({
      slot: bool(true), inval: bool(), seq: counter(4), lock: enumeration('free', 'vCPU', 'zapper'),
      sept: array(gfns, enumeration('free', 'mapped', 'blocked')), acc: array(gfns, bool()),
      vcpu: array(vcpu, { tlb: array(gfns, bool()),
        pc: enumeration('run', 'snap', 'lock'), fg: index(gfns), fs: counter(4) }),
      zpc: enumeration('idle', 'blocking', 'track', 'removing'), zi: int(0, gfns),
    })
    for (const v of each(vcpu)) {
      const { pc, tlb, fg, fs } = s.vcpu[v], actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
      const on = (name: string, args = {}) => m.action(name, { v, ...args }).by(actor)
      for (const g of each(gfns)) {
        const isMapped = s.sept[g].is('mapped'), isFree = s.sept[g].is('free')
        on('access', { g }).when(pc.is('run'), isMapped, tlb[g].not()).do(tlb[g].set(true))
        on('accept', { g }).when(pc.is('run'), isMapped, s.acc[g].not()).do(s.acc[g].set(true))
        on('fault', { g }).when(pc.is('run'), s.slot, isFree)
          .do(pc.set('snap'), fg.set(g), fs.set(s.seq))
      }
      const entry = s.sept.at(fg), map = when(entry.is('free'), entry.set('mapped'))
      const isStale = s.inval.or(fs.isNot(s.seq))
      const resume = [s.lock.set('free'), pc.set('run'), fg.set(0), fs.set(0)]
      on('lock').when(pc.is('snap'), s.lock.is('free')).do(s.lock.set('vCPU'), pc.set('lock'))
      on('retry').when(pc.is('lock'), isStale).do(resume)
      on('map').when(pc.is('lock'), isStale.not()).do(map, resume)
    }
    const { zpc, zi, slot, lock, inval } = s, entry = s.sept.at(zi)
    const on = (name: string) => m.action(name).by('zapper')
    const flush = each(vcpu).map(v => each(gfns).map(g => s.vcpu[v].tlb[g].set(false)))
    const block = when(entry.is('mapped'), entry.set('blocked'))
    const remove = when(entry.is('blocked'), [entry.set('free'), s.acc.at(zi).set(false)])
    on('begin').when(zpc.is('idle'), slot, lock.is('free'))
      .do(lock.set('zapper'), inval.set(true), zpc.set('blocking'), zi.set(0))
    on('block').when(zpc.is('blocking'), zi.lt(gfns)).do(block, zi.increase())
    on('blocked').when(zpc.is('blocking'), zi.is(gfns)).do(zpc.set('track'), zi.set(0))
    on('track').when(zpc.is('track')).do(track ? flush : [], zpc.set('removing'))
    on('remove').when(zpc.is('removing'), zi.lt(gfns)).do(remove, zi.increase())
    on('end').when(zpc.is('removing'), zi.is(gfns)).do(inval.set(false), s.seq.increase(),
      lock.set('free'), slot.set(false), zpc.set('idle'), zi.set(0))
    on('recreate').when(zpc.is('idle'), slot.not(), lock.is('free')).do(slot.set(true))
    m.deadlock('allowed')
    const kept = all(vcpu, v => all(gfns, g => s.vcpu[v].tlb[g].implies(s.sept[g].isNot('free'))))
    m.invariant('no stale translation', kept, 'a vCPU reaches a page that the host has back')
  },
})
