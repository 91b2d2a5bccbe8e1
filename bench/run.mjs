/**
 * Starts the benchmark: Node 20 does not read TypeScript, so esbuild bundles `main.ts` into a
 * temporary file first. See `main.ts` for the options.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = await mkdtemp(join(tmpdir(), 'zapcheck-bench-code-'))
try {
  const outfile = join(folder, 'main.mjs')
  const entryPoints = [join(root, 'bench/main.ts')]
  const alias = { 'zapcheck/properties': './properties/index.ts', zapcheck: './src/index.ts' }
  const options = { absWorkingDir: root, bundle: true, format: 'esm', platform: 'node' }
  await build({ ...options, entryPoints, outfile, alias })
  const { main } = await import(pathToFileURL(outfile).href)
  process.exitCode = await main(root, process.argv.slice(2))
} finally {
  await rm(folder, { recursive: true, force: true })
}
