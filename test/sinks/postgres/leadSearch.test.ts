import fc from 'fast-check'
import type pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { searchTerms } from '../../../sinks/postgres/leadSearch.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import type { LeadEvent, LeadProfile } from '../../../schemas/generated/records.ts'
import { leadEvents, profiles } from '../../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, profileRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

function said(contactId: string, text: string, over: Partial<LeadEvent> = {}): readonly [string, LeadEvent] {
  const event = messageEvent({ eventId: `${contactId}: ${text}`.slice(0, 60), contactId, ...over }, text)
  return [`${event.tenantId}:${contactId}`, event]
}

const lead = (contactId: string, over: Partial<LeadProfile> = {}): readonly [string, LeadProfile] => [
  `${over.tenantId ?? tenantId}:${contactId}`,
  profileRecord({ contactId, firstName: null, lastName: null, email: null, phone: null, city: null, source: null, ...over }),
]

async function store(t: Test): Promise<{ pool: pg.Pool; sink: ReturnType<typeof postgresSink>; find: Find }> {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 4 })
  t.teardown(() => pool.end())
  const queries = leadQueries(pool)
  return {
    pool,
    sink: postgresSink(pool),
    find: async (text, only) => (await queries.leads({ text, limit: 50, ...only })).leads.map(({ contactId }) => contactId).sort(),
  }
}
type Find = (text: string, only?: { tenantId?: string }) => Promise<string[]>

t.test('a text is words and phrases, each wanted or not; nothing else in it means anything', async (t) => {
  t.strictSame(searchTerms('maria  "swimming pool" -rent -"to let"'), { wanted: ['maria', 'swimming pool'], unwanted: ['rent', 'to let'] })
  t.strictSame(searchTerms('a-b "open & (shut'), { wanted: ['a-b', '"open', '(shut'], unwanted: [] })
  t.strictSame(searchTerms(' +1 (212) 555-0101 '), { wanted: ['12125550101'], unwanted: [] })
  t.strictSame(searchTerms('maria 212-555-0101'), { wanted: ['maria', '2125550101'], unwanted: [] })
  for (const number of ['(212) 555-0101', '212 555 0101', '212.555.0101'])
    t.strictSame(searchTerms(`maria ${number} "east side"`), { wanted: ['maria', '2125550101', 'east side'], unwanted: [] }, number)
  t.strictSame(searchTerms('+1 (212) 555-0101 maria'), { wanted: ['12125550101', 'maria'], unwanted: [] })
  t.strictSame(searchTerms('"call 212 555 0101" maria'), { wanted: ['call 212 555 0101', 'maria'], unwanted: [] }, 'as it stands')
  t.strictSame(searchTerms('maria 2024 2025'), { wanted: ['maria', '2024', '2025'], unwanted: [] })
  t.strictSame(searchTerms('2026-11-24 10:00'), { wanted: ['2026-11-24', '10:00'], unwanted: [] })
  for (const nothing of ['', ' ', '-', '""', '&|!', '- -"" \0', '🏠'])
    t.throws(() => searchTerms(nothing), { code: 'E_SEARCH_INVALID' }, nothing)
  t.throws(() => searchTerms('w '.repeat(13)), { code: 'E_SEARCH_INVALID' })
})

t.test('leads are found by their fields and by what was said, in either language, with or without endings and accents', async (t) => {
  const { sink, find } = await store(t)
  await sink.write([
    batch(leadEvents, 0, [
      said('jose', '¿Tiene habitaciones con vista al mar?'),
      said('ana', 'We are looking for houses with a swimming pool'),
      said('ana', 'We can pay in cash'),
      said('bob', 'The pool is for swimming, the house for living'),
      said('bob', "We don't want to rent", { eventId: 'rent' }),
      said('bob', 'left as a draft', {
        kind: 'followup_delivered',
        message: null,
        eventId: 'own',
        delivery: sent('Hello Bob, a tour on Friday?'),
      }),
      said('eve', 'echo', {
        kind: 'followup_delivered',
        message: null,
        eventId: 'echo',
        delivery: { ...sent('hidden twice'), echoed: true },
      }),
      said('eve', 'denied', {
        kind: 'followup_delivered',
        message: null,
        eventId: 'no',
        delivery: { ...sent('never left'), status: 'denied' },
      }),
    ]),
    batch(profiles, 0, [
      lead('jose', { firstName: 'José', lastName: 'Peña', phone: '+12125550101', tags: ['hot-lead', 'investor'] }),
      lead('ana', { firstName: 'Ana', lastName: 'López', email: 'ana.lopez@example.com', city: 'Austin' }),
      lead('bob', { firstName: 'Bob', lastName: "O'Brien", companyName: 'Brien & Söhne GmbH' }),
      lead('eve', { firstName: 'Ella', source: 'Zillow' }),
    ]),
  ])
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['jose', ['jose']],
    ['JOSÉ pena', ['jose']],
    ['lopez', ['ana']],
    ['ana.lopez@example.com', ['ana']],
    ['+1 (212) 555-0101', ['jose']],
    ['212-555-0101', ['jose']],
    ['12125550101', ['jose']],
    ["o'brien", ['bob']],
    ['söhne', ['bob']],
    ['sohne', ['bob']],
    ['investor', ['jose']],
    ['zillow', ['eve']],
    // Spanish: number, and no accent.
    ['habitación', ['jose']],
    ['habitaciones', ['jose']],
    ['tiene', ['jose']],
    ['¿TIENE “HABITACIÓN”?', ['jose']],
    ['habitacion', ['jose']],
    // English: number and ending.
    ['house', ['ana', 'bob']],
    ['houses pools', ['ana', 'bob']],
    ['"swimming pool"', ['ana']],
    ['"swim pools"', ['ana']],
    // All words, wherever they stand: one in the name, one in each of two messages.
    ['ana cash pool', ['ana']],
    ['bob cash', []],
    ['pool -rent', ['ana']],
    ['pool -renting', ['ana']],
    ['pool -"swimming pool"', ['bob']],
    ['-pool', ['eve', 'jose']],
    // Words that every text has are left out, unless they are all there is.
    ['the houses of ana', ['ana']],
    ['ella', ['eve']],
    // Our own messages once they were sent; not those that did not leave, nor a second time.
    ['tour friday', ['bob']],
    ['hidden', []],
    ['left', []],
  ]
  for (const [text, expected] of cases) t.strictSame(await find(text), expected, text)
})

function sent(text: string): NonNullable<LeadEvent['delivery']> {
  return {
    followupId: 'f',
    decisionId: 'd',
    channel: 'sms',
    status: 'confirmed',
    messageId: 'm',
    text,
    action: 'send_message',
    echoed: false,
    assigneeId: null,
    closedBecause: null,
  }
}

t.test('a tenant finds its own leads only; pages follow each other', async (t) => {
  const { pool, sink, find } = await store(t)
  const contacts = Array.from({ length: 25 }, (_, index) => `c${String(index).padStart(2, '0')}`)
  await sink.write([
    batch(leadEvents, 0, [
      ...contacts.map((id) => said(id, 'a garden please')),
      said('other', 'a garden please', { tenantId: 'elsewhere' }),
    ]),
    batch(profiles, 0, [
      ...contacts.map((id, index) => lead(id, { lastEventAt: tuesdayNoon + (index % 5) * HOUR })),
      lead('other', { tenantId: 'elsewhere' }),
    ]),
  ])
  t.equal((await find('garden')).length, 26)
  t.strictSame(await find('garden', { tenantId }), contacts)
  t.strictSame(await find('garden', { tenantId: 'elsewhere' }), ['other'])
  t.strictSame(await find('garden', { tenantId: 'nobody' }), [])
  const queries = leadQueries(pool)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await queries.leads({ text: 'gardens', tenantId, limit: 7, cursor })
    seen.push(...page.leads.map(({ contactId }) => contactId))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  t.equal(seen.length, 25)
  t.strictSame([...seen].sort(), contacts)
  t.strictSame(seen.slice(0, 5), ['c04', 'c09', 'c14', 'c19', 'c24'], 'newest event first')
})

t.test('what was said before a contact was deleted is gone, whichever topic is read first; an erased lead leaves nothing', async (t) => {
  const { pool, sink, find } = await store(t)
  const old = said('maria', 'an old word')
  const newer = said('maria', 'a newer word', { occurredAt: tuesdayNoon + MINUTE })
  const deleted = lead('maria', { fieldTimes: { deleted: tuesdayNoon }, deletedAt: tuesdayNoon, version: 4 })
  const back = lead('maria', { fieldTimes: { deleted: tuesdayNoon }, version: 5 })
  const rows = async () => (await pool.query<{ content: string }>('SELECT content FROM communications')).rows.map(({ content }) => content)
  await sink.write([batch(leadEvents, 0, [old, newer])])
  t.equal((await rows()).length, 2)
  await sink.write([batch(profiles, 0, [deleted])])
  t.strictSame(await rows(), ['a newer word'])
  t.strictSame(await find('newer'), [], 'a deleted contact is not listed')
  await sink.write([batch(profiles, 1, [back])])
  t.strictSame(await find('newer'), ['maria'])
  await sink.write([batch(leadEvents, 2, [[old[0], { ...old[1], eventId: 'late' }]])])
  t.strictSame(await rows(), ['a newer word'], 'a stale message that comes late is not kept')
  const gone = batch(profiles, 2, [[old[0], null]])
  await sink.write([{ ...gone, records: gone.records.map((record) => ({ ...record, timestamp: tuesdayNoon + MINUTE })) }])
  t.strictSame(await rows(), [])
})

t.test('P-69: no text breaks the query or finds what is not there', async (t) => {
  const { sink, find } = await store(t)
  await sink.write([batch(leadEvents, 0, [said('maria', 'plain words\0 here', { eventId: 'e' })]), batch(profiles, 0, [lead('maria')])])
  t.strictSame(await find('words here'), ['maria'])
  const piece = fc.oneof(
    fc.constantFrom('&', '|', '!', '<->', ':*', '(', ')', "'", '"', '\\', '%', '--', '/*', ';', '\0', '\ud800', '$1', ':A', 'a:b', '-'),
    fc.string({ unit: 'binary' }),
    fc.constant('x'.repeat(5_000)),
  )
  await assertProperty(
    t,
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const text = `qqq${pieces.join('')} qqq`
      const found = await find(text)
      if (found.length > 0) throw new Error(`found ${found.join()}`)
    }),
    { numRuns: 100 },
  )
})
