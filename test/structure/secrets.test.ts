/** No secret stands in the checkout: not in a source, a migration, a document, a sample or a test. */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..', '..')
const generatedOrForeign = /(^|\/)(node_modules|\.git|\.tap|\.rekindle|dist|coverage|target)(\/|$)/

/** How a secret is known by itself. Each has an example, put together here so that it does not find itself. */
const shapes: Readonly<Record<string, readonly [RegExp, string]>> = {
  'private key': [/-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/, `-----BEGIN ${'PRIVATE'} KEY-----\nMC4CAQAwBQYDK2Vw`],
  'AWS access key': [/\bAKIA[0-9A-Z]{16}\b/, `AK${'IA'}IOSFODNN7EXAMPLE`],
  'GitHub token': [/\b(ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}/, `gh${'p'}_${'a1'.repeat(18)}`],
  'Slack token': [/\bxox[abprs]-[A-Za-z0-9-]{10,}/, `xox${'b'}-1234567890-abc`],
  'SendGrid key': [/\bSG\.[\w-]{16,}\.[\w-]{16,}/, `S${'G'}.${'a'.repeat(22)}.${'b'.repeat(43)}`],
  'model key': [/\bsk-[A-Za-z0-9_-]{20,}/, `s${'k'}-${'a1'.repeat(12)}`],
  'private token of GoHighLevel': [
    /\bpit-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f-]{17}/,
    `p${'it'}-01234567-89ab-cdef-0123-456789abcdef`,
  ],
  'signed token': [
    /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
    `e${'yJ'}${'a'.repeat(12)}.e${'yJ'}${'b'.repeat(12)}.${'c'.repeat(12)}`,
  ],
  'password of a role in SQL': [/\b(ROLE|USER)\b[^;]*\bPASSWORD\s+'(?!of-a-test')[^'$]+'/i, `CREATE ROLE app LOGIN ${'PASS'}WORD 'secret'`],
}

t.test('P-70: nothing in the checkout has the shape of a secret', async (t) => {
  for (const [name, [shape, example]] of Object.entries(shapes)) t.match(example, shape, name)
  const found: string[] = []
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (generatedOrForeign.test(relative(root, path))) continue
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() && !/\.(png|gz)$/.test(entry.name)) {
        const text = readFileSync(path, 'utf8')
        for (const [name, [shape]] of Object.entries(shapes)) if (shape.test(text)) found.push(`${relative(root, path)}: ${name}`)
      }
    }
  }
  walk(root)
  t.strictSame(found, [])
})
