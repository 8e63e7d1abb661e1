/** What `rekindle adaptation show` says, from statements on the table. */
import { Command } from 'commander'
import t from 'tap'
import { runProgram } from '../../cli/program.ts'
import { adaptationLines, addAdaptation } from '../../cli/verbs/adaptation.ts'
import type { AgentInsight } from '../../schemas/generated/records.ts'
import { insightKey } from '../../topics/index.ts'
import { DAY, tenantId, tuesdayNoon } from '../support/leadRecords.ts'

const monitor: AgentInsight = {
  tenantId,
  agentId: 'performance_monitor',
  agentVersion: 1,
  system: 'adaptive',
  at: tuesdayNoon,
  validUntil: tuesdayNoon + 3 * DAY,
  findings: [
    {
      ...{ kind: 'answered_less', subject: 'sms', bin: 4, value: '1/40', samples: 40, reason: 'fell_in_24h' },
      text: 'Of the messages by sms whose 72 hours ended on the last day fewer were answered.',
      evidence: [
        { field: 'last day', value: '1 of 40, 2.5 %; 99.9 % interval 0.0 to 20.6 %' },
        { field: 'median day', value: '10 of 30, 33.3 %' },
      ],
    },
  ],
}
const analyzer: AgentInsight = { ...monitor, agentId: 'optimization_analyzer', findings: [] }

async function run(argv: readonly string[], stated: readonly AgentInsight[]) {
  const out: string[] = []
  const terminal = { out: (text: string) => out.push(text), err: (text: string) => out.push(text) }
  const program = new Command('rekindle').exitOverride().configureOutput({ writeErr: () => undefined })
  let closed = 0
  const rows = new Map(stated.map((one) => [insightKey(one.tenantId, one.agentId), one]))
  const surroundings = { terminal, config: () => ({}), now: () => tuesdayNoon + DAY } as never
  const isKnown = (location: string) => location === 'elsewhere'
  addAdaptation(program, surroundings, () => Promise.resolve({ table: rows, isKnown, close: () => Promise.resolve(void closed++) }))
  return { code: await runProgram(program, ['adaptation', ...argv], surroundings), out, closed }
}

t.test('findings are told with figure, samples, interval and validity, agent by agent', async (t) => {
  const { code, out, closed } = await run(['show', '--location', tenantId], [analyzer, monitor])
  t.strictSame([code, closed], [0, 1])
  t.strictSame(out, [
    'performance_monitor, stated 2026-11-10 17:00 UTC, valid until 2026-11-13 17:00 UTC',
    '  answered_less  sms  1/40  of 40 samples, confidence 4 of 5',
    '    Of the messages by sms whose 72 hours ended on the last day fewer were answered.',
    '    last day: 1 of 40, 2.5 %; 99.9 % interval 0.0 to 20.6 %',
    '    median day: 10 of 30, 33.3 %',
    '',
    'optimization_analyzer, stated 2026-11-10 17:00 UTC, valid until 2026-11-13 17:00 UTC',
    '  nothing beyond chance',
    '',
    'feedback_integrator: nothing stated yet',
    '',
  ])
})

t.test('a location of which nothing was stated, and a statement that is past, are told as such', async (t) => {
  t.match((await run(['show', '--location', 'elsewhere'], [monitor])).out, [
    /^Nothing has been stated about elsewhere: results come 72 hours/,
  ])
  t.match(await run(['show', '--location', 'nowhere', '--json'], [monitor]), {
    code: 1,
    closed: 1,
    out: [/E_OPTION_INVALID: nowhere is no location that is known/],
  })
  t.match(adaptationLines(tenantId, [monitor], tuesdayNoon + 3 * DAY)[0], /not valid since 2026-11-13 17:00 UTC: nobody rests a vote on it/)
})

t.test('as JSON it is the statements themselves; a location must be named', async (t) => {
  const { out } = await run(['show', '--location', tenantId, '--json'], [monitor])
  t.strictSame(
    out.map((line) => JSON.parse(line) as unknown),
    [monitor],
  )
  t.equal((await run(['show'], [])).code, 2)
})
