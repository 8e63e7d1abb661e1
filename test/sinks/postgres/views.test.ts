/** The views for people who ask with SQL: what each says of leads and conversations, and that the reader of a tenant sees its rows alone. */
import t from 'tap'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { ALL_TENANTS, asReader } from '../../../sinks/postgres/reader.ts'
import { testStack } from '../../support/stack.ts'

interface Lead {
  readonly id: string
  readonly tenant?: string
  readonly status?: string
  readonly temperature?: string
  readonly score?: number
  readonly owner?: string
  readonly value?: string
  /** Days ago. */
  readonly active?: number
  readonly created?: number
  readonly deleted?: boolean
}

const people: readonly Lead[] = [
  { id: 'hot', temperature: 'hot', score: 81, owner: 'anna', status: 'qualified', active: 6 },
  { id: 'warm', temperature: 'warm', score: 71, owner: 'anna', status: 'contacted', active: 8, created: 40 },
  { id: 'cool', temperature: 'cold', score: 61, owner: 'anna', status: 'converted', value: '1000.50', active: 31 },
  { id: 'cold', temperature: 'cold', score: 60, owner: 'anna', status: 'lost', active: 91 },
  { id: 'gone', temperature: 'hot', score: 99, owner: 'anna', status: 'disqualified', deleted: true },
  { id: 'other', tenant: 'south', temperature: 'warm', score: 51, owner: 'ben', status: 'converted', value: '7' },
]
/** Direction, channel, sender, status, minutes after the first word of the lead, and the id of the message; `automatic` by itself. */
const said: readonly (readonly [
  lead: string,
  direction: string,
  channel: string,
  sender: string,
  status: string | null,
  minutes: number,
  messageId?: string,
])[] = [
  ['hot', 'outbound', 'sms', 'human', 'delivered', 0],
  ['hot', 'outbound', 'internal_comment', 'human', null, 1],
  ['hot', 'outbound', 'sms', 'human', 'failed', 2],
  ['hot', 'inbound', 'sms', 'lead', null, 30],
  ['hot', 'outbound', 'sms', 'human', 'delivered', 40],
  ['hot', 'outbound', 'sms', 'human', 'scheduled', 41],
  ['warm', 'outbound', 'sms', 'human', null, 0],
  ['warm', 'inbound', 'email', 'lead', null, 60],
  ['warm', 'outbound', 'email', 'rekindle', 'confirmed', 61],
  ['other', 'outbound', 'sms', 'human', 'delivered', 0],
  ['cool', 'outbound', 'sms', 'human', 'sent', 0, 'told twice'],
  ['cool', 'outbound', 'sms', 'human', 'undelivered', 1, 'told twice'],
  ['cool', 'inbound', 'sms', 'lead', null, 2, 'a word of the lead'],
  ['cold', 'outbound', 'sms', 'human', 'delivered', 0, 'answered by a telephone'],
  ['cold', 'inbound', 'sms', 'lead', null, 1, 'automatic'],
]

t.test('what each view says, and to whom', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  t.teardown(() => pool.end())
  for (const one of people)
    await pool.query(
      `INSERT INTO leads (id, tenant_id, contact_id, status, temperature, lead_score, scoring_reasoning, assigned_agent_id, assigned_at, conversion_value,
         intent_level, created_at, updated_at, last_activity, last_contacted, deleted_at, epoch, version, profile)
       VALUES ($1, $2, $1, $3::lead_status, $4::lead_temperature, $5, 'because', $6, now(), $7, 'WARM', now() - make_interval(days => $8), now(),
         now() - make_interval(days => $9), now(), CASE WHEN $10 THEN now() END, 1, 1, '{"counters": {"inbound": 2, "outbound": 3}}')`,
      [
        ...[one.id, one.tenant ?? 'north', one.status ?? 'new', one.temperature ?? 'unknown', one.score ?? 0, one.owner ?? null],
        ...[one.value ?? null, one.created ?? 1, one.active ?? 1, one.deleted ?? false],
      ],
    )
  for (const [index, [lead, direction, channel, sender, status, minutes, messageId]] of said.entries())
    await pool.query(
      `INSERT INTO communications (id, tenant_id, lead_id, contact_id, channel, direction, sender, content, status, external_id, automatic, sent_at, created_at)
       VALUES ($1, $2, $3, $3, $4, $5, $6, 'x', $7, $9, $9 IS NOT DISTINCT FROM 'automatic', date_trunc('hour', now()) - interval '1 day' + make_interval(mins => $8), now())`,
      [`m${index}`, lead === 'other' ? 'south' : 'north', lead, channel, direction, sender, status, minutes, messageId ?? null],
    )
  const ask = async (tenant: string, sql: string) =>
    (await asReader(pool, tenant, async (db) => (await db.query<Record<string, unknown>>(sql)).rows)).map((row) =>
      Object.values(row).map(String).join(' '),
    )

  t.strictSame(
    await ask(
      'north',
      'SELECT lead_id, activity, conversion_probability, messages_in, messages_out FROM v_lead_summary ORDER BY lead_score DESC',
    ),
    ['hot active very_high 2 3', 'warm moderate high 2 3', 'cool low medium 2 3', 'cold dormant low 2 3'],
  )
  t.strictSame(
    await ask(
      'north',
      'SELECT status, leads, created_30d, share_percent, average_score, conversion_value FROM v_lead_funnel ORDER BY status::text',
    ),
    ['contacted 1 0 25.0 71.0 0', 'converted 1 1 25.0 61.0 1000.50', 'lost 1 1 25.0 60.0 0', 'qualified 1 1 25.0 81.0 0'],
  )
  t.strictSame(
    await ask('north', 'SELECT * FROM v_communication_effectiveness ORDER BY channel'),
    ['north email rekindle 1 0 0 0.0 null', 'north sms human 4 2 2 50.0 45.0'],
    'answers after 30 and 60 minutes; a comment, what failed, at once or later, what is scheduled and what a telephone answers are no contact',
  )
  t.strictSame(await ask('north', 'SELECT * FROM v_agent_performance'), ['north anna 2 4 4 1 1 50.0 1000.50 68.3'])

  const views = ['v_lead_summary', 'v_lead_funnel', 'v_communication_effectiveness', 'v_agent_performance']
  for (const view of views) {
    const seen = (tenant: string) => ask(tenant, `SELECT DISTINCT tenant_id FROM ${view} ORDER BY 1`)
    t.strictSame(await seen('north'), ['north'], view)
    t.strictSame(await seen('south'), ['south'], view)
    t.strictSame(await seen('nowhere'), [], view)
    t.strictSame(await seen(ALL_TENANTS), ['north', 'south'], view)
    t.equal((await pool.query(`SELECT count(*)::int AS rows FROM ${view}`)).rows[0].rows > 0, true, `${view} as the owner`)
  }
})
