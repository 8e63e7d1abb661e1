/**
 * The worker of look-ups on a real database and the sandbox of Apollo: what is asked, what it may cost, what is told, and that nothing
 * is asked about a lead that is erased or has refused, however the steps fall.
 */
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { apolloClient } from '../../integrations/apollo/client.ts'
import type { Apollo, Match } from '../../integrations/apollo/client.ts'
import { startApolloSandbox } from '../../integrations/apollo/sandbox/sandbox.ts'
import { lookUpWorker } from '../../enrichment/lookUpWorker.ts'
import type { LookUpWorkerOptions } from '../../enrichment/lookUpWorker.ts'
import { emailFactsOf } from '../../pipelines/enrich/facts/emailFacts.ts'
import type { LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { eraseLeads } from '../../sinks/postgres/erasure.ts'
import { endLookUp, lookUpSums, spentInDay, takeLookUp } from '../../sinks/postgres/lookUps.ts'
import type { LookUpClaim } from '../../sinks/postgres/lookUps.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { profiles, webhooks } from '../../topics/index.ts'
import { DAY, HOUR, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { assertProperty } from '../support/property.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'

const apiKey = 'k'
const reachable = (contactId: string, over: Partial<LeadProfile> = {}): LeadProfile => {
  const email = `${contactId}@oak.realty`
  const open = { companyName: null, dnd: false, dndChannels: {}, consents: {}, deletedAt: null }
  return { ...profileRecord({ contactId, email, emailFacts: emailFactsOf(email, tuesdayNoon), ...open, ...over }) }
}
const keyOf = (contactId: string) => `${tenantId}:${contactId}`

async function world(t: Test, { creditsPerDay = '3', ...over }: Partial<LookUpWorkerOptions> & { creditsPerDay?: string } = {}) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 6 })
  const clock = new ManualClock(tuesdayNoon)
  const people = ({ email }: Readonly<Record<string, unknown>>) =>
    String(email).startsWith('nobody')
      ? undefined
      : { title: 'Engineer', organization: String(email).startsWith('half') ? null : { name: 'Oak' } }
  const sandbox = await startApolloSandbox({ apiKey, clock, people })
  const apollo = apolloClient({ apiUrl: sandbox.url, apiKey, clock, random: () => 0 })
  t.teardown(async () => {
    await apollo.close()
    await sandbox.close()
    await pool.end()
  })
  const said: string[] = []
  const counts: Record<string, number> = {}
  const lookUps = { provider: 'apollo', fields: ['companyName', 'jobTitle'], creditsPerDay }
  const worker = lookUpWorker({
    pool,
    apollo,
    clock,
    logger: { warn: (_: unknown, words?: string) => void said.push(String(words)) } as never,
    tenantOf: () => tenantRecord({ lookUps }),
    isErased: () => false,
    freshMs: 30 * DAY,
    onEnd: (_, what) => (counts[what] = (counts[what] ?? 0) + 1),
    ...over,
  })
  let offset = 0
  /** Works on one record; `at`: that of the record when it is delivered again. */
  const work = async (profile: LeadProfile, at = offset++) => {
    const key = keyOf(profile.contactId)
    const signal = new AbortController().signal
    const id = (...parts: readonly (string | number)[]) => [key, ...parts].join('/')
    const record = { topic: profiles, key, value: profile, timestamp: clock.now(), headers: {} }
    const result = await worker.handle(record as never, { key, at: clock.now(), signal, idempotencyKey: `o${at}`, id })
    return result.kind === 'done'
      ? { told: JSON.parse(Buffer.from((result.emit[0]?.value as WebhookReceived).body).toString()) as Record<string, unknown> }
      : { dropped: result.kind === 'drop' ? result.reason : result.kind }
  }
  return { pool, clock, sandbox, work, said, counts, day: () => spentInDay(pool, tenantId, 'apollo', clock.now()), worker }
}

t.test('a lead is asked about once, the answer is told under one id, and what it cost stands in the day', async (t) => {
  const { work, sandbox, day, clock, worker } = await world(t)
  const first = await work(reachable('maria'), 7)
  t.match(first, {
    told: {
      type: 'LeadLookedUp',
      provider: 'apollo',
      asked: ['companyName', 'jobTitle'],
      found: { companyName: 'Oak', jobTitle: 'Engineer' },
      askedAt: tuesdayNoon,
    },
  })
  clock.advance(HOUR)
  t.strictSame(await work(reachable('maria'), 7), first, 'delivered again it tells the same, and asks nobody')
  t.strictSame(await work(reachable('maria'), 8), first, 'so does a later profile, before the answer is folded')
  t.equal(sandbox.calls.length, 1)
  t.strictSame(await day(), { reserved: '0', spent: '1' })
  t.strictSame(worker.outputs, [webhooks], 'ingest alone writes events')
  clock.advance(30 * DAY)
  t.ok('told' in (await work(reachable('maria'), 9)))
  t.equal(sandbox.calls.length, 2, 'an answer is fresh for 30 days')
})

t.test('found, partly, none and error are counted, and the share that found something is what it is', async (t) => {
  const { work, sandbox, pool, counts, clock } = await world(t, { creditsPerDay: '100' })
  for (const who of ['maria', 'half', 'nobody', 'jo']) await work(reachable(who))
  sandbox.fail('422')
  t.strictSame(await work(reachable('odd')), { dropped: 'bad_request' })
  t.strictSame(await work(reachable('odd')), { dropped: 'failed' }, 'it is not asked again while that is fresh')
  const twin = reachable('twin', { email: 'maria@oak.realty', emailFacts: emailFactsOf('maria@oak.realty', tuesdayNoon) })
  t.match(await work(twin), { told: { found: { companyName: 'Oak' } } })
  t.equal(sandbox.calls.length, 5, 'a second lead with the same question costs nothing')
  t.strictSame(counts, { found: 2, partly: 1, none: 1, error: 1, reused: 1 })
  const sum = { tenantId, provider: 'apollo', ...counts, refused: 0, spent: '3', spentToday: '3' }
  t.strictSame(await lookUpSums(pool, 7, clock.now()), [sum], 'nobody who was found costs nothing')
  t.strictSame(await lookUpSums(pool, 7, clock.now() + 7 * DAY), [])
})

t.test('what waits for the limit or for the breaker is no error: nothing was sent', async (t) => {
  const { work, sandbox, counts, clock, pool } = await world(t, { creditsPerDay: '10' })
  sandbox.fail('429')
  for (let again = 0; again < 3; again++) await t.rejects(work(reachable('a')), { code: 'E_APOLLO_UNAVAILABLE', retriable: true })
  t.equal(sandbox.calls.length, 1)
  t.strictSame(counts, { error: 1 })
  clock.advance(HOUR)
  t.ok('told' in (await work(reachable('a'))))
  t.match(await lookUpSums(pool, 7, clock.now()), [{ error: 1, found: 1, spent: '1' }])
})

t.test('a day that is used up stops look-ups, says so once, and ends with the day', async (t) => {
  const { work, sandbox, said, counts, day, clock } = await world(t, { creditsPerDay: '2.5' })
  for (const who of ['a', 'b', 'c', 'd']) await work(reachable(who))
  t.equal(sandbox.calls.length, 2, '2.5 credits are two calls of at most 1')
  t.match(counts, { found: 2, refused: 2 })
  t.equal(said.length, 1)
  t.strictSame(await day(), { reserved: '0', spent: '2' })
  clock.advance(DAY)
  t.ok('told' in (await work(reachable('c'))))
})

t.test('what may have been charged counts as charged; what certainly was not is given back', async (t) => {
  const { work, sandbox, day } = await world(t, { creditsPerDay: '10' })
  sandbox.fail('500')
  await t.rejects(work(reachable('a')), { code: 'E_APOLLO_UNAVAILABLE', retriable: true })
  t.strictSame(await day(), { reserved: '0', spent: '1' })
  sandbox.fail('drop_after_charge')
  await t.rejects(work(reachable('a')), { code: 'E_APOLLO_UNAVAILABLE' })
  t.strictSame(await day(), { reserved: '0', spent: '2' })
  sandbox.fail('403')
  await t.rejects(work(reachable('a')), { code: 'E_APOLLO_KEY_REFUSED', retriable: true })
  sandbox.fail('no_credits')
  await t.rejects(work(reachable('a')), { code: 'E_APOLLO_CREDITS_GONE', retriable: true })
  t.strictSame(await day(), { reserved: '0', spent: '2' })
  t.ok('told' in (await work(reachable('a'))))
  t.strictSame(await day(), { reserved: '0', spent: '3' })
})

t.test('nobody asks about a lead that has refused, is erased or gone, by whichever source that is known', async (t) => {
  const { work, sandbox, pool } = await world(t)
  const refused = { sms: { status: 'revoked', at: tuesdayNoon, expiresAt: null, eventId: 'e', words: null } }
  const old = reachable('maria', { version: 3 })
  await postgresSink(pool).write([batch(profiles, 0, [[keyOf('maria'), reachable('maria', { version: 4, consents: refused })]])])
  t.strictSame(await work(old), { dropped: 'refused_by_lead' }, 'the record is old, and what is stored knows better')
  await inTransaction(pool, (client) => eraseLeads(client, [{ leadId: keyOf('jo'), erasedAt: tuesdayNoon }]))
  t.strictSame(await work(reachable('jo')), { dropped: 'erased' })
  const { work: knows } = await world(t, { isErased: () => true })
  t.strictSame(await knows(reachable('sam')), { dropped: 'erased' }, 'the order is known before the database has it')
  t.equal(sandbox.calls.length, 0)
})

t.test('what is found about a lead that is erased meanwhile is neither kept nor told, and is paid for', async (t) => {
  let erase = (): Promise<void> => Promise.resolve()
  const apollo: Apollo = {
    async match(): Promise<Match> {
      await erase()
      return { kind: 'answered', person: { jobTitle: 'Engineer' } }
    },
    close: () => Promise.resolve(),
  }
  const { work, pool, day } = await world(t, { apollo })
  erase = () => inTransaction(pool, (client) => eraseLeads(client, [{ leadId: keyOf('maria'), erasedAt: tuesdayNoon }]))
  t.strictSame(await work(reachable('maria')), { dropped: 'erased' })
  t.equal((await pool.query('SELECT 1 FROM lead_look_ups')).rowCount, 0)
  t.strictSame(await day(), { reserved: '0', spent: '1' })
})

const claimOf = (over: Partial<LookUpClaim> = {}): LookUpClaim => ({
  leadId: keyOf('maria'),
  tenantId,
  lookUpId: 'u1',
  provider: 'apollo',
  queryHash: 'q1',
  asked: ['jobTitle'],
  worstCredits: '1',
  creditsPerDay: '10',
  at: tuesdayNoon,
  leaseMs: 30_000,
  freshMs: 30 * DAY,
  ...over,
})

t.test('one question at a time about a lead; who died while asking is taken over after the lease, and may have been charged', async (t) => {
  const { pool, day } = await world(t)
  const mine = claimOf()
  t.strictSame(await takeLookUp(pool, mine), { kind: 'ask' })
  const theirs = claimOf({ lookUpId: 'u2', at: tuesdayNoon + 10_000 })
  t.strictSame(await takeLookUp(pool, theirs), { kind: 'busy', waitMs: 20_000 })
  const later = claimOf({ lookUpId: 'u3', at: tuesdayNoon + 30_000 })
  t.strictSame(await takeLookUp(pool, later), { kind: 'ask' })
  t.strictSame(await day(), { reserved: '1', spent: '1' })
  const end = { kind: 'answered', found: { jobTitle: 'Engineer' }, spent: '1' } as const
  t.equal(await endLookUp(pool, mine, end), false, 'the first one comes back: its claim is gone, and it was accounted for')
  t.equal(await endLookUp(pool, later, end), true)
  t.strictSame(await day(), { reserved: '0', spent: '2' })
  const both = [claimOf({ leadId: 'x:y', lookUpId: 'a' }), claimOf({ leadId: 'x:y', lookUpId: 'b', queryHash: 'q2' })]
  const kinds = await Promise.all(both.map((claim) => takeLookUp(pool, { ...claim, queryHash: 'q2' })))
  t.strictSame(kinds.map(({ kind }) => kind).sort(), ['ask', 'busy'])
})

t.test('property: however calls end and overlap, no day costs more than it may', async (t) => {
  const { pool } = await world(t)
  let run = 0
  await assertProperty(
    t,
    fc.asyncProperty(
      fc.array(fc.constantFrom('found', 'none', 'unknown', 'not_sent', 'died'), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 60 }),
      async (ends, tenths) => {
        const tenant = `t${run++}`
        const budget = (tenths / 10).toFixed(1)
        const outcomes = await Promise.all(
          ends.map(async (end, i) => {
            const claim = claimOf({
              tenantId: tenant,
              leadId: `${tenant}:${i}`,
              lookUpId: `u${i}`,
              queryHash: `q${i}`,
              creditsPerDay: budget,
            })
            if ((await takeLookUp(pool, claim)).kind !== 'ask') return 0
            if (end === 'found') await endLookUp(pool, claim, { kind: 'answered', found: { jobTitle: 'x' }, spent: '1' })
            if (end === 'none') await endLookUp(pool, claim, { kind: 'answered', found: {}, spent: '0' })
            if (end === 'unknown') await endLookUp(pool, claim, { kind: 'again', spent: '1', isError: true })
            if (end === 'not_sent') await endLookUp(pool, claim, { kind: 'again', spent: '0', isError: true })
            return end === 'none' || end === 'not_sent' ? 0 : 1
          }),
        )
        const cost = outcomes.reduce<number>((sum, one) => sum + one, 0)
        const { reserved, spent } = await spentInDay(pool, tenant, 'apollo', tuesdayNoon)
        return Number(reserved) + Number(spent) === cost && cost * 10 <= tenths
      },
    ),
    { numRuns: 30 },
  )
})
