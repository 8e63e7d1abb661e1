/**
 * What requests of our own have in common: how the client's connection wants them, versions with tagged fields, grouping by
 * topic.
 */
import { ByteReader } from './byteReader.ts'
import { ByteWriter } from './byteWriter.ts'

/** A request as the client's connection sends it. */
export interface ProtocolRequest<R> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer; readonly offset: number; size(): number }>
  }
  readonly response: { decode(bytes: Buffer): Promise<Decoded<R>>; parse(decoded: Decoded<R>): Promise<R> }
  /** A refusal is ours to judge; the client would log it as an error first. */
  readonly logResponseError: false
}

export interface Decoded<R> {
  readonly answer: R
  /** How long the broker wants this connection to be quiet, ms: the client honours it. */
  readonly clientSideThrottleTime: number
}

/** Key and version of each request. @source https://kafka.apache.org/protocol#protocol_api_keys */
export const apis = {
  produce: { key: 0, version: 12 },
  metadata: { key: 3, version: 11 },
  offsetCommit: { key: 8, version: 8 },
  offsetFetch: { key: 9, version: 7 },
  apiVersions: { key: 18, version: 3 },
  endTxn: { key: 26, version: 5 },
  writeTxnMarkers: { key: 27, version: 1 },
  txnOffsetCommit: { key: 28, version: 5 },
  describeProducers: { key: 61, version: 0 },
  describeTransactions: { key: 65, version: 0 },
} as const

/** A request with this body; `decode` reads the answer from its first byte on. */
export function asked<R>(api: keyof typeof apis, body: ByteWriter, decode: (from: ByteReader) => Decoded<R>): ProtocolRequest<R> {
  const { written } = body
  return {
    request: {
      apiKey: apis[api].key,
      apiVersion: apis[api].version,
      apiName: api,
      encode: async () => ({ buf: written, buffer: written, offset: written.length, size: () => written.length }),
    },
    response: { decode: async (bytes) => decode(new ByteReader(bytes)), parse: async ({ answer }) => answer },
    logResponseError: false,
  }
}

/** The client writes the old request header; in flexible versions tagged fields follow it, so the body begins with none. */
export function flexible(firstBytes?: number): ByteWriter {
  return new ByteWriter(firstBytes).noTags()
}

/** In the order of first appearance. */
export function grouped<T extends { readonly topic: string }>(items: readonly T[]): [string, T[]][] {
  const byTopic = new Map<string, T[]>()
  for (const item of items) {
    const own = byTopic.get(item.topic)
    if (own === undefined) byTopic.set(item.topic, [item])
    else own.push(item)
  }
  return [...byTopic]
}
