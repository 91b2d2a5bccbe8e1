/**
 * What the rows of a model say together: actions that no row enables and properties that no row
 * puts to the test are findings, unless the model accepts them with a reason; an acceptance that
 * nothing needs is a finding, too. A model is judged once all its rows were checked to their end.
 */
import { formatDiagnostic } from '../base/diagnostic.js'
import { unknownName } from '../lang/accepts.js'
import type { Accepts } from '../lang/accepts.js'
import type { RowName, SuiteRow } from './suite-table.js'
import type { VariantRow } from './variant-row.js'

/** Something about a model as a whole that somebody has to look at. */
export interface Finding {
  readonly model: string
  readonly kind:
    'dead action' | 'vacuous property' | 'needless acceptance' | 'acceptance of an unknown name'
  /** Of the action or property. */
  readonly name: string
  /** One sentence. */
  readonly text: string
}

/** Names that came to life in some row, and those that every row that has them left dead. */
interface Names {
  readonly alive: ReadonlySet<string>
  readonly dead: ReadonlySet<string>
}

/** The findings, by model in the order of the plan. */
export function findingsOf(
  planned: readonly RowName[],
  rows: readonly SuiteRow[],
  acceptsOf: (model: string) => Accepts,
): Finding[] {
  return [...new Set(planned.map(row => row.model))].flatMap(model => {
    const count = planned.filter(row => row.model === model).length
    const own = rows.filter(
      (row): row is VariantRow =>
        row.model === model && 'states' in row && row.limit === null && row.error === undefined,
    )
    if (own.length < count) return []
    const { dead = {}, vacuous = {} } = acceptsOf(model)
    const actions = namesOf(own, 'firedActions', 'deadActions')
    const properties = namesOf(own, 'exercisedProperties', 'vacuousProperties')
    return [
      ...judge(model, 'action', actions, dead),
      ...judge(model, 'property', properties, vacuous),
    ]
  })
}

function namesOf(
  rows: readonly VariantRow[],
  alive: 'firedActions' | 'exercisedProperties',
  dead: 'deadActions' | 'vacuousProperties',
): Names {
  const living = new Set(rows.flatMap(row => row[alive]))
  return {
    alive: living,
    dead: new Set(rows.flatMap(row => row[dead]).filter(name => !living.has(name))),
  }
}

function judge(
  model: string,
  about: 'action' | 'property',
  { alive, dead }: Names,
  accepted: Readonly<Record<string, string>>,
): Finding[] {
  const found = [...dead].filter(name => accepted[name] === undefined)
  const needless = Object.keys(accepted).filter(name => !dead.has(name))
  return [
    ...found.map((name): Finding => ({
      model,
      kind: about === 'action' ? 'dead action' : 'vacuous property',
      name,
      text:
        about === 'action'
          ? `no row ever enables the action ${name}`
          : `no row ever puts the property '${name}' to the test`,
    })),
    ...needless.map((name): Finding => {
      if (alive.has(name)) {
        const text = `the acceptance of the ${about} '${name}' is not needed: some row has it`
        return { model, kind: 'needless acceptance', name, text }
      }
      const diagnostic = unknownName(model, about, name, [...alive, ...dead])
      const text = formatDiagnostic(diagnostic)
      return { model, kind: 'acceptance of an unknown name', name, text }
    }),
  ]
}
