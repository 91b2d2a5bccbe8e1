/** Rows of the suite for tests. */
import type { PropertyReport } from '../../src/report/check-report.js'
import type { VariantRow } from '../../src/report/variant-row.js'
import { example } from './report.js'

const { trace: _, ...report } = example

/** A row of the model `example` with the given verdicts: a depth for what is violated. */
export function rowWith(
  variant: string,
  verdicts: Readonly<Record<string, 'holds' | 'unknown' | number>>,
  traces: VariantRow['traces'] = {},
): VariantRow {
  const properties = Object.entries(verdicts).map(([name, found]): PropertyReport => {
    const isViolated = typeof found === 'number'
    return {
      name,
      kind: 'invariant',
      verdict: isViolated ? 'violated' : found,
      depth: isViolated ? found : null,
    }
  })
  const matches = true
  const actions = {
    firedActions: [],
    deadActions: [],
    exercisedProperties: [],
    vacuousProperties: [],
  }
  return { ...report, variant, properties, matches, differences: [], ...actions, traces }
}
