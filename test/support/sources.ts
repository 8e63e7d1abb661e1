/** The product's own sources, for tests that hold something of all of them: a room that is new is added here once. */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Folders of what runs in production. */
export const rooms = [
  'api',
  'cli',
  'config',
  'delivery',
  'enrichment',
  'integrations',
  'lookup',
  'pipelines',
  'reconcile',
  'runtime',
  'simulate',
  'sinks',
  'stack',
  'topics',
]

/** The files of a folder whose names end so, with their texts; `file` is the path from the root. */
export function textsOf(folder: string, ending: string): { readonly file: string; readonly text: string }[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: relative(root, path), text: readFileSync(path, 'utf8') }))
}
