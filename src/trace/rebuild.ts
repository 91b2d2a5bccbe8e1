/**
 * Rebuilds the path to a candidate of a search. No parents are kept in memory, so the path is found
 * backwards through the level log: at each level the least packed state that leads to the one found
 * before; then forwards from the initial state, by the least actions that lead through these. The
 * choice depends on the state space alone, so any number of workers gives the same path. What was
 * rebuilt is replayed and confirmed by the interpreter before anyone sees it.
 *
 * In a search reduced by symmetry the rows are representatives, in which actors may have changed
 * their names from one level to the next. The way forwards takes real states: each step leads to a
 * state of the orbit that the next row stands for, so a name means one actor throughout.
 */
import { assert, defined } from '../base/assert.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import type { Candidate } from '../explore/explore.js'
import { findPredecessor } from '../explore/predecessor.js'
import { Interpreter } from '../interpret/interpreter.js'
import type { State } from '../interpret/evaluate.js'
import type { Model } from '../ir/model.js'
import { layoutOf, unpack } from '../layout/layout.js'
import { canonicalState } from '../reduce/symmetry-group.js'
import type { SymmetryGroup } from '../reduce/symmetry-group.js'
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
  /** What the search was reduced by; absent or null if all states were kept apart. */
  readonly group?: SymmetryGroup | null
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
  return traceThrough(evidence, await rebuildRows(evidence), origin)
}

/** What a trace through known rows is made from. */
export type RowEvidence = Pick<Evidence, 'model' | 'candidate' | 'subject' | 'group'>

/**
 * The trace through packed states, from the initial one to the candidate's, confirmed by the
 * interpreter.
 * @throws InternalError if the interpreter does not confirm it
 */
export function traceThrough(
  evidence: RowEvidence,
  rows: readonly BigUint64Array[],
  origin: Origin,
): Trace {
  const { model, candidate, subject } = evidence
  const interpreter = new Interpreter(model)
  const path = followRows(evidence, interpreter, rows)
  const last = defined(path.states.at(-1))
  if (subject.kind === 'error') {
    const action = failingAction(interpreter, last, subject.action)
    const error = modelErrorIn(interpreter, last, action)
    assert(error !== null, 'the interpreter does not confirm a model error')
    return describeError(model, path, action, error.message, error.code, origin)
  }
  const whole = candidate.action === null ? path : withLastAction(evidence, interpreter, path)
  const isShown = isConfirmed(interpreter, whole, subject.property)
  const { name, kind, meaning } = defined(model.properties[subject.property])
  assert(isShown, `the interpreter does not confirm the trace for '${name}' (${kind})`)
  assert(whole.actions.length === candidate.depth, `the trace for '${name}' has the wrong length`)
  return describe(model, whole, { name, kind, meaning }, origin)
}

/** The packed states from the initial one to the candidate's, one a level, found backwards. */
async function rebuildRows({
  compiled,
  levels,
  candidate,
}: Evidence): Promise<readonly BigUint64Array[]> {
  const rows = [candidate.state]
  for (let depth = candidate.depth - (candidate.action === null ? 0 : 1); depth > 0; depth--)
    rows.unshift(await findPredecessor(compiled, levels, defined(rows[0]), depth))
  return rows
}

/** The path from the initial state by the least actions that lead from row to row. */
function followRows(
  { model, group = null }: RowEvidence,
  interpreter: Interpreter,
  rows: readonly BigUint64Array[],
): Path {
  const layout = layoutOf(model)
  const actions: number[] = []
  let state = interpreter.initial()
  for (const [depth, row] of rows.slice(1).entries()) {
    const target = unpack(layout, row)
    const isTarget = (successor: State): boolean =>
      isSameState(
        group === null ? successor : canonicalState(group, model, layout, successor),
        target,
      )
    const action = model.actions.findIndex((_, index) => {
      const successor = successorBy(interpreter, index, state)
      return successor !== null && isTarget(successor)
    })
    assert(
      action >= 0,
      `the reference has no action from depth ${depth} to ${depth + 1} of a trace`,
    )
    actions.push(action)
    state = interpreter.take(action, state).successor
  }
  return follow(interpreter, actions)
}

/** The path with the action that violates the property: in a reduced search, by real names. */
function withLastAction(
  { model, candidate, subject, group = null }: RowEvidence,
  interpreter: Interpreter,
  path: Path,
): Path {
  const own = defined(candidate.action ?? undefined, 'the candidate has an action')
  if (group === null) return follow(interpreter, [...path.actions, own])
  const action = model.actions.findIndex((_, index) => {
    const successor = successorBy(interpreter, index, defined(path.states.at(-1)))
    if (successor === null || subject.kind !== 'property') return false
    const whole = { actions: [...path.actions, index], states: [...path.states, successor] }
    return isConfirmed(interpreter, whole, subject.property)
  })
  assert(action >= 0, 'the interpreter has no action that stands for that of a reduced search')
  return follow(interpreter, [...path.actions, action])
}

/** The action that fails in the state: `action`, or in a reduced search one that it stands for. */
function failingAction(
  interpreter: Interpreter,
  state: State,
  action: number | null,
): number | null {
  if (action === null || modelErrorIn(interpreter, state, action) !== null) return action
  const { actions } = interpreter.model
  return actions.findIndex((_, index) => modelErrorIn(interpreter, state, index) !== null)
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
