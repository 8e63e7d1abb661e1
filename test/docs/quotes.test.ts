import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..', '..')
const quote = /<!-- from (\S+) -->\n+```ts\n([\s\S]*?)```/g

t.test('what a page quotes is what stands in the file, which is checked and run', async (t) => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.name.endsWith('.md'))
  const quoted: string[] = []
  for (const page of pages)
    for (const [, file = '', text] of readFileSync(join(page.parentPath, page.name), 'utf8').matchAll(quote)) {
      const region = /\/\/ #region page\n([\s\S]*?)\/\/ #endregion/.exec(readFileSync(join(root, file), 'utf8'))?.[1]
      t.equal(text, region, `${page.name} quotes ${file}`)
      quoted.push(file)
    }
  const examples = readdirSync(import.meta.dirname).flatMap((name) => (name.endsWith('Example.ts') ? [`test/docs/${name}`] : []))
  t.strictSame([...new Set(quoted)].sort(), examples.sort(), 'each example is quoted by a page')
})
