/**
 * Runs one program and measures it from outside: exit code, output, wall clock time, peak memory.
 * Node has no `wait4`, so the peak is read from `/proc` while the program runs; the kernel keeps
 * the high-water mark, so that only what happens in the last few milliseconds is missed. Reading it
 * takes a processor for a moment, which a program with a thread for each has to give up: a program
 * that tells its peak itself is left alone.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** How often the peak memory is read. */
const pollMs = 10

/** What a finished program left. */
export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly wallSeconds: number
  /** Peak resident set; undefined where there is no `/proc` or the program was too quick. */
  readonly peakBytes: number | undefined
}

function highWaterBytes(pid: number): number | undefined {
  try {
    const found = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found?.[1] === undefined ? undefined : Number(found[1]) * 1024
  } catch {
    return undefined
  }
}

/** How a program is measured. */
export interface Watch {
  /** Whether its peak memory is read while it runs; true if not given. */
  readonly memory?: boolean
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export async function runProgram(
  command: string,
  args: readonly string[],
  folder: string,
  { memory = true }: Watch = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const { pid } = child
    let stdout = ''
    let stderr = ''
    let peakBytes: number | undefined
    const look = (): void => {
      if (pid !== undefined) peakBytes = highWaterBytes(pid) ?? peakBytes
    }
    const poll = memory ? setInterval(look, pollMs) : undefined
    child.stdout.on('data', text => (stdout += String(text)))
    child.stderr.on('data', text => (stderr += String(text)))
    child.on('error', error => {
      clearInterval(poll)
      reject(error)
    })
    child.on('close', code => {
      clearInterval(poll)
      const wallSeconds = (performance.now() - start) / 1000
      resolve({ exitCode: code ?? -1, stdout, stderr, wallSeconds, peakBytes })
    })
  })
}

/** Runs a program that has to succeed; throws with what it printed otherwise. */
export async function mustRun(
  command: string,
  args: readonly string[],
  folder: string,
  watch: Watch = {},
): Promise<Finished> {
  const finished = await runProgram(command, args, folder, watch)
  const { exitCode, stdout, stderr } = finished
  if (exitCode !== 0)
    throw new Error(`${command} ${args.join(' ')}: exit code ${exitCode}\n${stdout}${stderr}`)
  return finished
}

/** Whether a program can be started. */
export async function exists(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await runProgram(command, args, '.')
    return true
  } catch {
    return false
  }
}
