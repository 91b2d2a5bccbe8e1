/** `zapcheck resume <folder>`: goes on with a check from its last checkpoint, and reports. */
import { Diagnostic } from '../base/diagnostic.js'
import { checkCommand } from './check-command.js'
import type { CheckFlags } from './check-command.js'
import { holdOldFolder } from './checkpoint-folder.js'
import { withThreads } from './with-threads.js'

/** Flags of `resume`: those of `check` that do not say what is checked. */
export type ResumeFlags = Pick<
  CheckFlags,
  | 'workers'
  | 'memory'
  | 'spill'
  | 'time'
  | 'maxStates'
  | 'maxDepth'
  | 'every'
  | 'trace'
  | 'full'
  | 'json'
  | 'quiet'
  | 'color'
>

/** Goes on with the check in `folder`; returns the exit code. @throws Diagnostic ZC20x, ZC104 */
export async function resumeCommand(folder: string, flags: ResumeFlags): Promise<number> {
  const { held, manifest, command } = holdOldFolder(folder)
  try {
    const { depth } = manifest.cut
    if (flags.maxDepth !== undefined && flags.maxDepth < depth)
      throw new Diagnostic('ZC104', `--max-depth cannot be '${flags.maxDepth}'`, {
        hint: `the checkpoint is at depth ${depth} already`,
      })
    const all = { ...command.flags, ...flags, checkpoint: folder } as CheckFlags
    return await withThreads(all, threads =>
      checkCommand(command.model, all, threads, { held, manifest }),
    )
  } finally {
    held.release()
  }
}
