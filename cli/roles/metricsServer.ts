/** `/metrics`, `/healthz`, `/readyz` and `/tasks` of a process that has no API: loopback or the configured host, nothing else. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import type { RunningMember } from '../../runtime/kafka/connectKafka.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** A group that the process works for, with its tasks as they stand. */
export interface ServedMember {
  readonly group: string
  readonly member: Pick<RunningMember, 'tasks'>
}

/** What `/tasks` tells: by group each task, its state, since when, and the step that is under way. */
export function taskStates(members: readonly ServedMember[]): object {
  return {
    groups: members.map(({ group, member }) => ({
      group,
      tasks: member.tasks.map(({ id, state, since, step }) => ({ id, state, since: new Date(since).toISOString(), step: step ?? null })),
    })),
  }
}

/** Those that do not run yet, or no more, as `<group> <task>: <state>` with the step that is under way. */
function notRunning(members: readonly ServedMember[]): string[] {
  return members.flatMap(({ group, member }) =>
    member.tasks
      .filter(({ state }) => state !== 'running')
      .map(({ id, state, step }) => `${group} ${id}: ${state}${step === undefined ? '' : `, ${step}`}`),
  )
}

/** Serves a registry. `before` runs ahead of each scrape, to refresh gauges that cost a request. */
export async function serveMetrics(
  registry: Registry,
  host: string,
  port: number,
  before: () => Promise<void> = () => Promise.resolve(),
  members: readonly ServedMember[] = [],
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/healthz') {
      response.end('ok\n')
      return
    }
    if (path === '/readyz') {
      const waiting = notRunning(members)
      const text = waiting.length === 0 ? 'ok' : waiting.join('\n')
      response.writeHead(waiting.length === 0 ? 200 : 503, { 'content-type': 'text/plain' }).end(`${text}\n`)
      return
    }
    if (path === '/tasks') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(taskStates(members), undefined, 2)}\n`)
      return
    }
    if (path !== '/metrics') {
      response.writeHead(404).end('Look at /metrics, /healthz, /readyz or /tasks.\n')
      return
    }
    before()
      .then(() => registry.metrics())
      .then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => response.writeHead(500).end(`${error instanceof Error ? error.message : String(error)}\n`),
      )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://${host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
