/** Runs the built command as a user does, in a process of its own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** The built command. */
export const commandPath = fileURLToPath(new URL('../../dist/bin/zapcheck.js', import.meta.url))

/** What a finished command left. */
export interface Finished {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to run the command. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Sends SIGINT after this time. */
  readonly interruptAfterMs?: number
}

/** Runs `zapcheck` with arguments; resolves when it has ended, whatever its exit code. */
export function zapcheck(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [commandPath, ...args], {
      cwd: options.cwd ?? tmpdir(),
      env: { ...inherited, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const { interruptAfterMs } = options
    if (interruptAfterMs !== undefined)
      setTimeout(() => child.kill('SIGINT'), interruptAfterMs).unref()
    child.on('error', fail)
    child.on('close', code => done({ code, stdout, stderr }))
  })
}

/** A fresh folder outside of the repository, with these files; removed after the test file. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** A small model: a counter climbs to `top`, past `limit` if `top` is larger. */
export const climber = `
import { defineModel, int, range, violated } from 'zapcheck'

export default defineModel({
  name: 'climber',
  about: 'A counter climbs.',
  params: { top: range(1, 1000, 10), limit: range(1, 1000, 1000) },
  variants: [
    { name: 'fine', params: {}, expect: { states: 11 } },
    { name: 'high', params: { limit: 5 }, expect: { properties: { low: violated(6) } } },
    { name: 'wrong', params: {}, expect: { states: 12 } },
  ],
  build(m, { top, limit }) {
    const s = m.state({ x: int(0, top) })
    m.action('climb').when(s.x.lt(top)).do(s.x.increase())
    m.deadlock('allowed')
    m.invariant('low', s.x.le(limit), 'the counter is too high')
    m.reachable('on top', s.x.is(top))
  },
})
`
