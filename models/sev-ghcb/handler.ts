/** The handler of exits, the vCPU that rewrites its arguments, and what is claimed of them. */
import { all, and, branch, choose, each, either, implies, loopWhile, not, or, step } from 'zapcheck'
import { when } from 'zapcheck'
import type { Int, Item, ModelBuilder, Statements } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { ENTRIES } from './state.js'
import type { State } from './state.js'

/** Declares processes, actions and properties. */
export function declareHandler(m: ModelBuilder, s: State, p: Parameters): void {
  const options = {
    actor: 'handler of vCPU 0',
    repeats: true,
    source: 'arch/x86/kvm/svm/sev.c sev_handle_vmgexit',
  }
  m.process('handler', options, [either(scratch(s, p), pageStateChange(s, p), apCreation(s, p))])
  declareGuest(m, s)
  declareProperties(m, s)
}

/** vCPU 1 rewrites what it shares with the host, whenever it likes. */
function declareGuest(m: ModelBuilder, { shared }: State): void {
  const on = (name: string, parameters = {}) => m.action(name, parameters).by('vCPU 1')
  on('rewrites_scratch').do(
    choose({ inside: shared.scratch.set('inside'), outside: shared.scratch.set('outside') }),
  )
  for (const end of each(ENTRIES + 1)) on('rewrites_end', { end }).do(shared.end.set(end + 1))
  for (const i of each(ENTRIES))
    on('rewrites_entry', { i }).do(
      choose({ shared: shared.op[i].set('shared'), private: shared.op[i].set('private') }),
    )
}

/** sev_es_validate_vmgexit, then setup_vmgexit_scratch. */
function scratch({ shared, used }: State, { ghcb }: Parameters): Statements {
  const isInside = shared.scratch.is('inside')
  return [
    branch(
      isInside,
      [
        step('sev_es_validate_vmgexit'),
        step(
          'setup_vmgexit_scratch',
          ghcb === 'snapshot'
            ? used.set('inside')
            : when(isInside, used.set('inside'), used.set('outside')),
        ),
        step('exit_done', used.set('none')),
      ],
      [step('sev_es_validate_vmgexit_INVALID_INPUT')],
    ),
  ]
}

/** snp_begin_psc; userspace converts; snp_complete_psc; entry by entry. */
function pageStateChange(s: State, { psc }: Parameters): Statements {
  const { shared, copy, cur, attribute, done } = s
  const end: Int = psc === 'double-fetch-end' ? shared.end : copy.end
  const isLast = cur.ge(end)
  const clear: Item = [
    cur.set(0),
    copy.end.set(0),
    copy.op.set('shared'),
    each(ENTRIES).map(i => [done[i].isDone.set(false), done[i].op.set('shared')]),
  ]
  const took = each(ENTRIES).map(i =>
    when(cur.is(i), [
      done[i].isDone.set(true),
      done[i].op.set(psc === 'double-fetch-entry' ? shared.op[i] : copy.op),
    ]),
  )
  const converted = each(ENTRIES).map(i => when(cur.is(i), attribute[i].set(copy.op)))
  const read = each(ENTRIES).map(i => when(cur.is(i), copy.op.set(shared.op[i])))
  return [
    branch(
      shared.end.le(ENTRIES),
      [
        step('snp_begin_psc_header', copy.end.set(shared.end)),
        loopWhile(not(isLast), [
          branch(
            cur.lt(ENTRIES),
            [
              step('C1_snp_begin_psc_entry', not(isLast), read),
              step('C3_SET_MEMORY_ATTRIBUTES', converted),
              step('C4_snp_complete_one_psc', took, cur.increase()),
            ],
            [step('C1_snp_begin_psc_entry_overrun', s.hasOverrun.set(true), cur.increase())],
          ),
        ]),
        step('C5_snp_complete_psc', clear),
      ],
      [step('snp_begin_psc_INVALID_HDR')],
    ),
  ]
}

/** sev_snp_ap_creation. */
function apCreation({ isPending, result }: State, { ap }: Parameters): Statements {
  const early = ap === 'side-effect' ? isPending.set(true) : []
  return [
    step('sev_snp_ap_creation', early),
    either(
      [step('ap_request_valid', isPending.set(true), result.set('created'))],
      [step('ap_request_invalid_EINVAL', result.set('refused'))],
    ),
    step('ap_creation_done', isPending.set(false), result.set('none')),
  ]
}

function declareProperties(m: ModelBuilder, s: State): void {
  const { used, done, attribute, hasOverrun, isPending, result } = s
  m.invariant(
    'KVM uses the value that it validated',
    used.isNot('outside'),
    'KVM takes an address from the guest that it did not check',
  )
  m.invariant(
    'KVM stays inside of the buffer',
    not(hasOverrun),
    'an index that the guest raised after the check: KVM reads memory behind the buffer',
  )
  m.invariant(
    'what is reported as converted is converted',
    all(ENTRIES, i => implies(done[i].isDone, done[i].op.is(attribute[i]))),
    'KVM counts an entry as done that userspace converted otherwise: the guest that rewrote it ' +
      'gets wrong memory attributes',
  )
  m.invariant(
    'a refused request leaves its target as it was',
    implies(result.is('refused'), not(isPending)),
    'AP creation failed, and the target vCPU takes the new VMSA all the same',
  )
  m.reachable(
    'the guest rewrites the address after its check',
    and(used.is('inside'), s.shared.scratch.is('outside')),
  )
  const changes = each(ENTRIES).map(i => and(done[i].op.is('private'), s.shared.op[i].is('shared')))
  m.reachable('an entry changes while it is converted', or(...changes))
  m.reachable('a request is refused', result.is('refused'))
}
