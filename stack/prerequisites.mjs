/**
 * What the machine must have, looked up with Node alone (this runs before any package is installed): each lack is one
 * sentence with the Debian command that mends it.
 */
import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export const needed = {
  node: {
    atLeast: '20.19',
    mend: 'install Node 20.19 or newer, for example `apt-get install -y nodejs npm` on Debian 13, or from nodejs.org',
  },
  java: { atLeast: '17', mend: 'apt-get install -y openjdk-17-jre-headless' },
  maven: { atLeast: '3.8', mend: 'apt-get install -y maven' },
}

/** Whether `found` is the same or a later version than `atLeast`, compared number by number. */
export function reaches(found, atLeast) {
  const a = found.split('.').map(Number)
  const b = atLeast.split('.').map(Number)
  for (let i = 0; i < b.length; i++) {
    const have = a[i] ?? 0
    if (have !== b[i]) return have > b[i]
  }
  return true
}

/** First version-like text in the output of a command; undefined when it cannot be run. */
function versionOf(command, args, pattern, env) {
  const ran = spawnSync(command, args, { encoding: 'utf8', env })
  if (ran.error || ran.status !== 0) return undefined
  const match = pattern.exec(`${ran.stdout}\n${ran.stderr}`)
  // Java 8 and older call themselves 1.8.
  return match?.[1]?.replace(/^1\.(\d)/, '$1')
}

/** Folder of what every checkout of this user shares. A value that is empty or relative counts as none, as XDG has it. */
export function cacheFolder(env = process.env) {
  const given = env.XDG_CACHE_HOME ?? ''
  return join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'rekindle')
}

/** The Java command: that of JAVA_HOME, else the one on the PATH. */
export function javaCommand(env = process.env) {
  return env.JAVA_HOME ? `${env.JAVA_HOME}/bin/java` : 'java'
}

/** One sentence when Node is too old, else undefined. */
export function nodeLack(found = process.versions.node) {
  return reaches(found, needed.node.atLeast)
    ? undefined
    : `Node ${needed.node.atLeast} or newer is needed and this is ${found}: ${needed.node.mend}.`
}

/** One sentence when Java is missing or too old, else undefined. */
export function javaLack(env = process.env) {
  const found = versionOf(javaCommand(env), ['-version'], /version "([\d.]+)/, env)
  if (found === undefined) return `Java ${needed.java.atLeast} or newer is missing: \`${needed.java.mend}\`.`
  return reaches(found, needed.java.atLeast)
    ? undefined
    : `Java ${needed.java.atLeast} or newer is needed and this is ${found}: \`${needed.java.mend}\`.`
}

/** One sentence when Maven is missing or too old, else undefined. */
export function mavenLack(env = process.env) {
  const found = versionOf('mvn', ['-version'], /Apache Maven ([\d.]+)/, env)
  if (found === undefined) return `Maven ${needed.maven.atLeast} or newer is missing: \`${needed.maven.mend}\`.`
  return reaches(found, needed.maven.atLeast)
    ? undefined
    : `Maven ${needed.maven.atLeast} or newer is needed and this is ${found}: \`${needed.maven.mend}\`.`
}
