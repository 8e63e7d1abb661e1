/**
 * The loader hook of `blankTypes.mjs`. Syntax that cannot be blanked is an error that names its file and line. What was
 * blanked once is read from the folder of this run by all later processes, without loading the compiler.
 */
import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = process.env.REKINDLE_TEST_BLANKED ?? ''

/** A `.ts` file as the module that it is without its types; anything else is left to whoever comes next. */
export async function load(url, context, nextLoad) {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:' || !pathname.endsWith('.ts')) return nextLoad(url, context)
  const filename = fileURLToPath(url)
  const text = await readFile(filename, 'utf8')
  return { format: 'module', shortCircuit: true, source: folder === '' ? await blanked(text, filename) : await kept(text, filename) }
}

async function kept(text, filename) {
  const path = join(folder, `${createHash('sha256').update(text).digest('hex')}.js`)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  const code = await blanked(text, filename)
  // Under a name of its own first: a process beside this one would read half a file.
  const partial = `${path}.${process.pid}`
  await writeFile(partial, code)
  await rename(partial, path)
  return code
}

async function blanked(text, filename) {
  const { transform } = await import('@swc/wasm-typescript')
  try {
    return (await transform(text, { mode: 'strip-only', filename })).code
  } catch (error) {
    // It throws plain objects, which nobody prints with their place.
    throw new SyntaxError(`${filename}:${error.startLine ?? '?'}: ${error.message ?? error}\n${error.snippet ?? ''}`)
  }
}
