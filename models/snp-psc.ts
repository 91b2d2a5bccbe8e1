/**
 * snp-psc: a page state change with a buffer of several entries, which KVM hands to userspace in
 * batches of adjacent entries with the same operation.
 *
 *   C1 batch ─▶ C2 exit to userspace ─▶ C3 attributes, page by page ─▶ C4 cur_entry moves on ─▶ C1
 *                                            └─ fails ─▶ C4 PSC_ERROR_GENERIC, cur_entry stays
 *
 * The question is what `cur_entry` and the result tell the guest about its pages. Entries that the
 * guest rewrites meanwhile are the subject of sev-ghcb; here it waits for the answer.
 */
import { and, array, bool, branch, choose, defineModel, each, enumeration } from 'zapcheck'
import { implies, index, invariant, leave, loopWhile, not, option, or, reachable } from 'zapcheck'
import { call, either, step, when } from 'zapcheck'
import type {
  Bool,
  Int,
  ModelBuilder,
  ParameterValues,
  SmallIndex,
  Statements,
  Variant,
} from 'zapcheck'
import { row } from './components/row.js'

/** Entries of the buffer; entry i is about gfn i, so all are adjacent. */
const entries = 3
const ops = ['shared', 'private'] as const

const params = {
  userspace: option(
    ['whole-batch', 'page-by-page'],
    'whole-batch',
    'converts a batch with one KVM_SET_MEMORY_ATTRIBUTES, all or nothing, or in several parts ' +
      'of which a later one can fail',
  ),
  bug: option(
    ['none', 'advance-early', 'ignore-result', 'no-answer'],
    'none',
    'cur_entry moves on before userspace has answered, or whatever the answer is; after an error ' +
      'the exit is not completed',
  ),
} as const

const declareState = (m: ModelBuilder) =>
  m.state({
    /** What the buffer asks for, and the attributes; all pages are PRIVATE at first. */
    asked: array(entries, enumeration(...ops)),
    isPrivate: array(entries, bool(true)),
    /** hdr.cur_entry; psc_idx + psc_inflight while a batch is with userspace. */
    cur: index(entries + 1),
    end: index(entries + 1),
    /** The next page of the batch that userspace converts. */
    next: index(entries + 1),
    ret: bool(),
    answer: enumeration('none', 'success', 'error'),
  })
type State = ReturnType<typeof declareState>

const variants: readonly Variant<ParameterValues<typeof params>>[] = [
  row('merged', 'A batch is converted as a whole or not at all.', {}, [97, 96, 11]),
  row(
    'Y16',
    'Y16: userspace fails in the middle of a batch: cur_entry does not tell how far.',
    { userspace: 'page-by-page' },
    [113, 116, 11],
    { 'entries from cur_entry on are untouched': 5 },
  ),
  row(
    'advance-early',
    'cur_entry moves on when the batch is handed to userspace.',
    { bug: 'advance-early' },
    [97, 96, 11],
    { 'entries before cur_entry are converted': 2 },
  ),
  row(
    'ignore-result',
    'The answer of userspace is not looked at.',
    { bug: 'ignore-result' },
    [138, 142, 11],
    {
      'entries before cur_entry are converted': 4,
      'success means converted': 5,
    },
  ),
  row(
    'no-answer',
    'After an error KVM neither tells the guest nor runs it again.',
    { bug: 'no-answer' },
    [97, 96, 11],
    { 'deadlock freedom': 4 },
  ),
]

export default defineModel({
  name: 'snp-psc',
  about: 'A page state change of several pages that userspace may refuse in the middle.',
  sources: [
    'arch/x86/kvm/svm/sev.c, v7.0: snp_begin_psc, snp_complete_one_psc, snp_complete_psc',
    'GHCB specification 2.03: page state change, cur_entry and the error code',
  ],
  omits: [
    'RMP and faults: attributes are what userspace changes here; see snp-rmp',
    '2M entries, and entries that are partly done: they only end a batch earlier',
    'PSC_ERROR_INVALID_HDR and INVALID_ENTRY: they come before anything is converted',
  ],
  params,
  variants,
  build(m, p) {
    const s = declareState(m)
    declareChange(m, s, p)
    declareProperties(m, s, p)
  },
})

/** The vCPU: VMGEXIT, then batches until all is done or one fails. */
function declareChange(m: ModelBuilder, s: State, p: ParameterValues<typeof params>): void {
  const isAsked = (i: SmallIndex): Bool => s.asked[i].is('private')
  const combinations = Object.fromEntries(
    each(2 ** entries).map(n => [
      each(entries)
        .map(i => ((n >> i) & 1 ? 'private' : 'shared'))
        .join(', '),
      each(entries).map(i => s.asked[i].set((n >> i) & 1 ? 'private' : 'shared')),
    ]),
  )
  const cur = s.cur.number()
  const end = s.end.number()
  const early = p.bug === 'advance-early'
  const done: Statements = [
    step('C4_snp_complete_one_psc', early ? [] : s.cur.set(end), s.ret.set(false)),
  ]
  const failed: Statements =
    p.bug === 'no-answer'
      ? [step('C4_error_without_snp_complete_psc'), leave()]
      : [step('C4_PSC_ERROR_GENERIC', s.answer.set('error')), leave()]
  m.process('psc', { actor: 'vCPU 0', source: 'arch/x86/kvm/svm/sev.c snp_begin_psc, v7.0' }, [
    step('VMGEXIT_PSC', choose(combinations)),
    call('all', [
      loopWhile(cur.lt(entries), [
        step(
          'C1_snp_begin_psc',
          s.end.set(endOfBatch(s, isAsked)),
          s.next.set(cur),
          early ? s.cur.set(endOfBatch(s, isAsked)) : [],
        ),
        convert(s, p),
        p.bug === 'ignore-result' ? done : [branch(s.ret, failed, done)],
      ]),
      step('C4_snp_complete_psc', s.answer.set('success')),
    ]),
  ])
  m.deadlock(s.answer.isNot('none'))
}

/** The first entry behind those that have the operation of the current one. */
function endOfBatch(s: State, isAsked: (i: SmallIndex) => Bool): Int {
  const cur = s.cur.number()
  const ends = each(entries).map(i => {
    const next = each(entries).find(j => j === i + 1)
    const goesOn = next === undefined ? or() : isAsked(i).is(isAsked(next))
    return and(cur.le(i), not(goesOn))
  })
  return ends.reduceRight<Int>((later, isEnd, i) => isEnd.pick(i + 1, later), s.end.number())
}

/** C3: userspace sets the attributes of the batch, or fails. */
function convert(s: State, { userspace }: ParameterValues<typeof params>): Statements {
  const next = s.next.number()
  const set = (i: SmallIndex) => s.isPrivate[i].set(s.asked[i].is('private'))
  const fails = step('C3_KVM_SET_MEMORY_ATTRIBUTES_fails', s.ret.set(true), s.next.set(s.end))
  const isIn = (i: SmallIndex): Bool => and(next.le(i), s.end.number().gt(i))
  if (userspace === 'whole-batch') {
    const all = each(entries).map(i => when(isIn(i), set(i)))
    return [either([step('C3_KVM_SET_MEMORY_ATTRIBUTES', all)], [fails])]
  }
  const one = each(entries).map(i => when(next.is(i), set(i)))
  const page = step('C3_KVM_SET_MEMORY_ATTRIBUTES_page', one, s.next.set(next.plus(1)))
  return [loopWhile(next.lt(s.end.number()), [either([page], [fails])])]
}

function declareProperties(m: ModelBuilder, s: State, p: ParameterValues<typeof params>): void {
  const isConverted = (i: SmallIndex): Bool => s.isPrivate[i].is(s.asked[i].is('private'))
  const all = each(entries)
  m.check(
    invariant(
      'success means converted',
      implies(s.answer.is('success'), and(...all.map(isConverted))),
      'the guest is told that its pages are converted, and one is not',
    ),
    invariant(
      'entries before cur_entry are converted',
      and(...all.map(i => implies(s.cur.number().gt(i), isConverted(i)))),
      'the guest goes on behind an entry that was not converted',
    ),
    invariant(
      'entries from cur_entry on are untouched',
      implies(
        s.answer.is('error'),
        and(...all.map(i => implies(s.cur.number().le(i), s.isPrivate[i]))),
      ),
      'after an error some pages behind cur_entry are converted and others are not: the guest ' +
        'has to take the whole batch for unknown',
    ),
    reachable('scenario: a batch of three', and(s.next.is(0), s.end.is(entries))),
  )
  if (p.bug !== 'ignore-result' && p.bug !== 'no-answer')
    m.check(
      reachable('scenario: a later batch fails', and(s.answer.is('error'), s.cur.number().gt(0))),
    )
}
