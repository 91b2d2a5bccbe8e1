/**
 * Trace files: JSON, one trace. Written by `encodeTrace`, read by `decodeTrace`, which trusts
 * nothing: a file is accepted only if every part of it has its form (ZC204 says which has not).
 * valibot does the checking: it is small, names the path of what is wrong, and types the result.
 */
import * as v from 'valibot'
import { Diagnostic } from '../base/diagnostic.js'
import { TRACE_FORMAT_VERSION } from './trace.js'
import type { Trace, TraceState } from './trace.js'

const whole = v.pipe(v.number(), v.safeInteger())
const words = v.pipe(v.string(), v.maxLength(10_000))
const state = v.record(words, v.union([v.boolean(), whole, words, v.null(), v.array(whole)]))
const action = { action: words, parameters: v.record(words, words), actor: v.nullable(words) }

const schema = v.strictObject({
  format: v.literal('zapcheck-trace'),
  formatVersion: v.literal(TRACE_FORMAT_VERSION),
  zapcheck: words,
  model: words,
  file: v.nullable(words),
  parameters: v.record(words, v.union([v.boolean(), whole, words])),
  verdict: v.picklist(['violated', 'holds', 'error']),
  property: v.nullable(
    v.strictObject({
      name: words,
      kind: v.picklist(['invariant', 'step', 'assertion', 'deadlock', 'reachable']),
      meaning: v.nullable(words),
    }),
  ),
  error: v.nullable(
    v.strictObject({
      code: v.picklist(['ZC401', 'ZC402', 'ZC403']),
      message: words,
      action: v.nullable(v.strictObject(action)),
    }),
  ),
  initial: state,
  steps: v.array(v.strictObject({ ...action, state })),
})

/** A trace as the text of a trace file. Inverse of `decodeTrace`. */
export function encodeTrace(trace: Trace): string {
  return `${JSON.stringify(trace, null, 2)}\n`
}

/**
 * The trace in the text of a trace file.
 * @param file  the file's name, for messages
 * @throws Diagnostic ZC204 if the text is not a trace
 */
export function decodeTrace(text: string, file: string): Trace {
  const refuse = (what: string, hint?: string): never => {
    throw new Diagnostic('ZC204', `${file} is not a trace file: ${what}`, { hint })
  }
  const json = parseJson(text, refuse)
  if (!isOfFormat(json)) return refuse('it does not say "format": "zapcheck-trace"')
  if (isFormatOfLater(json))
    return refuse(
      `its format version is ${json.formatVersion}, this version reads ${TRACE_FORMAT_VERSION}`,
      'use a later zapcheck',
    )
  const result = v.safeParse(schema, json, { abortEarly: true })
  if (!result.success) {
    const [issue] = result.issues
    return refuse(`${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
  }
  const trace: Trace = result.output
  const problem = inconsistencyOf(trace)
  return problem === null ? trace : refuse(problem)
}

function parseJson(text: string, refuse: (what: string) => never): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'it is not JSON')
  }
}

function isOfFormat(json: unknown): json is { format: 'zapcheck-trace' } {
  return (
    typeof json === 'object' &&
    json !== null &&
    'format' in json &&
    json.format === 'zapcheck-trace'
  )
}

function isFormatOfLater(json: object): json is { formatVersion: number } {
  return (
    'formatVersion' in json &&
    typeof json.formatVersion === 'number' &&
    json.formatVersion > TRACE_FORMAT_VERSION
  )
}

/** What the parts of a trace say against each other, or null. */
function inconsistencyOf(trace: Trace): string | null {
  const { verdict, property, error, initial, steps } = trace
  if ((verdict === 'error') !== (error !== null)) return 'verdict and error contradict each other'
  if ((verdict === 'error') !== (property === null))
    return 'verdict and property contradict each other'
  if (property !== null && (verdict === 'holds') !== (property.kind === 'reachable'))
    return 'verdict and property.kind contradict each other'
  if (property?.kind === 'step' || property?.kind === 'assertion')
    if (steps.length === 0) return `a violated ${property.kind} needs a step`
  const names = Object.keys(initial)
  const isComplete = (s: TraceState): boolean =>
    Object.keys(s).length === names.length && names.every(name => Object.hasOwn(s, name))
  const bad = steps.findIndex(step => !isComplete(step.state))
  return bad < 0 ? null : `steps.${bad}.state: its variables are not those of the initial state`
}
