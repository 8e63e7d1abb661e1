/**
 * The account of a run: where every record went, with the reason for each difference. Pure: findings in, lines and faults
 * out. A fault is a sentence; no fault means that all totals agree to the last record.
 */
import { realtorTypes } from '../../pipelines/ingest/realtor.ts'
import { deterministicId } from '../../runtime/ids.ts'
import type { SandboxMessage, SandboxTask } from '../../integrations/ghl/sandbox/journal.ts'
import type {
  Assessment,
  Decision,
  DeliveryChanged,
  FollowUp,
  LeadEvent,
  LeadProfile,
  WebhookReceived,
  WebhookUnrecognised,
} from '../../schemas/generated/records.ts'

export interface Found<V> {
  readonly key: string
  readonly value: V | null
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

export interface DeadLetterFound {
  readonly key: string | null
  readonly webhookId: string | null
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
}

export interface LedgerFound {
  readonly followupId: string
  readonly intentKey: string
  readonly contactId: string
  readonly action: string
  readonly channel: string
  readonly status: string
  readonly sequence: number
  readonly gateId: string | null
  readonly ruleId: string | null
  readonly reason: string | null
  readonly scheduledAt: number
  readonly liftsAt: number | null
  readonly messageId: string | null
}

export interface Findings {
  /** webhookIds the sender was answered 2xx for. */
  readonly accepted: ReadonlySet<string>
  /** Drops by `<stage> <reason>`; undefined when the process that counted them was restarted. */
  readonly drops: Readonly<Record<string, number>> | undefined
  /** When they were read, ms: the process goes on until it is ended, and what is due then is sent and told back. */
  readonly dropsAt?: number | undefined
  readonly webhooks: readonly Found<WebhookReceived>[]
  readonly unrecognised: readonly Found<WebhookUnrecognised>[]
  readonly deadLetters: readonly DeadLetterFound[]
  readonly events: readonly Found<LeadEvent>[]
  readonly profiles: readonly Found<LeadProfile>[]
  readonly assessments: readonly Found<Assessment>[]
  readonly decisions: readonly Found<Decision>[]
  readonly followups: readonly Found<FollowUp>[]
  readonly deliveries: readonly Found<DeliveryChanged>[]
  /** Has the pipeline read this record of `deliveries`? It may have been ended before the last ones. */
  readonly deliveryIsRead: (record: Found<DeliveryChanged>) => boolean
  readonly postgres: {
    readonly leads: readonly { readonly id: string; readonly version: number }[]
    readonly decisions: readonly string[]
    readonly deliveries: readonly string[]
    /** Changes in the outbox that are not on the topic. */
    readonly unpublished: readonly string[]
    readonly ledger: readonly LedgerFound[]
  }
  readonly clickhouse: {
    readonly lead_events: readonly string[]
    readonly decisions: readonly string[]
    readonly deliveries: readonly string[]
  }
  readonly sandbox: { readonly messages: readonly SandboxMessage[]; readonly tasks: readonly SandboxTask[] }
}

export interface AccountLine {
  readonly what: string
  readonly count: number
  /** What it is made of. */
  readonly parts: Readonly<Record<string, number>>
}

export interface Account {
  readonly lines: readonly AccountLine[]
  readonly faults: readonly string[]
}

/** Statuses of a delivery that come back as an event of the lead. */
const news = new Set(['confirmed', 'failed', 'unknown', 'denied'])
/** Of an assignment the hand-over too, and that it was certainly not made. */
const isNews = ({ status, action, attempt }: DeliveryChanged) =>
  news.has(status) || (action === 'assign' && (status === 'handed_over' || (status === 'deferred' && attempt > 0)))
/** Reasons for which ingest wants no second event of a webhook it has not seen before. */
const messageDrops = ['ingest duplicate_message', 'ingest echo_of_own_message', 'ingest duplicate_meaning', 'ingest duplicate_fact']

/** Draws up the account. */
export function accountOf(found: Findings): Account {
  const book = new Book()
  webhooksInto(book, found)
  decisionsInto(book, found)
  followupsInto(book, found)
  storesInto(book, found)
  return book
}

class Book implements Account {
  readonly lines: AccountLine[] = []
  readonly faults: string[] = []

  line(what: string, count: number, parts: Readonly<Record<string, number>> = {}): void {
    this.lines.push({ what, count, parts })
  }
  /** The parts add up to the whole, or it is a fault. */
  sum(what: string, count: number, parts: Readonly<Record<string, number>>): void {
    this.line(what, count, parts)
    const total = Object.values(parts).reduce((sum, part) => sum + part, 0)
    if (total !== count) this.faults.push(`${what}: ${count}, but ${wordsOf(parts)} make ${total}`)
  }
  equal(what: string, count: number, of: string, other: number): void {
    if (count !== other) this.faults.push(`${what}: ${count}, but ${of}: ${other}`)
  }
  none(what: string, found: readonly string[]): void {
    if (found.length > 0) this.faults.push(`${found.length} ${what}, e.g. ${found.slice(0, 3).join(', ')}`)
  }
  /** The same ids on both sides, each once. */
  same(what: string, stored: readonly string[], of: string, expected: ReadonlySet<string>): void {
    this.none(`${what} twice`, repeated(stored))
    const ids = new Set(stored)
    this.none(
      `${of} missing in ${what}`,
      [...expected].filter((id) => !ids.has(id)),
    )
    this.none(
      `${what} that are not among ${of}`,
      [...ids].filter((id) => !expected.has(id)),
    )
  }
}

function webhooksInto(book: Book, found: Findings): void {
  const { accepted, webhooks, unrecognised, deadLetters, events, sandbox, drops, dropsAt = Infinity } = found
  const ids = new Set(webhooks.flatMap(({ value }) => value?.webhookId ?? []))
  book.none(
    'webhooks answered 2xx that are not on the topic',
    [...accepted].filter((id) => !ids.has(id)),
  )
  const told = new Set(sandbox.messages.map(({ webhookId }) => webhookId))
  book.none(
    'messages the sandbox never told back',
    [...told].filter((id) => !ids.has(id)),
  )
  const repeats = webhooks.length - ids.size
  book.line('webhooks on the topic', webhooks.length, {
    'accepted from the simulator': [...ids].filter((id) => !told.has(id)).length,
    'told back by the sandbox': [...ids].filter((id) => told.has(id)).length,
    'delivered again or unreadable': repeats,
  })

  const fromWebhooks = events.filter(({ value }) => value?.source !== 'delivery')
  const named = new Set(fromWebhooks.flatMap(({ value }) => value?.sourceId ?? []))
  const unknown = new Set(unrecognised.flatMap(({ value }) => value?.webhookId ?? []))
  const dead = new Set(deadLetters.flatMap(({ webhookId }) => webhookId ?? []))
  const bodies = new Map(webhooks.flatMap(({ value }) => (value === null ? [] : [[value.webhookId, value.type] as const])))
  const nameless = [...ids].filter((id) => !named.has(id) && !unknown.has(id) && !dead.has(id))
  // Users of a location become rows of `realtors`: they are no leads and have no events.
  const users = nameless.filter((id) => realtorTypes.has(bodies.get(id) ?? ''))
  const silent = nameless.filter((id) => !users.includes(id))
  book.sum('ingest: webhooks', webhooks.length, {
    'lead events': fromWebhooks.length,
    'duplicate webhooks': repeats - (deadLetters.length - dead.size),
    unrecognised: unrecognised.length,
    'dead letters': deadLetters.length,
    'messages told already or our own': silent.length,
    ...(users.length === 0 ? {} : { 'users of the location': users.length }),
  })
  book.none('lead events twice', repeated(events.flatMap(({ value }) => value?.eventId ?? [])))
  book.none(
    'webhooks that came to nothing and are no message',
    silent.filter((id) => bodies.get(id) !== 'OutboundMessage' && bodies.get(id) !== 'InboundMessage'),
  )
  if (drops !== undefined) {
    const counted = messageDrops.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0)
    const received = new Map(webhooks.flatMap(({ value }) => (value === null ? [] : [[value.webhookId, value.receivedAt] as const])))
    // Under load a minute passes between the last look and the end: what came in it is counted or not.
    const late = silent.filter((id) => (received.get(id) ?? 0) >= dropsAt).length
    const before = silent.length - Math.min(late, Math.max(0, silent.length - counted))
    book.equal('messages told already or our own', before, 'drops counted by ingest', counted)
    book.equal('duplicate webhooks', repeats, 'drops counted by ingest', drops['ingest duplicate_webhook'] ?? 0)
  }

  const leads = new Set(events.map(({ key }) => key))
  const latest = latestOf(found.profiles)
  book.line('leads with a profile', latest.size)
  book.same('profiles', [...latest.keys()], 'leads with events', leads)
}

function decisionsInto(book: Book, { assessments, decisions, drops, followups }: Findings): void {
  const asked = new Map(
    assessments.flatMap(({ value }) =>
      value === null ? [] : value.decisionTypes.map((type) => [`${value.assessmentId} ${type}`, value] as const),
    ),
  )
  const made = decisions.flatMap(({ value }) => (value === null ? [] : [value]))
  book.line('assessments', assessments.length, tally(assessments.map(({ value }) => value?.reason ?? '')))
  book.line('decisions', made.length, tally(made.map(({ type, chosen }) => `${type} ${chosen}`)))
  book.none('decisions twice', repeated(made.map(({ decisionId }) => decisionId)))
  book.same(
    'questions decided',
    made.map(({ assessmentId, type }) => `${assessmentId} ${type}`),
    'questions asked',
    new Set(asked.keys()),
  )
  book.none(
    'decisions whose contributions do not sum to the score',
    made.filter((decision) => !addsUp(decision)).map(({ decisionId }) => decisionId),
  )
  if (drops === undefined) return
  const planned = followups.filter(({ value }) => value?.change === 'planned').length
  const unplanned = Object.fromEntries(
    Object.entries(drops)
      .filter(([reason]) => reason.startsWith('followup ') && !ofOthers.has(reason.slice('followup '.length)))
      .map(([reason, count]) => [reason.slice('followup '.length), count]),
  )
  const rest = made.length - planned - Object.values(unplanned).reduce((sum, count) => sum + count, 0)
  // A decision to wait that takes back what was open is no drop: it writes cancellations only.
  const takers = made.filter(({ chosen }) => chosen === 'wait' || chosen === 'hand_over').length
  if (rest < 0 || rest > takers)
    book.faults.push(`decisions: ${made.length}, but ${planned} planned and ${wordsOf(unplanned)} leave ${rest}`)
  book.sum('followup: decisions', made.length, { planned: planned, ...unplanned, 'only took back what was open': rest })
}

/** Drops of the stage that are of profiles and of outcomes, not of decisions. */
const ofOthers: ReadonlySet<string> = new Set(['profile_without_news', 'no_answer', 'not_asked', 'answered_too_late', 'answer_not_offered'])

/** Base and contributions are exactly the score of each option. */
export function addsUp({ options, contributions }: Decision): boolean {
  return options.every(({ option, baseMicro, score }) => {
    const votes = contributions.filter((one) => one.option === option).reduce((sum, { nats }) => sum + BigInt(nats), 0n)
    return BigInt(baseMicro) * 1_000_000_000_000n + votes === BigInt(score)
  })
}

function followupsInto(book: Book, found: Findings): void {
  const { followups, deliveries, postgres, sandbox, events } = found
  const { ledger } = postgres
  const planned = followups.flatMap(({ value }) => (value?.change === 'planned' ? [value] : []))
  book.same(
    'rows of the ledger',
    ledger.map(({ followupId }) => followupId),
    'planned follow-ups',
    new Set(planned.map(({ followupId }) => followupId)),
  )
  book.none('intents twice', repeated(planned.map(({ intentKey }) => intentKey)))
  book.sum('follow-ups planned', planned.length, tally(ledger.map(fateOf)))

  const told = deliveries.flatMap(({ value }) => (value === null ? [] : [value]))
  const changes = new Map(told.map((change) => [change.deliveryId, change]))
  book.line('changes of deliveries', deliveries.length, {
    ...tally([...changes.values()].map(({ status }) => status)),
    ...(deliveries.length === changes.size ? {} : { 'published again': deliveries.length - changes.size }),
  })
  const untold = new Set(postgres.unpublished)
  book.line('changes in the outbox, not yet on the topic', untold.size)
  // The id of a change is a hash of follow-up and sequence, so the one that made the row what it is can be looked up.
  const changeOf = ({ followupId, sequence }: LedgerFound) => deterministicId('delivery', followupId, sequence)
  const moved = ledger.filter(({ sequence }) => sequence > 0)
  book.none(
    'rows of the ledger whose status was not told',
    moved
      .filter((row) => !changes.has(changeOf(row)) && !untold.has(changeOf(row)))
      .map(({ followupId, status }) => `${followupId} ${status}`),
  )
  book.none(
    'rows of the ledger that differ from what was told',
    moved
      .filter((row) => (changes.get(changeOf(row))?.status ?? row.status) !== row.status)
      .map(({ followupId, status }) => `${followupId} ${status}`),
  )

  const sent = ledger.filter(({ action, status }) => action === 'send_message' && status === 'confirmed')
  const byId = new Map(sent.map((row) => [row.messageId, row]))
  const confirmed = ({ messageId, emailMessageId }: SandboxMessage) => byId.get(emailMessageId ?? messageId)
  book.sum(
    'messages at the sandbox',
    sandbox.messages.length,
    tally(
      sandbox.messages.map((message) =>
        confirmed(message) === undefined ? 'of no confirmed follow-up' : `${message.type} of a confirmed follow-up`,
      ),
    ),
  )
  book.none(
    'messages of no confirmed follow-up',
    sandbox.messages.filter((message) => confirmed(message) === undefined).map(({ messageId }) => messageId),
  )
  book.equal('messages at the sandbox', sandbox.messages.length, 'confirmed follow-ups that send a message', sent.length)
  book.none(
    'confirmed messages that name another contact',
    sandbox.messages.filter((message) => confirmed(message)?.contactId !== message.contactId).map(({ messageId }) => messageId),
  )
  // A question that was put and has ended is cancelled, or ran out of time; its task is completed and stays.
  const isThere = ({ action, status, messageId }: LedgerFound) =>
    status === 'confirmed' || (action === 'ask' && (status === 'cancelled' || status === 'expired') && messageId !== null)
  const tasks = ledger.filter((row) => row.action !== 'send_message' && row.action !== 'assign' && isThere(row))
  book.line('tasks at the sandbox', sandbox.tasks.length, tally(tasks.map(({ action }) => action)))
  book.equal('tasks at the sandbox', sandbox.tasks.length, 'confirmed tasks, hand-overs and questions', tasks.length)

  const folded = events.filter(({ value }) => value?.source === 'delivery')
  const known = new Set(folded.flatMap(({ value }) => value?.sourceId ?? []))
  const read = deliveries.filter((record) => record.value !== null && isNews(record.value) && found.deliveryIsRead(record))
  book.line('deliveries folded back', folded.length, tally(folded.map(({ value }) => value?.delivery?.status ?? '')))
  book.none(
    'deliveries that are news and did not come back',
    read.flatMap(({ value }) => (value !== null && !known.has(value.deliveryId) ? [value.deliveryId] : [])),
  )
  book.equal(
    'deliveries folded back',
    folded.length,
    'different deliveries that are news and were read',
    new Set(read.map(({ value }) => value?.deliveryId)).size,
  )
}

function fateOf({ status, gateId, ruleId, liftsAt }: LedgerFound): string {
  if (status === 'pending') return 'waiting until due'
  if (status === 'deferred') return `deferred by ${gateId ?? '?'}${liftsAt === null ? ' without an end' : ''}`
  if (status === 'denied' || status === 'superseded' || status === 'expired') return `${status} by ${gateId ?? '?'}/${ruleId ?? '?'}`
  return status
}

function storesInto(book: Book, { events, decisions, deliveries, profiles, postgres, clickhouse }: Findings): void {
  const idsOf = <V>(records: readonly Found<V>[], id: (value: V) => string) =>
    new Set(records.flatMap(({ value }) => (value === null ? [] : [id(value)])))
  const latest = latestOf(profiles)
  const decisionIds = idsOf(decisions, ({ decisionId }) => decisionId)
  const deliveryIds = idsOf(deliveries, ({ deliveryId }) => deliveryId)
  const eventIds = idsOf(events, ({ eventId }) => eventId)
  book.same(
    'rows of Postgres leads',
    postgres.leads.map(({ id }) => id),
    'profiles',
    new Set(latest.keys()),
  )
  book.none(
    'rows of Postgres leads that are not the last profile',
    postgres.leads.filter(({ id, version }) => latest.get(id)?.version !== version).map(({ id }) => id),
  )
  book.same('rows of Postgres decisions', postgres.decisions, 'decisions', decisionIds)
  book.same('rows of Postgres deliveries', postgres.deliveries, 'deliveries', deliveryIds)
  book.same('rows of ClickHouse lead_events', clickhouse.lead_events, 'lead events', eventIds)
  book.same('rows of ClickHouse decisions', clickhouse.decisions, 'decisions', decisionIds)
  // The relay may publish a change twice; ClickHouse keeps both records and its readers count ids.
  book.same(
    'rows of ClickHouse deliveries',
    deliveries.length === deliveryIds.size ? clickhouse.deliveries : [...new Set(clickhouse.deliveries)],
    'deliveries',
    deliveryIds,
  )
  book.line('rows in Postgres', postgres.leads.length + postgres.decisions.length + postgres.ledger.length + postgres.deliveries.length, {
    leads: postgres.leads.length,
    decisions: postgres.decisions.length,
    followup_actions: postgres.ledger.length,
    deliveries: postgres.deliveries.length,
  })
  book.line('rows in ClickHouse', clickhouse.lead_events.length + clickhouse.decisions.length + clickhouse.deliveries.length, {
    lead_events: clickhouse.lead_events.length,
    decisions: clickhouse.decisions.length,
    deliveries: clickhouse.deliveries.length,
  })
}

/** The profile with the highest version of each lead; a tombstone removes it. */
function latestOf(profiles: readonly Found<LeadProfile>[]): Map<string, LeadProfile> {
  const latest = new Map<string, LeadProfile>()
  for (const { key, value } of profiles) {
    if (value === null) latest.delete(key)
    else latest.set(key, value)
  }
  return latest
}

export function repeated(ids: readonly string[]): string[] {
  const once = new Set<string>()
  return [...new Set(ids.filter((id) => once.has(id) || !once.add(id)))]
}

export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function wordsOf(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

/** The account as lines for people, counts aligned. */
export function accountText({ lines }: Account): string[] {
  const wide = Math.max(...lines.map(({ what }) => what.length))
  return lines.map(
    ({ what, count, parts }) =>
      `${what.padEnd(wide)} ${String(count).padStart(7)}${Object.keys(parts).length === 0 ? '' : `  = ${wordsOf(parts)}`}`,
  )
}
