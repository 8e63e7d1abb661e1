/** The list of mutations cannot fall behind the code: every text is found once, every test that shall notice exists. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { failed, judged, mutated, occurrences, summary, tableOf, titlePattern } from './mutation.ts'
import { mutations } from './mutations.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '')

t.test('P-79: every mutation finds its place exactly once, and changes it', async (t) => {
  for (const mutation of mutations) {
    t.equal(occurrences(read(mutation.file), mutation.find), 1, `${mutation.id} in ${mutation.file}`)
    t.not(mutation.find, mutation.replace)
  }
  t.equal(new Set(mutations.map(({ id }) => id)).size, mutations.length, 'ids are unique')
})

t.test('every test that shall notice exists under its title', async (t) => {
  for (const { id, tests } of mutations) {
    t.ok(tests.length > 0, `${id} names a test`)
    for (const { file, title } of tests) t.equal(occurrences(read(file), title), 1, `${file}: ${title}`)
  }
})

t.test('every file that a mutation may change is product code', async (t) => {
  t.strictSame(
    mutations.filter(({ file }) => /^(test|bench|docs|node_modules)\//.test(file)),
    [],
  )
})

t.test('a text that is not there once is an error that names the list', async (t) => {
  const mutation = { id: 'm', file: 'f.ts', find: 'a', replace: '$&b' }
  t.equal(mutated('xay', mutation), 'x$&by', 'what is put in is taken as it is')
  t.throws(() => mutated('aa', mutation), /m: the text to be found occurs 2 times in f\.ts; mend test\/mutate\/mutations\.ts/)
  t.throws(() => mutated('', mutation), /occurs 0 times/)
})

t.test('killed is what a named test noticed; a run that failed otherwise proves nothing', async (t) => {
  const tests = [{ file: 'a.test.ts', title: 'one (of two)' }]
  const log = [
    'not ok 1 - a.test.ts',
    '    not ok 2 - first: one (of two) # time=12ms',
    '        not ok 1 - should be equal',
    '    not ok 3 - three',
  ]
  t.strictSame(failed(log.join('\n'), tests), ['first: one (of two)'])
  t.strictSame(judged(1, log.join('\n'), tests), { verdict: 'killed', by: ['first: one (of two)'] })
  t.strictSame(judged(1, log.slice(2).join('\n'), tests), { verdict: 'unclear', by: [] })
  t.strictSame(judged(0, '', tests), { verdict: 'survived', by: [] })
  t.match('first: one (of two)', new RegExp(titlePattern(tests)))
  t.notMatch('one of two', new RegExp(titlePattern(tests)))
})

t.test('the table has a row per mutation, and what is unclear is not called killed', async (t) => {
  const mutation = { id: 'm', guard: 'g', file: 'f.ts', find: 'a', replace: 'b', tests: [], why: '' }
  const outcomes = [
    { mutation, verdict: 'killed', by: ['x', 'y'], seconds: 1.6 },
    { mutation, verdict: 'unclear', by: [], seconds: 0 },
  ] as const
  t.strictSame(tableOf(outcomes).slice(1), [
    ['g', 'm', 'killed', 'x; y', '2'],
    ['g', 'm', 'unclear', '-', '0'],
  ])
  t.equal(summary(outcomes), '1 killed, 1 survived')
})
