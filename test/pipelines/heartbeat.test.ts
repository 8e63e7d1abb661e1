/** The heartbeat contact: known for ours, never a lead; and what is thought of a location by the beats that came back. */
import fc from 'fast-check'
import t from 'tap'
import { readEnvelopes } from '../../api/envelope.ts'
import { HEARTBEAT_EMAIL, beatOf, isHeartbeatEmail, lastNameOf } from '../../pipelines/heartbeat/beat.ts'
import { REFUSED_WAIT_MS, heartbeatWords, isDue, limitMs, stateOf } from '../../pipelines/heartbeat/rhythm.ts'
import type { Heartbeat } from '../../pipelines/heartbeat/rhythm.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { drive } from '../../runtime/driver.ts'
import { assessments, followups, leadEvents, profiles, realtors, tenants, unrecognised, webhooks } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

t.test('a beat is read back as it was written, whatever the platform does to its letters; nothing else is one', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2200, 0) }), fc.string(), (beat, other) => {
      const written = lastNameOf(beat)
      return (
        [written, written.toLowerCase(), written.toUpperCase(), ` ${written} `].every((text) => beatOf(text) === beat) &&
        beatOf(other) === undefined
      )
    }),
  ),
)

t.test('the address is known however it is written, and no other', async (t) => {
  t.equal(lastNameOf(tuesdayNoon), 'heartbeat 2026-11-10T17:00:00.000Z')
  for (const email of [HEARTBEAT_EMAIL, 'Rekindle-Heartbeat@Example.com', ` ${HEARTBEAT_EMAIL} `]) t.ok(isHeartbeatEmail(email), email)
  for (const email of [null, '', 'heartbeat@example.com', `x${HEARTBEAT_EMAIL}`, `${HEARTBEAT_EMAIL}.org`])
    t.notOk(isHeartbeatEmail(email), String(email))
  for (const name of [null, '', 'heartbeat', 'heartbeat 2026', 'heartbeat 2026-13-40T00:00:00.000Z'])
    t.equal(beatOf(name), undefined, String(name))
})

/** The whole pipeline, given bodies as the receiver keys them. */
function told(bodies: readonly object[], origins: readonly string[] = []) {
  const line = drive(pipeline, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord()]] } })
  bodies.forEach((body, index) => {
    for (const { key, type, contactId, body: bytes } of readEnvelopes(Buffer.from(JSON.stringify({ locationId: tenantId, ...body }))))
      line.pipe(webhooks, key, {
        ...{ receivedId: `r${index}`, tenantId, origin: origins[index] ?? 'webhook', scheme: 'ed25519', keyId: 'k', type, contactId },
        ...{ webhookId: `w${index}`, batchIndex: 0, receivedAt: tuesdayNoon, body: bytes },
      })
  })
  line.advance('8d')
  return line
}

const contact = (type: string, over: object = {}) => ({
  ...{ type, id: 'hb', firstName: 'Rekindle', lastName: lastNameOf(tuesdayNoon), email: HEARTBEAT_EMAIL },
  ...over,
})
const message = { type: 'InboundMessage', contactId: 'hb', messageId: 'm', messageType: 'SMS', body: 'hello' }

t.test('nothing about the heartbeat contact is part of a lead: no event, no profile, no question, no follow-up', async (t) => {
  const line = told([
    contact('ContactCreate'),
    contact('ContactUpdate', { email: 'REKINDLE-heartbeat@example.com' }),
    contact('ContactDndUpdate'),
    contact('ContactTagUpdate', { tags: [] }),
    // Known by its key from here on: what a workflow of the location sends to it carries no address.
    message,
    { ...message, type: 'OutboundMessage', messageId: 'm2', direction: 'outbound' },
    contact('ContactDelete', { email: undefined }),
  ])
  for (const topic of [leadEvents, profiles, assessments, followups]) t.strictSame(line.outputs(topic as typeof leadEvents), [], topic.name)
  t.strictSame(line.deadLetters, [])
  const raw = line.outputs(unrecognised)
  t.equal(raw.length, 7, 'each lies raw where the beat is read')
  t.ok(raw.every(({ reason, tenantId: of }) => reason === 'heartbeat' && of === tenantId))
  t.strictSame(raw.map(({ rawType }) => rawType).slice(0, 2), ['ContactCreate', 'ContactUpdate'])
})

t.test('what is found by a comparison or reported by a workflow is no webhook that came back', async (t) => {
  const line = told([contact('ContactUpdate'), contact('ContactUpdate')], ['reconcile', 'workflow'])
  for (const topic of [leadEvents, profiles, unrecognised]) t.strictSame(line.outputs(topic as typeof leadEvents), [], topic.name)
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['heartbeat', 'heartbeat'],
    'counted, not lost',
  )
})

t.test('other contacts, and users with that address, are what they are', async (t) => {
  const line = told([
    { ...contact('ContactCreate'), id: 'maria', email: 'maria@example.com', lastName: lastNameOf(tuesdayNoon) },
    { ...message, contactId: 'maria' },
    { type: 'UserCreate', id: 'user1', email: HEARTBEAT_EMAIL, name: 'Ana' },
  ])
  t.strictSame(
    line.outputs(leadEvents).map(({ kind }) => kind),
    ['contact_created', 'message_inbound'],
  )
  t.strictSame(line.outputs(unrecognised), [])
  t.equal(line.outputs(realtors).length, 1)
})

t.test('a lead that a form gave the address of the heartbeat is a lead, and is heard', async (t) => {
  const stop = { ...message, body: 'STOP' }
  const kinds = (line: ReturnType<typeof told>) => line.outputs(leadEvents).map(({ kind }) => kind)
  const somebody = [{ phone: '+14155552671' }, { firstName: 'Maria' }, { lastName: 'Lopez' }, { firstName: undefined, lastName: 'Lopez' }]
  for (const over of somebody)
    t.strictSame(kinds(told([contact('ContactUpdate', over), stop])), ['contact_updated', 'message_inbound'], JSON.stringify(over))
  const turned = told([contact('ContactUpdate'), contact('ContactUpdate', { phone: '+14155552671' }), stop])
  t.strictSame(kinds(turned), ['contact_updated', 'message_inbound'], 'the heartbeat contact itself, once it has a number')
  const report = contact('ContactUpdate', { firstName: undefined, lastName: undefined, first_name: 'Maria' })
  t.strictSame(kinds(told([report, stop], ['workflow'])), ['workflow_reported', 'message_inbound'])
})

t.test('the key is forgotten a week after the last beat, and not before', async (t) => {
  const line = drive(pipeline, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord()]] } })
  const pipe = (id: string, body: object) =>
    line.pipe(webhooks, `${tenantId}:hb`, {
      ...{ receivedId: id, tenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'k', type: 'x', contactId: 'hb', webhookId: id },
      ...{ batchIndex: 0, receivedAt: line.now, body: Buffer.from(JSON.stringify({ locationId: tenantId, ...body })) },
    })
  pipe('a', contact('ContactUpdate'))
  line.advance('6d')
  pipe('b', contact('ContactUpdate'))
  line.advance('6d')
  pipe('c', message)
  t.strictSame(line.outputs(leadEvents), [], 'twelve days after the first, six after the last')
})

const resting: Heartbeat = {
  ...{ tenantId, contactId: 'hb', triedAt: 0, waitMs: 10 * MINUTE, everyMs: 10 * MINUTE, sentAt: null, waitingSince: null },
  ...{ backAt: null, failedBecause: null, toldSilentAt: null },
}

t.test(
  'a location is silent after three beats, unwatched when none could be sent for as long, and never silent while none was sent',
  async (t) => {
    const now = tuesdayNoon
    t.equal(limitMs(resting), 30 * MINUTE)
    const cases: [Partial<Heartbeat>, string][] = [
      [{}, 'resting'],
      [{ everyMs: 0, sentAt: now - DAY, waitingSince: now - DAY }, 'resting'],
      [{ sentAt: now, waitingSince: now }, 'fine'],
      [{ sentAt: now, waitingSince: now - 30 * MINUTE + 1 }, 'fine'],
      [{ sentAt: now, waitingSince: now - 30 * MINUTE }, 'silent'],
      [{ sentAt: now - 30 * MINUTE + 1, backAt: now }, 'fine'],
      [{ sentAt: now - 30 * MINUTE, backAt: now - 29 * MINUTE }, 'unwatched'],
      [{ failedBecause: 'E' }, 'unwatched'],
      [{ sentAt: now, failedBecause: 'server_error' }, 'fine'],
      [{ sentAt: now, failedBecause: 'scope_missing', waitMs: REFUSED_WAIT_MS }, 'unwatched'],
    ]
    for (const [over, state] of cases) t.equal(stateOf({ ...resting, ...over }, now), state, JSON.stringify(over))
    for (const [known, due] of [
      [undefined, true],
      [{ triedAt: now - 10 * MINUTE, waitMs: 10 * MINUTE }, true],
      [{ triedAt: now - 10 * MINUTE + 1, waitMs: 10 * MINUTE }, false],
      [{ triedAt: now + HOUR, waitMs: 10 * MINUTE }, true],
    ] as const)
      t.equal(isDue(known, now), due, JSON.stringify(known))
  },
)

t.test('the sentences say since when and why', async (t) => {
  const now = tuesdayNoon
  const words = (over: Partial<Heartbeat>) => heartbeatWords('Example Homes', { ...resting, ...over }, now)
  t.equal(words({ sentAt: now, waitingSince: now }), undefined)
  t.equal(
    words({ sentAt: now, waitingSince: now - HOUR, backAt: now - HOUR - MINUTE }),
    'Example Homes: webhooks of this location have not arrived since 2026-11-10 15:59 UTC, 1h 1m ago.',
  )
  t.match(
    words({ sentAt: now, waitingSince: now - HOUR }),
    /no webhook of its heartbeat has ever arrived, the first was awaited 2026-11-10 16:00 UTC/,
  )
  t.equal(
    words({ failedBecause: 'scope_missing: 401' }),
    'Example Homes: whether its webhooks arrive is not known. The heartbeat cannot be sent: scope_missing: 401.',
  )
  t.match(words({ sentAt: now - HOUR }), /is not known since 2026-11-10 16:00 UTC\. No heartbeat was sent since\.$/)
})
