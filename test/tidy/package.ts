/**
 * The tidy checks on the package as a whole: what the lock file names, how much an installation
 * weighs, and whether a text gives away the machine it was written on.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What is read of a `package-lock.json`. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

interface LockedPackage {
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Addresses in a lock file that name a host other than the public default. */
export function checkLockFile(lock: LockFile): string[] {
  return Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved !== undefined)
    .filter(([, { resolved }]) => !resolved?.startsWith('https://registry.npmjs.org/'))
    .map(([path]) => `package-lock.json: ${path} is resolved from a host of its own`)
}

/** The path at which a package finds another one: nested in itself, or in a folder further up. */
function resolvePackage(lock: LockFile, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('node_modules/'))) {
    const path = `${folder.replace(/(.)\/?$/, '$1/')}node_modules/${name}`
    if (lock.packages[path] !== undefined) return path
    if (!folder.includes('node_modules/')) return undefined
  }
}

/**
 * Packages that another one names but the lock file lacks. npm forgets the binaries of platforms
 * that its registry does not have, and `npm ci` then refuses the file.
 */
export function checkLockIsComplete(lock: LockFile): string[] {
  return Object.entries(lock.packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter(name => resolvePackage(lock, path, name) === undefined)
      .map(name => `package-lock.json: ${name} of ${path || 'this package'} is missing`),
  )
}

/**
 * Folders of the packages that a user installs with this one: what can be reached through
 * dependencies, optional ones included. (The lock file's own `dev` marks do not tell: they count
 * optional peers, which are not installed for a user.)
 */
export function productionPackages(lock: LockFile): string[] {
  const found = new Set([''])
  for (const path of found) {
    const { dependencies, optionalDependencies } = lock.packages[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const target = resolvePackage(lock, path, name)
      if (target !== undefined) found.add(target)
    }
  }
  found.delete('')
  return [...found].sort()
}

/**
 * Bytes below a folder, without packages nested in it, which the lock file lists by themselves. A
 * file with several names counts once (esbuild links its binary). 0 if the folder does not exist:
 * binaries for other platforms are in the lock file but not installed.
 */
export function folderBytes(folder: string, counted = new Set<number>()): number {
  let bytes = 0
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return 0
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : folderBytes(path, counted)
    const { ino, size } = lstatSync(path)
    if (!entry.isFile() || counted.has(ino)) continue
    counted.add(ino)
    bytes += size
  }
  return bytes
}

/** Paths that exist on a developer's machine only. */
const machinePath = /(?<![\w.])\/(work|root|home|Users|builds)\/[\w.]+/

/** Lines of a text that name a path of the machine it was written on. */
export function checkMachinePaths(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, i) =>
      machinePath.test(line) ? [`${path}:${i + 1}: names a path of one machine`] : [],
    )
}
