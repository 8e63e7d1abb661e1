import '../support/uncountedChildren.ts'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { notWhole, toolRequest } from '../../stack/toolOptions.ts'

const root = join(import.meta.dirname, '..', '..')
const options = { runs: { type: 'string', default: '1' }, quiet: { type: 'boolean', default: false } } as const

t.test('options are read, and what is not one is said in a sentence', async (t) => {
  const { values } = toolRequest(options, ['--runs', '3']) as { values: Record<string, unknown> }
  t.strictSame({ ...values }, { runs: '3', quiet: false })
  t.strictSame(toolRequest(options, ['--runs', '3', '--help']), { help: true })
  for (const [args, wrong] of [
    [['--rnus', '3'], /^Unknown option '--rnus'\.$/],
    [['--runs'], /^Option '--runs <value>' argument missing\.$/],
    [['--quiet=yes'], /^Option '--quiet' does not take an argument\.$/],
    [['3'], /^Unexpected argument '3'\.$|^Unexpected argument '3'/],
  ] as const)
    t.match(toolRequest(options, args), { wrong }, args.join(' '))
  t.strictSame(
    toolRequest(options, ['--runs', 'x'], ({ runs }) => notWhole('runs', runs, 1)),
    { wrong: '--runs x: a whole number of 1 or more is needed.' },
  )
  for (const text of ['', ' ', '0', '1.5', '1e30', '-1']) t.ok(notWhole('runs', text, 1), text)
  for (const text of ['1', '8000']) t.equal(notWhole('runs', text, 1), undefined, text)
})

/** Runs a tool with these arguments, to its end. */
const told = (tool: string, ...args: string[]) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', tool, ...args], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    )
  })

for (const [tool, name, wrong, sentence] of [
  ['test/chaos/main.ts', 'chaos', ['--brokers', '2'], /^--brokers 2: 1 or 3\.\n/],
  ['bench/main.ts', 'bench', ['--qiuck'], /^Unknown option '--qiuck'\.\n/],
  ['bench/runtime/main.ts', 'bench:runtime', ['--only', 'lop,restore'], /^--only lop,restore: there is no part 'lop'\.\n/],
  ['test/mutate/main.ts', 'mutate', ['--only', 'nothing'], /^There is no mutation nothing;/],
] as const)
  t.test(`npm run ${name} says how it is used, and what it was not given right`, async (t) => {
    const usage = new RegExp(`npm run ${name} -- \\[options\\]: [^]*\\n  --`)
    t.match(await told(tool, '--help'), { code: 0, out: usage, err: '' })
    const refused = await told(tool, ...wrong)
    t.match(refused, { code: 2, out: '', err: sentence })
    t.match(refused.err, usage)
    t.notMatch(refused.err, /\n +at /, 'no stack trace')
  })
