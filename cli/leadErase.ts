/**
 * Erases a lead by an order on the line and proves it: everything is counted before and after, place by place. The order is
 * told again until nothing is left that it takes; a run that was killed is simply run again.
 */
import type { Erasure } from '../schemas/generated/records.ts'
import { columns } from './columns.ts'
import type { HeldOnLead, HeldPlace, OnErasure, Section } from './leadExport.ts'

/** What a place holds at one moment. */
export interface Stock {
  readonly section: Section
  readonly name: string
  readonly onErasure: OnErasure
  readonly records: number
  /** Of these, what an erasure takes. */
  readonly left: number
  /** Timestamp of the newest record of a topic, ms. */
  readonly newestAt: number | undefined
}

export interface ErasureResult {
  readonly before: readonly Stock[]
  readonly after: readonly Stock[]
  /** Orders that were given; none when the lead was erased already. */
  readonly orders: number
}

export interface ErasureLimits {
  /** How often an order is given at most. */
  readonly orders: number
  /** How long each may take, ms. */
  readonly orderMs: number
  readonly pollMs: number
}

/** A message that is at this moment on its way to a provider is told of after the first order: the second takes that too. */
const limits: Omit<ErasureLimits, 'orderMs'> = { orders: 3, pollMs: 500 }

export function limitsOf(waitSeconds: number): ErasureLimits {
  return { ...limits, orderMs: (waitSeconds * 1000) / limits.orders }
}

/** Reads every place and says what it holds. */
export async function takeStock(places: readonly HeldPlace[]): Promise<Stock[]> {
  const stocks: Stock[] = []
  for (const place of places) {
    const { section, name, onErasure } = place
    let records = 0
    let left = 0
    let newestAt: number | undefined
    await place.read(async (json) => {
      const record = JSON.parse(json) as { readonly value?: unknown; readonly timestamp?: number }
      records += 1
      if (onErasure.kind === 'emptied') left += 1
      else if (onErasure.kind === 'kept') left += onErasure.isLeft(record) ? 1 : 0
      else if (onErasure.kind === 'tombstone') left = record.value === null ? 0 : left + 1
      if (section === 'topics' && record.timestamp !== undefined) newestAt = Math.max(record.timestamp, newestAt ?? 0)
    })
    stocks.push({ section, name, onErasure, records, left, newestAt })
  }
  return stocks
}

/** Everything that is left of what an erasure takes. */
export function leftIn(stocks: readonly Stock[]): number {
  return stocks.reduce((sum, { left }) => sum + left, 0)
}

/** Nothing was ever told of the lead, or it has expired; not so of one that was erased: its order is kept. */
export function isEmpty(stocks: readonly Stock[]): boolean {
  return stocks.every(({ records }) => records === 0)
}

/** Was an order given before? */
function isOrdered(stocks: readonly Stock[]): boolean {
  return stocks.some(({ section, onErasure, records }) => section === 'topics' && onErasure.kind === 'kept' && records > 0)
}

/** Orders the erasure and waits for it, again until nothing is left or the orders are used up. `order` makes the next one. */
export async function eraseLead(
  { places, order: give }: Pick<HeldOnLead, 'places' | 'order'>,
  order: () => Erasure,
  { orders: most, orderMs, pollMs }: ErasureLimits,
  clock: { readonly now: () => number; readonly wait: (ms: number) => Promise<void> },
): Promise<ErasureResult> {
  const before = await takeStock(places)
  let orders = 0
  if (isOrdered(before) && leftIn(before) === 0) return { before, after: before, orders }
  // Topics that only expire say nothing about how far an order has come, and are the dearest to read.
  const telling = places.filter(({ onErasure }) => onErasure.kind !== 'expires')
  for (let left = 1; left > 0 && orders < most;) {
    await give(order())
    orders += 1
    const until = clock.now() + orderMs
    for (let asked: readonly HeldPlace[] = telling; ;) {
      const began = clock.now()
      const stocks = await takeStock(asked)
      left = leftIn(stocks)
      // What was empty once may have been written again by who was behind: nothing is left when all were found so in one look.
      if (left === 0 ? asked.length === telling.length : clock.now() >= until) break
      // A changelog is read whole to find what a state holds of one lead: not where nothing was found, and half of the time at most.
      asked = left === 0 ? telling : asked.filter((_, index) => (stocks[index]?.left ?? 0) > 0)
      if (left > 0) await clock.wait(Math.max(pollMs, clock.now() - began))
    }
  }
  return { before, after: await takeStock(places), orders }
}

const DAY_MS = 86_400_000
/** A segment of a topic is deleted whole, once its last record is past; it takes records for so long. @source Kafka, log.roll.hours 168 */
const SEGMENT_MS = 7 * DAY_MS

/** The proof as a table. Places that never held anything are left out. */
export function proofLines(before: readonly Stock[], after: readonly Stock[]): string[] {
  const rows = after.flatMap((stock, index) => {
    const had = before[index]?.records ?? 0
    if (had === 0 && stock.records === 0) return []
    return [[stock.section, stock.name, String(had), String(stock.records), verdictOn(stock)]]
  })
  return columns([['where', 'what', 'before', 'after', 'verdict'], ...rows], { right: [2, 3] })
}

/** What an erasure would do to what is held, as a table. */
export function planLines(stocks: readonly Stock[]): string[] {
  const rows = stocks
    .filter(({ records }) => records > 0)
    .map((stock) => [
      stock.section,
      stock.name,
      String(stock.records),
      stock.left > 0 ? fates[stock.onErasure.kind](stock) : verdictOn(stock),
    ])
  return columns([['where', 'what', 'records', 'would be'], ...rows], { right: [2] })
}

const fates: Readonly<Record<OnErasure['kind'], (stock: Stock) => string>> = {
  emptied: () => 'gone',
  kept: ({ onErasure }) => `stripped; kept: ${onErasure.kind === 'kept' ? onErasure.why : ''}`,
  tombstone: () => 'ended by a tombstone; gone with compaction',
  expires: verdictOn,
}

export function verdictOn({ onErasure, records, left, newestAt }: Stock): string {
  if (left > 0) return `${left} LEFT`
  switch (onErasure.kind) {
    case 'emptied':
      return 'gone'
    case 'kept':
      return records === 0 ? 'nothing' : `kept: ${onErasure.why}`
    case 'tombstone':
      return records === 0 ? 'nothing' : 'a tombstone is the last; the rest goes with compaction'
    case 'expires':
      return newestAt === undefined
        ? 'nothing'
        : `gone by ${new Date(newestAt + onErasure.days * DAY_MS + SEGMENT_MS).toISOString().slice(0, 10)}`
  }
}
