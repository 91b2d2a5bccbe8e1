/** `zapcheck show <trace.json>`: reads a saved trace again. */
import { existsSync } from 'node:fs'
import { loadModel } from '../../models/index.js'
import { Diagnostic } from '../base/diagnostic.js'
import { printable } from '../trace/printable.js'
import { renderTrace } from '../trace/render.js'
import { replayTrace } from '../trace/replay.js'
import type { Trace } from '../trace/trace.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { EXIT_HOLDS } from './exit-code.js'
import { asDiagnostic } from './failure.js'
import { instantiate } from './model-source.js'
import type { ModelSource } from './model-source.js'
import { readTrace } from './trace-file.js'

/** Flags of `show`. */
export interface ShowFlags extends OutputFlags {
  readonly full?: boolean
  /** False with `--no-replay`. */
  readonly replay?: boolean
}

/** Replays a trace if its model is there, and prints it. @throws Diagnostic ZC201, ZC20x */
export async function showCommand(file: string, flags: ShowFlags): Promise<number> {
  const trace = readTrace(file)
  const output = new Console(flags)
  if (flags.replay !== false) {
    const source = await sourceOf(trace)
    if (source === null)
      output.note(
        `zapcheck: not replayed: there is no model ${printable(trace.file ?? trace.model)}`,
      )
    else await replay(trace, source)
  }
  const { paint, width } = output
  output.print(renderTrace(trace, { full: flags.full === true, paint, width }))
  return EXIT_HOLDS
}

/** The model that the trace names, null if it is not on this machine. */
async function sourceOf(trace: Trace): Promise<ModelSource | null> {
  if (trace.file === null) {
    const definition = await loadModel(trace.model)
    return definition === undefined ? null : { definition, file: null }
  }
  if (!existsSync(trace.file)) return null
  const { loadUserModel } = await import('./user-model.js')
  const definition = await loadUserModel(trace.file, { mustImportZapcheck: true })
  return { definition, file: trace.file }
}

async function replay(trace: Trace, source: ModelSource): Promise<void> {
  const { name } = source.definition
  if (name !== trace.model)
    throw new Diagnostic(
      'ZC205',
      `the trace does not replay: it is one of ${trace.model}, and ${trace.file ?? 'the model'} is ${name}`,
    )
  replayTrace(await instantiate(source, trace.parameters).catch(refuseParameters), trace)
}

function refuseParameters(error: unknown): never {
  const diagnostic = asDiagnostic(error)
  if (diagnostic?.code !== 'ZC103' && diagnostic?.code !== 'ZC104') throw error
  const { message, hint } = diagnostic
  throw new Diagnostic('ZC205', `the trace does not replay: ${message}`, { hint })
}
