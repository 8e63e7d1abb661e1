/** The look-up of contacts as a member of the line, on real engines: the event of the lead is there once, whoever joins again. */
import t from 'tap'
import pino from 'pino'
import { Registry } from 'prom-client'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startContactLookups } from '../../cli/roles/contactLookupPart.ts'
import { contactLookupGroup } from '../../cli/roles/groups.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import { sandboxToken, startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import type { LeadEvent, WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { sandboxTenantId as tenantId } from '../../simulate/sandboxTenant.ts'
import { leadEvents, unrecognised, webhooks } from '../../topics/index.ts'
import { line, signUp } from '../cli/leadLine.ts'
import { eventually } from '../runtime/kafka/fixtures.ts'

t.setTimeout(180_000)

t.test('a task and an e-mail event find their lead through the line; a second member that begins anew tells nothing twice', async (t) => {
  const { kafka, pool, send } = await line(t)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-lookup-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock: systemClock })
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens: fixedTokens(sandboxToken), clock: systemClock })
  const metrics = new Registry()
  const start = () =>
    startContactLookups({
      logger: pino({ level: 'silent' }),
      kafka,
      shared: { pool, ghl },
      metrics: metrics.getSingleMetric('lr_contact_lookups_total') === undefined ? metrics : new Registry(),
      membership: {
        signal: new AbortController().signal,
        hurry: new AbortController().signal,
        onFatal: (error) => {
          throw error
        },
      },
    })
  const first = await start()
  const members = [first]
  t.teardown(async () => {
    await Promise.all(members.map((member) => member.stop()))
    await ghl.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  sandbox.put('contacts', tenantId, { id: 'contactMaria', email: 'lopez@example.com', dateUpdated: new Date().toISOString() })
  const made = await ghl.tasks.create(tenantId, 'contactMaria', { title: 'Call Maria', body: '', dueAt: Date.now(), assignedTo: null })
  if (made.kind !== 'accepted') return t.fail(made.detail)
  await send(`${tenantId}:contactMaria`, signUp('contactMaria', 'Maria'))
  const nameless = async (webhookId: string, body: Record<string, unknown>) => {
    const received: WebhookReceived = {
      ...{ receivedId: webhookId, tenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'sandbox', type: String(body['type']) },
      ...{ webhookId, contactId: null, batchIndex: 0, receivedAt: Date.now() },
      body: Buffer.from(JSON.stringify({ ...body, locationId: tenantId, webhookId })),
    }
    await kafka.producer().send(webhooks, tenantId, received)
  }
  await nameless('task-1', { type: 'TaskCreate', id: made.value.taskId, title: 'Call Maria' })
  await nameless('mail-1', { type: 'LCEmailStats', webhookPayload: { event: 'opened', id: 'e1', recipient: 'lopez@example.com' } })
  await nameless('gone-1', { type: 'TaskDelete', id: 'task0' })

  const all = async <V>(topic: typeof leadEvents | typeof unrecognised | typeof webhooks) => {
    const found: V[] = []
    await kafka.tail(topic as typeof leadEvents, { from: 'beginning', untilEnd: true }, ({ value }) => void found.push(value as V))
    return found
  }
  const told = async () => (await all<LeadEvent>(leadEvents)).filter(({ kind }) => kind !== 'contact_created')
  await eventually('both are told', async () => (await told()).length === 2)
  t.match(
    (await told()).sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    [
      { kind: 'email_opened', contactId: 'contactMaria', sourceId: 'mail-1' },
      { kind: 'task_created', contactId: 'contactMaria', sourceId: 'task-1' },
    ],
  )
  const settled = async () => (await kafka.lag(contactLookupGroup, [unrecognised])).every(({ lag }) => Number(lag) === 0)
  await eventually('what it said itself is read', settled)
  const raws = () => all<WebhookUnrecognised>(unrecognised)
  t.strictSame((await raws()).map(({ webhookId, reason }) => `${webhookId} ${reason}`).sort(), [
    'gone-1 contact_not_found',
    'gone-1 contact_not_named',
    'mail-1 contact_not_named',
    'task-1 contact_not_named',
  ])
  t.match(await metrics.getSingleMetricAsString('lr_contact_lookups_total'), /type="TaskCreate",outcome="found"\} 1\n/)

  // An operator has everything asked again, for example after a location was connected.
  await first.stop()
  members.pop()
  await kafka.groupOffsets().reset(contactLookupGroup, [unrecognised], 'earliest')
  await nameless('task-1', { type: 'TaskCreate', id: made.value.taskId, title: 'Call Maria' })
  members.push(await start())
  const failures = async () => (await raws()).filter(({ reason }) => reason === 'contact_not_found').length
  await eventually('what was not found is asked again', async () => (await failures()) === 2)
  await eventually('and everything else', settled)
  const asked = (await all<WebhookReceived>(webhooks)).filter(({ origin }) => origin === 'lookup')
  t.strictSame(asked.map(({ webhookId }) => webhookId).sort(), ['mail-1', 'mail-1', 'task-1', 'task-1'], 'told to ingest again')
  await send(`${tenantId}:contactMaria`, { ...signUp('contactMaria', 'Maria'), type: 'ContactUpdate' })
  await eventually('what comes after it is told', async () => (await told()).some(({ kind }) => kind === 'contact_updated'))
  t.strictSame((await told()).map(({ kind }) => kind).sort(), ['contact_updated', 'email_opened', 'task_created'], 'and by ingest once')
})
