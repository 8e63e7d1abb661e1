/**
 * A collector for tests: takes OTLP over HTTP in JSON and keeps the spans as plain values, answers 503, or takes the
 * request and never answers.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CollectedSpan {
  readonly service: string
  readonly name: string
  /** As in OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly links: readonly string[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** Nanoseconds since the epoch. */
  readonly start: bigint
  readonly end: bigint
}

export interface Collector {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** Everything that was received, as text. */
  readonly bodies: readonly string[]
  /** Requests so far. */
  readonly requests: number
  mode: 'takes' | 'refuses' | 'hangs'
  close(): Promise<void>
}

interface Otlp {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[]
}
interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean }
}
interface OtlpSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  links?: { spanId: string }[]
  attributes: Attribute[]
  startTimeUnixNano: string
  endTimeUnixNano: string
}

export async function startCollector(mode: Collector['mode'] = 'takes'): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  let requests = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests += 1
      if (collector.mode === 'hangs') return
      if (collector.mode === 'refuses' || request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/json') {
        response.writeHead(collector.mode === 'refuses' ? 503 : 404).end()
        return
      }
      const body = Buffer.concat(chunks).toString('utf8')
      bodies.push(body)
      for (const { resource, scopeSpans } of (JSON.parse(body) as Otlp).resourceSpans) {
        const service = String(valuesOf(resource.attributes)['service.name'])
        for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push(collected(span, service))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    get requests() {
      return requests
    },
    mode,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return collector
}

function collected(span: OtlpSpan, service: string): CollectedSpan {
  const { name, kind, traceId, spanId, parentSpanId = '', links = [], attributes, startTimeUnixNano, endTimeUnixNano } = span
  return {
    service,
    name,
    kind,
    traceId,
    spanId,
    parentSpanId,
    links: links.map((link) => link.spanId),
    attributes: valuesOf(attributes),
    start: BigInt(startTimeUnixNano),
    end: BigInt(endTimeUnixNano),
  }
}

function valuesOf(attributes: readonly Attribute[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? Number(intValue ?? doubleValue),
    ]),
  )
}

/** The tree of a trace as lines, two blanks deeper for each hop: `service  name  stage outcome`. Siblings in order of time. */
export function treeOf(spans: readonly CollectedSpan[], parentSpanId = '', depth = 0): string[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    .flatMap((span) => {
      const { 'rekindle.stage': stage = '', 'rekindle.outcome': outcome = '' } = span.attributes
      return [`${'  '.repeat(depth)}${span.name} [${String(stage)} ${String(outcome)}]`, ...treeOf(spans, span.spanId, depth + 1)]
    })
}
