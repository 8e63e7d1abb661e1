/** Who sweeps what and when: every location and source, once, whatever fails beside it; and what is owed to whom, with why. */
import t from 'tap'
import type pg from 'pg'
import { sweepDefaults, sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import { Reconciler } from '../../reconcile/reconciler.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import { sandboxTenant } from '../../simulate/sandboxTenant.ts'
import type { Owed } from '../../pipelines/reconcile/owed.ts'
import type { SweepResult } from '../../reconcile/sweeper.ts'
import type { LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { owedLeads } from '../../sinks/postgres/owedLeads.ts'
import type { OwedFilter } from '../../sinks/postgres/owedLeads.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { claimSweep, endSweep, keepSweep, sweepCursors } from '../../sinks/postgres/sweeps.ts'
import { erasures, leadEvents, profiles, tenants } from '../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { batch } from '../support/sinkBatch.ts'
import { platformBehind } from './gateway.ts'
import { lossyLine } from './lossyLine.ts'
import { database, platform } from './platform.ts'

t.setTimeout(240_000)
const other = 'otherLocation0000001'

interface Said {
  readonly level: string
  readonly what: string
  readonly fields: Record<string, unknown>
}

function loggerOf(said: Said[]) {
  const at = (level: string) => (fields: Record<string, unknown>, what: string) => void said.push({ level, what, fields })
  return { info: at('info'), warn: at('warn'), error: at('error') } as never
}

async function storeTenants(pool: pg.Pool): Promise<void> {
  const rows = [tenantId, other].map((id) => [id, tenantRecord({ tenantId: id })] as const)
  const gone = ['gone', tenantRecord({ tenantId: 'gone', status: 'uninstalled' })] as const
  await postgresSink(pool).write([batch(tenants, 0, [...rows, gone])])
}

const inbound = (contactId: string, messageId: string, at: number, location = tenantId) => ({
  type: 'InboundMessage',
  locationId: location,
  contactId,
  messageId,
  messageType: 'SMS',
  body: 'is it still for sale?',
  dateAdded: new Date(at).toISOString(),
})

t.test('two processes sweep each source of each active location once, a day back in pieces, then every few minutes', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl, classes } = await platform(t, clock)
  await storeTenants(pool)
  sandbox.happened(inbound('maria', 'm1', tuesdayNoon - 20 * HOUR), tuesdayNoon - 20 * HOUR)
  sandbox.happened(inbound('jo', 'm2', tuesdayNoon - MINUTE, other), tuesdayNoon - MINUTE)

  const told: WebhookReceived[] = []
  const swept: string[] = []
  const said: Said[] = []
  const reconciler = () =>
    new Reconciler({
      pool,
      clock,
      logger: loggerOf(said),
      sweeper: new Sweeper({ pool, ghl, clock, publish: async (_, record) => void told.push(record) }),
      onSwept: ({ tenantId: location, source, from, before }, { kind, missed }) =>
        swept.push(`${location} ${source} ${(from - tuesdayNoon) / MINUTE} ${(before - tuesdayNoon) / MINUTE} ${kind} ${missed}`),
    })
  const made = await clock.run(Promise.all([reconciler().round(), reconciler().round()]))
  t.equal(made[0] + made[1], 2 * 4 * 5, `${made.join(' and ')}: two locations, four sources, five pieces of a day`)
  t.equal(new Set(swept).size, 40, 'none of them twice')
  t.strictSame([...classes], ['background'], 'every call leaves room for messages')
  t.ok(swept.includes(`${tenantId} messages -1440 -1080 read 1`), swept.join('\n'))
  t.strictSame(
    told.map(({ tenantId: location, origin, type, contactId, webhookId, scheme }) => [
      location,
      origin,
      type,
      contactId,
      webhookId,
      scheme,
    ]),
    [[tenantId, 'reconcile', 'InboundMessage', 'maria', 'reconcile:message:m1', 'api']],
    'the message of a minute ago may still be told by its webhook',
  )
  t.match(said, [{ level: 'warn', fields: { tenantId, source: 'messages', missed: 1 } }])

  t.equal(await clock.run(reconciler().round()), 0, 'nothing is due')
  clock.advance(6 * MINUTE)
  // What was found is swept again after five minutes, the rest after seven and a half.
  await clock.run(reconciler().round())
  clock.advance(5 * MINUTE)
  await clock.run(reconciler().round())
  t.strictSame(
    told.map(({ webhookId }) => webhookId).filter((id) => id !== 'reconcile:message:m1'),
    ['reconcile:message:m2'],
  )
  const { rows } = await pool.query('SELECT found_id, lead_id, type, happened_at FROM sweep_findings ORDER BY 1')
  t.match(rows, [
    { found_id: `${other}:message:m2`, lead_id: `${other}:jo`, type: 'InboundMessage', happened_at: new Date(tuesdayNoon - MINUTE) },
    { found_id: `${tenantId}:message:m1`, lead_id: `${tenantId}:maria` },
  ])
})

t.test('a source that fails keeps its cursor, says why and holds up no other; a dead sweep is made again after its lease', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  await storeTenants(pool)
  const said: Said[] = []
  const asked: string[] = []
  let fails = true
  const counts = { read: 1, missed: 0, visits: 0, others: 0 }
  const sweeper = {
    async sweep(sweep: { tenantId: string; source: string }): Promise<SweepResult> {
      asked.push(`${sweep.tenantId} ${sweep.source}`)
      if (sweep.tenantId === other && sweep.source === 'emails') throw new Error('the database is gone')
      return fails && sweep.source === 'contacts' ? { kind: 'failed', detail: 'scope missing', ...counts } : { kind: 'read', ...counts }
    },
  } as unknown as Sweeper
  const limits = { ...sweepDefaults, firstReachMs: HOUR }
  const reconciler = new Reconciler({ pool, clock, sweeper, logger: loggerOf(said), limits })
  await reconciler.round()
  t.strictSame(
    asked.filter((one) => one.startsWith(tenantId)).sort(),
    sweepSources.map((source) => `${tenantId} ${source}`).sort(),
    'all four of a location',
  )
  t.match(
    said.filter(({ level }) => level === 'warn').map(({ fields }) => fields['detail']),
    ['scope missing'],
  )
  t.match(
    said.filter(({ level }) => level === 'error').map(({ fields }) => [fields['tenantId'], fields['source']]),
    [[other, 'emails']],
  )
  const cursors = await sweepCursors(pool, tenantId)
  t.strictSame(cursors.get('contacts'), {
    sweptUntil: tuesdayNoon - HOUR + sweepDefaults.overlapMs,
    startedAt: tuesdayNoon,
    waitMs: 10 * MINUTE,
    claim: 1,
    heldUp: {},
  })
  const read = { sweptUntil: tuesdayNoon - 2 * MINUTE, startedAt: tuesdayNoon, waitMs: 7.5 * MINUTE, claim: 1, heldUp: {} }
  t.strictSame(cursors.get('messages'), read)
  t.match((await pool.query("SELECT failed_because FROM sweep_cursors WHERE source = 'contacts'")).rows, [
    { failed_because: 'scope missing' },
  ])

  // The sweep of e-mails died: nobody has it, and for five minutes nobody takes it.
  fails = false
  asked.length = 0
  clock.advance(5 * MINUTE - 1)
  await reconciler.round()
  t.strictSame(asked, [])
  clock.advance(1)
  await reconciler.round()
  t.strictSame(asked, [`${other} emails`])

  const mine = { tenantId, source: 'messages', from: 0, before: 1, startedAt: clock.now() } as const
  const known = (await sweepCursors(pool, tenantId)).get('messages')
  t.equal(await claimSweep(pool, mine, known, 0, 1), 2)
  t.equal(await claimSweep(pool, mine, known, 0, 1), undefined, 'one of two who saw the same, in the same millisecond')
  const after = { sweptUntil: 9, startedAt: 0, waitMs: 0 }
  t.equal(await endSweep(pool, mine, 1, after, null, {}), false, 'only who has it ends it')
  t.equal(await endSweep(pool, mine, 2, after, null, {}), true)
})

t.test('the loop outlives a database that is away, and ends when it is told to', async (t) => {
  const clock = new ManualClock(tuesdayNoon)
  const said: Said[] = []
  let asked = 0
  const pool = {
    async query() {
      if (++asked === 1) throw new Error('away')
      return { rows: [] }
    },
  } as unknown as pg.Pool
  const stopping = new AbortController()
  const running = new Reconciler({ pool, clock, sweeper: {} as Sweeper, logger: loggerOf(said) }).run(stopping.signal)
  await clock.settle()
  clock.advance(15_000)
  await clock.settle()
  t.equal(asked, 2)
  t.match(said, [{ level: 'error', fields: { err: { message: 'away' } } }])
  stopping.abort()
  await running
})

t.test('the platform that fails in the middle is a result with what was done; what it shows twice is told once', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platform(t, clock)
  sandbox.happened(inbound('maria', 'm1', tuesdayNoon - HOUR), tuesdayNoon - HOUR)
  const event = messageEvent({ occurredAt: tuesdayNoon - HOUR }, 'is it still for sale?')
  const spoken = event.message === null ? event : { ...event, message: { ...event.message, messageId: 'm1' } }
  const sweep = {
    tenantId,
    source: 'messages',
    from: tuesdayNoon - 2 * HOUR,
    before: tuesdayNoon - 2 * MINUTE,
    startedAt: tuesdayNoon,
  } as const
  const told: string[] = []
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (key) => void told.push(key) })
  sandbox.addFault({ kind: '500', count: 3, on: 'reads' })
  t.match(await clock.run(sweeper.sweep(sweep, undefined)), { kind: 'failed', read: 0, missed: 0 })
  sandbox.clearFaults()
  const pages: number[] = []
  t.match(await clock.run(sweeper.sweep(sweep, undefined, undefined, ({ missed }) => pages.push(missed))), {
    kind: 'read',
    read: 1,
    missed: 1,
    others: 0,
  })
  t.strictSame([told, pages], [[`${tenantId}:maria`], [1]])
  await postgresSink(pool).write([batch(leadEvents, 0, [[`${tenantId}:maria`, spoken]])])
  t.match(await clock.run(sweeper.sweep(sweep, undefined)), { kind: 'read', read: 1, missed: 0 }, 'known by its id')
  const counted = new Sweeper({ pool, ghl, clock, publish: undefined })
  sandbox.happened(inbound('jo', 'm3', tuesdayNoon - HOUR), tuesdayNoon - HOUR)
  t.match(await clock.run(counted.sweep(sweep, undefined)), { missed: 1 })
  t.equal((await pool.query('SELECT count(*)::int AS n FROM sweep_findings')).rows[0].n, 1, 'a dry run writes nothing down')

  await pool.query('UPDATE communications SET external_id = NULL')
  t.match(await clock.run(counted.sweep(sweep, undefined)), { missed: 1 }, 'told without an id, it is known by its words and time')
  await pool.query("UPDATE communications SET content = 'other words'")
  t.match(await clock.run(counted.sweep(sweep, undefined)), { missed: 2 })
})

t.test('what is from before the erasure of its lead is not told again, though the platform still shows it', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platform(t, clock)
  const [before, after] = [tuesdayNoon - 3 * HOUR, tuesdayNoon - HOUR]
  sandbox.happened(inbound('maria', 'old', before), before)
  sandbox.happened(inbound('maria', 'new', after), after)
  sandbox.happened(inbound('jo', 'other', before), before)
  const order = { tenantId, contactId: 'maria', erasedAt: tuesdayNoon - 2 * HOUR, requestId: 'r', requestedBy: 'x' }
  await postgresSink(pool).write([batch(erasures, 0, [[`${tenantId}:maria`, order]])])
  const told: (string | null)[] = []
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (_, { webhookId }) => void told.push(webhookId) })
  const sweep = { tenantId, source: 'messages', from: before, before: tuesdayNoon, startedAt: tuesdayNoon } as const
  t.match(await clock.run(sweeper.sweep(sweep, undefined)), { kind: 'read', read: 3, missed: 2 })
  t.strictSame(told.sort(), ['reconcile:message:new', 'reconcile:message:other'])
})

t.test('a lead that is erased while a sweep reads of it is neither written down nor told', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platform(t, clock)
  const at = tuesdayNoon - HOUR
  for (const id of ['maria', 'jo']) sandbox.happened(inbound(id, `of-${id}`, at), at)
  const order = { tenantId, contactId: 'maria', erasedAt: tuesdayNoon, requestId: 'r', requestedBy: 'x' }
  let asked = 0
  // The erasure is carried out while it is looked up what is known of the messages: after the sweep has asked who was erased.
  const meanwhile = {
    connect: () => pool.connect(),
    async query(query: pg.QueryConfig | string, values?: unknown[]) {
      if (typeof query !== 'string' && query.name === 'sweep_known_messages' && asked++ === 0)
        await postgresSink(pool).write([batch(erasures, 0, [[`${tenantId}:maria`, order]])])
      return pool.query(query, values)
    },
  } as unknown as pg.Pool
  const told: (string | null)[] = []
  const sweeper = new Sweeper({ pool: meanwhile, ghl, clock, publish: async (_, { contactId }) => void told.push(contactId) })
  const sweep = { tenantId, source: 'messages', from: at, before: tuesdayNoon, startedAt: tuesdayNoon } as const
  t.match(await clock.run(sweeper.sweep(sweep, undefined)), { kind: 'read', missed: 1 })
  t.equal(asked, 1)
  t.strictSame(told, ['jo'])
  t.strictSame((await pool.query('SELECT lead_id FROM sweep_findings')).rows, [{ lead_id: `${tenantId}:jo` }])
})

const contactOf = (id: string, over: object = {}) => ({ type: 'ContactCreate', id, locationId: tenantId, firstName: id, ...over })
const contactsOf = (before: number) => ({ tenantId, source: 'messages', from: before - HOUR, before, startedAt: before }) as const

t.test('a contact that is gone is told as deleted once, when something of it is read and others are there', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platform(t, clock)
  const changedAt = tuesdayNoon - HOUR / 2
  for (const id of ['maria', 'jo']) sandbox.happened(contactOf(id), changedAt)
  const known = ['maria', 'jo'].map(
    (contactId) => [`${tenantId}:${contactId}`, profileRecord({ contactId, lastEventAt: changedAt })] as const,
  )
  await postgresSink(pool).write([batch(profiles, 0, known)])
  const told: WebhookReceived[] = []
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (_, record) => void told.push(record) })
  const deletions = async () => {
    told.length = 0
    const result = await clock.run(sweeper.sweep(contactsOf(tuesdayNoon), undefined))
    const gone = told.filter(({ type }) => type === 'ContactDelete').map(({ contactId }) => contactId)
    return [result.kind, gone.sort()]
  }
  t.strictSame(await deletions(), ['read', []], 'both are there')

  sandbox.happened({ type: 'ContactDelete', id: 'maria', locationId: tenantId }, tuesdayNoon - 10 * MINUTE)
  t.strictSame(await deletions(), ['read', ['maria']])
  t.match(
    told.find(({ type }) => type === 'ContactDelete'),
    { origin: 'reconcile', webhookId: `reconcile:contact:maria:deleted:${changedAt}` },
  )
  t.match(JSON.parse(String(told.find(({ type }) => type === 'ContactDelete')?.body)), {
    id: 'maria',
    dateUpdated: new Date(tuesdayNoon).toISOString(),
  })

  sandbox.happened({ type: 'ContactDelete', id: 'jo', locationId: tenantId }, tuesdayNoon - 9 * MINUTE)
  t.strictSame(await deletions(), ['read', []], 'a location that shows no contact at all may be another one')
  sandbox.happened(contactOf('kim'), changedAt)
  t.strictSame(await deletions(), ['read', ['jo', 'maria']])
  const gone = known.map(([key, profile]) => [key, { ...profile, version: profile.version + 1, deletedAt: tuesdayNoon }] as const)
  await postgresSink(pool).write([batch(profiles, 2, gone)])
  t.strictSame(await deletions(), ['read', []], 'it is known')
})

t.test('a gateway that answers 404 for a contact says nothing of it', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platformBehind(t, clock, (_, url) =>
    url === '/contacts/maria' ? { status: 404, body: 'no such page' } : undefined,
  )
  const changedAt = tuesdayNoon - HOUR / 2
  for (const id of ['maria', 'jo']) sandbox.happened(contactOf(id), changedAt)
  await postgresSink(pool).write([batch(profiles, 0, [[`${tenantId}:maria`, profileRecord({ contactId: 'maria' })]])])
  const told: string[] = []
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (_, { type, contactId }) => void told.push(`${type} ${contactId}`) })
  t.match(await clock.run(sweeper.sweep(contactsOf(tuesdayNoon), undefined)), { kind: 'read' })
  t.strictSame(told, ['ContactCreate jo'])
})

t.test('a sweep that takes longer than five minutes is left to who makes it, and comes to its end', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  await postgresSink(pool).write([batch(tenants, 0, [[tenantId, tenantRecord()]])])
  const counts = { read: 0, missed: 0, visits: 0, others: 0 }
  const limits = { ...sweepDefaults, firstReachMs: HOUR }
  const swept: string[] = []
  const made: number[] = []
  const reconcilerOf = (sweep: Sweeper['sweep']) =>
    new Reconciler({ pool, clock, sweeper: { sweep } as unknown as Sweeper, logger: loggerOf([]), limits })
  const beside = reconcilerOf(async ({ source }) => {
    swept.push(source)
    return { kind: 'read', ...counts }
  })
  const slow = reconcilerOf(async ({ source }, _tenant, signal, onPage) => {
    if (source !== 'contacts' || made.length > 0) return { kind: 'read', ...counts }
    for (let page = 0; page < 10; page++) {
      clock.advance(4 * MINUTE)
      await onPage?.(counts)
      made.push(await beside.round())
    }
    return signal?.aborted === true ? { kind: 'failed', detail: 'stopped', ...counts } : { kind: 'read', ...counts }
  })
  await slow.round()
  t.ok(made.length === 10 && swept.includes('messages'), 'the other process goes on with the other sources')
  t.notOk(swept.includes('contacts'), 'forty minutes long')
  t.match((await sweepCursors(pool, tenantId)).get('contacts'), { sweptUntil: tuesdayNoon + 38 * MINUTE, claim: 2 }, 'and the next one')
})

t.test('contacts that were read before the platform failed are not read again, also when the process was killed', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const asked: string[] = []
  let left = Infinity
  const { sandbox, ghl } = await platformBehind(t, clock, (_, url) => {
    const contactId = /^\/contacts\/(c\d+)$/.exec(url)?.[1]
    if (contactId === undefined) return undefined
    asked.push(contactId)
    return left-- > 0 ? undefined : { status: 500, body: '{}' }
  })
  await postgresSink(pool).write([batch(tenants, 0, [[tenantId, tenantRecord()]])])
  // A hundred a page; fifty at once share a time, and the second page begins among them.
  const at = (i: number) => tuesdayNoon - HOUR + Math.floor((i + 25) / 50) * MINUTE
  for (let i = 0; i < 250; i++) sandbox.happened(contactOf(`c${i}`), at(i))
  const told = new Set<string>()
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (_, { contactId }) => void told.add(contactId ?? '') })
  const nothing = { kind: 'read', read: 0, missed: 0, visits: 0, others: 0 } as const
  const sweep: Sweeper['sweep'] = async (one, ...rest) => (one.source === 'contacts' ? sweeper.sweep(one, ...rest) : nothing)
  const limits = { ...sweepDefaults, firstReachMs: 2 * HOUR }
  const reconciler = () => new Reconciler({ pool, clock, logger: loggerOf([]), limits, sweeper: { sweep } as unknown as Sweeper })
  const cursor = async () => (await sweepCursors(pool, tenantId)).get('contacts')
  left = 230
  await clock.run(reconciler().round())
  t.match(await cursor(), { readUntil: at(199) }, 'of the third page nothing is known')
  const before = (await cursor())?.claim
  asked.length = 0
  left = Infinity
  clock.advance(15 * MINUTE)
  await clock.run(reconciler().round())
  t.strictSame(
    [...new Set(asked)].sort(),
    Array.from({ length: 250 }, (_, i) => i)
      .flatMap((i) => (at(i) >= at(199) ? [`c${i}`] : []))
      .sort(),
    'with those that changed at the very time up to which it was read',
  )
  t.equal(told.size, 250)
  t.notOk('readUntil' in ((await cursor()) ?? {}))

  const mine = { tenantId, source: 'contacts', from: 0, before: 1, startedAt: clock.now() } as const
  const claim = (await claimSweep(pool, mine, await cursor(), 0, 1)) ?? 0
  t.ok(claim > (before ?? 0))
  for (const until of [at(99), at(0), undefined]) t.ok(await keepSweep(pool, mine, claim, 1, until))
  t.match(await cursor(), { readUntil: at(99) }, 'told of while it is read')
})

t.test('contacts that take hours hold up neither messages nor opportunities of their location, nor another location', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  await storeTenants(pool)
  const swept: string[] = []
  const stop = new AbortController()
  let ends: () => void = () => undefined
  const sweep: Sweeper['sweep'] = async ({ tenantId: of, source }) => {
    if (of === tenantId && source === 'contacts') await new Promise<void>((resolve) => (ends = resolve))
    swept.push(`${of} ${source}`)
    return { kind: 'read', read: 0, missed: 0, visits: 0, others: 0 }
  }
  const limits = { ...sweepDefaults, firstReachMs: HOUR }
  const reconciler = new Reconciler({ pool, clock, sweeper: { sweep } as unknown as Sweeper, logger: loggerOf([]), limits })
  const running = reconciler.run(stop.signal)
  const times = (one: string) => swept.filter((other) => other === one).length
  const others = [`${tenantId} messages`, `${tenantId} opportunities`, `${other} contacts`]
  while (others.some((one) => times(one) < 3)) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    clock.advance(MINUTE)
  }
  t.equal(times(`${tenantId} contacts`), 0)
  stop.abort()
  ends()
  await running
  t.equal(times(`${tenantId} contacts`), 1, 'what is under way is waited for')
})

t.test('a contact that the platform never shows holds up its location for three sweeps, and is named and left out then', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  let isShown = false
  const { sandbox, ghl } = await platformBehind(t, clock, (_, url) =>
    url === '/contacts/maria' && !isShown ? { status: 500, body: '{}' } : undefined,
  )
  await postgresSink(pool).write([batch(tenants, 0, [[tenantId, tenantRecord()]])])
  for (const id of ['maria', 'jo']) sandbox.happened(contactOf(id), tuesdayNoon - HOUR / 2)
  const told: string[] = []
  const said: Said[] = []
  const swept: string[] = []
  const sweeper = () => new Sweeper({ pool, ghl, clock, publish: async (_, { type, contactId }) => void told.push(`${type} ${contactId}`) })
  const limits = { ...sweepDefaults, firstReachMs: HOUR }
  const onSwept = ({ source }: { source: string }, { kind }: SweepResult) => void (source === 'contacts' && swept.push(kind))
  // A process that starts anew each time: the count of tries is not its own.
  const reconciler = () => new Reconciler({ pool, clock, logger: loggerOf(said), limits, onSwept, sweeper: sweeper() })
  const until = async () => ((await sweepCursors(pool, tenantId)).get('contacts')?.sweptUntil ?? 0) - tuesdayNoon
  await clock.run(reconciler().round())
  // Its activity row names it as well: both sources find it, under one id, and what comes twice under an id is told on once.
  t.strictSame([...new Set(told)], ['ContactCreate jo'], 'the others are told at once')
  clock.advance(10 * MINUTE)
  await clock.run(reconciler().round())
  t.ok((await until()) < -HOUR / 2, 'the stretch is read again')
  clock.advance(15 * MINUTE)
  await clock.run(reconciler().round())
  t.strictSame(swept, ['failed', 'failed', 'read'])
  t.ok((await until()) > 20 * MINUTE, `swept past it: ${await until()}`)
  t.match(
    said.filter(({ level, fields }) => level === 'error' && fields['source'] === 'contacts'),
    [{ what: /set aside/, fields: { tenantId, source: 'contacts', aside: /^maria: server_error/, count: 1 } }],
  )
  t.match((await pool.query("SELECT failed_because FROM sweep_cursors WHERE source = 'contacts'")).rows, [
    { failed_because: /^set aside: maria: server_error/ },
  ])
  t.strictSame((await sweepCursors(pool, tenantId)).get('contacts')?.heldUp, { maria: 3 })
  isShown = true
  clock.advance(15 * MINUTE)
  await clock.run(reconciler().round())
  t.strictSame((await sweepCursors(pool, tenantId)).get('contacts')?.heldUp, {}, 'and begins anew once it is shown')
})

t.test('a visit is told by a sweep though nothing else is new, is no missed webhook, and is told once', async (t) => {
  const pool = await database(t)
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platform(t, clock)
  const at = tuesdayNoon - HOUR / 2
  const line = lossyLine(tuesdayNoon, pool)
  const sweeper = new Sweeper({ pool, ghl, clock, publish: line.publish })
  const sweep = async () => {
    const { missed, visits } = await clock.run(sweeper.sweep({ ...contactsOf(tuesdayNoon), source: 'contacts' }, sandboxTenant(0)))
    await line.store()
    return { missed, visits }
  }
  sandbox.happened(contactOf('maria'), at)
  t.strictSame(await sweep(), { missed: 1, visits: 0 })
  sandbox.happened(contactOf('maria', { lastAttributionSource: { utmSource: 'newsletter', utmMedium: 'email' } }), at + MINUTE)
  t.strictSame(await sweep(), { missed: 0, visits: 1 })
  t.match(line.state('maria')?.lastOrigin, { source: 'newsletter', medium: 'email' })
  t.strictSame(await sweep(), { missed: 0, visits: 0 })
  t.strictSame((await pool.query('SELECT type FROM sweep_findings')).rows, [{ type: 'ContactCreate' }], 'nothing was lost by the visit')
})

t.test('who waits longest comes first, with one cause each; who is answered, closed or has refused us is owed nothing', async (t) => {
  const pool = await database(t)
  const lead = (contactId: string, over: Partial<LeadProfile>) =>
    [
      `${tenantId}:${contactId}`,
      profileRecord({ contactId, lastInboundAt: tuesdayNoon, lastOutboundAt: null, humanOwnership: null, ...over }),
    ] as const
  const revoked = { status: 'revoked', at: 0, expiresAt: null, eventId: 'e', words: 'stop' }
  await postgresSink(pool).write([
    batch(profiles, 0, [
      lead('waits', {}),
      lead('longest', { lastInboundAt: tuesdayNoon - HOUR, lastOutboundAt: tuesdayNoon - 2 * HOUR }),
      // A workflow says that it was received.
      lead('found', { lastInboundAt: tuesdayNoon - 30 * MINUTE, lastOutboundAt: tuesdayNoon - 29 * MINUTE }),
      lead('answered', { lastOutboundAt: tuesdayNoon + 1, lastHumanAt: tuesdayNoon + 1 }),
      lead('answeredByUs', { lastOutboundAt: tuesdayNoon + 1, lastOwnAt: tuesdayNoon + 1 }),
      lead('never', { lastInboundAt: null }),
      lead('closed', { status: 'converted' }),
      lead('refuses', { consents: { sms: revoked, email: revoked, call: revoked } }),
      lead('late', { lastInboundAt: tuesdayNoon + HOUR }),
    ]),
  ])
  await pool.query(
    `INSERT INTO sweep_findings (found_id, tenant_id, lead_id, type, happened_at, found_at) VALUES ('f', $1, $2, 'InboundMessage', $3, $4)`,
    [tenantId, `${tenantId}:found`, new Date(tuesdayNoon - 30 * MINUTE + 2_000), new Date(tuesdayNoon - 10 * MINUTE)],
  )
  const now = tuesdayNoon + MINUTE
  const ask = async (filter: Partial<OwedFilter> = {}) =>
    readerQueries(pool).owed({ writtenBefore: tuesdayNoon, limit: 20, ...filter }, now)
  const { leads: list, nextCursor, coverage } = await ask({ tenantId })
  t.match(list, [
    { contactId: 'longest', cause: 'no_decision', waitingMs: HOUR + MINUTE, foundAfterMs: null, name: 'Maria Lopez' },
    { contactId: 'found', cause: 'webhook_lost', waitingMs: 31 * MINUTE, since: tuesdayNoon - 10 * MINUTE, foundAfterMs: 20 * MINUTE },
    { contactId: 'waits', cause: 'no_decision' },
  ])
  t.equal(list.length, 3)
  t.equal(nextCursor, null)
  t.strictSame(coverage, { locations: 0, comparedUntil: null, behind: [], unheard: [] }, 'no location is active')
  t.strictSame((await ask({ tenantId: other })).leads, [])
  t.match(await owedLeads(pool, { writtenBefore: tuesdayNoon, limit: 20 }, now), { leads: list }, 'as the owner too')

  // More leads that have refused us, all of one moment, than a page holds: those behind them are still found.
  await postgresSink(pool).write([
    batch(
      profiles,
      8,
      Array.from({ length: 450 }, (_, n) => lead(`gone${n}`, { lastInboundAt: tuesdayNoon - 5 * HOUR, dnd: true })),
    ),
  ])
  t.strictSame((await ask()).leads, list)

  // Page by page, of any length: everybody once, in order, and an end.
  for (const limit of [1, 2, 3]) {
    const pages: Owed[][] = []
    for (let cursor: string | undefined; ;) {
      const page = await ask({ limit, cursor })
      pages.push([...page.leads])
      if (page.nextCursor === null) break
      cursor = page.nextCursor
    }
    t.strictSame(pages.flat(), list, `${limit} a page`)
    t.equal(pages.length, Math.ceil(3 / limit))
  }
  for (const cursor of ['x', Buffer.from('{}').toString('base64url'), Buffer.from('["1","a"]').toString('base64url')])
    await t.rejects(ask({ cursor }), { code: 'E_CURSOR_INVALID' }, cursor)
})

t.test(
  'a location is told of as never compared, as compared up to the source that is furthest behind, or as behind with why',
  async (t) => {
    const pool = await database(t)
    await postgresSink(pool).write([
      batch(tenants, 0, [
        [tenantId, tenantRecord()],
        [other, tenantRecord({ tenantId: other, name: 'Other Homes' })],
        ['gone', tenantRecord({ tenantId: 'gone', status: 'uninstalled' })],
      ]),
    ])
    const now = tuesdayNoon
    const coverage = async (about?: string) =>
      (await readerQueries(pool).owed({ tenantId: about, writtenBefore: now, limit: 1 }, now)).coverage
    const cursor = (tenant: string, source: string, until: number, because: string | null = null) =>
      pool.query(
        `INSERT INTO sweep_cursors (tenant_id, source, swept_until, started_at, wait_ms, failed_because) VALUES ($1, $2, $3, $3, 0, $4)
       ON CONFLICT (tenant_id, source) DO UPDATE SET swept_until = excluded.swept_until, failed_because = excluded.failed_because`,
        [tenant, source, new Date(until), because],
      )
    const never = (id: string, name: string) => ({ tenantId: id, name, comparedUntil: null, because: null })
    await cursor(tenantId, 'messages', now - 3 * MINUTE)
    // Contacts tell of no words: they have no part in it.
    await cursor(tenantId, 'contacts', now - 9 * HOUR)
    t.strictSame(
      await coverage(tenantId),
      { locations: 1, comparedUntil: null, behind: [never(tenantId, 'Example Homes')], unheard: [] },
      'its e-mail',
    )
    await cursor(tenantId, 'emails', now - 5 * MINUTE)
    t.strictSame(await coverage(tenantId), { locations: 1, comparedUntil: now - 5 * MINUTE, behind: [], unheard: [] })
    t.strictSame(await coverage(), { locations: 2, comparedUntil: null, behind: [never(other, 'Other Homes')], unheard: [] })
    await cursor(other, 'messages', now - 2 * HOUR, 'E_GHL_SCOPE')
    await cursor(other, 'emails', now - MINUTE)
    t.strictSame(await coverage(), {
      locations: 2,
      comparedUntil: now - 2 * HOUR,
      behind: [{ tenantId: other, name: 'Other Homes', comparedUntil: now - 2 * HOUR, because: 'E_GHL_SCOPE' }],
      unheard: [],
    })
    t.strictSame(await coverage('gone'), { locations: 0, comparedUntil: null, behind: [], unheard: [] })
  },
)
