/** What was said from addresses, in Postgres: whatever the order and however often profiles come, each number ends with what was last said from it. */
import fc from 'fast-check'
import t from 'tap'
import { withConsent } from '../../../pipelines/enrich/consent.ts'
import type { Consents } from '../../../pipelines/enrich/consent.ts'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { addressLedgers, storeAddressStatements } from '../../../sinks/postgres/addressStatements.ts'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { MINUTE, profileRecord, tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { testStack } from '../../support/stack.ts'

const leads = ['maria', 'lena', 'nora'] as const
const numbers = ['+12125550101', '+13105550199'] as const

interface Step {
  readonly lead: (typeof leads)[number]
  readonly does: 'stop' | 'start' | 'moves'
  readonly number: (typeof numbers)[number]
}
const steps = fc.array(
  fc.record<Step>({
    lead: fc.constantFrom(...leads),
    does: fc.constantFrom('stop', 'start', 'moves'),
    number: fc.constantFrom(...numbers),
  }),
  { minLength: 1, maxLength: 12 },
)

/** The profiles of each lead, one for each step of it, and what was last said from each number. */
function told(all: readonly Step[]) {
  const standing = new Map(
    leads.map((lead, index) => [lead, { number: numbers[index % 2] ?? numbers[0], movedAt: 0, consents: {} as Consents }]),
  )
  const profiles = new Map(leads.map((lead) => [lead, [] as LeadProfile[]]))
  const last = new Map<string, string>()
  all.forEach(({ lead, does, number }, index) => {
    const at = tuesdayNoon + (index + 1) * MINUTE
    const now = standing.get(lead)
    if (now === undefined) return
    if (does === 'moves') Object.assign(now, { number, movedAt: at })
    else {
      const status = does === 'stop' ? 'revoked' : 'express'
      now.consents = withConsent(now.consents, 'sms', { status, at, expiresAt: null, eventId: `e${index}`, words: does })
      last.set(now.number, status)
    }
    profiles
      .get(lead)
      ?.push(
        profileRecord({
          contactId: lead,
          version: index + 1,
          phone: now.number,
          fieldTimes: { phone: now.movedAt },
          consents: now.consents,
        }),
      )
  })
  return { profiles, last }
}

t.test('each number ends with what was last said from it, by whichever lead, in any order and with any repeats', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  // Two leads that say nothing, to ask about the numbers by.
  for (const [index, phone] of numbers.entries())
    await pool.query(
      `INSERT INTO leads (id, tenant_id, contact_id, phone, source, lead_score, temperature, status, priority, priority_score, intent_level, created_at, updated_at, last_activity, epoch, version, profile)
       VALUES ($1, $2, $1, $3, 'x', 0, 'cold', 'new', 'low', 0, 'COLD', now(), now(), now(), 1, 1, '{}')`,
      [`asker${index}`, tenantId, phone],
    )
  await assertProperty(
    t,
    fc.asyncProperty(steps, fc.array(fc.tuple(fc.constantFrom(...leads), fc.nat(12)), { maxLength: 20 }), async (all, deliveries) => {
      await pool.query('TRUNCATE address_statements')
      const { profiles, last } = told(all)
      const next = new Map<string, number>(leads.map((lead) => [lead, 0]))
      const store = (lead: (typeof leads)[number], from: number, to: number) =>
        inTransaction(pool, (client) =>
          storeAddressStatements(client, [[`${tenantId}:${lead}`, profiles.get(lead)?.slice(from, to) ?? []]]),
        )
      // Of one lead in order, as a partition has them, read again from anywhere; leads among each other in any order.
      for (const [lead, back] of deliveries) {
        const to = Math.min((next.get(lead) ?? 0) + 1, profiles.get(lead)?.length ?? 0)
        await store(lead, Math.max(0, to - 1 - back), to)
        next.set(lead, to)
      }
      for (const lead of leads) await store(lead, next.get(lead) ?? 0, all.length)
      for (const [index, number] of numbers.entries()) {
        const [ledger] = (await addressLedgers(pool, [`asker${index}`])).get(`asker${index}`) ?? []
        if (ledger?.['sms']?.status !== last.get(number)) return false
      }
      return true
    }),
    { numRuns: 60 },
  )
})
