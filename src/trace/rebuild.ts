/**
 * Rebuilds the path to a candidate of a search. No parents are kept in memory, so the path is found
 * backwards through the level log: at each level the least packed state that leads to the one found
 * before, and the least action that does it. The choice depends on the state space alone, so any
 * number of workers gives the same path. What was rebuilt is replayed and confirmed by the
 * interpreter before anyone sees it.
 */
import { assert, defined } from '../base/assert.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import type { Candidate } from '../explore/explore.js'
import { findPredecessor } from '../explore/predecessor.js'
import { Interpreter } from '../interpret/interpreter.js'
import type { State } from '../interpret/evaluate.js'
import type { Model } from '../ir/model.js'
import { layoutOf, unpack } from '../layout/layout.js'
import type { LevelLog } from '../store/level-log.js'
import { follow, isConfirmed, isSameState, modelErrorIn, successorBy } from './confirm.js'
import type { Path, Subject } from './confirm.js'
import { TRACE_FORMAT_VERSION, traceState } from './trace.js'
import type { Trace, TraceAction, TraceError, TraceProperty, TraceStep } from './trace.js'

/** What a trace is rebuilt from. */
export interface Evidence {
  readonly model: Model
  readonly compiled: CompiledModel
  /** Of the run that found the candidate. */
  readonly levels: LevelLog
  readonly candidate: Candidate
  readonly subject: Subject
}

/** What a trace says about where it comes from. */
export interface Origin {
  /** Version of zapcheck. */
  readonly zapcheck: string
  /** Absolute path of the model's file; null for a built-in model. */
  readonly file: string | null
}

/**
 * The shortest trace to a candidate, confirmed by the interpreter. Searches each level once: the
 * cost is about that of exploring again up to the candidate.
 * @throws InternalError if the interpreter does not confirm it
 */
export async function rebuildTrace(evidence: Evidence, origin: Origin): Promise<Trace> {
  const { model, candidate, subject } = evidence
  const interpreter = new Interpreter(model)
  const path = follow(interpreter, await rebuildActions(evidence, interpreter))
  if (subject.kind === 'error') {
    const error = modelErrorIn(interpreter, defined(path.states.at(-1)), subject.action)
    assert(error !== null, 'the interpreter does not confirm a model error')
    return describeError(model, path, subject.action, error.message, error.code, origin)
  }
  const isShown = isConfirmed(interpreter, path, subject.property)
  const { name, kind, meaning } = defined(model.properties[subject.property])
  assert(isShown, `the interpreter does not confirm the trace for '${name}' (${kind})`)
  assert(path.actions.length === candidate.depth, `the trace for '${name}' has the wrong length`)
  return describe(model, path, { name, kind, meaning }, origin)
}

/** The actions from the initial state to the candidate, its own included for a property. */
async function rebuildActions(evidence: Evidence, interpreter: Interpreter): Promise<number[]> {
  const { model, compiled, levels, candidate, subject } = evidence
  const layout = layoutOf(model)
  const { action } = candidate
  const actions: number[] = action !== null && subject.kind === 'property' ? [action] : []
  let target = candidate.state
  for (let depth = candidate.depth - (action === null ? 0 : 1); depth > 0; depth--) {
    const predecessor = await findPredecessor(compiled, levels, target, depth)
    actions.unshift(
      leastAction(interpreter, unpack(layout, predecessor), unpack(layout, target), depth),
    )
    target = predecessor
  }
  return actions
}

function leastAction(interpreter: Interpreter, from: State, to: State, depth: number): number {
  const action = interpreter.model.actions.findIndex((_, index) => {
    const successor = successorBy(interpreter, index, from)
    return successor !== null && isSameState(successor, to)
  })
  assert(action >= 0, `the reference has no action from depth ${depth - 1} to ${depth} of a trace`)
  return action
}

/** A confirmed path to what a property is about, in words. */
export function describe(model: Model, path: Path, property: TraceProperty, origin: Origin): Trace {
  const verdict = property.kind === 'reachable' ? 'holds' : 'violated'
  return { ...common(model, path, origin), verdict, property, error: null, ...walked(model, path) }
}

function describeError(
  model: Model,
  path: Path,
  action: number | null,
  message: string,
  code: string,
  origin: Origin,
): Trace {
  assert(code === 'ZC401' || code === 'ZC402' || code === 'ZC403', `${code} is no model error`)
  const error: TraceError = { code, message, action: action === null ? null : named(model, action) }
  return {
    ...common(model, path, origin),
    verdict: 'error',
    property: null,
    error,
    ...walked(model, path),
  }
}

type Common = Pick<Trace, 'format' | 'formatVersion' | 'zapcheck' | 'model' | 'file' | 'parameters'>

function common(model: Model, path: Path, { zapcheck, file }: Origin): Common {
  assert(path.states.length === path.actions.length + 1, 'a path has one more state than actions')
  return {
    format: 'zapcheck-trace',
    formatVersion: TRACE_FORMAT_VERSION,
    zapcheck,
    model: model.name,
    file,
    parameters: model.parameters,
  }
}

function walked(model: Model, path: Path): Pick<Trace, 'initial' | 'steps'> {
  const states = path.states.map(state => traceState(model.variables, state))
  const steps = path.actions.map((action, i): TraceStep => {
    return { ...named(model, action), state: defined(states[i + 1]) }
  })
  return { initial: defined(states[0]), steps }
}

/** An action instance in the words of traces. */
export function named(model: Model, action: number): TraceAction {
  const { name, parameters, actor } = defined(model.actions[action], 'the action exists')
  return { action: name, parameters: Object.fromEntries(parameters), actor }
}
