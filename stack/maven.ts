/**
 * Fetches the files of an engine through Maven into a cache of the user, keyed by the content of the pom: one fetch
 * per machine and version, shared by every checkout, complete or absent but never half.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { stackError } from './errors.ts'
import { cacheFolder, javaLack, mavenLack } from './prerequisites.mjs'

export interface MavenFetch {
  /** Name for people and for the cache folder. */
  readonly name: string
  readonly pom: string
  /** Goals and options; `{folder}` is replaced by the target folder. */
  readonly goals: readonly string[]
  /** A file that the folder has once it is whole: Maven may end well without having done anything. */
  readonly holds: string
  readonly onProgress: (line: string) => void
}

/**
 * A file whose checksum is not the one that is published is refused: without this Maven warns and takes it, and it would be in the cache
 * for good. A repository that says nothing for two minutes has failed; Maven would wait for half an hour.
 */
const MAVEN_OPTIONS = ['--batch-mode', '--strict-checksums', '-Daether.connector.requestTimeout=120000', '-Dmaven.wagon.rto=120000']
/** What a fetch that was killed has left, and no other one is still at: a day in ms. */
const LEFT_BEHIND_MS = 86_400_000
const PROGRESS_EVERY_FILES = 10
const SHOWN_LINES = 15

/** Where the files of a pom are, or will be. */
export function fetchedFolder(name: string, pom: string): string {
  return join(cacheFolder(), `${name}-${createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16)}`)
}

/** The folder with the fetched files; fetches them when they are not there yet. */
export async function fetchWithMaven(fetch: MavenFetch): Promise<string> {
  const folder = fetchedFolder(fetch.name, fetch.pom)
  const isWhole = (at: string) => existsSync(join(at, fetch.holds))
  if (isWhole(folder)) return folder
  // Maven runs on Java: without it Maven's own message would be the confusing one.
  const noJava = javaLack()
  if (noJava !== undefined) throw stackError('E_JAVA_MISSING', noJava)
  const noMaven = mavenLack()
  if (noMaven !== undefined) throw stackError('E_MAVEN_MISSING', noMaven)
  mkdirSync(dirname(folder), { recursive: true })
  removeLeftBehind(folder)
  const partial = mkdtempSync(`${folder}.partial-`)
  const remove = () => rmSync(partial, { recursive: true, force: true })
  // A start that is ended meanwhile ends its process.
  process.once('exit', remove)
  try {
    fetch.onProgress(`${fetch.name}: fetching (once per machine)`)
    await runMaven(fetch, partial)
    if (!isWhole(partial))
      throw stackError('E_ENGINE_FETCH', `Maven ended well for ${fetch.name}, and ${fetch.holds} is not among what it brought.`)
    // What somebody has emptied, or an earlier version took for whole.
    if (!isWhole(folder)) rmSync(folder, { recursive: true, force: true })
    try {
      renameSync(partial, folder)
    } catch (error) {
      // Another start fetched the same at the same time and was first: its files are the same.
      if (!isWhole(folder)) throw error
    }
    fetch.onProgress(`${fetch.name}: fetched, ${readdirSync(folder).length} files`)
    return folder
  } finally {
    remove()
    process.off('exit', remove)
  }
}

/** Of fetches whose process was killed: nobody finishes them. */
function removeLeftBehind(folder: string): void {
  for (const name of readdirSync(dirname(folder)).filter((each) => each.startsWith(`${basename(folder)}.partial-`))) {
    const left = join(dirname(folder), name)
    if (Date.now() - statSync(left).mtimeMs > LEFT_BEHIND_MS) rmSync(left, { recursive: true, force: true })
  }
}

function runMaven(fetch: MavenFetch, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const goals = fetch.goals.map((goal) => goal.replaceAll('{folder}', target))
    const child = spawn('mvn', [...MAVEN_OPTIONS, '--file', fetch.pom, ...goals], { stdio: ['ignore', 'pipe', 'pipe'] })
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    const last: string[] = []
    let files = 0
    let rest = ''
    const read = (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (/Downloaded from/.test(line)) {
          files++
          if (files % PROGRESS_EVERY_FILES === 0) fetch.onProgress(`${fetch.name}: ${files} files fetched`)
        } else if (!/Downloading from|Progress/.test(line)) {
          last.push(line)
          if (last.length > SHOWN_LINES) last.shift()
        }
      }
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', (error) => {
      reject(stackError('E_ENGINE_FETCH', `${fetch.name}: ${error.message}`, { cause: error }))
    })
    child.once('close', (code) => {
      process.off('exit', end)
      if (code === 0) resolve()
      else reject(stackError('E_ENGINE_FETCH', `Maven ended with exit code ${code ?? 'none'} for ${fetch.name}:\n${last.join('\n')}`))
    })
  })
}
