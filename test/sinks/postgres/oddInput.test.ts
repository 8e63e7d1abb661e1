/** Whatever a stranger writes into a form is a row: no text is too long, or too odd, for an index or for the search. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { linkedLeads } from '../../../sinks/postgres/linkedLeads.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { leadQueries } from '../../../sinks/postgres/queries.ts'
import { postgresSink } from '../../../sinks/postgres/sink.ts'
import { leadEvents, profiles } from '../../../topics/index.ts'
import { messageEvent, profileRecord, tenantId } from '../../support/leadRecords.ts'
import { batch } from '../../support/sinkBatch.ts'
import { testStack } from '../../support/stack.ts'

/** As long as ingest lets a field be. */
const LONGEST = 500

/** Letters of many bytes in no order that could be compressed; the same for the same seed. */
function letters(seed: string, from: number, count: number, length = LONGEST): string {
  let text = ''
  for (let block = 0; text.length < length; block++)
    for (const byte of createHash('sha256').update(`${seed} ${block}`).digest())
      text += String.fromCharCode(from + ((byte * 193 + text.length * 7919) % count))
  return text.slice(0, length)
}
const han = (seed: string) => letters(seed, 0x4e00, 20_000)
/** Each becomes three signs of three bytes where accents are taken off. */
const hangul = (seed: string) => letters(seed, 0xac00, 11_000)

t.test('names, tags and messages as long as they may be are stored and found, and link those who have the same', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  const sink = postgresSink(pool)
  const lead = (contactId: string, over: Parameters<typeof profileRecord>[0]) =>
    [`${tenantId}:${contactId}`, profileRecord({ contactId, phone: null, email: null, ...over })] as const
  const tags = Array.from({ length: 20_000 }, (_, i) => createHash('sha256').update(String(i)).digest('base64url').slice(0, 20))
  const stories = {
    han: [lead('a', { firstName: han('first'), lastName: han('last'), postalCode: '78701' })],
    hangul: ['b', 'c'].map((id) => lead(id, { firstName: hangul('first'), lastName: hangul('last'), postalCode: '78701' })),
    addresses: [lead('d', { email: han('e-mail'), source: han('source'), companyName: han('company'), ownerId: han('owner') })],
    tags: [lead('e', { firstName: 'Eva', tags })],
  }
  let offset = 0
  for (const [name, records] of Object.entries(stories)) {
    await t.resolves(sink.write([batch(profiles, offset, records)]), name)
    offset += 10
  }
  const text = Array.from({ length: 4_000 / 5 }, (_, i) => letters(String(i), 0x4e00, 20_000, 4)).join(' ')
  const said = messageEvent({ eventId: 'long' }, text)
  if (said.message !== null) Object.assign(said.message, { messageId: han('message'), subject: han('subject'), status: han('status') })
  await t.resolves(sink.write([batch(leadEvents, 0, [[`${tenantId}:a`, said]])]), 'message')
  t.strictSame(
    (await linkedLeads(pool, `${tenantId}:b`)).map(({ leadKey, by }) => [leadKey, by]),
    [[`${tenantId}:c`, ['name and postal code']]],
  )
  t.ok(sink.refuses?.({ code: '54000' }), 'what an index does not take would be told as one record, and not as a database that is away')
  const found = await leadQueries(pool).leads({ text: 'eva', limit: 5 })
  t.strictSame(
    found.leads.map(({ contactId }) => contactId),
    ['e'],
  )
})
