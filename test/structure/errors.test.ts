import t from 'tap'
import { errorCatalogue } from '../../cli/errorCatalogue.ts'
import { errorsPage } from '../../cli/tools/errorsPage.ts'
import { rooms, textsOf } from '../support/sources.ts'

const codes = errorCatalogue.flatMap(({ entries }) => Object.keys(entries))

/** Codes that no test can bring about on a real system, each with the reason. */
const unreachable = new Map([['E_ENGINE_STUCK', 'a process that survives SIGKILL hangs inside the kernel']])

t.test('every error table of the sources is in the catalogue, and a code stands in one table only', async (t) => {
  const tables = rooms.flatMap((room) => textsOf(room, '.ts')).filter(({ text }) => /^export const \w+Errors = \{$/m.test(text))
  t.strictSame(tables.map(({ file }) => file).sort(), errorCatalogue.map(({ file }) => file).sort())
  t.strictSame(
    codes.filter((code, index) => codes.indexOf(code) !== index),
    [],
  )
})

t.test('every code that a source gives is in a table', async (t) => {
  const given = rooms
    .flatMap((room) => textsOf(room, '.ts'))
    .flatMap(({ file, text }) => [...text.matchAll(/'(E_[A-Z][A-Z0-9_]+)'/g)].map(([, code = '']) => ({ file, code })))
  t.ok(given.length > codes.length)
  t.strictSame(
    given.filter(({ code }) => !codes.includes(code)),
    [],
  )
})

t.test('every code is named in a test', async (t) => {
  const tests = textsOf('test', '.ts')
    .filter(({ file }) => file !== 'test/structure/errors.test.ts')
    .map(({ text }) => text)
  const named = (code: string) => tests.some((text) => new RegExp(`\\b${code}\\b`).test(text))
  t.strictSame(
    codes.filter((code) => !named(code) && !unreachable.has(code)),
    [],
  )
  t.strictSame(
    [...unreachable.keys()].filter((code) => named(code) || !codes.includes(code)),
    [],
    'what is said to be unreachable is, and exists',
  )
})

t.test('an entry is whole sentences, and the page explains each', async (t) => {
  const page = errorsPage(errorCatalogue)
  for (const { entries } of errorCatalogue) {
    for (const [code, { means, remedy }] of Object.entries(entries)) {
      for (const sentence of [means, remedy]) t.match(sentence, /^[A-Z`<].*\.$/s, code)
      t.match(page, `### ${code}\n\n${means}\n`)
      t.match(page, `- **What to do**: ${remedy}\n`)
    }
  }
})
