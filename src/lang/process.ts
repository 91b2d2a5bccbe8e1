/**
 * Processes: turns a lowered control-flow graph into actions with a program counter.
 *
 * Each entry (point, step) becomes one action instance per alternative of the step's choices:
 * guard = control is at the point, the conditions on the way, the step's own guards; updates = the
 * step's own, the new program counter, and the loop variables.
 */
import { defined } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import * as ir from '../ir/expression.js'
import type { Expression, VariableIndex } from '../ir/expression.js'
import type { Site, Update } from '../ir/model.js'
import type { ScalarType } from '../ir/type.js'
import { numberPoints } from './lower-process.js'
import type { Continuation, Entry, Point, ProcessLowering } from './lower-process.js'
import { Bool } from './values.js'

/** An action of a process before its alternatives are split. */
export interface ProcessAction {
  readonly entry: Entry
  readonly guards: readonly Expression[]
  readonly updates: readonly Update[]
}

/** A process as properties and other actions see it. */
export class ProcessHandle {
  constructor(
    readonly name: string,
    private readonly counter: Expression,
    private readonly counterType: ScalarType,
    private readonly positionsOf: (label: string) => readonly number[],
    private readonly endPosition: number | null,
  ) {}

  /** True where control is before one of the steps: it is what happens next, or one of several. */
  at(...labels: readonly string[]): Bool {
    const positions = [...new Set(labels.flatMap(label => this.positionsOf(label)))]
    return new Bool(ir.or(...positions.map(p => this.isAt(p))))
  }

  /** True where the process has ended. */
  get isDone(): Bool {
    return new Bool(this.endPosition === null ? ir.FALSE : this.isAt(this.endPosition))
  }

  private isAt(position: number): Expression {
    return ir.compare('eq', this.counter, ir.constant(position, this.counterType))
  }
}

/** The program counter of a process: its type, and how control maps to its values. */
export class ProcessControl {
  readonly points: readonly Point[]
  readonly type: ScalarType & { readonly kind: 'enumeration' }
  readonly endPosition: number | null

  constructor(
    readonly name: string,
    readonly start: Continuation,
    private readonly lowering: ProcessLowering,
  ) {
    this.points = numberPoints(start)
    if (this.points.length === 0)
      throw new Diagnostic('ZC304', 'it has no step', {
        hint: 'give it at least one step(label, ...)',
      })
    const reachesEnd = this.points.some(p => p.entries().some(e => canEnd(e.step.after)))
    this.endPosition = reachesEnd ? this.points.length : null
    this.type = { kind: 'enumeration', labels: pointNames(this.points, reachesEnd) }
  }

  /** Positions at which the step `label` can happen next. */
  positionsOf(label: string): readonly number[] {
    const positions = this.points.flatMap((point, i) =>
      point.entries().some(e => e.step.label === label) ? [i] : [],
    )
    if (positions.length > 0) return positions
    const labels = new Set(this.points.flatMap(p => p.entries().map(e => e.step.label)))
    throw new Diagnostic('ZC304', `process ${this.name}: no step has the label '${label}'`, {
      hint:
        this.lowering.pointOf(label) === undefined
          ? `labels are ${[...labels].join(', ')}`
          : 'the step can never be reached',
    })
  }

  /** The process's actions, given its program counter. */
  actions(counter: VariableIndex): readonly ProcessAction[] {
    const read: Expression = { kind: 'read', location: ir.variableAt(counter) }
    return this.points.flatMap((point, position) =>
      point.entries().map(entry => ({
        entry,
        guards: [ir.compare('eq', read, ir.constant(position, this.type)), ...entry.conditions],
        updates: this.go(
          entry.resets.length === 0
            ? entry.step.after
            : { kind: 'reset', loops: entry.resets, to: entry.step.after },
          counter,
          entry.step.site,
        ),
      })),
    )
  }

  private go(c: Continuation, counter: VariableIndex, site: Site): readonly Update[] {
    const set = (variable: VariableIndex, value: Expression): Update => ({
      kind: 'assign',
      location: ir.variableAt(variable),
      value,
      site,
    })
    if (c.kind === 'point' || c.kind === 'end') {
      const position = c.kind === 'end' ? this.endPosition : c.point.position
      return [set(counter, ir.constant(defined(position ?? undefined), this.type))]
    }
    if (c.kind === 'reset')
      return [
        ...c.loops.map(loop => set(loop.variable, ir.constant(0))),
        ...this.go(c.to, counter, site),
      ]
    if (c.kind === 'jump') return this.go(c.target(), counter, site)
    const { loop, again, done } = c
    if (loop.size === 1) return this.go(done, counter, site)
    const index: Expression = { kind: 'read', location: ir.variableAt(loop.variable) }
    return [
      {
        kind: 'if',
        condition: ir.compare('eq', index, ir.constant(loop.size - 1)),
        then: [set(loop.variable, ir.constant(0)), ...this.go(done, counter, site)],
        otherwise: [
          set(loop.variable, ir.arithmetic('add', index, ir.constant(1))),
          ...this.go(again, counter, site),
        ],
      },
    ]
  }
}

function canEnd(c: Continuation): boolean {
  if (c.kind === 'end') return true
  if (c.kind === 'reset') return canEnd(c.to)
  if (c.kind === 'jump') return canEnd(c.target())
  return c.kind === 'advance' && (canEnd(c.again) || canEnd(c.done))
}

/** A point is named after the steps that can happen there: `map|retry`. */
function pointNames(points: readonly Point[], reachesEnd: boolean): readonly string[] {
  const names: string[] = []
  for (const point of points) {
    const name = [...new Set(point.entries().map(e => e.step.label))].join('|') || 'stuck'
    const same = names.filter(n => n === name || n.startsWith(`${name}'`)).length
    names.push(same === 0 ? name : `${name}'${same + 1}`)
  }
  if (!reachesEnd) return names
  let end = 'end'
  while (names.includes(end)) end = `${end}'`
  return [...names, end]
}
