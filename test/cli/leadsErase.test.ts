/** A lead that was erased is gone from every place, stays gone when topics are read again, and its refusal outlives it. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { heldOnLead } from '../../cli/heldOnLead.ts'
import { deterministicId } from '../../runtime/ids.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { clickhouseSinkTopics } from '../../sinks/clickhouse/sink.ts'
import { allTopics, deliveries, followups, profiles } from '../../topics/index.ts'
import { caughtUp } from '../runtime/kafka/fixtures.ts'
import { deliveryRecord, followUpRecord } from '../support/leadRecords.ts'
import { counted, line, maria, mario, said, signUp } from './leadLine.ts'
import { operatorRun } from './operatorRun.ts'

t.test('erased, read again, erased again and come back: nothing of the past but the refusal', async (t) => {
  const { config, stack, kafka, pool, send, members, runPostgres, runClickhouse } = await line(t)
  const contact = { tenantId: maria.split(':')[0] ?? '', contactId: 'contactMaria' }
  const run = (...flags: string[]) =>
    operatorRun(['leads', 'erase', maria, ...flags], {}, { config: () => config, held: heldOnLead, now: Date.now, newId: () => 'order-1' })
  const rows = async (sql: string) => (await pool.query<Record<string, unknown>>(sql)).rows

  await send(mario, signUp('contactMario', 'Mario'))
  await send(maria, signUp('contactMaria', 'Maria'))
  await send(maria, said('contactMaria', 'Can we see the house on Elm Street?'))
  const planned = followUpRecord({ ...contact, decisionId: 'd-sent', plannedAt: Date.now(), expiresAt: Date.now() + 3_600_000 })
  await kafka.producer().send(followups, maria, planned)
  const delivered = deliveryRecord({
    ...contact,
    deliveryId: deterministicId('delivery', planned.followupId, 1),
    followupId: planned.followupId,
    decisionId: 'd-sent',
    messageId: 'provider-1',
    text: planned.text,
    at: Date.now(),
  })
  await kafka.producer().send(deliveries, maria, delivered)
  await send(maria, said('contactMaria', 'STOP'))
  const held = await heldOnLead(config, maria)
  t.teardown(() => held.close())
  await counted(
    held,
    stack.prefix,
    (all) =>
      all['postgres communications'] === 3 &&
      all['postgres deliveries'] === 1 &&
      all['clickhouse lead_events'] === 4 &&
      all['clickhouse followups_current'] === 1,
  )
  await pool.query(
    "UPDATE followup_actions SET status = 'confirmed', handed_over_at = now(), message_id = 'provider-1' WHERE decision_id = 'd-sent'",
  )

  const dry = await run('--dry-run')
  t.equal(dry.code, 0)
  t.match(dry.out.join('\n'), /postgres +communications +3 +gone/)
  t.match(await run(), { code: 1, err: [/^E_OPTION_INVALID: There is no way back/] })

  // One of the two sinks is not there: the verb says so, and goes on when it is.
  await members.clickhouse.stop()
  const torn = await run('--yes', '--wait', '6')
  t.equal(torn.code, 1)
  t.match(torn.err[0], /^E_ERASURE_UNFINISHED: \d+ records of /)
  t.match(torn.out.join('\n'), /clickhouse +lead_events +4 +4 +4 LEFT/)
  t.match(torn.out.join('\n'), /postgres +communications +3 +0 +gone/)
  members.clickhouse = await runClickhouse()
  const whole = await run('--yes', '--by', 'office')
  t.equal(whole.code, 0, whole.err.join('\n'))
  // The sink may have carried out the orders it found before anybody counted.
  t.notMatch(whole.out.join('\n'), /LEFT/)
  t.match(whole.out.join('\n'), /topics +\S+ghl\.webhooks\.v1 +3 +3 +gone by \d{4}-\d\d-\d\d/)
  t.match(whole.out.join('\n'), /states +enrich +1 +1 +kept: refusals/)
  t.match(whole.out.join('\n'), /states +journeys +\d +1 +kept: when it was erased/)
  t.match(
    await rows(`SELECT status, message, subject, reason, planned_because, message_id FROM followup_actions WHERE lead_id = '${maria}'`),
    [
      {
        status: 'confirmed',
        message: null,
        subject: null,
        reason: null,
        planned_because: 'The lead was erased.',
        message_id: 'provider-1',
      },
    ],
  )
  const gone = async () => {
    const all = await counted(held, stack.prefix, () => true)
    return Object.fromEntries(Object.entries(all).filter(([place, count]) => !place.startsWith('topics') && count > 0))
  }
  const left = { 'states enrich': 1, 'states journeys': 1, 'postgres followup_actions': 1, 'postgres lead_erasures': 1 }
  t.strictSame(await gone(), left)
  t.equal(JSON.stringify(await rows('SELECT * FROM followup_actions')).includes('Maria,'), false)

  const other = await heldOnLead(config, mario)
  t.teardown(() => other.close())
  const ofMario = await counted(other, stack.prefix, () => true)
  t.equal(ofMario['postgres leads'], 1, 'nobody else is touched')

  const again = await run('--yes')
  t.equal(again.code, 0)
  t.equal(again.out.at(-1), `${maria} was erased already; nothing is left.`)

  await members.postgres.stop()
  await members.clickhouse.stop()
  await pool.query('DELETE FROM sink_offsets')
  members.postgres = await runPostgres()
  await kafka.applyTopics(allTopics, {
    partitions: config.kafka.partitions,
    replicationFactor: 1,
    members: [{ group: 'read-again', inputs: clickhouseSinkTopics }],
  })
  members.clickhouse = await runClickhouse('read-again')
  // Not by counting rows: a range that is cut as it was before is known by its token and stored once.
  await caughtUp(kafka, 'read-again', clickhouseSinkTopics)
  for (let behind = true; behind; await delay(100))
    behind = (await rows('SELECT 1 FROM sink_offsets WHERE next_offset IS NOT NULL AND caught_up_at IS NOT NULL')).length < 6
  t.strictSame(await gone(), left, 'all topics were read again from the beginning')

  await delay(5)
  await send(maria, signUp('contactMaria', 'Maria'))
  await counted(held, stack.prefix, (all) => all['postgres leads'] === 1)
  const [back] = (await rows(`SELECT profile FROM leads WHERE id = '${maria}'`)) as { profile: LeadProfile }[]
  t.match(back?.profile, { firstName: 'Maria', deletedAt: null, recentMessages: [], consents: { sms: { status: 'revoked', words: null } } })
  t.equal(back?.profile.counters.inbound, 0, 'what was said before is not counted')
  const last: (LeadProfile | null)[] = []
  await kafka.tail(profiles, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    if (key === maria && value !== undefined) last.push(value)
  })
  t.equal(last.at(-2), null, 'a tombstone stands between the two lives')

  const second = await operatorRun(
    ['leads', 'erase', mario, '--yes', '--by', 'office'],
    {},
    { config: () => config, held: heldOnLead, now: Date.now, newId: () => 'order-2' },
  )
  t.equal(second.code, 0, second.err.join('\n'))
  t.match(second.out.join('\n'), /postgres +leads +1 +0 +gone/)
  t.match(second.out.at(-2), new RegExp(`erasure order-2 of ${mario} by office: done$`))
  t.equal(second.out.at(-1), `Perhaps the same person, not erased: ${maria}`)
})
