/** What a process without an API serves: its metrics, that it lives, and what its tasks are at. */
import { Gauge, Registry } from 'prom-client'
import t from 'tap'
import { serveMetrics } from '../../../cli/roles/metricsServer.ts'
import type { ServedMember } from '../../../cli/roles/metricsServer.ts'

type Task = ServedMember['member']['tasks'][number]

t.test('metrics are refreshed before each scrape, tasks are told as they stand, and anything else says where to look', async (t) => {
  const registry = new Registry()
  const gauge = new Gauge({ name: 'looks', help: 'Looks.', registers: [registry] })
  let tasks: Task[] = [{ id: '0', state: 'restoring', since: Date.UTC(2026, 10, 28, 12), step: 'restore line-changelog' }]
  const member = {
    get tasks() {
      return tasks
    },
  }
  const server = await serveMetrics(registry, '127.0.0.1', 0, async () => gauge.inc(), [{ group: 'line', member }])
  t.teardown(() => server.close())
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`)
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  t.match(await get('/metrics'), { status: 200, text: 'looks 1\n' })
  t.match(await get('/metrics?name=looks'), { status: 200, text: 'looks 2\n' })
  t.match(await get('/healthz'), { status: 200, text: 'ok\n' })
  t.match(await get('/'), { status: 404, text: 'Look at /metrics, /healthz, /readyz or /tasks.\n' })
  const first = await get('/tasks')
  t.match(first, { status: 200, type: 'application/json' })
  t.strictSame(JSON.parse(first.text), {
    groups: [
      { group: 'line', tasks: [{ id: '0', state: 'restoring', since: '2026-11-28T12:00:00.000Z', step: 'restore line-changelog' }] },
    ],
  })
  tasks = [{ id: '0', state: 'running', since: Date.UTC(2026, 10, 28, 12, 1), step: undefined }]
  t.strictSame(JSON.parse((await get('/tasks')).text), {
    groups: [{ group: 'line', tasks: [{ id: '0', state: 'running', since: '2026-11-28T12:01:00.000Z', step: null }] }],
  })
})

t.test('a process is ready when all of its tasks run, and says which do not; it lives all the same', async (t) => {
  const task = (id: string, state: Task['state'], step?: string): Task => ({ id, state, since: 0, step })
  let tasks: Task[] = []
  const served = {
    group: 'line',
    member: {
      get tasks() {
        return tasks
      },
    },
  }
  const server = await serveMetrics(new Registry(), '127.0.0.1', 0, undefined, [
    served,
    { group: 'store', member: { tasks: [task('9', 'running')] } },
  ])
  t.teardown(() => server.close())
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`)
    return [response.status, await response.text()]
  }
  t.strictSame(await get('/readyz'), [200, 'ok\n'], 'a process more than there are partitions has nothing to wait for')
  tasks = [task('0', 'running'), task('1', 'restoring', 'restore line-changelog'), task('2', 'assigned')]
  t.strictSame(await get('/readyz'), [503, 'line 1: restoring, restore line-changelog\nline 2: assigned\n'])
  t.strictSame(await get('/healthz'), [200, 'ok\n'])
  tasks = ['0', '1', '2'].map((id) => task(id, 'running'))
  t.strictSame(await get('/readyz'), [200, 'ok\n'])
})

t.test('a scrape whose numbers cannot be had is an error that says why', async (t) => {
  const server = await serveMetrics(new Registry(), '127.0.0.1', 0, () => Promise.reject(new Error('the broker is away')))
  t.teardown(() => server.close())
  const response = await fetch(`${server.url}/metrics`)
  t.equal(response.status, 500)
  t.equal(await response.text(), 'the broker is away\n')
})
