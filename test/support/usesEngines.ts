/** Whether a test needs the embedded engines: found by following its imports, so that no list of such files can be wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'

/** Whether the file, or what it imports from the test folders, asks for the shared engines. */
export function usesEngines(root: string, file: string, seen = new Set<string>()): boolean {
  const path = resolve(root, file)
  if (seen.has(path) || !existsSync(path)) return false
  seen.add(path)
  if (path === resolve(root, 'test/support/stack.ts')) return true
  const imports = [...readFileSync(path, 'utf8').matchAll(/from '(\.[^']+\.ts)'/g)].map((match) => resolve(path, '..', match[1] ?? ''))
  return imports.some((imported) => imported.startsWith(resolve(root, 'test')) && usesEngines(root, relative(root, imported), seen))
}
