/** What an option cannot mean is refused before anything is asked: a variable of a script that is not set counts as nothing, never as 0. */
import { Command } from 'commander'
import t from 'tap'
import { countOf, secondsOf } from '../../cli/countOption.ts'
import { runProgram } from '../../cli/program.ts'
import type { Surroundings } from '../../cli/surroundings.ts'
import { doneBy, thisUser } from '../../cli/thisUser.ts'
import { addLookUps } from '../../cli/verbs/lookUps.ts'
import { addOwed } from '../../cli/verbs/owed.ts'
import { addPolicy } from '../../cli/verbs/policy.ts'
import { addPolicyClear } from '../../cli/verbs/policyClear.ts'
import { addPolicyShadow } from '../../cli/verbs/policyShadow.ts'
import { addTrials } from '../../cli/verbs/trials.ts'
import { addWhatIf } from '../../cli/verbs/whatif.ts'
import { apiRun } from './apiRun.ts'
import { operatorRun } from './operatorRun.ts'

t.test('a count is written in digits and within its bounds', (t) => {
  t.equal(countOf('--limit', '0', 0), 0)
  t.equal(countOf('--limit', '007', 1, 7), 7)
  for (const text of ['', ' ', '1e3', '0x10', '1.5', '-1', '+1', 'NaN', 'Infinity', '١', '1 0', '8'])
    t.throws(() => countOf('--limit', text, 1, 7), {
      code: 'E_OPTION_INVALID',
      message: /--limit .*: must be a whole number from 1 to 7\./,
    })
  t.throws(() => countOf('--last', '', 1), { message: /--last "": must be a whole number from 1\./ })
  t.equal(secondsOf('--wait', '2.5'), 2.5)
  for (const text of ['', '-1', '1e3', 'Infinity', '1m'])
    t.throws(() => secondsOf('--wait', text), { code: 'E_OPTION_INVALID', message: /must be a number of seconds/ })
  t.end()
})

t.test('whoever does something has a name', (t) => {
  t.equal(doneBy(undefined), thisUser())
  t.equal(doneBy('anna'), 'anna')
  for (const text of ['', ' ']) t.throws(() => doneBy(text), { code: 'E_OPTION_INVALID', message: /--by "": must be a name/ })
  t.end()
})

const API = { status: 200, body: {} }

t.test('verbs of the operator and of the API', async (t) => {
  for (const argv of [
    ['dlq', 'list', '--limit', ''],
    ['dlq', 'discard', '--all', '--reason', ' '],
    ['dlq', 'discard', '--all', '--reason', 'done', '--by', ''],
    ['dlq', 'replay', '--all', '--by', ''],
    ['lag', '--max-seconds', ''],
    ['tail', 'decisions', '--last', ''],
    ['leads', 'erase', 'loc:maria', '--yes', '--wait', ''],
    ['leads', 'erase', 'loc:maria', '--yes', '--by', ''],
  ]) {
    const { code, err } = await operatorRun(
      argv,
      {},
      { held: async () => ({ places: [], linked: [], close: async () => undefined }) as never },
    )
    t.match({ code, err: err[0] }, { code: 1, err: /^E_OPTION_INVALID/ }, argv.join(' '))
  }
  for (const argv of [
    ['audit', 'next', '--by', 'anna', '--limit', ''],
    ['audit', 'next', '--by', 'anna', '--limit', '51'],
    ['asked', 'list', '--limit', ''],
    ['leads', 'search', 'maria', '--limit', ''],
    ['asked', 'list', '--url', ''],
    ['asked', 'list', '--url', 'localhost:8080'],
    ['asked', 'list', '--url', 'file:///etc/passwd'],
  ]) {
    const { code, err, asked } = await apiRun(argv, API)
    t.match({ code, err: err[0] }, { code: 1, err: /^E_OPTION_INVALID/ }, argv.join(' '))
    t.strictSame(asked, [], 'nothing is asked')
  }
})

t.test('verbs that read the stores themselves', async (t) => {
  const run = async (adds: readonly ((program: Command, surroundings: Surroundings) => void)[], argv: readonly string[]) => {
    const err: string[] = []
    const terminal = { out: () => t.fail('nothing is told'), err: (line: string) => err.push(line), live: () => undefined }
    const surroundings = { terminal, config: () => t.fail('nothing is connected to'), now: () => 0 } as never as Surroundings
    const program = new Command('rekindle').exitOverride()
    for (const add of adds) add(program, surroundings)
    return { code: await runProgram(program, argv, surroundings), err: err[0] }
  }
  const refused = { code: 1, err: /^E_OPTION_INVALID/ }
  t.match(await run([addOwed], ['owed', '--limit', '']), refused)
  t.match(await run([addLookUps], ['look-ups', '--days', '']), refused)
  t.match(await run([addWhatIf], ['whatif', '--policy', 'a', '--from', '1969-01-01T00:00:00Z', '--limit', '']), refused)
  t.match(await run([addPolicy], ['policy', 'use', 'a', '--by', '']), refused)
  t.match(await run([addPolicy, addPolicyClear], ['policy', 'clear', 'loc', '--by', ' ']), refused)
  const shadow = [addPolicy, addPolicyShadow]
  t.match(await run(shadow, ['policy', 'shadow', 'abc', '*:content']), {
    code: 1,
    err: /^E_OPTION_INVALID: \*:content: goes with off alone/,
  })
  t.match(await run(shadow, ['policy', 'shadow', 'show', '*:content']), { code: 1, err: /goes with off alone; show tells of every one/ })
})

t.test('an hour that is left empty is not midnight', async (t) => {
  const err: string[] = []
  const midnight = { kind: 'hour', subject: 'h0', reason: 'opt_out', evidence: [] }
  const tables = {
    stated: async () => undefined,
    statedHours: async () => ({ findings: [midnight] }) as never,
    tenant: async () => ({ tenantId: 'loc' }) as never,
    change: () => Promise.reject(new Error('nothing is to be set')),
    close: async () => undefined,
  }
  const surroundings = { terminal: { out: t.fail, err: (line: string) => err.push(line) }, config: () => ({}), now: () => 0 } as never
  const program = new Command('rekindle').exitOverride()
  addTrials(program, surroundings, async () => tables)
  t.equal(await runProgram(program, ['trials', 'reopen', '--location', 'loc', '--hour', ''], surroundings), 1)
  t.match(err[0], /^E_OPTION_INVALID: --hour "": must be a whole number from 0 to 23\./)
})

t.test('a file that cannot be made for an export is named', async (t) => {
  const held = async () => ({ places: [], linked: [], close: async () => undefined }) as never
  const { code, err } = await operatorRun(['leads', 'export', 'loc:maria', '--out', '/nowhere/maria.json'], {}, { held })
  t.match({ code, err: err[0] }, { code: 1, err: /^E_OPTION_INVALID: --out \/nowhere\/maria\.json: ENOENT/ })
})
