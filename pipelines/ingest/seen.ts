/**
 * What ingest has already told about a lead, for 7 days. GoHighLevel repeats deliveries (up to 12 retries with the same
 * `webhookId`, and by hand from a log of 30 days) and tells one message under several ids; each fact is told once.
 */
import { createHash } from 'node:crypto'

/** How long an id is remembered after it was first seen: 7 days in ms. @source GoHighLevel reference 7, point 3 */
export const REMEMBERED_MS = 7 * 24 * 3_600_000
/** Ids kept of one key at most: more come only where a key stands for a whole location, and there the oldest go. */
export const REMEMBERED_IDS = 1_000

export type Seen = Readonly<Record<string, number>>

export const mark = {
  /** A webhook; several elements of one array share an id and differ by position. */
  webhook: (webhookId: string, batchIndex: number) => `w:${webhookId}${batchIndex === 0 ? '' : `#${batchIndex}`}`,
  /** A webhook without an id: the same bytes are the same fact. */
  body: (body: Uint8Array) => `h:${createHash('sha256').update(body).digest('hex').slice(0, 32)}`,
  /** A report of a workflow, by the key its author gave it, else by its reception. */
  report: (key: string) => `r:${key}`,
  /** A callback of a provider, by its own id alone: one that is sent again may stand elsewhere in its list. */
  callback: (id: string) => `c:${id}`,
  message: (messageId: string) => `m:${messageId}`,
  /** A message that was later reported as not delivered. */
  failure: (messageId: string, status: string) => `x:${messageId}:${status}`,
  delivery: (deliveryId: string) => `d:${deliveryId}`,
  /** A fact with an id of its own that is no message: an event of the mail service. */
  fact: (id: string) => `f:${id}`,
  /** A look-up, by its own id. */
  lookUp: (id: string) => `l:${id}`,
  /** That the key is of a heartbeat contact: it stands alone, dated by the last webhook about it. */
  heartbeat: 'heartbeat',
  /** A provider message id of one of our own follow-ups. */
  own: (messageId: string) => `o:${messageId}`,
}

/** Is it remembered at `now` (ms)? */
export function isSeen(seen: Seen, id: string, now: number): boolean {
  const at = seen[id]
  return at !== undefined && now - at < REMEMBERED_MS
}

/** The memory with these ids added and expired ones gone. An id keeps the time it was first seen. */
export function remember(seen: Seen, ids: readonly string[], now: number): Record<string, number> {
  const kept = Object.entries(seen).filter(([, at]) => now - at < REMEMBERED_MS)
  const added = ids.filter((id) => !kept.some(([known]) => known === id)).map((id) => [id, now] as const)
  const all = [...kept, ...added]
  if (all.length > REMEMBERED_IDS) all.sort(([, a], [, b]) => b - a).splice(REMEMBERED_IDS)
  return Object.fromEntries(all)
}
