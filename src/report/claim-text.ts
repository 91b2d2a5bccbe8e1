/** Claims and their verdicts as text for people, and as the page docs/claims.md. */
import { plain, printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import type { CaseOutcome, ClaimReport } from './claim.js'
import { markdown } from './markdown.js'
import { formatCount, formatSeconds } from './numbers.js'

/** Columns of the id and of the verdict. */
const ID_WIDTH = 8
const VERDICT_WIDTH = 15

/** Words for the verdicts. */
const verdictWords: Readonly<Record<ClaimReport['verdict'], string>> = {
  confirmed: 'confirmed',
  refuted: 'refuted',
  depends: 'depends',
  undecidable: 'not decidable',
  unknown: 'not decided',
}

/**
 * A claim as a paragraph: verdict, claim, cost; below it what the verdict rests on.
 * @param wrap  breaks text into lines with that many columns in front
 */
export function claimText(
  report: ClaimReport,
  paint: Paint,
  wrap: (text: string, indent: number) => string[],
): string {
  const indent = ID_WIDTH + VERDICT_WIDTH
  const verdict = verdictWords[report.verdict].padEnd(VERDICT_WIDTH)
  const color = report.isAccounted ? 'green' : report.verdict === 'unknown' ? 'yellow' : 'red'
  const cost =
    report.cases.length === 0
      ? ''
      : ` (${formatCount(report.states)} states, ${formatSeconds(report.seconds)})`
  const [first = '', ...rest] = wrap(printable(report.claim) + cost, indent)
  const lines = [
    `${printable(report.id).padEnd(ID_WIDTH)}${paint(color, verdict)}${first.trimStart()}`,
    ...rest,
  ]
  const add = (text: string): void => {
    lines.push(...wrap(printable(text), indent + 2))
  }
  if (report.verdict === 'undecidable') add(report.why)
  if (report.verdict === 'depends') for (const one of report.cases) add(caseText(one))
  if (!report.matches) {
    add(`The notes expect: ${verdictWords[report.expected]}. ${report.otherwise ?? ''}`.trim())
    if (!report.isAccounted) for (const one of report.cases) add(caseText(one))
  }
  return lines.join('\n')
}

/** `when the zap is a leaf zap: as claimed; "no stale mapping" holds in memslot-delete A3`. */
function caseText({ when, found, predicts, model, variant, property, depth }: CaseOutcome): string {
  const side = found === 'unknown' ? 'not decided' : found === predicts ? 'true' : 'false'
  const what = property === undefined ? 'every property' : `'${property}'`
  const outcome = depth === null ? found : `${found} at depth ${depth}`
  return `${side} when ${when} (${model} ${variant}: ${what} ${outcome})`
}

/** One line about all claims: how many of each verdict, and how many are as expected. */
export function claimsSummary(reports: readonly ClaimReport[], paint: Paint): string {
  const counts = Object.entries(verdictWords).flatMap(([verdict, words]) => {
    const count = reports.filter(r => r.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${words}`]
  })
  const explained = reports.filter(r => r.isAccounted && !r.matches).length
  const unaccounted = reports.filter(r => !r.isAccounted && r.verdict !== 'unknown').length
  const open = reports.filter(r => r.verdict === 'unknown').length
  const notes: string[] = []
  if (unaccounted > 0) notes.push(paint('red', `${unaccounted} not as expected`))
  if (open > 0) notes.push(paint('yellow', `${open} not checked to the end`))
  if (notes.length === 0) notes.push(paint('green', 'all as expected'))
  if (explained > 0) notes.push(`${explained} otherwise than the notes, explained`)
  return `${reports.length} claims (${counts.join(', ')}): ${notes.join(', ')}`
}

/** The page docs/claims.md: a table of verdicts, then each claim with what decides it. */
export function claimsPage(reports: readonly ClaimReport[]): string {
  const seeds = [...new Set(reports.map(r => r.seed))]
  const sections = seeds.flatMap(seed => {
    const own = reports.filter(r => r.seed === seed)
    return [
      `## ${seed === null ? "Findings of the kernel's history" : `Seed ${seed}`}`,
      '',
      '| id | claim | verdict | notes expect |',
      '|---|---|---|---|',
      ...own.map(
        r => `| [${r.id}](#${r.id.toLowerCase()}) | ${markdown(r.claim)} | ${verdictCell(r)} |`,
      ),
      '',
      ...own.flatMap(claimSection),
    ]
  })
  return `${[...pageHead(reports), ...sections].join('\n').trimEnd()}\n`
}

function pageHead(reports: readonly ClaimReport[]): string[] {
  const differing = reports.filter(r => !r.matches).map(r => `[${r.id}](#${r.id.toLowerCase()})`)
  return [
    '# Claims and their verdicts',
    '',
    '<!-- Made by: zapcheck claims --markdown > docs/claims.md -->',
    '',
    'What the discussions of the seeds claim, each put to variants of the models. A claim is',
    '*confirmed* if every case comes out as it predicts, *refuted* if none does, and *depends* on',
    'what distinguishes the cases else; *not decidable* are claims about cost, taste or unknown',
    'causes. The last column is what the design notes expected before any model was checked.',
    '',
    `${plainSummary(reports)}.`,
    '',
    ...(differing.length === 0 ? [] : [`Otherwise than the notes: ${differing.join(', ')}.`, '']),
  ]
}

function plainSummary(reports: readonly ClaimReport[]): string {
  return claimsSummary(reports, plain)
}

function verdictCell(report: ClaimReport): string {
  const words = verdictWords[report.verdict]
  return `${report.matches ? words : `**${words}**`} | ${verdictWords[report.expected]}`
}

function claimSection(report: ClaimReport): string[] {
  const lines = [
    `### ${report.id}`,
    '',
    markdown(report.claim),
    '',
    `**${verdictWords[report.verdict]}**. ${markdown(report.why)}`,
    '',
  ]
  if (report.otherwise !== null)
    lines.push(`Otherwise than the notes: ${markdown(report.otherwise)}`, '')
  if (report.cases.length === 0) return lines
  const rows = report.cases.map(one => {
    const { found, predicts, depth } = one
    const outcome = depth === null ? found : `${found}, depth ${depth}`
    const property = one.property ?? 'every property'
    return `| ${markdown(one.when)} | ${one.model} ${one.variant} | ${markdown(property)} | ${predicts} | ${outcome} |`
  })
  return [
    ...lines,
    '| when | variant | property | the claim predicts | found |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ]
}
