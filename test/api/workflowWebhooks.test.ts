import t from 'tap'
import { tenantOfToken, workflowToken } from '../../api/workflowToken.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { leadEvents, unrecognised, webhooks } from '../../topics/index.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'
import type { ApiUnderTest } from './apiUnderTest.ts'

const old = 'o'.repeat(32)
const secrets = ['s'.repeat(32), old] as const
const contact = 'contactMaria000000001'
const body = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    contact_id: contact,
    location: { id: sandboxTenantId },
    workflow: { id: 'w', name: 'Stale' },
    customData: {},
    ...changes,
  })
const posted = async (api: ApiUnderTest, token: string, payload: string | Buffer) => {
  const response = await api.app.inject({
    method: 'POST',
    url: `/webhooks/workflow/${token}`,
    payload,
    headers: { 'content-type': 'application/json' },
  })
  return { statusCode: response.statusCode, json: response.json<Record<string, unknown>>() }
}

t.test('a post to the URL of a location is stored as it came, marked as a report of a workflow', async (t) => {
  const api = await apiUnderTest({ workflowSecrets: secrets })
  const answer = await posted(api, workflowToken(secrets, sandboxTenantId), body())
  t.strictSame([answer.statusCode, answer.json], [202, { accepted: 1, dropped: 0 }])
  t.match(api.produced, [
    {
      topic: 'ghl.webhooks',
      key: `${sandboxTenantId}:${contact}`,
      timestamp: at,
      value: {
        tenantId: sandboxTenantId,
        origin: 'workflow',
        scheme: 'token',
        keyId: 'workflow',
        type: 'WorkflowWebhook',
        webhookId: null,
      },
    },
  ])
  t.equal(api.produced[0]?.value.body.toString(), body())
  t.equal(webhooks.value.mismatch(api.produced[0]?.value), undefined)
  t.equal(await api.metric('lr_webhook_events_total', { source: 'workflow', type: 'WorkflowWebhook', outcome: 'accepted' }), 1)
  const line = drive(ingest, { at })
  for (const { key, value } of api.produced) line.pipe(webhooks, key, value)
  t.match(line.outputs(leadEvents), [{ kind: 'workflow_reported', source: 'ghl_workflow' }])
})

t.test('a post is stored whatever somebody typed as its content type', async (t) => {
  const api = await apiUnderTest({ workflowSecrets: secrets })
  const url = `/webhooks/workflow/${workflowToken(secrets, sandboxTenantId)}`
  const answer = await api.app.inject({ method: 'POST', url, payload: body(), headers: { 'content-type': 'JSON' } })
  t.strictSame([answer.statusCode, answer.json()], [202, { accepted: 1, dropped: 0 }])
})

t.test('a report with a signal that is not known is stored and counted as such', async (t) => {
  const api = await apiUnderTest({ workflowSecrets: secrets })
  for (const rekindle_signal of ['property_view', 'property views'])
    await posted(api, workflowToken(secrets, sandboxTenantId), body({ customData: { rekindle_signal } }))
  t.equal(await api.metric('lr_webhook_kept_raw_total', { source: 'workflow', type: 'WorkflowWebhook', reason: 'signal_unknown' }), 1)
  t.equal(api.produced.length, 2)
})

t.test('a token of another location, of another secret, cut or forged is refused, and its URL stands nowhere in the log', async (t) => {
  const api = await apiUnderTest({ workflowSecrets: secrets })
  const good = workflowToken(secrets, sandboxTenantId)
  const mac = good.slice(good.lastIndexOf('.') + 1)
  const bad = [
    workflowToken(['x'.repeat(32)], sandboxTenantId),
    good.slice(0, -1),
    `${good}x`,
    `otherLocation00000001.${mac}`,
    `.${mac}`,
    sandboxTenantId,
    mac,
    'a'.repeat(300),
  ]
  for (const token of bad) {
    const answer = await posted(api, token, body())
    t.equal(answer.statusCode, 401, token)
    t.match(answer.json, { code: 'E_WORKFLOW_TOKEN_REFUSED', reason: 'token_unknown' })
  }
  t.equal(api.produced.length, 0)
  t.equal(await api.metric('lr_webhook_refused_total', { source: 'workflow', reason: 'token_unknown' }), bad.length)
  t.notOk(JSON.stringify(api.logged).includes(mac))
  t.equal((await posted(api, workflowToken([old], sandboxTenantId), body())).statusCode, 202, 'a secret that is being changed still counts')
})

t.test('a body that names another location is refused; one that names none belongs to the URL', async (t) => {
  const api = await apiUnderTest({ workflowSecrets: secrets })
  const token = workflowToken(secrets, sandboxTenantId)
  const foreign = await posted(api, token, body({ location: { id: 'otherLocation00000001' } }))
  t.strictSame([foreign.statusCode, foreign.json['code']], [403, 'E_LOCATION_FOREIGN'])
  t.equal(api.produced.length, 0)
  await posted(api, token, body({ location: null }))
  t.match(api.produced, [{ key: `${sandboxTenantId}:${contact}` }])
})

t.test(
  'a location that is gone is acknowledged and dropped; what cannot be read, or names a contact that cannot be, is kept raw and no dead letter',
  async (t) => {
    const api = await apiUnderTest({ workflowSecrets: secrets })
    const gone = 'uninstalledLocation01'
    t.strictSame((await posted(api, workflowToken(secrets, gone), body({ location: { id: gone } }))).json, { accepted: 0, dropped: 1 })
    const token = workflowToken(secrets, sandboxTenantId)
    const bad = ['{"contact_id":', `[${body()}]`, '', body({ contact_id: 'c'.repeat(101) })]
    for (const one of bad) t.equal((await posted(api, token, one)).statusCode, 202)
    t.equal(api.produced.length, 4)
    const line = drive(ingest, { at })
    for (const { key, value } of api.produced) line.pipe(webhooks, key, value)
    t.strictSame(line.deadLetters, [], 'a fuse counts dead letters: a workflow with a mistake in it would stop the line of all locations')
    const cannot = (problem: string) => `The report of a workflow cannot be read: ${problem}.`
    t.match(line.outputs(unrecognised), [
      {
        reason: 'typeless',
        detail: cannot('not_json'),
        tenantId: sandboxTenantId,
        shape: 'WorkflowWebhook',
        body: Buffer.from('{"contact_id":'),
      },
      { reason: 'typeless', detail: cannot('not_an_object') },
      { reason: 'typeless', detail: cannot('not_json'), body: Buffer.alloc(0) },
      { reason: 'contact_not_named', detail: null },
    ])
    const counted = (reason: string) => api.metric('lr_webhook_kept_raw_total', { source: 'workflow', type: 'WorkflowWebhook', reason })
    t.strictSame([await counted('typeless'), await counted('contact_not_named')], [3, 1])
    t.equal((await posted(api, token, Buffer.alloc(5 * 1024 * 1024, 0x20))).statusCode, 413)
    t.equal(await api.metric('lr_webhook_events_total', { source: 'workflow', outcome: 'too_large' }), 1)
  },
)

t.test('without secrets there is no such route', async (t) => {
  const api = await apiUnderTest()
  t.strictSame((await posted(api, workflowToken(secrets, sandboxTenantId), body())).json['code'], 'E_ROUTE_UNKNOWN')
})

t.test('a token names its location, and only the holder of a secret can make one', async (t) => {
  t.equal(tenantOfToken(secrets, workflowToken(secrets, 'loc')), 'loc')
  t.equal(tenantOfToken(secrets, workflowToken(secrets, 'a.b')), 'a.b', 'an id with a point')
  t.match(workflowToken(secrets, 'loc'), /^loc\.[\w-]{43}$/, '256 bits')
  t.equal(tenantOfToken(secrets, `${workflowToken(secrets, 'loc').slice(0, -2)}é`), undefined)
})
