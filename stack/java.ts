/** Runs a short Java program to its end and hands back what it said; a failure carries its output. */
import { execFile } from 'node:child_process'
import { stackError } from './errors.ts'
import { javaCommand, javaLack } from './prerequisites.mjs'

/** Throws E_JAVA_MISSING, one sentence with the command that mends it, when Java cannot run an engine. */
export function requireJava(): void {
  const lack = javaLack()
  if (lack !== undefined) throw stackError('E_JAVA_MISSING', lack)
}

export function runJava(name: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(javaCommand(), [...args], { encoding: 'utf8', timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(stackError('E_ENGINE_NOT_READY', `${name}: ${error.message}\n${stdout}${stderr}`, { cause: error }))
    })
  })
}
