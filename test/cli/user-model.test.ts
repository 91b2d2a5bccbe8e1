/** A user's own model file, in a folder that knows nothing of this package. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { climber, folderWith, zapcheck } from './command.js'

const folder = folderWith({
  'climber.ts': climber,
  'climber.mjs': climber,
  'syntax.ts':
    "import { defineModel } from 'zapcheck'\nexport default defineModel({ name: 'x' about: '' })\n",
  'throws.ts': 'const one: number = 1\n\nthrow new Error(`first\\nsecond ${one}`)\n',
  'throws-in-build.ts': climber.replace('const s =', 'JSON.parse("{")\n    const s ='),
  'no-model.ts': "console.log('noise')\nexport default { name: 'x' }\n",
  'no-default.ts': climber.replace('export default', 'export const model ='),
  'wrong-declaration.ts': climber.replace('range(1, 1000, 10)', 'range(10, 1, 5)'),
  'wrong-model.ts': climber.replace('s.x.increase()', 's.x.set(5000)'),
  'no-package.ts': "import nothing from 'a-package-that-is-not-there'\nexport default nothing\n",
  'with-package.ts': climber
    .replace("from 'zapcheck'", "from 'zapcheck'\nimport { top as most } from 'heights'")
    .replace('range(1, 1000, 10)', 'range(1, 1000, most)'),
})
mkdirSync(join(folder, 'node_modules/heights'), { recursive: true })
writeFileSync(join(folder, 'node_modules/heights/package.json'), '{ "main": "main.js" }')
writeFileSync(
  join(folder, 'node_modules/heights/main.js'),
  "require('fs')\nmodule.exports = { top: 7 }\n",
)

describe("a user's model", () => {
  test.each(['./climber.ts', './climber.mjs', join(folder, 'climber.ts')])(
    '%s is checked without any package beside it',
    async file => {
      const { code, stdout, stderr } = await zapcheck(['check', file, '--json'], { cwd: folder })
      expect([code, (JSON.parse(stdout) as { states: number }).states]).toEqual([0, 11])
      expect(stderr).not.toContain('zapcheck:')
    },
  )

  test('may import packages from its own folder', async () => {
    const { stdout } = await zapcheck(['check', './with-package.ts', '--json'], { cwd: folder })
    expect(JSON.parse(stdout)).toMatchObject({ params: { top: 7 }, states: 8 })
  })

  test('that fails while it runs is shown at its update, in any folder', async () => {
    const odd = join(folder, 'a (b) %41')
    mkdirSync(odd)
    const text = climber.replace('s.x.increase()', 's.x.increase(3)')
    writeFileSync(join(odd, 'fails.ts'), text)
    const { code, stderr } = await zapcheck(['check', join(odd, 'fails.ts')])
    const line = text.split('\n').findIndex(l => l.includes('increase')) + 1
    expect(code).toBe(2)
    expect(stderr).toContain('ZC401')
    expect(stderr).toContain(`a (b) %41/fails.ts:${line}:`)
  })

  test('is described by info', async () => {
    const { code, stdout } = await zapcheck(['info', './climber.ts', '--json'], { cwd: folder })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'climber', stateBits: 4, actions: 1 })
  })

  test.each([
    ['syntax.ts', 'ZC203', 'syntax.ts:2:'],
    ['throws.ts', 'ZC203', 'throws.ts:3:'],
    ['throws-in-build.ts', 'ZC203', 'throws-in-build.ts:14:'],
    ['no-package.ts', 'ZC203', 'no-package.ts:1:'],
    ['no-model.ts', 'ZC202', 'no-model.ts'],
    ['no-default.ts', 'ZC202', "'model'"],
    ['wrong-declaration.ts', 'ZC301', 'wrong-declaration.ts:7:'],
    ['wrong-model.ts', 'ZC302', 'wrong-model.ts:15:'],
  ])('%s is refused with %s and its place', async (file, code, place) => {
    const finished = await zapcheck(['check', `./${file}`], { cwd: folder })
    expect(finished.code).toBe(2)
    expect(finished.stdout).toBe('')
    expect(finished.stderr).toMatch(new RegExp(`^zapcheck: ${code} .*\\n$`, 'm'))
    expect(finished.stderr).toContain(place)
  })
})
