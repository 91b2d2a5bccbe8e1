/** An internal error: exit 70, one line, no stack trace. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a package without its kernel ends with exit 70', () => {
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  rmSync(join(folder, 'dist/kernel.wasm'))
  const args = [join(folder, 'dist/bin/zapcheck.js'), 'check', 'sept-zap']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status).toBe(70)
  expect(stdout).toBe('')
  expect(stderr).toContain('kernel.wasm')
  expect(stderr).not.toMatch(/^\s+at /m)
})
