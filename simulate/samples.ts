/**
 * Ready-made webhook bodies of the sandbox location, one file per event type in `samples/`, and what turns a body into
 * a delivery: the fields the gateway adds, with a new webhookId each time.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { simulateError } from './errors.ts'
import { sandboxAppId } from './sandboxTenant.ts'

const folder = join(import.meta.dirname, 'samples')

/** Names of the samples, sorted. */
export function sampleNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort()
}

/** The bytes of a sample, or of the file at this path. Throws `E_SAMPLE_UNKNOWN`. */
export function readSample(nameOrFile: string): Buffer {
  const wanted = sampleNames().find((name) => name.toLowerCase() === nameOrFile.toLowerCase())
  try {
    return readFileSync(wanted === undefined ? nameOrFile : join(folder, `${wanted}.json`))
  } catch (error) {
    if (!['ENOENT', 'EISDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw simulateError('E_SAMPLE_UNKNOWN', `${nameOrFile}: there is no such sample or readable file.`, { cause: error })
  }
}

/**
 * The body with the gateway's fields, where it does not state them itself; `set` overrides (e.g. `id`, `body`). Objects
 * in an array are all dressed.
 */
export function dressed(bytes: Buffer, at: number, newId: () => string, set: Readonly<Record<string, unknown>> = {}): Buffer {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw simulateError('E_SAMPLE_NOT_JSON', `The body begins with ${JSON.stringify(bytes.toString('utf8').slice(0, 40))}.`, {
      cause: error,
    })
  }
  const dress = (body: unknown): unknown =>
    body !== null && typeof body === 'object' && !Array.isArray(body)
      ? { appId: sandboxAppId, versionId: sandboxAppId, timestamp: new Date(at).toISOString(), webhookId: newId(), ...body, ...set }
      : body
  return Buffer.from(JSON.stringify(Array.isArray(value) ? value.map(dress) : dress(value)))
}
