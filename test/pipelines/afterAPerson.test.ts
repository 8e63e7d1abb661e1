/** A lead that a person has led is asked about again: when a tag hands it back, and when a quiet time ends that outlasts the steps of silence. */
import t from 'tap'
import { agentView } from '../../pipelines/agents/agentView.ts'
import { occasionOf } from '../../pipelines/agents/follow-up/contentPersonalizer.ts'
import { decisions, triggers } from '../../topics/index.ts'
import { DAY, HOUR, noContactFields, tenantRecord } from '../support/leadRecords.ts'
import { asked as askedAt, question, view } from './leads.ts'
import { mariaLine } from './mariaLine.ts'

const tags = (...names: string[]) => ({ contact: { ...noContactFields, tags: names } })

t.test('a lead that a tag hands back is asked about at once, also when all steps of silence have passed', async (t) => {
  for (const [off, on] of [
    [['AI Assistant: Off'], []],
    [['AI Assistant: Off'], ['AI Assistant: On']],
  ] as const) {
    const { line, happens, writes, asked, planned } = mariaLine()
    writes('Hello from Anna', true)
    happens('tags_changed', tags(...off))
    line.advance('200h')
    t.strictSame(
      asked().map(({ reason }) => reason),
      ['silence_24h', 'silence_48h', 'silence_72h'],
    )
    t.strictSame(planned(), [])
    happens('tags_changed', tags(...on))
    t.equal(asked().length, 4)
    t.match(asked().at(-1), { reason: 'handed_back', decisionTypes: ['content', 'follow_up', 'escalation'], view: { humanOwned: false } })
    t.match(line.outputs(triggers).at(-1), {
      trigger: 'handed_back',
      reason: /^A person handed the lead back at 2026-11-19 01:00:30 UTC\.$/,
    })
    t.not(line.outputs(decisions).at(-1)?.stopReason, 'gated')
    happens('tags_changed', tags(...on, 'vip'))
    t.equal(asked().length, 4, 'once')
  }
})

t.test('what hands nothing back asks nothing', async (t) => {
  const never = mariaLine()
  never.happens('tags_changed', tags('AI Assistant: On'))
  t.strictSame(never.asked(), [], 'nobody led it')
  const over = mariaLine(tenantRecord({ humanQuietHours: 2 }))
  over.writes('Hello from Anna', true)
  over.line.advance('3h')
  over.happens('tags_changed', tags('vip'))
  t.strictSame(over.asked(), [], 'the quiet time was over')
  const closed = mariaLine()
  closed.happens('tags_changed', tags('AI Assistant: Off'))
  closed.happens('contact_updated', { contact: { ...noContactFields, dnd: true, tags: [] } })
  t.strictSame(closed.asked(), [], 'nothing may be sent to it')
})

t.test('the last step of silence waits for the end of a quiet time that is longer', async (t) => {
  const { line, writes, asked, happens } = mariaLine(tenantRecord({ humanQuietHours: 100 }))
  const wroteAt = line.now
  writes('Hello from Anna', true)
  line.restart()
  line.advance('99h')
  const told = () => asked().map((one) => [one.reason, (one.askedAt - wroteAt) / HOUR])
  t.strictSame(told(), [
    ['silence_24h', 24],
    ['silence_48h', 48],
  ])
  happens('workflow_reported', {
    workflow: {
      ...{ workflowId: 'w1', workflowName: 'Nurture', customFields: {}, opportunityId: null, stageName: null, contact: null },
      ...{ messageDirection: null, messageText: null },
    },
  } as never)
  t.equal(told().at(-1)?.[0], 'workflow_reported', 'a question within it is not the last one')
  line.advance('1h')
  t.strictSame(told().at(-1), ['silence_72h', 100])
  t.match(asked().at(-1)?.view, { humanOwned: false })
  t.match(line.outputs(triggers).at(-1)?.reason, /^100 hours without a message in either direction since /)
  line.advance('300h')
  t.equal(told().length, 4)
})

t.test('one that is handed back before its quiet time is over has its last step in time', async (t) => {
  const { line, writes, asked, happens } = mariaLine(tenantRecord({ humanQuietHours: 720 }))
  writes('Hello from Anna', true)
  line.advance('1h')
  happens('tags_changed', tags('AI Assistant: On'))
  line.advance('71h')
  t.strictSame(
    asked().map(({ reason }) => reason),
    ['handed_back', 'silence_24h', 'silence_48h', 'silence_72h'],
  )
})

t.test('what is written to a lead that was handed back is what its silence calls for', async (t) => {
  const occasion = (silentMs: number | null, attemptsSinceReply: number) =>
    occasionOf(
      agentView(
        question({
          reason: 'handed_back',
          view: view({ lastOutboundAt: silentMs === null ? null : askedAt - silentMs, counters: { attemptsSinceReply } }),
        }),
      ),
    )?.templateId
  t.equal(occasion(null, 0), 'first_touch')
  t.strictSame([occasion(DAY - 1, 1), occasion(DAY, 1)], [undefined, 'nudge_24h'])
  t.strictSame([occasion(3 * DAY - 1, 2), occasion(3 * DAY, 1)], ['nudge_24h', 'reengage'])
  t.equal(occasion(DAY, 3), 'reengage', 'three attempts were not answered')
})
