/** Which searches the flags of `check` ask for, and which combinations mean nothing. */
import { Diagnostic } from '../base/diagnostic.js'
import type { CheckFlags } from './check-command.js'

/** A walk that is made again for its trace keeps its states in memory. */
const SAMPLING_DEPTH_MAX = 1_000_000

/** True if the flags ask for a sampling search. */
export function isSampling({ search, swarm }: CheckFlags): boolean {
  return search === 'random' || swarm === true
}

/** Refuses flags that mean nothing together. @throws Diagnostic ZC101 */
export function refuseCombinations(flags: CheckFlags): void {
  if (flags.walks !== undefined && flags.search !== 'random')
    throw new Diagnostic('ZC101', '--walks needs --search random')
  if (flags.every !== undefined && flags.checkpoint === undefined)
    throw new Diagnostic('ZC101', '--every needs --checkpoint')
  if (flags.checkpoint !== undefined && flags.lossy === true)
    throw new Diagnostic('ZC101', '--checkpoint and --lossy do not go together', {
      hint: 'a checkpoint is exact, a lossy search is not',
    })
  if (!isSampling(flags)) return
  if ((flags.maxDepth ?? 0) > SAMPLING_DEPTH_MAX)
    throw new Diagnostic('ZC104', `--max-depth cannot be '${flags.maxDepth}'`, {
      hint: `walks and runs go to depth ${SAMPLING_DEPTH_MAX} at most`,
    })
  const mode = flags.swarm === true ? '--swarm' : '--search random'
  const refused: Readonly<Record<string, readonly [boolean, string]>> = {
    '--search': [
      flags.swarm === true && flags.search !== undefined,
      'a swarm is a search of its own',
    ],
    '--reduce': [
      flags.reduce !== undefined && flags.reduce !== 'none',
      'a reduction shrinks the set of states found, which sampling does not keep',
    ],
    '--lossy': [flags.lossy === true, 'it is for searches that keep all states'],
    '--checkpoint': [flags.checkpoint !== undefined, 'begin again with another --seed'],
    '--max-states': [flags.maxStates !== undefined, 'limit it by --time or --walks'],
    '--coverage': [
      flags.coverage === true,
      'sampling reports the action instances that fired without it',
    ],
    '--spill': [flags.spill !== undefined, 'nothing goes to disk'],
    '--memory': [
      flags.memory !== undefined && flags.swarm !== true,
      'walks take a few KiB whatever the model',
    ],
  }
  for (const [flag, [isGiven, hint]] of Object.entries(refused))
    if (isGiven) throw new Diagnostic('ZC101', `${flag} cannot be used with ${mode}`, { hint })
}
