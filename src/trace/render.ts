/**
 * Renders a trace as text, in the words of the kernel: who did what, and what it changed.
 *
 *     1  vCPU 0  fault(v=0, g=0)  vcpu[0].pc: run -> snap
 *     2  vCPU 0  lock(v=0)        lock:       0 -> 1
 *                                 vcpu[0].pc: snap -> lock
 *
 * Columns are as wide as their widest entry, up to a limit; a wider entry has its line alone. Where
 * a process goes next is left out, as its next step says it; whole states have it.
 */
import { defined } from '../base/assert.js'
import { plain, printable } from './printable.js'
import type { Paint, Style } from './printable.js'
import { formatTraceAction, formatTraceValue, isSameValue } from './trace.js'
import type { Trace, TraceState, TraceStep, TraceValue } from './trace.js'

/** How to render a trace. */
export interface RenderOptions {
  /** Show every state whole, not only what changed. */
  readonly full?: boolean
  /** @defaultValue plain */
  readonly paint?: Paint
  /** Columns of the terminal. @defaultValue 100 */
  readonly width?: number
}

const ACTION_WIDTH_MAX = 44
const NAME_WIDTH_MAX = 36
const WIDTH_MIN = 40
/** Colors of the actors, in order of appearance. */
const ACTOR_STYLES: readonly Style[] = ['cyan', 'yellow', 'magenta', 'green', 'blue']

/** A trace as lines of text, each ended by a newline. */
export function renderTrace(trace: Trace, options: RenderOptions = {}): string {
  const paint = options.paint ?? plain
  const columns = columnsOf(trace)
  const look = { columns, paint, width: Math.max(WIDTH_MIN, options.width ?? 100) }
  const lines = [paint('bold', titleOf(trace)), '']
  if (options.full === true) {
    lines.push(`${number(0, columns)}  ${paint('dim', 'initial state')}`)
    lines.push(...wholeState(trace.initial, null, look), '')
  }
  let before = trace.initial
  trace.steps.forEach((step, i) => {
    lines.push(...stepLines(trace, i, before, look))
    if (options.full === true) lines.push(...wholeState(step.state, before, look), '')
    before = step.state
  })
  if (trace.error?.action != null) lines.push(failedLine(trace, columns, paint))
  if (lines.at(-1) !== '') lines.push('')
  lines.push(...conclusion(trace, paint))
  if (trace.property?.kind === 'deadlock' && options.full !== true)
    lines.push('  nobody can go on from this state:', ...wholeState(before, null, look))
  return `${lines.join('\n')}\n`
}

/** `sept-zap (vcpus=2, gfns=2, track=false)`. */
export function formatModel(model: string, parameters: Trace['parameters']): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`)
  return printable(list.length === 0 ? model : `${model} (${list.join(', ')})`)
}

function titleOf(trace: Trace): string {
  const count = trace.steps.length + (trace.error?.action == null ? 0 : 1)
  const steps = count === 1 ? '1 step' : `${count} steps`
  const model = formatModel(trace.model, trace.parameters)
  if (trace.property === null) return `trace to a model error in ${model}: ${steps}`
  const what = trace.verdict === 'holds' ? 'witness of' : 'counterexample to'
  return `${what} '${printable(trace.property.name)}' in ${model}: ${steps}`
}

function conclusion(trace: Trace, paint: Paint): string[] {
  const { property, error, steps } = trace
  if (error !== null)
    return [`${paint('red', 'model error')} ${error.code}: ${printable(error.message)}`]
  const { name, kind, meaning } = defined(property ?? undefined)
  const at = steps.length === 0 ? 'in the initial state' : `by step ${steps.length}`
  const head =
    trace.verdict === 'holds'
      ? `${paint('green', 'reached')} ${at}: ${paint('bold', printable(name))}`
      : `${paint('red', 'violated')} ${at}: ${paint('bold', printable(name))} (${kind})`
  return meaning === null ? [head] : [head, `  ${printable(meaning)}`]
}

/** Widths of the columns, in characters. */
interface Columns {
  readonly number: number
  readonly actor: number
  readonly action: number
  /** Of a changed variable's name with its colon. */
  readonly name: number
  readonly actors: readonly string[]
}

function columnsOf(trace: Trace): Columns {
  const { steps, error } = trace
  const actions = error?.action == null ? steps : [...steps, error.action]
  const widest = (texts: readonly string[], max: number): number =>
    Math.max(0, ...texts.map(t => t.length).filter(length => length <= max))
  const changed = steps.flatMap((step, i) =>
    changesOf(step, i === 0 ? trace.initial : defined(steps[i - 1]).state),
  )
  const actors = actions.flatMap(a => (a.actor === null ? [] : [printable(a.actor)]))
  return {
    number: Math.max(3, String(actions.length).length),
    actor: widest(actors, ACTION_WIDTH_MAX),
    action: widest(
      actions.map(a => printable(formatTraceAction(a))),
      ACTION_WIDTH_MAX,
    ),
    name: widest(
      changed.map(c => c.name),
      NAME_WIDTH_MAX,
    ),
    actors: [...new Set(actors)],
  }
}

/** A variable that a step changed. */
interface Change {
  /** With a colon. */
  readonly name: string
  readonly text: string
}

/** What a step changes, but for the program counter of the process that takes it. */
function changesOf(step: TraceStep, before: TraceState): Change[] {
  const after = step.state
  return Object.keys(after)
    .filter(name => !isSameValue(before[name], after[name]))
    .filter(name => !isProgramCounter(name, before[name], step.action))
    .map(name => {
      const [from, to] = [before[name], after[name]].map(formatTraceValue)
      return { name: `${printable(name)}:`, text: printable(`${from} -> ${to}`) }
    })
}

/**
 * True for the variable that says where a process is: for a step `ioctl.LOCK` of a process it is
 * `ioctl.pc` or `ioctl[i].pc`, and its value names the steps that are possible, `LOCK|EXIT`.
 */
function isProgramCounter(name: string, value: TraceValue | undefined, action: string): boolean {
  const dot = action.indexOf('.')
  const [owner, label] = [action.slice(0, dot), action.slice(dot + 1)]
  if (dot <= 0 || !name.startsWith(owner) || !name.endsWith('.pc')) return false
  const between = name.slice(owner.length, -'.pc'.length)
  return /^(\[\d+\])*$/.test(between) && String(value).split('|').includes(label)
}

interface Look {
  readonly columns: Columns
  readonly paint: Paint
}

function stepLines(trace: Trace, i: number, before: TraceState, look: Look): string[] {
  const step = defined(trace.steps[i])
  const { columns, paint } = look
  const changes = changesOf(step, before).map(
    ({ name, text }) => `${name.padEnd(columns.name)} ${text}`,
  )
  const isStutter = Object.keys(before).every(n => isSameValue(before[n], step.state[n]))
  const shown = isStutter ? [paint('dim', 'no change')] : changes
  const action = printable(formatTraceAction(step))
  const head = `${number(i + 1, columns)}  ${actorText(step.actor, look)}`
  const indent = ' '.repeat(indentOf(columns))
  const [first = '', ...rest] = shown
  if (action.length > columns.action)
    return [`${head}${paint('bold', action)}`, ...shown.map(line => indent + line)]
  return [
    first === ''
      ? head + paint('bold', action)
      : `${head}${paint('bold', action.padEnd(columns.action))}  ${first}`,
    ...rest.map(line => indent + line),
  ]
}

function failedLine(trace: Trace, columns: Columns, paint: Paint): string {
  const action = defined(trace.error?.action ?? undefined)
  const head = `${number(trace.steps.length + 1, columns)}  ${actorText(action.actor, { columns, paint })}`
  const text = printable(formatTraceAction(action)).padEnd(columns.action)
  return `${head}${paint('bold', text)}  ${paint('red', 'fails')}`
}

function number(step: number, columns: Columns): string {
  return String(step).padStart(columns.number)
}

function actorText(actor: string | null, { columns, paint }: Look): string {
  if (columns.actor === 0) return ''
  const text = printable(actor ?? '')
  const style = ACTOR_STYLES[columns.actors.indexOf(text) % ACTOR_STYLES.length]
  const padded = `${text.padEnd(columns.actor)}  `
  return style === undefined ? padded : paint(style, padded)
}

/** Where the changes begin. */
function indentOf({ number, actor, action }: Columns): number {
  return number + 2 + (actor === 0 ? 0 : actor + 2) + action + 2
}

/**
 * A whole state, a line for each variable of the model's state: `vcpu[0]  pc=run fg=0`. What
 * changed since `before` is marked by a star.
 */
function wholeState(
  state: TraceState,
  before: TraceState | null,
  { columns, paint, width }: Look & { readonly width: number },
): string[] {
  const groups = new Map<string, string[]>()
  for (const [name, value] of Object.entries(state)) {
    const [group, rest] = splitName(printable(name))
    const changed = before !== null && !isSameValue(before[name], value)
    const text = `${rest}${rest === '' ? '' : '='}${printable(formatTraceValue(value))}`
    const entries = groups.get(group) ?? []
    entries.push(changed ? `*${text}` : text)
    groups.set(group, entries)
  }
  const indent = ' '.repeat(columns.number + 2)
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.max(...[...groups.keys()].map(g => g.length)))
  const room = Math.max(20, width - indent.length - nameWidth - 2)
  return [...groups].flatMap(([group, entries]) =>
    wrap(entries, room).map((line, i) => {
      const name = (i === 0 ? group : '').padEnd(nameWidth)
      return `${indent}${paint('dim', name)}  ${line.replaceAll(/\*\S+/g, t => paint('bold', t))}`
    }),
  )
}

/** `vcpu[0].pc` -> `vcpu[0]`, `pc`; `sept[1]` -> `sept`, `[1]`; `lock` -> `lock`, ``. */
function splitName(name: string): [string, string] {
  const dot = name.indexOf('.')
  if (dot > 0) return [name.slice(0, dot), name.slice(dot + 1)]
  const bracket = name.indexOf('[')
  return bracket > 0 ? [name.slice(0, bracket), name.slice(bracket)] : [name, '']
}

/** Joins words into lines of at most `width` characters. */
function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
