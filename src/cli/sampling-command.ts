/**
 * `zapcheck check <model> --search random` and `--swarm`: samples a model that is too large to
 * exhaust, and reports. Its verdict is `violated` or `incomplete`, never `holds`.
 */
import { availableParallelism } from 'node:os'
import { compile } from '../compile/compile.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import { sample } from '../explore/sampling.js'
import type { SampledCandidate, SamplingOptions, SamplingProgress } from '../explore/sampling.js'
import type { SamplingResult } from '../explore/sampling.js'
import { ExplorerThreads } from '../explore/worker-threads.js'
import type { Model } from '../ir/model.js'
import type { Expectation, ExpectedVerdict, Variant } from '../lang/definition.js'
import { compareWithExpectation } from '../report/expectation.js'
import { candidateOf, samplingReportOf } from '../report/sampling-report.js'
import type { SamplingReport } from '../report/sampling-report.js'
import { renderSampling, samplingProgressLine } from '../report/sampling-text.js'
import type { Subject } from '../trace/confirm.js'
import { traceThrough } from '../trace/rebuild.js'
import { renderTrace } from '../trace/render.js'
import type { Trace } from '../trace/trace.js'
import { exitCodeOf, saveFirst, throwModelError } from './check-command.js'
import type { CheckFlags } from './check-command.js'
import { Console } from './console.js'
import { listenForInterrupt } from './interrupt.js'
import { findModel, instantiate } from './model-source.js'
import { chooseValues, findVariant } from './parameter-values.js'
import { selectProperties } from './select-properties.js'
import { checkWritable } from './trace-file.js'
import { version } from './version.js'

/** How long a swarm goes on if nobody says. */
const SWARM_TIME_MS = 60_000

/** A model that is ready to be sampled. */
interface Prepared {
  readonly model: Model
  readonly compiled: CompiledModel
  readonly file: string | null
  readonly variant: Variant | undefined
}

/** Samples one model; returns the exit code. @throws Diagnostic before anything runs */
export async function samplingCommand(word: string, flags: CheckFlags): Promise<number> {
  const prepared = await prepare(word, flags)
  const { model } = prepared
  const output = new Console(flags)
  const interruption = listenForInterrupt(() => {
    output.note('zapcheck: ending; press Ctrl-C again to stop at once')
  })
  const options = samplingOptions(flags, output, interruption.signal)
  const result = await sample(prepared.compiled, options)
  output.clearProgress()
  const traces = tracesOf(prepared, result, flags)
  const saved = saveFirst(traces, flags, output)
  interruption.release()
  const report = completeReport(prepared, result, traces, flags, saved)
  for (const trace of traces) {
    const { paint, width } = output
    output.print(`${renderTrace(trace, { full: flags.full === true, paint, width })}\n`)
  }
  output.print(renderSampling(report, output.paint))
  output.printJson(report)
  const { modelError } = result
  if (modelError !== null) throwModelError(model, { modelError: candidateOf(modelError) }, report)
  return exitCodeOf(report)
}

async function prepare(word: string, flags: CheckFlags): Promise<Prepared> {
  const source = await findModel(word)
  const { definition, file } = source
  const variant = flags.variant === undefined ? undefined : findVariant(definition, flags.variant)
  const values = chooseValues(definition, flags.param ?? [], variant)
  if (flags.trace !== undefined) checkWritable(flags.trace)
  const model = selectProperties(await instantiate(source, values), flags.property ?? [])
  return { model, compiled: compile(model), file, variant }
}

function samplingOptions(flags: CheckFlags, output: Console, signal: AbortSignal): SamplingOptions {
  const isSwarm = flags.swarm === true
  const workers = flags.workers ?? availableParallelism()
  const timeMs = flags.time ?? (isSwarm ? SWARM_TIME_MS : undefined)
  let before: SamplingProgress | null = null
  const onProgress = (now: SamplingProgress): void => {
    output.progress(width => samplingProgressLine(now, before, width))
    before = now
  }
  return {
    kind: isSwarm ? 'swarm' : 'random',
    seed: flags.seed ?? 0,
    workers,
    threads: new ExplorerThreads(workers),
    signal,
    ...(timeMs !== undefined && { timeMs }),
    ...(flags.walks !== undefined && { walks: flags.walks }),
    ...(flags.maxDepth !== undefined && { depthMax: flags.maxDepth }),
    ...(flags.memory !== undefined && { memoryBytes: flags.memory }),
    ...(flags.keepGoing === true && { keepGoing: true }),
    ...(output.showsProgress && { onProgress }),
  }
}

/** As in a check: the model error, or the violations, or the witnesses that were asked for. */
function tracesOf({ model, file }: Prepared, result: SamplingResult, flags: CheckFlags): Trace[] {
  const found = model.properties.flatMap((p, property) => {
    const sampled = result.candidates[property] ?? null
    const isShown = p.kind !== 'reachable'
    return sampled === null ? [] : [{ property, sampled, isShown }]
  })
  const violations = found.filter(f => f.isShown)
  const asked = flags.property === undefined ? [] : found
  const shown = violations.length > 0 || result.modelError !== null ? violations : asked
  const toTrace = (subject: Subject, sampled: SampledCandidate): Trace =>
    traceThrough({ model, candidate: candidateOf(sampled), subject }, sampled.rows, {
      zapcheck: version,
      file,
    })
  const traces = shown
    .toSorted((a, b) => a.sampled.rows.length - b.sampled.rows.length)
    .map(({ property, sampled }) => toTrace({ kind: 'property', property }, sampled))
  const { modelError } = result
  if (modelError === null) return traces
  return [toTrace({ kind: 'error', action: modelError.action }, modelError), ...traces]
}

function completeReport(
  { model, compiled, variant }: Prepared,
  result: SamplingResult,
  traces: readonly Trace[],
  flags: CheckFlags,
  saved: string | null,
): SamplingReport {
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  const { stateBits } = compiled
  const plain = samplingReportOf({ model, stateBits, result, peakRssBytes, version })
  const error = traces[0]?.error ?? null
  const { modelError } = result
  const report = {
    ...plain,
    trace: saved,
    ...(error !== null &&
      modelError !== null && {
        error: { code: error.code, message: error.message, depth: candidateOf(modelError).depth },
      }),
  }
  if (variant === undefined) return report
  const differences =
    flags.param === undefined
      ? compareWithExpectation(withoutDepths(variant.expect, report), report)
      : []
  return { ...report, variant: variant.name, differences }
}

/** What can be compared: sampled traces are not the shortest, and counts are of a part. */
function withoutDepths({ properties = {} }: Expectation, report: SamplingReport): Expectation {
  const names = new Set(report.properties.map(property => property.name))
  const verdicts = Object.entries(properties)
    .filter(([name]) => names.has(name))
    .map(([name, expected]): [string, ExpectedVerdict] => [
      name,
      typeof expected === 'string' ? expected : expected.verdict,
    ])
  return { properties: Object.fromEntries(verdicts) }
}
