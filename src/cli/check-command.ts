/** `zapcheck check <model>`: explores one model and reports. */
import { defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import { compile, successorOrder } from '../compile/compile.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import { explore } from '../explore/explore.js'
import type { ExplorerThreads } from '../explore/worker-threads.js'
import type {
  CheckpointOptions,
  ExploreOptions,
  ExploreProgress,
  ExploreResult,
} from '../explore/explore.js'
import { Interpreter } from '../interpret/interpreter.js'
import type { Model } from '../ir/model.js'
import { checkAcceptedNames } from '../lang/accepts.js'
import type { Accepts } from '../lang/accepts.js'
import type { ModelDefinition, Reduction, Variant } from '../lang/definition.js'
import { layoutOf, unpack } from '../layout/layout.js'
import { prepareReduction, seesAllStates } from '../reduce/reduction.js'
import type { PreparedReduction } from '../reduce/reduction.js'
import { reportOf, withModelError } from '../report/check-report.js'
import type { CheckReport } from '../report/check-report.js'
import { renderReport } from '../report/check-text.js'
import { renderCoverage } from '../report/coverage-text.js'
import { compareWithExpectation } from '../report/expectation.js'
import { Forecast } from '../report/forecast.js'
import { progressLine } from '../report/progress-line.js'
import type { CheckpointManifest } from '../store/checkpoint-manifest.js'
import { modelErrorIn } from '../trace/confirm.js'
import type { Subject } from '../trace/confirm.js'
import { rebuildTrace } from '../trace/rebuild.js'
import { renderTrace } from '../trace/render.js'
import type { Trace } from '../trace/trace.js'
import {
  checkIdentity,
  checkpointedFlags,
  checkpointNote,
  EVERY_MS_DEFAULT,
  holdNewFolder,
  identityOf,
} from './checkpoint-folder.js'
import type { CheckpointedCommand, HeldFolder } from './checkpoint-folder.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import {
  EXIT_HOLDS,
  EXIT_INCOMPLETE,
  EXIT_INTERRUPTED,
  EXIT_VIOLATED,
  EXIT_WRONG_USAGE,
} from './exit-code.js'
import { listenForInterrupt } from './interrupt.js'
import { findModel, instantiate } from './model-source.js'
import { chooseValues, findVariant } from './parameter-values.js'
import { defaultMemory } from './values.js'
import type { SearchName } from './values.js'
import { selectProperties } from './select-properties.js'
import { checkSpillFolder } from './spill-folder.js'
import { checkWritable, writeTrace } from './trace-file.js'
import { version } from './version.js'

/** Flags of `check` with a model. */
export interface CheckFlags extends OutputFlags {
  readonly param?: readonly string[]
  readonly property?: readonly string[]
  readonly variant?: string
  readonly workers?: number
  readonly memory?: number
  readonly time?: number
  readonly spill?: string
  readonly maxStates?: number
  readonly maxDepth?: number
  readonly trace?: string
  readonly full?: boolean
  readonly keepGoing?: boolean
  readonly lossy?: boolean
  readonly reduce?: Reduction
  readonly coverage?: boolean
  readonly search?: SearchName
  readonly swarm?: boolean
  readonly walks?: number
  readonly seed?: number
  readonly checkpoint?: string
  readonly every?: number
}

/** A model that is ready to run. */
interface Prepared {
  readonly model: Model
  readonly compiled: CompiledModel
  readonly reduction: PreparedReduction
  readonly file: string | null
  readonly variant: Variant | undefined
  /** What the model accepts of its coverage. */
  readonly accepts: Accepts
  /** Null if no checkpoints are to be taken. */
  readonly checkpoint: { readonly held: HeldFolder; readonly options: CheckpointOptions } | null
}

/** A checkpoint to go on from. */
export interface ResumedCheckpoint {
  readonly held: HeldFolder
  readonly manifest: CheckpointManifest
}

/**
 * Checks one model; returns the exit code.
 * @param threads  closed by the caller, if nothing runs
 * @param resumed  what to go on from; its folder is released by the caller
 * @throws Diagnostic before anything runs
 */
export async function checkCommand(
  word: string,
  flags: CheckFlags,
  threads: ExplorerThreads,
  resumed: ResumedCheckpoint | null = null,
): Promise<number> {
  const prepared = await prepare(word, flags, resumed)
  try {
    return await run(prepared, flags, threads)
  } finally {
    prepared.checkpoint?.held.release()
  }
}

async function run(
  prepared: Prepared,
  flags: CheckFlags,
  threads: ExplorerThreads,
): Promise<number> {
  const { checkpoint } = prepared
  const output = new Console(flags)
  const interruption = listenForInterrupt(() => {
    output.note('zapcheck: ending; press Ctrl-C again to stop at once')
  })
  const options = exploreOptions(threads, flags, output, interruption.signal)
  const result = await explore(prepared.compiled, {
    ...options,
    ...(checkpoint !== null && { checkpoint: checkpoint.options }),
  })
  output.clearProgress()
  const traces = await tracesOf(prepared, result, flags)
  result.levels.close()
  const saved = saveFirst(traces, flags, output)
  interruption.release()
  const report = completeReport(prepared, result, traces, flags, saved)
  for (const trace of traces) {
    const { paint, width } = output
    output.print(`${renderTrace(trace, { full: flags.full === true, paint, width })}\n`)
  }
  if (report.coverage !== undefined) {
    const exhaustive = report.exhaustive && seesAllStates(report.reduction)
    const notes = { exhaustive, dead: {}, vacuous: {}, ...prepared.accepts }
    output.print(`${renderCoverage(report.coverage, notes, output.paint)}\n`)
  }
  output.print(renderReport(report, output.paint))
  const note = checkpoint === null ? null : checkpointNote(checkpoint.held.folder, result)
  if (note !== null) output.note(`zapcheck: ${note}`)
  output.printJson(report)
  if (report.error !== undefined) throwModelError(prepared.model, result, report)
  return exitCodeOf(report)
}

async function prepare(
  word: string,
  flags: CheckFlags,
  resumed: ResumedCheckpoint | null,
): Promise<Prepared> {
  const source = await findModel(word, { mustImportZapcheck: resumed !== null })
  const { definition, file } = source
  const variant = flags.variant === undefined ? undefined : findVariant(definition, flags.variant)
  const values = chooseValues(definition, flags.param ?? [], variant)
  if (flags.trace !== undefined) checkWritable(flags.trace)
  if (flags.spill !== undefined) checkSpillFolder(flags.spill)
  const whole = await instantiate(source, values)
  checkAcceptedNames(definition.accepts, formsOf(definition, whole))
  const model = selectProperties(whole, flags.property ?? [])
  const asked = flags.reduce ?? variant?.reduce ?? definition.reduce
  const reduction = prepareReduction(model, asked, successorOrder)
  const { group, stubborn } = reduction
  const coverage = flags.coverage === true ? 'counts' : 'none'
  const compiled = compile(model, layoutOf(model), group, { coverage, stubborn })
  const { accepts } = definition
  const plain = { model, compiled, reduction, file, variant, accepts }
  const command = { model: file ?? word, flags: checkpointedFlags(flags) }
  return { ...plain, checkpoint: openFolder(plain, command, flags, resumed) }
}

/** The model as it is checked, then as its defaults and its variants make it. */
function* formsOf(definition: ModelDefinition, model: Model): Generator<Model> {
  yield model
  yield definition.instantiate()
  for (const { params } of definition.variants) yield definition.instantiate(params)
}

/** Takes the folder of the checkpoints, and makes sure that what is in it is of this model. */
function openFolder(
  { model, compiled, reduction }: Pick<Prepared, 'model' | 'compiled' | 'reduction'>,
  command: CheckpointedCommand,
  flags: CheckFlags,
  resumed: ResumedCheckpoint | null,
): Prepared['checkpoint'] {
  if (flags.checkpoint === undefined) return null
  const identity = identityOf(model, compiled, reduction.applied)
  if (resumed !== null) checkIdentity(resumed.manifest, identity, model.name)
  const held = resumed?.held ?? holdNewFolder(flags.checkpoint)
  const head = { zapcheck: version, identity, command }
  const everyMs = flags.every ?? EVERY_MS_DEFAULT
  const from = resumed?.manifest ?? null
  return { held, options: { folder: held.folder, everyMs, head, from } }
}

function exploreOptions(
  threads: ExplorerThreads,
  flags: CheckFlags,
  output: Console,
  signal: AbortSignal,
): ExploreOptions {
  const forecast = new Forecast()
  let before: ExploreProgress | null = null
  const onProgress = (now: ExploreProgress): void => {
    const expected = forecast.next(now)
    output.progress(width => progressLine(now, before, width, expected))
    before = now
  }
  return {
    workers: threads.count,
    workersFirst: 1,
    threads,
    signal,
    memoryBytes: flags.memory ?? defaultMemory(),
    ...(flags.spill !== undefined && { spillFolder: flags.spill }),
    ...(flags.time !== undefined && { timeMs: flags.time }),
    ...(flags.maxStates !== undefined && { statesMax: flags.maxStates }),
    ...(flags.maxDepth !== undefined && { depthMax: flags.maxDepth }),
    ...(flags.keepGoing === true && { keepGoing: true }),
    ...(flags.lossy === true && { lossy: true }),
    ...(output.showsProgress && { onProgress }),
  }
}

/**
 * The traces to show, most telling first: the model error, or the violations by depth, or, if the
 * user asked for properties by name, the witnesses.
 */
async function tracesOf(
  { model, compiled, reduction, file }: Prepared,
  result: ExploreResult,
  flags: CheckFlags,
): Promise<Trace[]> {
  const subjects: Subject[] = []
  if (result.modelError !== null) subjects.push({ kind: 'error', action: result.modelError.action })
  const found = model.properties.flatMap((p, property) => {
    const depth = result.candidates[property]?.depth
    return depth === undefined ? [] : [{ property, depth, isWitness: p.kind === 'reachable' }]
  })
  const violations = found.filter(f => !f.isWitness)
  const asked = flags.property === undefined ? [] : found
  const shown = violations.length > 0 || subjects.length > 0 ? violations : asked
  for (const { property } of shown.toSorted((a, b) => a.depth - b.depth))
    subjects.push({ kind: 'property', property })
  const traces: Trace[] = []
  for (const subject of subjects) {
    const candidate =
      subject.kind === 'error' ? result.modelError : result.candidates[subject.property]
    const evidence = {
      model,
      compiled,
      levels: result.levels,
      candidate: defined(candidate ?? undefined),
      subject,
      group: reduction.group,
    }
    traces.push(await rebuildTrace(evidence, { zapcheck: version, file }))
  }
  return traces
}

/** Saves the first trace where `--trace` says; the path, or null if there is none. */
export function saveFirst(
  traces: readonly Trace[],
  flags: CheckFlags,
  output: Console,
): string | null {
  if (flags.trace === undefined) return null
  const [first] = traces
  if (first === undefined) {
    output.note('zapcheck: no trace was saved: nothing was violated')
    return null
  }
  writeTrace(flags.trace, first)
  return flags.trace
}

function completeReport(
  { model, compiled, reduction, variant, checkpoint }: Prepared,
  result: ExploreResult,
  traces: readonly Trace[],
  flags: CheckFlags,
  saved: string | null,
): CheckReport {
  const peakRssBytes = process.resourceUsage().maxRSS * 1024
  const { stateBits } = compiled
  const { applied } = reduction
  const plain = {
    ...reportOf({ model, stateBits, result, reduction: applied, peakRssBytes, version }),
    ...(checkpoint !== null &&
      result.checkpoint !== null && {
        checkpoint: { folder: checkpoint.held.folder, ...result.checkpoint },
      }),
  }
  const [first] = traces
  const report =
    result.modelError === null || first === undefined
      ? { ...plain, trace: saved }
      : withModelError({ ...plain, trace: saved }, first, result.modelError.depth)
  if (variant === undefined) return report
  return { ...report, variant: variant.name, differences: differencesOf(variant, report, flags) }
}

/** Compares with the variant, unless `-p` made another model of it. */
function differencesOf(variant: Variant, report: CheckReport, flags: CheckFlags): string[] {
  if (flags.param !== undefined) return []
  const { properties = {}, ...counts } = variant.expect
  const selected = Object.entries(properties).filter(
    ([name]) => flags.property?.includes(name) ?? true,
  )
  return compareWithExpectation({ ...counts, properties: Object.fromEntries(selected) }, report)
}

/** A model error is the author's mistake: its line, and exit code 2. */
export function throwModelError(
  model: Model,
  result: Pick<ExploreResult, 'modelError'>,
  report: Pick<CheckReport, 'error'>,
): never {
  const { code, message } = defined(report.error)
  const { state, action } = defined(result.modelError ?? undefined)
  const values = unpack(layoutOf(model), state)
  const place = modelErrorIn(new Interpreter(model), values, action)?.site?.()
  throw new Diagnostic(code, message, { place })
}

/** The exit code of a check. */
export function exitCodeOf({
  error,
  limit,
  verdict,
  differences = [],
}: Pick<CheckReport, 'error' | 'limit' | 'verdict' | 'differences'>): number {
  if (error !== undefined) return EXIT_WRONG_USAGE
  if (limit === 'interrupted') return EXIT_INTERRUPTED
  if (verdict === 'violated' || differences.length > 0) return EXIT_VIOLATED
  return verdict === 'incomplete' ? EXIT_INCOMPLETE : EXIT_HOLDS
}
