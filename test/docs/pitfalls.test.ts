/** The page of pitfalls is the only list of them: it is held against the tests that it names, and they against it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
/** How many there are. */
const PITFALLS = 79

interface Row {
  readonly number: string
  readonly fault: string
  readonly tests: readonly { readonly file: string; readonly title: string }[]
}

const page = readFileSync(join(root, 'docs', 'pitfalls.md'), 'utf8')
const rows: readonly Row[] = [...page.matchAll(/^\| (P-\S+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
  ([, number = '', fault = '', tests = '']) => ({
    number,
    fault,
    tests: tests.split('<br>').map((test) => {
      const [, file = '', title = ''] = /^`(test\/\S+\.test\.ts)`: (.+)$/.exec(test) ?? []
      return { file, title }
    }),
  }),
)

/** The titles of the tests of a file as they are written; of a template that is its text. */
function titlesOf(text: string): string[] {
  const titles: string[] = []
  const walk = (node: ts.Node) => {
    const [title] = ts.isCallExpression(node) && /^(\w+\.)?test$/.test(node.expression.getText()) ? node.arguments : []
    if (title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) titles.push(title.getText().slice(1, -1))
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true))
  return titles
}

const tests = new Map(textsOf('test', '.test.ts').map(({ file, text }) => [file, titlesOf(text)]))
const numbersIn = (text: string): string[] => [...text.matchAll(/\bP-\d\d\b/g)].map(([number]) => number)

t.test('each number has its row, in order, with a fault in words', async (t) => {
  t.strictSame(
    rows.map(({ number }) => number),
    Array.from({ length: PITFALLS }, (_, index) => `P-${String(index + 1).padStart(2, '0')}`),
  )
  for (const { number, fault } of rows) t.ok(fault.split(' ').length > 4, number)
})

t.test('each file that is named has one test of that title, and the first one carries the number', async (t) => {
  for (const { number, tests: named } of rows) {
    for (const { file, title } of named) t.equal(tests.get(file)?.filter((one) => one === title).length, 1, `${number}: ${file}: ${title}`)
    t.ok(numbersIn(named[0]?.title ?? '').includes(number), `${number} stands in "${named[0]?.title}"`)
  }
})

t.test('each test with a number in its title stands in the row of that number', async (t) => {
  const missing = [...tests].flatMap(([file, titles]) =>
    titles.flatMap((title) =>
      numbersIn(title)
        .filter((number) => !rows.find((row) => row.number === number)?.tests.some((one) => one.file === file && one.title === title))
        .map((number) => `${number}: ${file}: ${title}`),
    ),
  )
  t.strictSame(missing, [])
})
