/** Processes: which steps happen in which order, and where control rests in between. */
import { describe, expect, it } from 'vitest'
import {
  array, bool, branch, call, choose, counter, defineModel, either, exit, forEach, goto, int, leave,
  loopWhile, step, waitUntil,
} from '../../src/index.js' // prettier-ignore
import type { ModelBuilder, ProcessHandle, ProcessOptions, Statements } from '../../src/index.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { search } from '../../src/interpret/search.js'
import type { Model } from '../../src/ir/model.js'
import { formatAction } from '../../src/ir/model.js'
import { mistake } from './mistake.js'

function modelOf(build: (m: ModelBuilder) => void): Model {
  return defineModel({ name: 'demo', about: '', build }).instantiate()
}

/** All sequences of actions from the initial state to an end, or of `lengthMax` actions. */
function runsOf(model: Model, lengthMax = 12): string[] {
  const interpreter = new Interpreter(model)
  const runs: string[] = []
  const follow = (state: readonly number[], taken: readonly string[]): void => {
    const transitions = interpreter.transitions(state)
    if (transitions.length === 0 || taken.length === lengthMax)
      runs.push(taken.join(' ') + (transitions.length === 0 ? '' : ' ..'))
    else
      for (const { action, successor } of transitions) {
        const name = formatAction(model.actions[action]!).replace(/^p\./, '')
        follow(successor, [...taken, name])
      }
  }
  follow(interpreter.initial(), [])
  return runs.sort()
}

/** Runs of one process `p`; `make` gets a place for variables. */
function runs(
  make: (m: ModelBuilder) => Statements,
  options: ProcessOptions = {},
  lengthMax = 12,
): string[] {
  return runsOf(
    modelOf(m => void m.process('p', options, make(m))),
    lengthMax,
  )
}

const steps = (...labels: string[]): Statements => labels.map(label => step(label))

describe('steps', () => {
  it('happen in order, and nested lists are one list', () => {
    expect(runs(() => [step('a'), [step('b'), [step('c')]], step('d')])).toEqual(['a b c d'])
  })

  it('go round where the process repeats', () => {
    expect(runs(() => steps('a', 'b'), { repeats: true }, 5)).toEqual(['a b a b a ..'])
  })

  it('wait for their conditions', () => {
    const model = modelOf(m => {
      const s = m.state({ go: bool(), n: int(0, 3) })
      m.process('p', {}, [waitUntil('w', s.go, s.n.set(1)), step('x', s.n.is(1), s.n.set(2))])
      m.action('start').when(s.go.not()).do(s.go.set(true))
    })
    expect(runsOf(model)).toEqual(['start w x'])
  })

  it('are one instance for each choice', () => {
    expect(runs(() => [step('a', choose({ x: [], y: [] })), step('b')])).toEqual([
      'a(choice=x) b',
      'a(choice=y) b',
    ])
  })

  it('carry actor, source, parameters and the line of the author', () => {
    const [action] = modelOf(m => {
      m.process('p', { with: { v: 1 }, actor: 'vCPU 1', source: 'file.c' }, [step('a')])
    }).actions
    expect(action).toMatchObject({
      name: 'p.a',
      actor: 'vCPU 1',
      source: 'file.c',
      parameters: [['v', '1']],
    })
    expect(action?.site()?.file).toMatch(/process\.test\.ts$/)
  })
})

describe('branch', () => {
  const withFlag = (initial: boolean, make: (flag: ReturnType<typeof declare>) => Statements) =>
    runs(m => make(declare(m, initial)))
  const declare = (m: ModelBuilder, initial: boolean) => m.state({ flag: bool(initial) }).flag

  it('takes the arm of its condition, and goes on behind', () => {
    const make = (flag: ReturnType<typeof declare>): Statements => [
      step('a'),
      branch(flag, steps('b', 'c'), steps('d')),
      step('e'),
    ]
    expect(withFlag(true, make)).toEqual(['a b c e'])
    expect(withFlag(false, make)).toEqual(['a d e'])
  })

  it('may have an empty arm, or none, at the start and at the end', () => {
    expect(withFlag(false, f => [branch(f, steps('b')), step('e')])).toEqual(['e'])
    expect(withFlag(false, f => [step('a'), branch(f, steps('b'))])).toEqual(['a end'])
    expect(withFlag(true, f => [step('a'), branch(f, steps('b'))])).toEqual(['a b'])
  })

  it('is decided together with the first step of the arm', () => {
    const model = modelOf(m => {
      const s = m.state({ flag: bool() })
      m.process('p', {}, [step('a'), branch(s.flag, steps('yes'), steps('no'))])
      m.action('set').when(s.flag.not()).do(s.flag.set(true))
    })
    expect(runsOf(model)).toEqual(['a no set', 'a set yes', 'set a yes'])
  })

  it('leaves no arm behind that TypeScript decides', () => {
    expect(runs(() => [step('a'), branch(false, steps('b')), step('c')])).toEqual(['a c'])
    expect(runs(() => [branch(true, steps('a'), steps('b'))])).toEqual(['a'])
  })

  it('may be nested, each condition counting', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ x: bool(true), y: bool(false) })
      return [branch(s.x, [branch(s.y, steps('both'), steps('x only'))], steps('none'))]
    }
    expect(runs(make)).toEqual(['x only'])
  })
})

describe('either', () => {
  it('takes any arm whose first step can happen', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ flag: bool() })
      return [either(steps('a', 'x'), steps('b'), [step('c', s.flag)], []), step('d')]
    }
    expect(runs(make)).toEqual(['a x d', 'b d', 'd'])
  })
})

describe('loopWhile', () => {
  it('repeats the body while the condition is true', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ n: int(0, 3) })
      return [loopWhile(s.n.lt(2), [step('a', s.n.increase()), step('b')]), step('c')]
    }
    expect(runs(make)).toEqual(['a b a b c'])
  })

  it('may be nested and repeat for ever', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ n: counter(3) })
      return [
        loopWhile(true, [step('a', s.n.set(0)), loopWhile(s.n.lt(2), [step('b', s.n.increase())])]),
      ]
    }
    expect(runs(make, {}, 8)).toEqual(['a b b a b b a b ..'])
  })

  it('needs a step on every path of its body', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ n: bool() })
      m.process('p', {}, [loopWhile(s.n.not(), [branch(s.n, [step('a')])])])
    })
    expect(text).toMatch(/^ZC304 model demo, process p: a loop has a path without a step/)
    expect(line).toBe(2)
    expect(mistake(m => void m.process('p', { repeats: true }, [])).text).toMatch(/^ZC304/)
  })
})

describe('forEach', () => {
  const visit = (m: ModelBuilder, size: number): { order: Statements; model: () => void } => {
    const s = m.state({ seen: array(4, int(0, 9)), n: int(0, 9) })
    const order = [
      forEach('i', size, i => [step('see', s.seen.at(i).set(s.n), s.n.increase())]),
      step('done'),
    ]
    return { order, model: () => m.process('p', {}, order) }
  }

  it.each([0, 1, 2, 4])('runs its body %i times, in order', size => {
    const model = modelOf(m => visit(m, size).model())
    expect(runsOf(model)).toEqual([[...Array<string>(size).fill('see'), 'done'].join(' ')])
    const interpreter = new Interpreter(model)
    let state = interpreter.initial()
    for (let t = interpreter.transitions(state); t.length > 0; t = interpreter.transitions(state))
      state = t[0]!.successor
    expect(state.slice(0, 4)).toEqual([0, 1, 2, 3].map(i => (i < size ? i : 0)))
  })

  it('may be nested, and the index is 0 again outside', () => {
    const model = modelOf(m => {
      const s = m.state({ grid: array(2, array(3, int(0, 9))), n: int(0, 9) })
      m.process('p', { repeats: true }, [
        forEach('i', 2, i => [
          step('row', s.n.lt(6)),
          forEach('j', 3, j => [step('cell', s.grid.at(i).at(j).set(s.n), s.n.increase())]),
        ]),
      ])
      m.reachable('all', s.grid[1][2].is(5).and(s.grid[0][2].is(2), s.grid[1][0].is(3)))
    })
    expect(runsOf(model, 20)).toEqual(['row cell cell cell row cell cell cell'])
    const result = search(model)
    expect(result.depths[0]).toBe(8)
    const names = model.variables.map(v => v.name)
    expect(names.filter(n => n.startsWith('p['))).toEqual([])
    expect(names.slice(-3)).toEqual(['p.i', 'p.j', 'p.pc'])
  })

  it('with a body that may be empty takes a step that counts on', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ list: array(3, bool()), on: array(3, bool(true)) })
      return [forEach('i', 3, i => [branch(s.list.at(i), [step('zap')])]), step('done')]
    }
    expect(runs(make)).toEqual(['i.next i.next i.next done'])
  })
})

describe('goto', () => {
  it('goes back and forth', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ n: int(0, 3) })
      return [
        step('a', s.n.increase()),
        branch(s.n.lt(2), [goto('a')]),
        branch(s.n.is(2), [step('skip'), goto('end')]),
        step('never'),
        step('end'),
      ]
    }
    expect(runs(make)).toEqual(['a a skip end'])
  })

  it('leaves loops with their index at 0', () => {
    const model = modelOf(m => {
      const s = m.state({ n: int(0, 9), seen: array(4, bool()) })
      m.process('p', {}, [
        step('start', s.n.lt(2), s.n.increase()),
        forEach('i', 4, i => [
          step('see', s.seen.at(i).set(true)),
          branch(i.is(1), [step('out'), goto('start')]),
          step('next'),
        ]),
      ])
      m.invariant('the rest is not seen', s.seen[2].or(s.seen[3]).not())
      m.deadlock('allowed')
    })
    const round = 'start see next see out'
    expect(runsOf(model)).toEqual([`${round} ${round}`])
    expect(search(model).depths[0]).toBeNull()
    const index = model.variables.findIndex(v => v.name === 'p.i')
    const pc = model.variables.findIndex(v => v.name === 'p.pc')
    const interpreter = new Interpreter(model)
    let state = interpreter.initial()
    for (let t = interpreter.transitions(state); t.length > 0; t = interpreter.transitions(state))
      state = t[0]!.successor
    expect(state[index]).toBe(0)
    expect(state[pc]).toBe(0)
  })

  it('takes no step of its own, also out of loops and behind a branch', () => {
    const model = modelOf(m => {
      const s = m.state({ n: int(0, 9), grid: array(3, array(2, bool())) })
      m.process('p', {}, [
        forEach('i', 3, i => [
          forEach('j', 2, j => [
            step('see', s.grid.at(i).at(j).set(true)),
            branch(i.is(1), [goto('out')]),
            branch(i.is(2), [goto('row')]),
          ]),
          step('row', s.n.increase()),
        ]),
        step('never'),
        step('out'),
      ])
    })
    expect(runsOf(model)).toEqual(['see j.next see j.next row see out'])
    const last = new Interpreter(model)
    let state = last.initial()
    for (let t = last.transitions(state); t.length > 0; t = last.transitions(state))
      state = t[0]!.successor
    const value = (name: string): unknown => state[model.variables.findIndex(v => v.name === name)]
    expect([value('p.i'), value('p.j')]).toEqual([0, 0])
  })

  it('cannot jump into a loop, nor to a label that is not there', () => {
    const into = mistake(m => {
      m.process('p', {}, [step('a'), forEach('i', 2, () => [step('b')]), goto('b')])
    })
    expect(into.text).toBe("ZC304 model demo, process p: goto 'b' jumps into a loop")
    const nowhere = mistake(m => {
      m.process('p', {}, [step('a'), goto('x')])
    })
    expect(nowhere.text).toBe(
      "ZC304 model demo, process p: no step has the label 'x'; labels are a",
    )
    expect(nowhere.line).toBe(1)
  })
})

describe('call, leave, exit', () => {
  it('prefix labels, and leave to behind the call', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ n: int(0, 3) })
      const fragment = [step('x', s.n.increase()), branch(s.n.is(1), [leave()]), step('y')]
      return [call('f', fragment), call('g', fragment), step('z')]
    }
    expect(runs(make)).toEqual(['f.x g.x g.y z'])
  })

  it('may be nested, and leave goes behind the innermost', () => {
    expect(
      runs(() => [
        call('f', [call('g', [step('a'), leave(), step('b')]), step('c'), leave(), step('d')]),
        step('e'),
      ]),
    ).toEqual(['f.g.a f.c e'])
  })

  it('jump within the fragment, and out of it', () => {
    const make = (m: ModelBuilder): Statements => {
      const s = m.state({ n: int(0, 3) })
      return [
        step('x'),
        call('f', [
          step('x', s.n.increase()),
          branch(s.n.lt(2), [goto('x')]),
          step('b'),
          goto('out'),
        ]),
        step('never'),
        step('out'),
      ]
    }
    expect(runs(make)).toEqual(['x f.x f.x f.b out'])
  })

  it('end the process with leave and exit', () => {
    expect(runs(() => [step('a'), leave(), step('b')])).toEqual(['a'])
    expect(runs(() => [call('f', [step('a'), exit()]), step('b')])).toEqual(['f.a'])
  })

  it('start again with leave, and end with exit, where the process repeats', () => {
    expect(runs(() => [step('a'), leave(), step('b')], { repeats: true }, 3)).toEqual(['a a a ..'])
    expect(runs(() => [step('a'), exit(), step('b')], { repeats: true }, 3)).toEqual(['a'])
  })

  it('leave loops with their index at 0', () => {
    const model = modelOf(m => {
      const s = m.state({ seen: array(3, bool()) })
      const find = [
        forEach('i', 3, i => [
          step('look', s.seen.at(i).set(true)),
          branch(i.is(1), [step('found'), leave()]),
        ]),
      ]
      const p = m.process('p', {}, [call('f', find), step('behind')])
      m.deadlock(p.isDone)
      m.reachable('two', s.seen[1].and(s.seen[2].not(), p.isDone))
    })
    expect(runsOf(model)).toEqual(['f.look f.i.next f.look f.found behind'])
    expect(search(model).depths).toEqual([5, null])
  })
})

describe('labels', () => {
  it('must differ', () => {
    const { text, line } = mistake(m => {
      m.process('p', {}, [
        step('a'),
        step('b'),
        step('a'), // line 4
      ])
    })
    expect(text).toMatch(/^ZC304 model demo, process p: label 'a' is there twice/)
    expect(line).toBe(4)
  })

  it('are asked for by their own names', () => {
    const { text } = mistake(m => {
      const p = m.process('p', {}, [step('a'), goto('a'), step('dead')])
      m.invariant('i', p.at('b'))
    })
    expect(text).toMatch(/no step has the label 'b'; labels are a$/)
    const dead = mistake(m => {
      const p = m.process('p', {}, [step('a'), goto('a'), step('dead')])
      m.invariant('i', p.at('dead'))
    })
    expect(dead.text).toMatch(/the step can never be reached$/)
  })

  it('may be those that the lowering uses itself', () => {
    expect(runs(() => steps('end', 'ended', 'stuck'))).toEqual(['end ended stuck'])
    const model = modelOf(m => void m.process('p', {}, steps('end', 'ended', 'stuck')))
    const { type } = model.variables[0]!
    if (type.kind !== 'enumeration') throw new Error('no program counter')
    expect(new Set(type.labels).size).toBe(type.labels.length)
  })

  it('are needed: a process without a step is refused', () => {
    expect(mistake(m => void m.process('p', {}, [])).text).toMatch(
      /^ZC304 model demo, process p: it has no step/,
    )
    expect(mistake(m => void m.process('p', {}, [exit()])).text).toMatch(
      /^ZC304 model demo, process p: it has no step/,
    )
  })
})

describe('the handle', () => {
  it('knows where control is, at several steps too', () => {
    const results: Record<string, ProcessHandle> = {}
    const model = modelOf(m => {
      const s = m.state({ flag: bool() })
      const p = m.process('p', { with: { v: 3 } }, [
        step('a'),
        branch(s.flag, steps('b'), steps('c')),
        step('d'),
      ])
      results['p'] = p
      m.reachable('a', p.at('a'))
      m.reachable('b', p.at('b'))
      m.reachable('c', p.at('c'))
      m.reachable('b or d', p.at('d', 'b'))
      m.reachable('done', p.isDone)
      m.invariant('never b alone', p.at('b').is(p.at('c')))
      m.deadlock(p.isDone)
    })
    expect(results['p']?.name).toBe('p[3]')
    expect(search(model).depths).toEqual([0, 1, 1, 1, 3, null, null])
  })

  it('of a process that never ends is never done', () => {
    const model = modelOf(m => {
      const p = m.process('p', { repeats: true }, steps('a'))
      m.reachable('done', p.isDone)
    })
    expect(search(model)).toMatchObject({
      states: 1,
      transitions: 1,
      deadlocks: 0,
      depths: [null, null],
    })
  })
})
