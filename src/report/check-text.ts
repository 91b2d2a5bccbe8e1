/** The result of one check as text. */
import type { LimitName } from '../explore/explore.js'
import { printable } from '../trace/printable.js'
import type { Paint, Style } from '../trace/printable.js'
import { formatModel } from '../trace/render.js'
import type { CheckReport, Omission, PropertyReport } from './check-report.js'
import { formatBytes, formatCount, formatRate, formatSeconds } from './numbers.js'

const VERDICT_STYLES: Readonly<Record<string, Style>> = {
  holds: 'green',
  violated: 'red',
  incomplete: 'yellow',
  unknown: 'yellow',
}

const LIMIT_WORDS: Readonly<Record<LimitName, string>> = {
  time: 'the time limit was reached',
  memory: 'the memory limit was reached',
  disk: 'the disk for states was full or failed',
  states: 'the limit of states was reached',
  depth: 'the depth limit was reached',
  walks: 'all walks were done',
  interrupted: 'it was interrupted',
}

/** A check as lines of text, each ended by a newline. */
export function renderReport(report: CheckReport, paint: Paint): string {
  const lines = [
    `${formatModel(report.model, report.params)}${report.variant === undefined ? '' : `, variant ${printable(report.variant)}`}`,
    ...report.properties.map(p => propertyLine(p, report, paint)),
    '',
    verdictLine(report, paint),
    ...statisticLines(report, paint),
    ...warningLines(report, paint),
    ...expectationLines(report, paint),
  ]
  return `${lines.join('\n')}\n`
}

/** A verdict in its color. */
export function painted(verdict: string, paint: Paint): string {
  const style = VERDICT_STYLES[verdict]
  return style === undefined ? verdict : paint(style, verdict)
}

function propertyLine(property: PropertyReport, report: CheckReport, paint: Paint): string {
  const { name, kind, verdict, depth } = property
  const padding = ' '.repeat(Math.max(0, 'violated'.length - verdict.length))
  const words = [kind === 'reachable' ? 'reachability' : kind]
  if (depth !== null) words.push(`depth ${depth}`)
  else if (verdict === 'violated') words.push('never reached')
  else if (verdict === 'unknown') words.push(whyUnknown(report))
  return `  ${painted(verdict, paint)}${padding}  ${printable(name)} ${paint('dim', `(${words.join(', ')})`)}`
}

function whyUnknown({ limit, error, exactness }: CheckReport): string {
  if (error !== undefined) return 'the run ended at a model error'
  if (limit === null && exactness !== 'exact') return 'no violation found'
  return limit === null ? 'the run ended at a violation' : `${LIMIT_WORDS[limit]} first`
}

function verdictLine(report: CheckReport, paint: Paint): string {
  const { verdict, limit, error, exhaustive, exactness } = report
  const word = paint('bold', painted(verdict, paint))
  if (error !== undefined) return `verdict  ${word}: the model has an error`
  if (verdict === 'holds') return `verdict  ${word}: every reachable state was explored`
  if (verdict === 'incomplete' && limit === null && exactness !== 'exact')
    return `verdict  ${word}: no violation found, but states were omitted`
  if (verdict === 'incomplete')
    return `verdict  ${word}: ${limit === null ? 'the run ended early' : LIMIT_WORDS[limit]}; nothing was violated so far`
  if (exhaustive) return `verdict  ${word}: every reachable state was explored`
  const reason =
    limit === null ? 'exploration stopped after the level of the violation' : LIMIT_WORDS[limit]
  return `verdict  ${word}: ${reason}`
}

function statisticLines(report: CheckReport, paint: Paint): string[] {
  const { states, transitions, depth, deadlocks, seconds, statesPerSecond, workers } = report
  const { stateBits, visitedBytes, bytesPerState, peakRssBytes, spilledBytes } = report.memory
  const disk = spilledBytes === undefined ? '' : `, ${formatBytes(spilledBytes)} on disk`
  const dim = (text: string): string => paint('dim', text)
  const { exactness } = report
  return [
    `${dim('states')}   ${formatCount(states)} distinct, ${formatCount(transitions)} transitions, depth ${depth}, ${formatCount(deadlocks)} ${deadlocks === 1 ? 'deadlock' : 'deadlocks'}`,
    `${dim('time')}     ${formatSeconds(seconds)}, ${formatRate(statesPerSecond)} states/s, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    ...reductionLines(report, paint),
    `${dim('memory')}   ${stateBits}-bit states, ${exactness === 'exact' ? 'exact' : 'lossy'}, ${bytesPerState} bytes per state, visited set ${formatBytes(visitedBytes)}, process ${formatBytes(peakRssBytes)}${disk}`,
    ...(exactness === 'exact' ? [] : [`${dim('omitted')}  ${omissionText(exactness)}`]),
  ]
}

function omissionText({ omissionProbability, omittedExpected }: Omission): string {
  return `memory ran out: about ${formatCount(Math.ceil(omittedExpected))} states are expected to be missing, and all that only they lead to; the probability that any is: ${omissionProbability}`
}

/** What the counts are of, where they are not of states. */
function reductionLines({ reduction }: CheckReport, paint: Paint): string[] {
  const { kind, groupOrder, types } = reduction
  const partialOrder = `${paint('dim', 'partial order')} counts are of what is left; a trace may be longer than the shortest, which --reduce none finds`
  if (kind === 'none') return []
  if (kind === 'por') return [partialOrder]
  const over = types.map(({ name, size }) => `${size} ${printable(name)}`).join(', ')
  const counts =
    groupOrder === 1
      ? 'nothing in the model is interchangeable, so counts are of states'
      : `counts are of representatives, each for up to ${groupOrder} states (${over})`
  const symmetry = `${paint('dim', 'symmetry')} ${counts}`
  return kind === 'all' ? [symmetry, partialOrder] : [symmetry]
}

function warningLines({ deadActions = [] }: CheckReport, paint: Paint): string[] {
  return deadActions.map(
    name =>
      `${paint('yellow', 'warning')}  action ${printable(name)} can never happen in this scope`,
  )
}

/** Whether the variant's expectation is met, if there is a variant. */
export function expectationLines(
  { variant, differences, verdict }: Pick<CheckReport, 'variant' | 'differences' | 'verdict'>,
  paint: Paint,
): string[] {
  if (variant === undefined || differences === undefined) return []
  if (differences.length === 0)
    return [
      `${paint('green', 'expected')}  ${verdict === 'violated' ? 'the violation is what this variant shows' : 'as the variant says'}`,
    ]
  return differences.map(text => `${paint('red', 'differs')}  ${printable(text)}`)
}
