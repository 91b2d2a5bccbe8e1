/**
 * The folder of a checkpoint as the command line sees it: which run is in it, and that only one
 * process at a time works with it. What is in the files is known to `src/store/checkpoint-*.ts`.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { Diagnostic } from '../base/diagnostic.js'
import type { CompiledModel } from '../compile/compiled-model.js'
import type { ExploreResult } from '../explore/explore.js'
import type { Model } from '../ir/model.js'
import type { Reduction } from '../lang/definition.js'
import { layoutOf } from '../layout/layout.js'
import type { AppliedReduction } from '../reduce/reduction.js'
import type { CheckpointManifest } from '../store/checkpoint-manifest.js'
import { damaged, readManifest } from '../store/checkpoint-reader.js'
import { parseReduction } from './values.js'
import { version } from './version.js'

/** Time between checkpoints if nobody says. */
export const EVERY_MS_DEFAULT = 5 * 60_000

/** What a checkpoint remembers of the command line: the model, and flags that decide the counts. */
export interface CheckpointedCommand {
  /** Name of a built-in model, or absolute path of a file. */
  readonly model: string
  readonly flags: CheckpointedFlags
}

/** Flags of `check` that are kept; all others belong to one run. */
export interface CheckpointedFlags {
  readonly param?: readonly string[] | undefined
  readonly property?: readonly string[] | undefined
  readonly variant?: string | undefined
  readonly reduce?: Reduction | undefined
  readonly keepGoing?: boolean | undefined
  readonly coverage?: boolean | undefined
  readonly maxStates?: number | undefined
  readonly maxDepth?: number | undefined
  readonly every?: number | undefined
}

const texts = v.array(v.string())
const schema = v.strictObject({
  model: v.string(),
  flags: v.strictObject({
    param: v.optional(texts),
    property: v.optional(texts),
    variant: v.optional(v.string()),
    reduce: v.optional(v.pipe(v.string(), v.transform(parseReduction))),
    keepGoing: v.optional(v.boolean()),
    coverage: v.optional(v.boolean()),
    maxStates: v.optional(v.number()),
    maxDepth: v.optional(v.number()),
    every: v.optional(v.number()),
  }),
})

/** The flags to keep. */
export function checkpointedFlags(flags: CheckpointedFlags): CheckpointedFlags {
  const { param, property, variant, reduce, keepGoing, coverage, maxStates, maxDepth, every } =
    flags
  return { param, property, variant, reduce, keepGoing, coverage, maxStates, maxDepth, every }
}

/** A folder that this process alone works with until `release`. */
export interface HeldFolder {
  readonly folder: string
  readonly release: () => void
}

/** Makes the folder, if needed, for a run that begins. @throws Diagnostic ZC201, ZC206 */
export function holdNewFolder(folder: string): HeldFolder {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw cannotWrite(folder, error)
  }
  if (readManifest(folder) !== null)
    throw new Diagnostic('ZC206', `there is a checkpoint in ${folder} already`, {
      hint: `'zapcheck resume ${folder}' goes on from it; for another run take another folder`,
    })
  return hold(folder)
}

/** The folder of a run that was begun before, and its manifest. @throws Diagnostic ZC20x */
export function holdOldFolder(folder: string): {
  readonly held: HeldFolder
  readonly manifest: CheckpointManifest
  readonly command: CheckpointedCommand
} {
  const none = new Diagnostic('ZC206', `there is no checkpoint in ${folder}`, {
    hint: "'zapcheck check <model> --checkpoint <folder>' makes one",
  })
  if (readManifest(folder) === null) throw none
  const held = hold(folder)
  try {
    const manifest = readManifest(folder)
    if (manifest === null) throw none
    const { zapcheck, command } = manifest.head
    if (zapcheck !== version)
      throw new Diagnostic(
        'ZC208',
        `the checkpoint is one of zapcheck ${zapcheck}, this is ${version}`,
        { hint: 'go on with the version that wrote it, or begin the check again' },
      )
    const parsed = v.safeParse(schema, command)
    if (!parsed.success) throw damaged(folder, 'it does not say what was checked')
    return { held, manifest, command: parsed.output }
  } catch (error) {
    held.release()
    throw error
  }
}

/**
 * Hash of all that decides what a search counts and how its states are read: equal for equal models
 * at equal parameters, properties and reductions.
 */
export function identityOf(
  model: Model,
  compiled: CompiledModel,
  reduction: AppliedReduction,
): string {
  const { wasm, initial, ...sizes } = compiled
  const facts = {
    sizes,
    initial: Array.from(initial, String),
    layout: layoutOf(model),
    name: model.name,
    parameters: model.parameters,
    variables: model.variables.map(variable => variable.name),
    actions: model.actions.map(({ name, parameters }) => [name, parameters]),
    properties: model.properties.map(({ name, kind }) => [name, kind]),
    reduction,
  }
  return createHash('sha256').update(wasm).update(JSON.stringify(facts)).digest('hex')
}

/** Refuses a checkpoint of another model. @throws Diagnostic ZC208 */
export function checkIdentity({ head }: CheckpointManifest, identity: string, model: string): void {
  if (head.identity === identity) return
  throw new Diagnostic('ZC208', `the model ${model} is not what it was at the checkpoint`, {
    hint: 'its counts would not fit: bring the model back to what it was, or begin the check again',
  })
}

/** What is to be said of a run's checkpoints after it; null if there is nothing. */
export function checkpointNote(folder: string, result: ExploreResult): string | null {
  const { checkpoint, limit } = result
  if (checkpoint === null) return null
  const { depth, failure } = checkpoint
  const last = depth === null ? 'there is none' : `the last one, at depth ${depth}, is as it was`
  if (failure !== null)
    return `ZC209 a checkpoint could not be written in ${folder}: ${failure}; ${last}`
  if (limit === null || depth === null) return null
  return `checkpoint at depth ${depth}: 'zapcheck resume ${folder}' goes on from it`
}

/** Takes the folder's lock. A lock that a dead process has left does not count. */
function hold(folder: string): HeldFolder {
  const path = join(folder, 'zapcheck.lock')
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' })
      return { folder, release: () => rmSync(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(folder, error)
    }
    if (attempt > 0 || isHeld(path))
      throw new Diagnostic('ZC206', `another zapcheck works with the checkpoint in ${folder}`, {
        hint: `wait for its end; if there is none, remove ${path}`,
      })
    rmSync(path, { force: true })
  }
}

/** True if the process that wrote the lock is alive. */
function isHeld(path: string): boolean {
  let pid: number
  let start: string
  try {
    const [first = '', second = ''] = readFileSync(path, 'utf8').split(' ')
    pid = /^\d{1,9}$/.test(first) ? Number(first) : process.pid
    start = second
  } catch {
    return false // It was released just now.
  }
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return startOf(pid) === start
}

/** When a process was started, where the system tells: a number may be another process's later. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function cannotWrite(folder: string, error: unknown): Diagnostic {
  const { code, message } = error as NodeJS.ErrnoException
  return new Diagnostic('ZC201', `cannot write in ${folder}: ${code ?? message}`)
}
