/**
 * Builds the package into `dist`: `npm run build`, and `npm ci` through the `prepare` script.
 *
 *   bundle   src, properties, models, workers -> dist/**.js      (esbuild, shared chunks)
 *   kernel   workers/kernel                   -> dist/*.wasm         (AssemblyScript)
 *   types    src, properties                  -> dist/types       (tsc, declarations only)
 *
 * The three steps run at the same time and each owns its own files. A step replaces its files one
 * by one, each by a rename, and then removes what it no longer makes: a process that uses `dist`
 * during a build never reads half a file, and a step that fails leaves its old files as they were.
 *
 * `setup` is what vitest calls before a test run: it repeats the steps whose sources are newer than
 * their result, without the types, so that tests never meet yesterday's workers.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tmpdir } from 'node:os'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const kernelSource = join(root, 'workers', 'kernel', 'index.ts')
/** The sources outside of their folder that the kernel and the sampler import. */
const kernelSlots = ['control-slots.ts', 'sampling-slots.ts'].map(name =>
  join(root, 'src', 'store', name),
)
/** The modules that are made of `workers/kernel`, by the names of their entries. */
const kernelModules = new Map([
  ['index', 'kernel.wasm'],
  ['level', 'level.wasm'],
  ['sampler', 'sampler.wasm'],
])
const ownedByKernel = path => [...kernelModules.values()].includes(path)

/** Pages of 64 KiB that the kernel's memory import declares; whoever creates it may give more. */
const kernelInitialPages = 1
const kernelMaximumPages = 65536

/** All files below a folder, as paths relative to it; none if it does not exist. */
async function filesBelow(folder) {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

/**
 * Makes the files that a step owns equal to `files`.
 * @param {Map<string, Uint8Array>} files  contents by path relative to `dist`
 * @param {(path: string) => boolean} owns  which paths below `dist` belong to the step
 */
async function replaceFiles(files, owns) {
  for (const [path, contents] of files) {
    const target = join(dist, path)
    await mkdir(dirname(target), { recursive: true })
    const mode = path.startsWith('bin/') && path.endsWith('.js') ? 0o755 : 0o644
    const fresh = `${target}.${process.pid}.tmp`
    await writeFile(fresh, contents, { mode })
    await rename(fresh, target)
  }
  for (const path of await filesBelow(dist))
    if (owns(path) && !files.has(path) && !path.endsWith('.tmp')) await rm(join(dist, path))
}

/** Runs a program with node; resolves to its exit code and everything it printed. */
function runNode(args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root })
    let output = ''
    child.stdout.on('data', text => (output += text))
    child.stderr.on('data', text => (output += text))
    child.on('error', fail)
    child.on('close', code => done({ code, output: output.trim() }))
  })
}

/** The entry points that exist, as esbuild wants them: `out` has no extension. */
async function entryPoints() {
  const entries = [
    { in: 'src/index.ts', out: 'index' },
    { in: 'properties/index.ts', out: 'properties' },
    { in: 'src/cli/main.ts', out: 'bin/zapcheck' },
  ].filter(entry => existsSync(join(root, entry.in)))
  for (const path of await filesBelow(join(root, 'models')))
    if (/^[^/]+\.ts$|\/index\.ts$/.test(path) && !path.endsWith('.d.ts'))
      entries.push({ in: `models/${path}`, out: `models/${path.slice(0, -3)}` })
  for (const path of await filesBelow(join(root, 'workers')))
    if (/^[^/]+\.ts$/.test(path) && path !== 'explorer.ts')
      entries.push({ in: `workers/${path}`, out: `workers/${path.slice(0, -3)}` })
  return entries
}

/** Gives the command its first line, and its source map the shift of one line. */
function addHashbang(files) {
  const path = 'bin/zapcheck.js'
  const code = files.get(path)
  if (code === undefined || code.toString().startsWith('#!')) return
  files.set(path, Buffer.concat([Buffer.from('#!/usr/bin/env node\n'), code]))
  const map = JSON.parse(files.get(`${path}.map`).toString())
  map.mappings = `;${map.mappings}`
  files.set(`${path}.map`, Buffer.from(JSON.stringify(map)))
}

const ownedByBundle = path => !ownedByKernel(path) && !path.startsWith('types/')

async function bundle() {
  const entries = await entryPoints()
  if (entries.length === 0) return 'skipped: no entry point exists yet'
  const { build } = await import('esbuild')
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const options = {
    absWorkingDir: root,
    outdir: 'dist',
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'eof',
    logLevel: 'warning',
    alias: {
      'zapcheck/properties': './properties/index.ts',
      zapcheck: './src/index.ts',
    },
    define: { __ZAPCHECK_VERSION__: JSON.stringify(manifest.version) },
  }
  const results = await Promise.all([
    build({
      ...options,
      entryPoints: entries,
      chunkNames: 'chunks/[name]-[hash]',
      splitting: true,
      format: 'esm',
      external: Object.keys(manifest.dependencies).flatMap(name => [name, `${name}/*`]),
    }),
    // An explorer thread is one CommonJS file: it starts in two thirds of the time of modules.
    build({
      ...options,
      entryPoints: [{ in: 'workers/explorer.ts', out: 'workers/explorer' }],
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
    }),
  ])
  const files = new Map(
    results
      .flatMap(result => result.outputFiles)
      .map(file => [relative(dist, file.path), Buffer.from(file.contents)]),
  )
  addHashbang(files)
  await replaceFiles(files, ownedByBundle)
  const sizeBytes = [...files].reduce(
    (sum, [p, text]) => sum + (/\.c?js$/.test(p) ? text.length : 0),
    0,
  )
  return `${entries.length} entry points, ${(sizeBytes / 1024).toFixed(0)} KiB`
}

async function kernel() {
  if (!existsSync(kernelSource)) return 'skipped: workers/kernel/index.ts does not exist yet'
  const folder = await mkdtemp(join(tmpdir(), 'zapcheck-build-'))
  const files = new Map()
  const notes = []
  try {
    for (const [entry, name] of kernelModules) {
      const wasm = join(folder, name)
      const flags = [
        `workers/kernel/${entry}.ts --runtime stub --importMemory --sharedMemory`,
        `--initialMemory ${kernelInitialPages} --maximumMemory ${kernelMaximumPages}`,
        '--enable threads,simd,bulk-memory -O3 --noAssert',
        // AS112: functions on v128 that one kernel file exports to another never leave the module.
        '--disableWarning 112',
      ].flatMap(line => line.split(' '))
      const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js')
      const { code, output } = await runNode([compiler, ...flags, '--outFile', wasm])
      if (code !== 0) throw new Error(output)
      files.set(name, await readFile(wasm))
      if (output) notes.push(output)
    }
    await replaceFiles(files, ownedByKernel)
    const sizes = [...files.values()].map(bytes => `${(bytes.length / 1024).toFixed(1)} KiB`)
    return [sizes.join(', '), ...notes].join('\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function types() {
  if (!existsSync(join(root, 'src/index.ts'))) return 'skipped: src/index.ts does not exist yet'
  const folder = await mkdtemp(join(tmpdir(), 'zapcheck-types-'))
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder]
    const { code, output } = await runNode([compiler, ...flags])
    const files = new Map()
    for (const path of await filesBelow(folder))
      files.set(`types/${path}`, await readFile(join(folder, path)))
    if (code !== 0) throw new Error(output)
    await replaceFiles(files, path => path.startsWith('types/'))
    return `${files.size} declaration files`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs one step and prints its line; resolves to whether it succeeded. */
async function runStep(name, step) {
  const start = performance.now()
  let text
  let succeeded = true
  try {
    text = await step()
  } catch (error) {
    succeeded = false
    text = `FAILED\n${error instanceof Error ? error.message : String(error)}`
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const [first, ...rest] = text.split('\n')
  console.log([`build ${name.padEnd(6)} ${seconds.padStart(4)} s  ${first}`, ...rest].join('\n'))
  return succeeded
}

/** The time of the newest file among `paths`, which may be files or folders; 0 if there is none. */
async function newestMs(paths) {
  let newest = 0
  for (const path of paths) {
    if (!existsSync(path)) continue
    const found = await stat(path)
    const files = found.isDirectory()
      ? (await filesBelow(path)).map(file => join(path, file))
      : [path]
    for (const file of files) newest = Math.max(newest, (await stat(file)).mtimeMs)
  }
  return newest
}

/**
 * Called by vitest before a run: repeats the steps whose result is older than their sources. A step
 * that fails has said so; tests that need nothing of `dist` run all the same.
 */
export async function setup() {
  const sources = ['src', 'properties', 'models', 'workers', 'build.mjs', 'package.json']
  const bundleSource = await newestMs(sources.map(path => join(root, path)))
  if (bundleSource > (await newestMs([join(dist, 'index.js')]))) await runStep('bundle', bundle)
  const kernelChange = await newestMs([dirname(kernelSource), ...kernelSlots])
  const kernelResults = await Promise.all(
    [...kernelModules.values()].map(name => newestMs([join(dist, name)])),
  )
  if (kernelChange > Math.min(...kernelResults)) await runStep('kernel', kernel)
}

if (
  process.argv[1] !== undefined &&
  realpathSync(resolve(process.argv[1])) === fileURLToPath(import.meta.url)
) {
  const steps = { bundle, kernel, types }
  const results = await Promise.all(
    Object.entries(steps).map(([name, step]) => runStep(name, step)),
  )
  if (results.includes(false)) process.exitCode = 1
}
