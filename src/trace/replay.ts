/**
 * Replays a saved trace in the model that it names: every state and the conclusion must come out as
 * saved. A trace of another version of the model is refused, with the first step that differs.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { defined } from '../base/assert.js'
import { ModelError } from '../interpret/evaluate.js'
import type { State } from '../interpret/evaluate.js'
import { Interpreter } from '../interpret/interpreter.js'
import type { Model } from '../ir/model.js'
import { isConfirmed, modelErrorIn, successorBy } from './confirm.js'
import { named } from './rebuild.js'
import { formatTraceAction, formatTraceValue, isSameValue, traceState } from './trace.js'
import type { Trace, TraceAction, TraceState } from './trace.js'

/** Returns if the trace replays in `model`. @throws Diagnostic ZC205 if it does not */
export function replayTrace(model: Model, trace: Trace): void {
  const interpreter = new Interpreter(model)
  const texts = model.actions.map((_, i) => formatTraceAction(named(model, i)))
  const actions: number[] = []
  const states: State[] = [interpreter.initial()]
  refuseIf(differenceIn(model, states[0]!, trace.initial), 'the initial state differs')
  trace.steps.forEach((step, i) => {
    const where = `step ${i + 1}, ${formatTraceAction(step)}`
    const { action, successor } = takeStep(interpreter, texts, step, {
      from: defined(states.at(-1)),
      to: step.state,
      where,
    })
    actions.push(action)
    states.push(successor)
  })
  concludes(interpreter, { actions, states }, trace, texts)
}

function refuseIf(difference: string | null, what: string): void {
  if (difference !== null)
    throw new Diagnostic('ZC205', `the trace does not replay: ${what}: ${difference}`, {
      hint: 'it comes from another version of the model; check the model again',
    })
}

/** The step's action and successor; actions of the same name are tried in order. */
function takeStep(
  interpreter: Interpreter,
  texts: readonly string[],
  step: TraceAction,
  { from, to, where }: { from: State; to: TraceState; where: string },
): { action: number; successor: State } {
  const text = formatTraceAction(step)
  let difference = 'the model has no such action'
  for (const [action, name] of texts.entries()) {
    if (name !== text) continue
    const successor = successorBy(interpreter, action, from)
    if (successor === null) {
      difference = 'it is not enabled'
      continue
    }
    const found = differenceIn(interpreter.model, successor, to)
    if (found === null) return { action, successor }
    difference = found
  }
  refuseIf(difference, where)
  throw new Error('not reached')
}

/** The first variable that differs, or null. */
function differenceIn(model: Model, state: State, saved: TraceState): string | null {
  const actual = traceState(model.variables, state)
  for (const name of Object.keys(saved))
    if (!Object.hasOwn(actual, name)) return `the model has no variable ${name}`
  for (const [name, value] of Object.entries(actual)) {
    if (!Object.hasOwn(saved, name)) return `the trace has no variable ${name}`
    if (!isSameValue(saved[name], value))
      return `${name} is ${formatTraceValue(value)}, the trace has ${formatTraceValue(saved[name])}`
  }
  return null
}

function concludes(
  interpreter: Interpreter,
  path: { readonly actions: readonly number[]; readonly states: readonly State[] },
  trace: Trace,
  texts: readonly string[],
): void {
  const last = defined(path.states.at(-1))
  if (trace.error !== null) {
    const { action } = trace.error
    const text = action === null ? null : formatTraceAction(action)
    const candidates = text === null ? [null] : texts.flatMap((t, i) => (t === text ? [i] : []))
    const found = candidates.some(
      a => modelErrorIn(interpreter, last, a)?.code === trace.error?.code,
    )
    return refuseIf(found ? null : 'the model error does not happen', 'after the last step')
  }
  const { name, kind } = defined(trace.property ?? undefined, 'a trace has a property or an error')
  const position = interpreter.model.properties.findIndex(p => p.name === name && p.kind === kind)
  if (position < 0)
    return refuseIf(`the model has no property '${name}' (${kind})`, 'the conclusion')
  refuseIf(
    concludesWith(interpreter, path, position)
      ? null
      : `'${name}' is not ${trace.verdict === 'holds' ? 'witnessed' : 'violated'}`,
    'after the last step',
  )
}

function concludesWith(
  interpreter: Interpreter,
  path: { readonly actions: readonly number[]; readonly states: readonly State[] },
  position: number,
): boolean {
  try {
    return isConfirmed(interpreter, path, position)
  } catch (error) {
    if (error instanceof ModelError) return false
    throw error
  }
}
