/** The documents of the command line name everything that there is. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { zapcheck } from './command.js'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

test('every diagnostic code has its section, in order, and every section a code', () => {
  const codes = [...read('src/base/diagnostic.ts').matchAll(/^ {2}\| '(ZC\d+)'/gm)].map(m => m[1])
  const sections = [...read('docs/diagnostics.md').matchAll(/^### (ZC\d+): /gm)].map(m => m[1])
  expect(codes.length).toBeGreaterThan(15)
  expect(sections).toEqual(codes)
})

test.each(['check', 'list', 'info', 'show'])('every flag of %s is documented', async command => {
  const { stdout } = await zapcheck([command, '--help'])
  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(m => m[1] ?? '')
  expect(flags).toContain('--no-color')
  const documented = read('docs/cli.md').replaceAll('`-p', '`--param')
  for (const flag of flags.filter(f => f !== '--help')) expect(documented).toContain(`\`${flag}`)
})
