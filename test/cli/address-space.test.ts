/** A limit on the addresses of the process: one line that says so. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { commandPath } from './command.js'

/** Runs node under a limit of so many KiB of addresses. */
function underLimit(kib: number, ...args: readonly string[]) {
  const words = ['-c', `ulimit -v ${kib}; exec "$0" "$@"`, process.execPath, ...args]
  return spawnSync('bash', words, { encoding: 'utf8' })
}

// Node itself takes some GiB of addresses, how many differs; a WebAssembly memory more than 8.
const memory = 'new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })'
const limit = [4, 6, 8, 10, 12]
  .map(gib => gib * 2 ** 20)
  .findLast(kib => {
    const starts = underLimit(kib, '-e', '0').status === 0
    return starts && underLimit(kib, '-e', memory).status !== 0
  })

test.runIf(limit !== undefined)('a process without address space gets a diagnostic', () => {
  const { status, stdout, stderr } = underLimit(limit ?? 0, commandPath, 'check', 'sept-zap')
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^zapcheck: ZC501 the system does not let this process reserve address/)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
