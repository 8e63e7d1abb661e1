/**
 * Every sample body of the platform and what becomes of it: the golden files. New fields, missing fields, and null or "" in
 * place of missing ones change nothing that they should not.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { translatedTypes } from '../../pipelines/ingest/translate/catalogue.ts'
import { webhookTypeOf } from '../../pipelines/ingest/webhookTypes.ts'
import { golden, receivedAt, sample, sampleNames, stated, told } from './ghlSamples.ts'
import type { Body, Told } from './ghlSamples.ts'
import { assertProperty } from '../support/property.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'golden')
const goldenOf = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as unknown

/** What may not be taken away: who and what the body is about. */
const needed = new Set(['type', 'locationId', 'altId', 'altType', 'companyId', 'id', '_id', 'contactId', 'contact_id', 'contactDetails'])
const neededWithin: Readonly<Record<string, readonly string[]>> = {
  appointment: ['id', 'contactId'],
  contactDetails: ['id'],
  webhookPayload: ['event'],
}
/** Of these the platform sends the new state whole; left out it means empty. */
const emptiable = new Set(['tags'])

/** Paths of fields that may be absent, one or two levels deep. */
function optionalPaths(body: Body): string[][] {
  return Object.keys(body).flatMap((name) => {
    const within = neededWithin[name]
    const value = body[name]
    if (within !== undefined && value !== null && typeof value === 'object')
      return Object.keys(value)
        .filter((field) => !within.includes(field))
        .map((field) => [name, field])
    return needed.has(name) || (name === 'newConversationId' && body['type'] === 'ConversationUpdate') ? [] : [[name]]
  })
}

function changed(body: Body, path: readonly string[], value: unknown): Body {
  const [name, ...rest] = path as [string, ...string[]]
  const inner = rest.length === 0 ? value : changed(body[name] as Body, rest, value)
  const copy: Body = { ...body, [name]: inner }
  if (inner === undefined) Reflect.deleteProperty(copy, name)
  return copy
}

const withoutIds = ({ events, keptRaw, tenants, deadLetters }: Told) =>
  stated({
    events: events.map(({ eventId: _, sourceId: __, ...event }) => event),
    keptRaw: keptRaw.map(({ body: _, ...raw }) => raw),
    tenants,
    deadLetters,
  })
const fates = ({ events, keptRaw, tenants, deadLetters }: Told) => [events.length, keptRaw.length, tenants.length, deadLetters.length]

t.test('every sample becomes what its golden file says, with the fields of the gateway as without', async (t) => {
  for (const name of sampleNames) {
    if (!existsSync(join(folder, `${name}.json`))) {
      t.fail(`test/fixtures/golden/${name}.json is missing; check this and store it: ${JSON.stringify(golden(told(sample(name))))}`)
      continue
    }
    t.strictSame(golden(told(sample(name))), goldenOf(name), name)
    const body = sample(name)
    t.strictSame(golden(told({ webhookId: `webhook-${name}`, ...body })), goldenOf(name), `${name} as delivered`)
  }
  t.strictSame(
    readdirSync(folder)
      .map((file) => file.replace(/\.json$/, ''))
      .sort(),
    sampleNames,
    'no golden file without a sample',
  )
  const seen = new Set(sampleNames.map((name) => webhookTypeOf(sample(name)).type))
  t.strictSame(
    translatedTypes.filter((type) => !seen.has(type)),
    [],
    'every translated type has a sample',
  )
})

t.test('every event that is recommended for lead recovery is told or waits for its contact', async (t) => {
  // GoHighLevel reference 1.2, without the events about users and installations: those are about no lead.
  const recommended = [
    ...['Create', 'Update', 'Delete', 'TagUpdate', 'DndUpdate'].map((change) => `Contact${change}`),
    ...['InboundMessage', 'OutboundMessage', 'ConversationUpdate', 'ConversationUnreadUpdate'],
    ...['Create', 'Update', 'Delete', 'StageUpdate', 'StatusUpdate', 'MonetaryValueUpdate', 'AssignedToUpdate'].map(
      (change) => `Opportunity${change}`,
    ),
    ...['TaskCreate', 'TaskComplete', 'TaskDelete', 'NoteCreate', 'NoteUpdate', 'NoteDelete'],
    ...['AppointmentCreate', 'AppointmentUpdate', 'AppointmentDelete', 'LCEmailStats', 'VoiceAiCallEnd'],
  ]
  t.strictSame([...translatedTypes].sort(), recommended.sort())
})

t.test('a new unknown field never breaks a sample', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.constantFrom(...sampleNames),
      fc.dictionary(
        fc.string({ minLength: 1 }).map((name) => `x${name}`),
        fc.jsonValue(),
      ),
      (name, extra) => {
        const [plain, extended] = [told(sample(name)), told({ ...extra, ...sample(name) })].map(withoutIds)
        return JSON.stringify(plain) === JSON.stringify(extended)
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('a missing optional field never breaks a sample', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.constantFrom(...sampleNames).chain((name) => {
        const paths = optionalPaths(sample(name))
        return fc.tuple(fc.constant(name), fc.subarray(paths))
      }),
      ([name, paths]) => {
        const whole = told(sample(name))
        const sparse = told(paths.reduce((body, path) => changed(body, path, undefined), sample(name)))
        // A typeless body that lost what its shape is known by stays raw, as typeless.
        return JSON.stringify(fates(sparse)) === JSON.stringify(fates(whole)) || sparse.keptRaw[0]?.reason === 'typeless'
      },
    ),
    { numRuns: 500 },
  ),
)

t.test('null, absent and "" mean the same in every field of every sample', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.constantFrom(...sampleNames).chain((name) => {
        const body = sample(name)
        const paths = [...optionalPaths(body), ...[...needed].filter((field) => field in body).map((field) => [field])]
        return fc.tuple(fc.constant(name), fc.subarray(paths, { minLength: 1 }))
      }),
      ([name, paths]) => {
        const of = (value: unknown) =>
          JSON.stringify(withoutIds(told(paths.reduce((body, path) => changed(body, path, value), sample(name)))))
        const [absent, empty, nothing] = [of(undefined), of(''), of(null)]
        if (absent !== empty || absent !== nothing) throw new Error(`${absent}\n${empty}\n${nothing}`)
      },
    ),
    { numRuns: 500 },
  ),
)

t.test('a list that the platform sends whole is empty when it is left out, null or ""', async (t) => {
  for (const name of emptiable)
    for (const value of [undefined, null, '', []])
      t.strictSame(told(changed(sample('ContactTagUpdate'), [name], value)).events[0]?.contact?.tags, [])
})

t.test('who a body is about is found where section 7.2 of the reference says', async (t) => {
  const contactOf = (name: string, changes: Body = {}) => {
    const { events, keptRaw } = told({ ...sample(name), ...changes })
    return events[0]?.contactId ?? keptRaw[0]?.reason
  }
  t.equal(contactOf('ContactCreate'), 'nmFmQEsNgz6AVpgLVUJ0', '`id` of a contact event')
  t.equal(contactOf('AppointmentUpdate'), '9NkT25Vor1v4aQatFsv2', '`appointment.contactId`')
  t.equal(contactOf('OpportunityUpdate'), 'cJAWDskpkJHbRbhAT7bs')
  t.equal(contactOf('TaskCreate', { contactId: null }), 'contact_not_named', 'the platform leaves it out (#332)')
  t.equal(contactOf('VoiceAiCallEnd', { contactId: '' }), 'contact_not_named')
})

t.test('a body without a contact is told as soon as somebody has looked the contact up', async (t) => {
  const { contactId: _, body: __, ...task } = sample('TaskCreate')
  const key = { contactId: 'looked-up' }
  t.match(told(task).keptRaw, [{ reason: 'contact_not_named', shape: 'TaskCreate', tenantId: 've9EPM428h8vShlRW1KT' }])
  // The raw record comes again under the key of its lead, the body untouched.
  const event = told(task, key, 've9EPM428h8vShlRW1KT:looked-up')
  t.match(event.events, [{ kind: 'task_created', contactId: 'looked-up', task: { taskId: 'UlRWGLSXh0ji5qbiGu4i', text: null } }])
  const mail = told(sample('LCEmailStats'), key, 've9EPM428h8vShlRW1KT:looked-up')
  t.strictSame(stated(mail.events.map(({ kind, occurredAt, emailEvent }) => ({ kind, occurredAt, emailEvent }))), [
    {
      kind: 'email_delivered',
      occurredAt: 1_714_032_441_000,
      emailEvent: {
        emailEventId: 've9EPM428h8vShlRW1KT',
        event: 'delivered',
        address: 'test@example.com',
        mailId: '<message-id>',
        code: 250,
        permanent: false,
      },
    },
  ])
})

t.test('what the mail service tells has a kind for each of its events, and a final failure is told from a passing one', async (t) => {
  const of = (payload: Body) =>
    told({ ...sample('LCEmailStats'), webhookPayload: payload }, { contactId: 'c' }, 've9EPM428h8vShlRW1KT:c').events[0]
  for (const event of ['delivered', 'opened', 'clicked', 'failed', 'complained', 'unsubscribed'])
    t.equal(of({ event })?.kind, `email_${event}`)
  t.equal(of({ event: 'stored' })?.kind, 'email_other')
  t.equal(of({ event: 'failed', severity: 'permanent', 'delivery-status': { code: 421 } })?.emailEvent?.permanent, true)
  t.equal(of({ event: 'failed', severity: 'temporary', 'delivery-status': { code: 550 } })?.emailEvent?.permanent, false)
  t.match(of({ event: 'failed', 'delivery-status': { code: 550, message: 'no such user' } })?.emailEvent, {
    permanent: true,
    reason: 'no such user',
  })
  t.equal(of({ event: 'failed', 'delivery-status': { code: 421 } })?.emailEvent?.permanent, false)
  t.equal(of({ event: 'opened' })?.occurredAt, receivedAt)
})

t.test('a body of a type nobody knows stays unknown, whatever it looks like', async (t) => {
  t.match(told({ ...sample('VoiceAiCallEnd'), type: 'VoiceAiCallStart' }).keptRaw, [{ reason: 'unknown_type', shape: 'VoiceAiCallStart' }])
  t.match(told({ ...sample('VoiceAiCallEnd'), type: 'VoiceAiCallEnd' }).events, [{ kind: 'voice_call_ended' }])
  t.match(told({ locationId: 'l', hello: 'world' }).keptRaw, [{ reason: 'typeless', shape: null, rawType: '' }])
  t.match(
    told({ data: { to: 'x' }, extras: { locationId: 'l', contactId: 'c', workflowId: 'w' }, meta: { key: 'k', version: '1' } }).keptRaw,
    [{ reason: 'no_part_of_the_story', shape: 'WorkflowAction', tenantId: 'l' }],
  )
})

t.test('an array is told element by element', async (t) => {
  const { events, keptRaw } = told([
    sample('NoteCreate'),
    sample('TaskCreate'),
    sample('SaaSPlanCreate'),
    { ...sample('NoteCreate'), id: 'another' },
  ])
  t.strictSame(
    [events.map(({ kind }) => kind), keptRaw.map(({ shape }) => shape)],
    [['note_added', 'task_created', 'note_added'], ['SaasPlanCreate']],
  )
})
