/** The heartbeat over the real processes: the pipeline changes the contact, the sandbox tells, and the sink stores that it came back. */
import t from 'tap'
import { leadEvents, profiles } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { startLine } from './line.ts'
import { until } from './quiet.ts'

t.setTimeout(1_190_000)

t.test('a beat comes back through API, ingest and sink, makes no lead, and is shown in the metrics', async (t) => {
  const line = await startLine(t, await testStack(t), { GHL_HEARTBEAT_MINUTES: '5' })
  const row = async () =>
    (
      await line.database.query<{ sent: string | null; back: string | null; contact_id: string | null }>(
        'SELECT sent_at::text AS sent, back_beat::text AS back, contact_id FROM heartbeats',
      )
    ).rows[0]
  await until('the heartbeat', async () => {
    const known = await row()
    return known !== undefined && known.sent !== null && known.sent === known.back ? [] : [JSON.stringify(known ?? 'no row')]
  })
  const metrics = async () => (await fetch(new URL('/metrics', line.process('pipeline').address))).text()
  await until('its metric', async () =>
    /lr_heartbeat_locations\{state="fine"[^}]*\} 1\b/.test(await metrics()) ? [] : ['no location that is fine'],
  )
  t.match(await metrics(), /lr_heartbeats_total\{outcome="sent"[^}]*\} 1\b/)
  const told: string[] = []
  for (const topic of [leadEvents, profiles] as const)
    await line.kafka.tail(topic, { from: 'beginning', untilEnd: true, signal: new AbortController().signal }, ({ key }) =>
      told.push(String(key)),
    )
  t.strictSame(told, [], 'nobody is told of a lead')
  t.strictSame((await line.database.query('SELECT id FROM leads')).rows, [])
})
