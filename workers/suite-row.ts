/**
 * Thread entry of the suite: checks one variant of a built-in model, alone in this thread. piscina
 * calls the default export for each row and carries the row back.
 */
import { loadModel } from '../models/index.js'
import { Diagnostic, formatDiagnostic } from '../src/base/diagnostic.js'
import type { SuiteJob } from '../src/report/suite-job.js'
import type { SuiteRow } from '../src/report/suite-table.js'
import { checkVariant } from '../src/report/variant-row.js'

/** Checks a row. Never rejects: a failure is a row too. */
export default async function suiteRow(job: SuiteJob): Promise<SuiteRow> {
  const { model, variant: name, version, decides, traces, deadline, memoryBytes } = job
  try {
    const definition = await loadModel(model)
    const variant = definition?.variants.find(v => v.name === name)
    if (definition === undefined || variant === undefined)
      throw new Error(`no variant ${name} of ${model} in this thread's models`)
    return await checkVariant(definition, variant, {
      version,
      decides,
      traces,
      explore: {
        workers: 1,
        inline: true,
        ...(deadline !== null && { timeMs: Math.max(1, deadline - Date.now()) }),
        ...(memoryBytes !== null && { memoryBytes }),
      },
      peakRssBytes: () => process.resourceUsage().maxRSS * 1024,
    })
  } catch (error) {
    const isInternal = !(error instanceof Diagnostic)
    const text = isInternal ? `internal error: ${String(error)}` : formatDiagnostic(error)
    return { model, variant: name, matches: false, differences: [text], isInternal }
  }
}
