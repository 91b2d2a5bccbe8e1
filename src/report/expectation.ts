/** Compares what a run found with what the model's author expects of the variant. */
import type { Expectation, ExpectedVerdict } from '../lang/definition.js'
import { seesAllStates } from '../reduce/reduction.js'
import type { CheckReport, PropertyReport } from './check-report.js'
import { formatCount } from './numbers.js'

type Found = Pick<
  CheckReport,
  'exhaustive' | 'states' | 'transitions' | 'depth' | 'properties' | 'error' | 'reduction'
>

/**
 * What differs, one sentence each; empty if nothing does. A run that ended early (at a limit, or at
 * the first violation) is compared in what it decided: counts only if the whole space was explored.
 * A run reduced by symmetry is compared with the counts of such runs, and in depths and verdicts as
 * any. One reduced by partial order is compared in verdicts alone, as it may find things deeper.
 */
export function compareWithExpectation(expect: Expectation, found: Found): string[] {
  if (found.error !== undefined)
    return [`a model error after ${found.error.depth} steps: ${found.error.message}`]
  const differences = Object.keys(expect.properties ?? {})
    .filter(name => found.properties.every(p => p.name !== name))
    .map(name => `property '${name}' has an expected verdict and does not exist`)
  const isDeeper = !seesAllStates(found.reduction)
  for (const property of found.properties) {
    if (property.verdict === 'unknown') continue
    const expected = expect.properties?.[property.name] ?? 'holds'
    const difference = compareVerdict(isDeeper ? verdictOf(expected) : expected, property)
    if (difference !== null) differences.push(difference)
  }
  if (!found.exhaustive || isDeeper) return differences
  const { states, transitions } = found.reduction.kind === 'none' ? expect : (expect.reduced ?? {})
  const counts = { states, transitions, depth: expect.depth }
  for (const count of ['states', 'transitions', 'depth'] as const) {
    const expected = counts[count]
    if (expected !== undefined && expected !== found[count])
      differences.push(`${count}: ${formatCount(found[count])}, expected ${formatCount(expected)}`)
  }
  return differences
}

function verdictOf(expected: ExpectedVerdict): ExpectedVerdict {
  return typeof expected === 'string' ? expected : expected.verdict
}

function compareVerdict(expected: ExpectedVerdict, found: PropertyReport): string | null {
  const wanted = typeof expected === 'string' ? { verdict: expected, depth: null } : expected
  const isSame =
    wanted.verdict === found.verdict && (wanted.depth === null || wanted.depth === found.depth)
  if (isSame) return null
  return `'${found.name}' ${outcome(found.verdict, found.depth)}, expected ${outcome(wanted.verdict, wanted.depth)}`
}

function outcome(verdict: string, depth: number | null): string {
  return depth === null ? verdict : `${verdict} at depth ${depth}`
}
