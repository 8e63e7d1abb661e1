/**
 * What `npm start` and `npm test` run first, with Node alone: names what the machine lacks in one sentence each,
 * installs the packages when they are missing or differ from the lock file, then hands over to the TypeScript sources.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as util from 'node:util'
import { cacheFolder, javaLack, mavenLack, nodeLack } from './prerequisites.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsx = ['--import', 'tsx']

/** Commands of each verb, run one after the other until one fails. `engines` = starts the embedded engines. */
const verbs = {
  start: { engines: true, commands: [[...tsx, 'cli/main.ts', 'start']] },
  test: { engines: true, commands: [[...tsx, 'test/run.ts']] },
  bench: { engines: true, commands: [[...tsx, 'bench/main.ts']] },
  chaos: { engines: true, commands: [[...tsx, 'test/chaos/main.ts']] },
  mutate: { engines: true, commands: [[...tsx, 'test/mutate/main.ts']] },
  'bench:lanes': { engines: true, commands: [[...tsx, 'bench/lanes.ts']] },
  'bench:consensus': { engines: false, commands: [[...tsx, 'bench/consensus/main.ts']] },
  'bench:leads': { engines: false, commands: [[...tsx, 'bench/leads/main.ts']] },
  // With the room for young objects that the processes of the product have (nodeArguments.ts).
  'bench:panel': { engines: false, commands: [['--max-semi-space-size=32', ...tsx, 'bench/panel.ts']] },
  'bench:timers': { engines: false, commands: [[...tsx, 'bench/timers.ts']] },
  'bench:replay': { engines: true, commands: [[...tsx, 'bench/replay.ts']] },
  'bench:runtime': { engines: true, commands: [[...tsx, 'bench/runtime/main.ts']] },
  check: {
    engines: false,
    commands: [
      ['node_modules/typescript/bin/tsc', '-p', '.'],
      ['node_modules/eslint/bin/eslint.js', '.'],
      ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
      [...tsx, 'schemas/tools/generate.ts', '--check'],
      [...tsx, 'schemas/tools/check.ts'],
      [...tsx, 'topics/tools/generate.ts', '--check'],
      [...tsx, 'grafana/generate.ts', '--check'],
      [...tsx, 'config/generate.ts', '--check'],
      [...tsx, 'cli/tools/generate.ts', '--check'],
      [...tsx, 'bench/scaling/generate.ts', '--check'],
      [...tsx, 'test/structure/imports.test.ts'],
      [...tsx, 'test/structure/errors.test.ts'],
    ],
  },
}

/** Packages of the lock file that are not installed in the locked version. Optional ones may be for other platforms. */
export function stalePackages(folder) {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const installedFile = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installedFile)) return Object.keys(lock.packages).filter((path) => path !== '')
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  return Object.entries(lock.packages)
    .filter(
      ([path, entry]) => path !== '' && !entry.optional && !entry.devOptional && !entry.link && installed[path]?.version !== entry.version,
    )
    .map(([path]) => path)
}

/** Packages of the lock file that npm installs on this machine: those of other platforms are left out. */
export function packagesHere(folder, { platform, arch } = process, libc = libcHere()) {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const fits = (wanted, own) =>
    wanted === undefined || (!wanted.includes(`!${own}`) && (wanted.includes(own) || wanted.every((one) => one.startsWith('!'))))
  return Object.entries(lock.packages)
    .filter(
      ([path, { os, cpu, libc: wanted }]) =>
        path !== '' && fits(os, platform) && fits(cpu, arch) && (libc === undefined || fits(wanted, libc)),
    )
    .map(([path]) => path)
}

/** The C library that this Node runs on; undefined where there is one only. */
function libcHere() {
  if (process.platform !== 'linux') return undefined
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}

/** Settings that decide whether engines of our own are started, from the environment or .env. */
function settings(folder, env) {
  const file = join(folder, '.env')
  // As the configuration reads it; a Node that is too old to have this is told so.
  const fromFile = existsSync(file) ? (util.parseEnv?.(readFileSync(file, 'utf8')) ?? {}) : {}
  return { ...fromFile, ...env }
}

/** One sentence for each thing the machine lacks for the verb. */
export function lacks(verb, folder = root, env = process.env) {
  const found = [nodeLack()]
  const given = settings(folder, env)
  const ownJavaEngines = verb === 'test' || verb === 'chaos' || verb === 'mutate' || !given.KAFKA_BROKERS || !given.SCHEMA_REGISTRY_URL
  if (verbs[verb]?.engines && ownJavaEngines) {
    found.push(javaLack(env))
    // Once the files are in the cache Maven is not asked again, so it may be gone.
    if (!existsSync(cacheFolder(env))) found.push(mavenLack(env))
  }
  return found.filter((lack) => lack !== undefined)
}

function installPackages(folder) {
  const stale = stalePackages(folder)
  if (stale.length === 0) return 0
  const why = existsSync(join(folder, 'node_modules')) ? `${stale.length} not as in package-lock.json` : 'first start'
  console.log(`Installing ${packagesHere(folder).length} npm packages (${why}) …`)
  // Warnings are about engines and scripts of packages nobody here chose: a newcomer reads them as a failure.
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
  if (installed.error) console.error(`npm could not be run: ${installed.error.message}. Install it with \`apt-get install -y npm\`.`)
  return installed.error ? 1 : (installed.status ?? 1)
}

/** Runs one command to its end; signals go on to it. Resolves with its exit status. */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
    const forward = (signal) => child.kill(signal)
    const signals = ['SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    // Ctrl-C reaches the child through the terminal; here it must only not end the parent first.
    const stay = () => {}
    process.on('SIGINT', stay)
    child.once('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      process.off('SIGINT', stay)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

async function main([verb, ...rest]) {
  if (!Object.hasOwn(verbs, verb ?? '')) {
    console.error(`Usage: node stack/bootstrap.mjs ${Object.keys(verbs).join('|')} [arguments]`)
    return 2
  }
  const missing = lacks(verb)
  if (missing.length > 0) {
    for (const lack of missing) console.error(lack)
    return 1
  }
  const installed = installPackages(root)
  if (installed !== 0) return installed
  for (const command of verbs[verb].commands) {
    const status = await run([...command, ...(verbs[verb].commands.length === 1 ? rest : [])])
    if (status !== 0) return status
  }
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2))
