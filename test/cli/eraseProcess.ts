/**
 * A part of an erasure in a process of its own that ends itself with SIGKILL at a step: `eraseProcess.ts <part> <step>`, with addresses in
 * the environment. At a step that it never comes to it goes on, and the test that waits for its end fails.
 */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { Registry } from 'prom-client'
import { heldOnLead } from '../../cli/heldOnLead.ts'
import { kafkaOf } from '../../cli/roles/connections.ts'
import { clickhouseGroup, pipelineGroup, postgresGroup } from '../../cli/roles/groups.ts'
import { loadConfig } from '../../config/config.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { clickhouseSink } from '../../sinks/clickhouse/sink.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { erasures } from '../../topics/index.ts'
import { operatorRun } from './operatorRun.ts'

const [part = '', step = '', lead = ''] = process.argv.slice(2)
const config = loadConfig(process.env)
const logger = pino({ level: 'silent' })
/** The member that takes over waits for so long. 6 s in ms, the least that the broker allows. */
const sessionTimeoutMs = 6_000
const onFatal = (error: Error) => {
  throw error
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function verb(): Promise<void> {
  await operatorRun(
    ['leads', 'erase', lead, '--yes'],
    {},
    {
      config: () => config,
      now: Date.now,
      newId: () => 'order-killed',
      async held(given, of) {
        const held = await heldOnLead(given, of)
        const order: typeof held.order = async (erasure) => {
          if (step === 'before the order') die()
          await held.order(erasure)
          if (step === 'after the order') die()
        }
        return { ...held, order }
      },
    },
  )
}

async function stages(): Promise<void> {
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  // The stages before it have folded the order by then, and nothing is committed.
  const killed = pipeline.map((stage) =>
    stage.name !== step
      ? stage
      : {
          ...stage,
          on: stage.on.map((input) =>
            input.topic.name !== erasures.name
              ? input
              : {
                  ...input,
                  fold: () => {
                    die()
                    throw new Error('killed')
                  },
                },
          ),
        },
  )
  await kafka.runStages({ group: pipelineGroup, stages: killed as typeof pipeline, onFatal, sessionTimeoutMs })
}

/** Statements of the erasure in Postgres by what they begin with, in order. */
const statements: Readonly<Record<string, string>> = {
  'the moment is noted': 'INSERT INTO lead_erasures',
  'the ledger is stripped': 'UPDATE followup_actions SET message',
  'one table is emptied': 'DELETE FROM "',
  'it is committed': 'COMMIT',
}

async function postgres(): Promise<void> {
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  const pool = createPool({ url: process.env['DATABASE_URL'] ?? '', max: 4 })
  let isErasing = false
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...of: unknown[]) => Promise<unknown>
    client.query = (async (...of: unknown[]) => {
      const [first] = of
      const text = typeof first === 'string' ? first : ((first as { readonly text?: string } | undefined)?.text ?? '')
      const result = await query(...of)
      isErasing ||= text.startsWith('INSERT INTO lead_erasures')
      if (isErasing && text.startsWith(statements[step] ?? 'no such step')) die()
      return result
    }) as typeof client.query
  })
  await kafka.runSink({ group: postgresGroup, sink: postgresSink(pool), onFatal, sessionTimeoutMs })
}

/** `step`: after how many tables of which the rows are deleted. */
async function clickhouse(): Promise<void> {
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  const engine = new URL(process.env['CLICKHOUSE_URL'] ?? '')
  let deleted = 0
  const before = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { method, url, headers } = request
      const forward = httpRequest({ host: engine.hostname, port: engine.port, method, path: url, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          if (/DELETE WHERE lead_id/.test(`${url ?? ''} ${body.toString('latin1')}`) && ++deleted === Number(step)) die()
          response.writeHead(answer.statusCode ?? 500, { 'content-type': answer.headers['content-type'] ?? 'text/plain' })
          response.end(Buffer.concat(parts))
        })
      })
      forward.on('error', () => response.destroy())
      forward.end(body)
    })
  })
  await new Promise<void>((listening) => before.listen(0, '127.0.0.1', listening))
  const url = new URL(engine)
  url.port = String((before.address() as AddressInfo).port)
  url.hostname = '127.0.0.1'
  const { sink } = clickhouseSink({
    url: url.href,
    database: config.clickhouse.database,
    topicPrefix: config.kafka.topicPrefix,
    maxMs: 100,
  })
  await kafka.runSink({ group: clickhouseGroup, sink, onFatal, sessionTimeoutMs })
}

const parts: Readonly<Record<string, () => Promise<void>>> = { verb, stages, postgres, clickhouse }
await parts[part]?.()
