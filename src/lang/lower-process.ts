/**
 * Lowers a process to a control-flow graph over its steps.
 *
 * A *point* is a place where control can rest between two steps; the process's program counter
 * holds a point. The *entries* of a point are the steps that can happen next, each under the
 * conditions of the branches on the way. After a step, control goes to a *continuation*: a point,
 * or the end of a loop body, which counts the loop variable on and goes to one of two places.
 *
 *   [ step A, branch(c, [step B]), step C ]     points: A | B or C | C | end
 *     entries of `B or C`:  c -> B,  not c -> C
 *
 * Loop variables are 0 whenever control is outside of their loop.
 */
import { defined, unreachable } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import * as ir from '../ir/expression.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import type { Site } from '../ir/model.js'
import { noSite } from './site.js'
import type { Statement, Statements } from './statements.js'
import type { Item } from './updates.js'
import { Int } from './values.js'

/** A step of the lowered process. */
export interface LoweredStep {
  readonly label: string
  readonly items: readonly Item[]
  readonly source: string | null
  readonly site: Site
  readonly after: Continuation
}

/** A step that can happen at a point, and when. */
export interface Entry {
  readonly conditions: readonly Expression[]
  /** Loops that are left on the way to the step: it makes their variables 0. */
  readonly resets: readonly LoopVariable[]
  readonly step: LoweredStep
}

/** A place where control can rest. */
export interface Point {
  /** Value of the program counter; given when the point is first used as a target. */
  position: number | null
  readonly entries: () => readonly Entry[]
}

/** Where control goes after a step. */
export type Continuation =
  | { readonly kind: 'point'; readonly point: Point }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'advance'
      readonly loop: LoopVariable
      readonly again: Continuation
      readonly done: Continuation
    }
  /** Leaves loops: their variables become 0. */
  | { readonly kind: 'reset'; readonly loops: readonly LoopVariable[]; readonly to: Continuation }
  /** A goto; where to is known once all labels are. */
  | { readonly kind: 'jump'; readonly target: () => Continuation }

/** The variable that a `forEach` counts with; 0 whenever control is outside of the loop. */
export interface LoopVariable {
  readonly name: string
  readonly size: number
  readonly variable: VariableIndex
}

/** Makes the variable of a loop: `name`, 0..size-1. */
export type AllocateLoop = (name: string, size: number) => VariableIndex

interface Scope {
  readonly prefix: string
  readonly loops: readonly LoopVariable[]
  /** Where `leave()` goes. */
  readonly onReturn: Continuation
  readonly returnLoops: readonly LoopVariable[]
}

/** What a label names; steps are lowered from the last to the first. */
interface LabelledStep {
  readonly point: Point
  readonly loops: readonly LoopVariable[]
  readonly site: Site
}

const END: Continuation = { kind: 'end' }

/** Lowers the statements of one process; the result is where it starts. */
export class ProcessLowering {
  private readonly labels = new Map<string, LabelledStep>()

  constructor(private readonly allocateLoop: AllocateLoop) {}

  /** Entry point of the body; `repeats` makes the end go on at the start. */
  lower(body: Statements, repeats: boolean): Continuation {
    const scope: Scope = { prefix: '', loops: [], onReturn: END, returnLoops: [] }
    if (!repeats) return this.lowerList(body, END, scope)
    let start: Continuation = END
    const head = makePoint(() => this.entriesOf(start, noSite))
    const back: Continuation = { kind: 'point', point: head }
    start = this.lowerList(body, back, { ...scope, onReturn: back })
    return back
  }

  private lowerList(list: Statements, after: Continuation, scope: Scope): Continuation {
    return list.reduceRight<Continuation>((next, s) => {
      if (isList(s)) return this.lowerList(s, next, scope)
      return this.lowerStatement(s, next, scope)
    }, after)
  }

  private lowerStatement(s: Statement, after: Continuation, scope: Scope): Continuation {
    switch (s.kind) {
      case 'step':
        return this.lowerStep(s, after, scope)
      case 'branch': {
        const then = this.lowerList(s.then, after, scope)
        const otherwise = this.lowerList(s.otherwise, after, scope)
        return pointTo(() => [
          ...under(s.condition.ir, this.entriesOf(then, noSite)),
          ...under(ir.not(s.condition.ir), this.entriesOf(otherwise, noSite)),
        ])
      }
      case 'either': {
        const arms = s.arms.map(arm => this.lowerList(arm, after, scope))
        return pointTo(() => arms.flatMap(arm => this.entriesOf(arm, noSite)))
      }
      case 'while': {
        let body: Continuation = END
        const head = pointTo(() => [
          ...under(s.condition.ir, this.entriesOf(body, s.site)),
          ...under(ir.not(s.condition.ir), this.entriesOf(after, s.site)),
        ])
        body = this.lowerList(s.body, head, scope)
        return head
      }
      case 'for':
        return this.lowerFor(s, after, scope)
      case 'goto':
        return { kind: 'jump', target: () => this.target(s.label, s.site, scope) }
      case 'call': {
        const inner = { onReturn: after, returnLoops: scope.loops }
        return this.lowerList(s.body, after, {
          ...scope,
          ...inner,
          prefix: `${scope.prefix}${s.name}.`,
        })
      }
      case 'return':
        return leaving(scope.loops.slice(scope.returnLoops.length), scope.onReturn)
      case 'exit':
        return leaving(scope.loops, END)
      default:
        return unreachable(s)
    }
  }

  private lowerStep(
    s: Statement & { readonly kind: 'step' },
    after: Continuation,
    scope: Scope,
  ): Continuation {
    const label = scope.prefix + s.label
    const later = this.labels.get(label)
    if (later !== undefined)
      throw new Diagnostic('ZC304', `label '${label}' is there twice`, {
        place: later.site(),
        hint: 'give each step its own label, or wrap the fragment into call(name, ...)',
      })
    const lowered: LoweredStep = { label, items: s.items, source: s.source, site: s.site, after }
    const point = makePoint(() => [{ conditions: [], resets: [], step: lowered }])
    this.labels.set(label, { point, loops: scope.loops, site: s.site })
    return { kind: 'point', point }
  }

  private lowerFor(
    s: Statement & { readonly kind: 'for' },
    after: Continuation,
    scope: Scope,
  ): Continuation {
    if (s.size === 0) return after
    const name = scope.prefix + s.name
    const loop: LoopVariable = { name, size: s.size, variable: this.allocateLoop(name, s.size) }
    let body: Continuation = END
    const again = pointTo(() => this.entriesOf(body, noSite))
    const advance: Continuation = { kind: 'advance', loop, again, done: after }
    const index = new Int({ kind: 'read', location: ir.variableAt(loop.variable) })
    body = this.lowerList(s.body(index), advance, { ...scope, loops: [...scope.loops, loop] })
    return again
  }

  private target(label: string, site: Site, scope: Scope): Continuation {
    const found = this.labels.get(scope.prefix + label) ?? this.labels.get(label)
    if (found === undefined)
      throw new Diagnostic('ZC304', `no step has the label '${label}'`, {
        place: site(),
        hint: `labels are ${[...this.labels.keys()].join(', ')}`,
      })
    if (found.loops.some((loop, i) => scope.loops[i] !== loop))
      throw new Diagnostic('ZC304', `goto '${label}' jumps into a loop`, {
        place: site(),
      })
    return leaving(scope.loops.slice(found.loops.length), { kind: 'point', point: found.point })
  }

  /** The steps that can happen where control is about to go. */
  private entriesOf(c: Continuation, site: Site): readonly Entry[] {
    if (c.kind === 'point') return c.point.entries()
    if (c.kind === 'jump') return this.entriesOf(c.target(), site)
    if (c.kind === 'reset')
      return this.entriesOf(c.to, site).map(e => ({ ...e, resets: [...c.loops, ...e.resets] }))
    // A path without a step: what it changes needs a step of its own.
    const label = c.kind === 'end' ? 'end' : `${c.loop.name}.next`
    const step: LoweredStep = { label, items: [], source: null, site, after: c }
    return [{ conditions: [], resets: [], step }]
  }

  /** Points where control rests before the step `label`, or undefined if there is no such step. */
  pointOf(label: string): Point | undefined {
    return this.labels.get(label)?.point
  }
}

function isList(s: Statement | Statements): s is Statements {
  return Array.isArray(s)
}

function leaving(loops: readonly LoopVariable[], to: Continuation): Continuation {
  return loops.length === 0 ? to : { kind: 'reset', loops, to }
}

function pointTo(entries: () => readonly Entry[]): Continuation {
  return { kind: 'point', point: makePoint(entries) }
}

/** A point; entries are worked out once, and a cycle without a step is refused. */
function makePoint(compute: () => readonly Entry[]): Point {
  let entries: readonly Entry[] | null = null
  let isComputing = false
  return {
    position: null,
    entries() {
      if (entries !== null) return entries
      if (isComputing)
        throw new Diagnostic('ZC304', 'a loop has a path without a step', {
          hint: 'put a step on every path through the body of a loop',
        })
      isComputing = true
      try {
        entries = compute()
      } finally {
        isComputing = false
      }
      return entries
    },
  }
}

function under(condition: Expression, entries: readonly Entry[]): readonly Entry[] {
  if (ir.isFalse(condition)) return []
  return entries.map(e => ({ ...e, conditions: [condition, ...e.conditions] }))
}

/** The points that control can reach from `start`, in order of first use; sets their positions. */
export function numberPoints(start: Continuation): readonly Point[] {
  const points: Point[] = []
  const add = (c: Continuation): void => {
    if (c.kind === 'advance') {
      add(c.again)
      add(c.done)
    } else if (c.kind === 'reset') add(c.to)
    else if (c.kind === 'jump') add(c.target())
    else if (c.kind === 'point' && c.point.position === null) {
      c.point.position = points.length
      points.push(c.point)
    }
  }
  add(start)
  for (let i = 0; i < points.length; i++)
    for (const { step } of defined(points[i]).entries()) add(step.after)
  return points
}
