/** The result of a sampling search as text, and its progress line. */
import type { SamplingProgress } from '../explore/sampling.js'
import { printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import { formatModel } from '../trace/render.js'
import type { PropertyReport } from './check-report.js'
import { expectationLines, painted } from './check-text.js'
import { formatBytes, formatCount, formatRate, formatSeconds } from './numbers.js'
import type { SamplingReport, SearchReport } from './sampling-report.js'

/** Most names of actions in a line. */
const NAMES_MAX = 8

/** The report as lines of text, each ended by a newline. */
export function renderSampling(report: SamplingReport, paint: Paint): string {
  const variant = report.variant === undefined ? '' : `, variant ${printable(report.variant)}`
  const lines = [
    `${formatModel(report.model, report.params)}${variant}`,
    ...report.properties.map(p => propertyLine(p, paint)),
    '',
    `verdict  ${paint('bold', painted(report.verdict, paint))}: ${verdictText(report)}`,
    ...statisticLines(report).map(([name, text]) => `${paint('dim', name.padEnd(8))} ${text}`),
    ...expectationLines(report, paint),
  ]
  return `${lines.join('\n')}\n`
}

function propertyLine({ name, kind, verdict, depth }: PropertyReport, paint: Paint): string {
  const padding = ' '.repeat(Math.max(0, 'violated'.length - verdict.length))
  const unknown = kind === 'reachable' ? 'no witness found' : 'no violation found'
  const words = [
    kind === 'reachable' ? 'reachability' : kind,
    depth === null ? unknown : `a trace of ${counted(depth, 'step')}`,
  ]
  return `  ${painted(verdict, paint)}${padding}  ${printable(name)} ${paint('dim', `(${words.join(', ')})`)}`
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

function verdictText({ verdict, error, search, limit }: SamplingReport): string {
  const task = search.kind === 'random' ? 'walk' : 'run'
  if (error !== undefined) return 'the model has an error'
  if (verdict === 'violated')
    return `met by ${task} ${formatCount(search.foundBy ?? 1)} of seed ${search.seed}; there may be shorter traces`
  const end = limit === 'interrupted' ? ', interrupted' : ''
  const tasks = counted(search.runs ?? search.walks ?? 0, task)
  return `no violation found in ${tasks}${end}; nothing is said about states that they did not reach`
}

function statisticLines(report: SamplingReport): [string, string][] {
  const { search, seconds, workers, memory } = report
  const time = `${formatSeconds(seconds)}, ${counted(workers, 'worker')}, process ${formatBytes(memory.peakRssBytes)}`
  return [
    ...(search.kind === 'random' ? walkLines(search, report) : runLines(search, report)),
    [
      'states',
      `about ${formatCount(search.distinctEstimate)} distinct (an estimate) of an unknown number`,
    ],
    ['coverage', coverage(search)],
    ['time', time],
  ]
}

function walkLines(search: SearchReport, { depth }: SamplingReport): [string, string][] {
  const { walks = 0, walksPerSecond = 0, steps, stepsPerSecond, seed, maxDepth } = search
  return [
    [
      'walks',
      `${formatCount(walks)}, ${formatRate(walksPerSecond)} walks/s, seed ${seed}, the deepest ${formatCount(depth)} of at most ${counted(maxDepth, 'step')}`,
    ],
    ['steps', `${formatCount(steps)}, ${formatRate(stepsPerSecond)} steps/s`],
  ]
}

function runLines(search: SearchReport, { depth }: SamplingReport): [string, string][] {
  const { runs = 0, steps, stepsPerSecond, seed, maxDepth, statesPerRun = 0 } = search
  const { statesMost = 0, completeRuns = 0, bestRun = null, setBytes = 0 } = search
  const best =
    bestRun === null
      ? 'each left states out: too deep, too many, or not reached in time'
      : `${counted(completeRuns, 'run')} bounded by nothing but ${completeRuns === 1 ? 'its set' : 'their sets'}; the best found ${counted(bestRun.states, 'state')}, and about ${bestRun.omittedExpected} are expected to be missing`
  return [
    [
      'runs',
      `${formatCount(runs)}, seed ${seed}, sets of ${formatBytes(setBytes)}, the deepest ${formatCount(depth)} of at most ${counted(maxDepth, 'step')}`,
    ],
    ['', `${formatCount(statesPerRun)} states per run, at most ${formatCount(statesMost)}`],
    ['', best],
    ['steps', `${formatCount(steps)}, ${formatRate(stepsPerSecond)} steps/s`],
  ]
}

function coverage({ actionsFired, actions, neverFired }: SearchReport): string {
  const fired = `${formatCount(actionsFired)} of ${counted(actions, 'action instance')} fired`
  if (neverFired.length === 0) return fired
  const names = neverFired.slice(0, NAMES_MAX).map(printable).join(', ')
  const more = neverFired.length > NAMES_MAX ? ` and ${neverFired.length - NAMES_MAX} more` : ''
  return `${fired}; never: ${names}${more}`
}

/** One line, at most `width` characters; the rate is that since `before`. */
export function samplingProgressLine(
  now: SamplingProgress,
  before: SamplingProgress | null,
  width: number,
): string {
  const steps = now.steps - (before?.steps ?? 0)
  const elapsedMs = now.elapsedMs - (before?.elapsedMs ?? 0)
  const parts = [
    counted(now.tasks, now.kind === 'random' ? 'walk' : 'run'),
    `${formatRate(elapsedMs > 0 ? (1000 * steps) / elapsedMs : 0)} steps/s`,
    `depth ${now.depth}`,
    formatSeconds(now.elapsedMs / 1000),
    `about ${formatCount(now.distinctEstimate)} states`,
  ]
  while (parts.length > 1 && parts.join('  ').length > width) parts.pop()
  return parts.join('  ').slice(0, Math.max(0, width))
}
