import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

t.test('windows and joins read no clock, draw nothing at random and import the runtime only', async (t) => {
  const room = join(import.meta.dirname, '..', '..', '..', 'runtime', 'windows')
  const files = readdirSync(room)
  t.ok(files.includes('windowAggregate.ts'))
  for (const file of files) {
    const text = readFileSync(join(room, file), 'utf8')
    t.notMatch(text, /\bnew Date\b|\bDate\.|\bperformance\b|Math\.random|randomUUID|setTimeout|setInterval|process\./, file)
    t.strictSame(
      [...text.matchAll(/ from '([^']+)'/g)].map(([, path]) => path).filter((path) => !/^\.\.?\/[a-zA-Z]+\.ts$/.test(path ?? '')),
      [],
      file,
    )
  }
})
