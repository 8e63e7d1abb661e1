/** Names and spans that are mistyped are refused; what writes nothing registers no schema. */
import { Command } from 'commander'
import t from 'tap'
import { learnPorts } from '../../cli/learnPorts.ts'
import { runProgram } from '../../cli/program.ts'
import type { TailSource } from '../../cli/replaySource.ts'
import { knownSubjects } from '../../cli/verbs/effects.ts'
import { addGates } from '../../cli/verbs/gates.ts'
import { namedOf } from '../../cli/verbs/policyShadow.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { tenants } from '../../topics/index.ts'
import { tenantId, tenantRecord } from '../support/leadRecords.ts'

t.test('effects of a location that is not known are refused; of one without leads there are none', async (t) => {
  const source: TailSource = {
    tail: async (topic, _options, onRecord) => {
      if (topic.name !== tenants.name) return
      onRecord({ partition: 0, offset: 0n, key: tenantId, value: tenantRecord() as never, timestamp: 0, headers: {} })
    },
  }
  const range = { from: 0, now: 1, withinMs: 1 }
  const { signal } = new AbortController()
  t.strictSame(await knownSubjects(source, tenantId, range, signal), { subjects: [], tooRecent: 0 })
  await t.rejects(knownSubjects(source, tenantId, range, AbortSignal.abort()), { code: 'E_STOPPED' }, 'half of the leads are not told')
  await t.rejects(knownSubjects(source, 'mistyped', range, signal), {
    code: 'E_OPTION_INVALID',
    message: /mistyped is no location that is known/,
  })
})

t.test('gates of before decisions are kept are refused', async (t) => {
  const lines: string[] = []
  const terminal = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line), live: () => undefined }
  const surroundings = { terminal, config: () => t.fail('nothing is asked') as never, now: () => 0 }
  const program = new Command('rekindle').exitOverride()
  addGates(program, surroundings)
  t.equal(await runProgram(program, ['gates', '--since', '366d'], surroundings), 1)
  t.match(lines.join('\n'), /--since 366d: decisions are kept for 365 days, so 365d is the most/)
})

t.test('a policy that is tried for nobody cannot be ended; without a name all of them are', async (t) => {
  const tried = [['*:follow_up', 1]] as const
  t.strictSame(namedOf(tried, undefined), tried)
  t.strictSame(namedOf(tried, '*:follow_up'), tried)
  t.strictSame(namedOf([], undefined), [])
  t.throws(() => namedOf(tried, '*:folow_up'), { code: 'E_OPTION_INVALID', message: /off \*:folow_up: .*tried are \*:follow_up/ })
  t.throws(() => namedOf([], '*:follow_up'), { code: 'E_OPTION_INVALID' })
})

t.test('what learns registers the schema when it publishes, so that a dry run writes nothing', async (t) => {
  const done: string[] = []
  const kafka = {
    table: () => Promise.resolve(new Map()),
    registerSchemas: async () => void done.push('registered'),
    producer: () => ({ send: async () => void done.push('sent') }),
  }
  const ports = await learnPorts({} as never, kafka as never, () => 0)
  t.strictSame(done, [])
  await ports.publish(shippedPolicies[0] as never)
  t.strictSame(done, ['registered', 'sent'])
})
