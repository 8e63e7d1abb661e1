/**
 * The model itself: what the driver makes of a load agrees with it, fused and split, whenever timers fire; and whatever is
 * lost, doubled, out of order or altered is found. A comparison that finds nothing proves nothing until this holds.
 */
import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { assertProperty } from '../support/property.ts'
import type { WindowState } from '../../runtime/windows/windowAggregate.ts'
import type { Delivery } from './courier.ts'
import { bursts, firstRates } from './generator.ts'
import { differencesOf } from './model.ts'
import type { DeadLetter, KeyState, Observation, ProviderCall, Row, Stored, StoredReading } from './observation.ts'
import { Provider } from './provider.ts'
import { tide, tides } from './tides.ts'
import type { Level, Tide } from './tides.ts'
import { alarms, ledger, notices, notify, permits, rates, readings, regions, rollup, tally, totals } from './workload.ts'
import type { Entry, Notice, Permit, Rate, Tally, Total } from './workload.ts'

// Some thousand comparisons.
t.setTimeout(120_000)

const at = Date.UTC(2026, 10, 10, 17)
const place = { partition: 0, timestamp: 0 }

function stored<V>(records: readonly { key: string; value: V; timestamp: number }[]): Stored<V>[] {
  return records.map(({ key, value, timestamp }, index) => ({ partition: 0, offset: BigInt(index), key, value, timestamp }))
}

/** What a faultless deployment leaves of the load of a seed, by the driver; on one partition. */
function faultless(seed: number, fused: boolean, events = 250): Observation {
  const table = firstRates().map(({ key, value }) => [key, value] as const)
  const options = { at, tables: { rates: table } }
  const line = drive(fused ? [tally, rollup, notify, tide] : [tally], options)
  const read: StoredReading[] = []
  const seenRates: Stored<Rate>[] = table.map(([key, value]) => ({ ...place, offset: 0n, key, value }))
  const entries: { key: string; value: Entry; timestamp: number }[] = []
  const allowed: Stored<Permit>[] = []
  const refused: DeadLetter[] = []
  const late: { key: string; value: Entry }[] = []
  const gather = () => entries.push(...line.records(ledger).slice(entries.filter(({ value }) => !value.cause.startsWith('o')).length))
  const handLate = () => {
    for (const { key, value } of late.splice(0)) line.pipe(ledger, key, value)
  }
  for (const { pauseMs, sendings } of bursts({ seed, events, keys: 12 })) {
    line.advance(`${pauseMs}ms`)
    gather()
    for (const sending of sendings) {
      if (sending.to === 'rates') {
        line.table(rates, sending.key, sending.value)
        seenRates.push({ ...place, offset: 0n, key: sending.key, value: sending.value })
      } else if (sending.to === 'permits') {
        if (fused) line.table(permits, sending.key, sending.value)
        allowed.push({ ...place, offset: 0n, key: sending.key, value: sending.value })
      } else if (sending.to === 'ledger') {
        entries.push({ ...sending, timestamp: line.now })
        late.push(sending)
      } else {
        const { key } = sending
        const offset = BigInt(read.length)
        const value = sending.to === 'garbage' ? undefined : sending.value
        const timestamp = line.now - (sending.to === 'garbage' ? 0 : sending.behindMs)
        read.push({ partition: 0, offset, key, value, timestamp })
        const letter = { partition: 0, offset: BigInt(refused.length), key, sourceOffset: offset, steps: 0, attempts: 1 }
        if (value === undefined) refused.push({ ...letter, code: 'E_RECORD_UNDECODABLE', cause: '' })
        else {
          if (value.kind === 'poison') refused.push({ ...letter, code: 'E_CHAOS_POISON', cause: `e${value.n}` })
          line.pipe(readings, key, value, { timestamp })
          gather()
        }
      }
    }
    // A fused group comes to what others wrote some time later.
    if (fused) handLate()
  }
  if (fused) handLate()
  line.advance('1h')
  gather()
  const onLedger = stored(entries)
  const second = fused ? line : drive([rollup], { at, tables: { permits: allowed.map(({ key, value }) => [key, value] as const) } })
  const [third, fourth] = fused ? [line, line] : [drive([notify], { at }), drive([tide], { at })]
  if (!fused) {
    for (const { key, value, timestamp } of entries) second.pipe(ledger, key, value, { timestamp })
    second.advance('1h')
    for (const { key, value, timestamp } of second.records(totals)) {
      third.pipe(totals, key, value)
      fourth.advance(`${Math.max(0, timestamp - fourth.now)}ms`)
      fourth.pipe(totals, key, value, { timestamp })
    }
    fourth.advance('1h')
  }
  const letters = second.deadLetters
    .filter(({ topic }) => topic === ledger.name)
    .map(({ key, code, detail, attempts }, index): DeadLetter => {
      const source = onLedger.find((entry) => entry.key === key && entry.value.cause === detail['cause'])
      return {
        partition: 0,
        offset: BigInt(index),
        key: key ?? '',
        code,
        sourceOffset: fused ? -1n : (source?.offset ?? -2n),
        cause: String(detail['cause']),
        steps: source?.value.steps ?? 0,
        attempts,
      }
    })
  const told = tell(seed, stored(third.records(notices)))
  const states = <S>(driven: typeof line, stage: string, keys: Iterable<string>) => {
    const found = new Map<string, KeyState<S>>()
    for (const key of keys) {
      const state = driven.state(stage, key)
      if (state !== undefined) found.set(key, { state: state as S, timers: { ...driven.timers(stage, key) } })
    }
    return found
  }
  const keys = new Set([...read, ...onLedger].map(({ key }) => key))
  return withTables({
    fused,
    partitions: 1,
    readings: read,
    rates: seenRates,
    ledger: onLedger,
    alarms: stored(line.records(alarms)),
    totals: stored(second.records(totals)),
    notices: stored(third.records(notices)),
    regions: stored(third.records(regions)),
    permits: allowed,
    tides: stored(fourth.records(tides)),
    deliveries: told.deliveries,
    calls: told.calls,
    dead: { readings: refused, ledger: letters, totals: [], notices: told.dead },
    states: {
      tally: states<Tally>(line, 'tally', keys),
      rollup: states<Total>(second, 'rollup', keys),
      notify: states<Notice>(third, 'notify', keys),
      tide: states<WindowState<Level>>(fourth, 'tide', keys),
    },
  })
}

/** What a worker leaves that tells one notice after the other, and each again until it is answered. */
function tell(seed: number, list: readonly Stored<Notice>[]) {
  const provider = new Provider(seed)
  const answered: Stored<Delivery>[] = []
  const dead: DeadLetter[] = []
  for (const { value, ...where } of list) {
    const { partition, offset, key } = where
    for (let open = true; open;) {
      const call = provider.take({ idempotencyKey: `courier:notices:${partition}:${offset}`, notice: value, beside: 1 })
      const said = call.afterMs === undefined ? undefined : call.answer()
      call.end()
      const { cause } = value
      if (said?.status === 200) answered.push({ ...where, offset: BigInt(answered.length), value: { cause, receipt: said.receipt ?? 0 } })
      if (said?.status === 422)
        dead.push({
          partition,
          offset: BigInt(dead.length),
          key,
          code: 'E_CHAOS_UNKNOWN',
          sourceOffset: offset,
          cause,
          steps: 0,
          attempts: 1,
        })
      open = said?.status !== 200 && said?.status !== 422
    }
  }
  return { deliveries: answered, dead, calls: provider.calls }
}

/** The tables that sinks would fill from these topics. */
function withTables(seen: Omit<Observation, 'postgres' | 'clickhouse'>): Observation {
  const rows = <V extends { cause: string }>(topic: string, list: readonly Stored<V>[], amount: (value: V) => number): Row[] =>
    list.map(({ partition, offset, key, value }) => ({ topic, partition, offset, key, cause: value.cause, amount: amount(value) }))
  return {
    ...seen,
    postgres: {
      facts: [...rows('ledger', seen.ledger, ({ sum }) => sum), ...rows('totals', seen.totals, ({ total }) => total)],
      latest: new Map(seen.totals.map(({ key, value }) => [key, value.total])),
    },
    clickhouse: [...rows('notices', seen.notices, ({ level }) => level), ...rows('regions', seen.regions, ({ level }) => level)],
  }
}

/** The same list with other offsets, as if it had been written so. */
const renumbered = <V>(list: readonly Stored<V>[]) => list.map((record, index) => ({ ...record, offset: BigInt(index) }))

t.test('what a faultless run leaves agrees with the model, fused and split', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), fc.boolean(), (seed, fused) => {
      const [first] = differencesOf(faultless(seed, fused))
      if (first !== undefined) throw new Error(`${first.where} ${first.key}: ${first.what}`)
    }),
    { numRuns: 15 },
  ),
)

const seen = { fused: faultless(7, true, 500), split: faultless(7, false, 500) }
t.test('the load has what it is meant to have', async (t) => {
  const causes = seen.fused.ledger.map(({ value }) => value.cause[0])
  for (const cause of ['e', 't', 'o']) t.ok(causes.includes(cause), `entries of ${cause}`)
  t.ok(seen.fused.notices.length > 0)
  t.ok(seen.fused.dead.readings.length > 0)
  for (const kind of ['taken', 'late', 'closed'])
    t.ok(
      seen.fused.tides.some(({ value }) => value.kind === kind),
      `tides that are ${kind}`,
    )
  t.ok(
    seen.fused.dead.ledger.some(({ code }) => code === 'E_CHAOS_NO_PERMIT'),
    'readings that are given up',
  )
  t.ok(
    seen.fused.totals.some(({ value }) => value.cause.startsWith('a')),
    'readings that waited for their permit',
  )
  t.strictSame(differencesOf(seen.fused), [])
  t.strictSame(differencesOf(seen.split), [])
})

/** What others wrote has no place among the entries of a fused group. */
const isOutside = (value: unknown) => (value as Partial<Entry>).cause?.startsWith('o') === true

/** What can become of a list of records. */
const disorders: Readonly<Record<string, <V>(list: readonly Stored<V>[], index: number) => readonly Stored<V>[] | undefined>> = {
  lost: (list, index) => list.filter((_, each) => each !== index),
  doubled: (list, index) => [...list.slice(0, index + 1), ...list.slice(index)],
  'out of order': (list, index) => {
    const [record] = list.slice(index)
    const other = list.findIndex((each, place) => place > index && each.key === record?.key && !isOutside(each.value))
    const later = list[other]
    if (record === undefined || later === undefined) return undefined
    return list.map((each, place) => (place === index ? later : place === other ? record : each))
  },
  altered: (list, index) =>
    list.map((record, each) => {
      if (each !== index) return record
      const field = Object.entries(record.value as object).find(([, value]) => typeof value === 'number')?.[0] ?? ''
      const before = (record.value as Record<string, number>)[field] ?? 0
      return { ...record, value: { ...record.value, [field]: before + 1 } }
    }),
  'on another partition': (list, index) => list.map((record, each) => (each === index ? { ...record, partition: 1 } : record)),
}

for (const mode of ['fused', 'split'] as const)
  for (const name of ['ledger', 'alarms', 'totals', 'notices', 'regions', 'tides', 'deliveries'] as const)
    for (const [disorder, disturb] of Object.entries(disorders))
      t.test(`${mode}: a record of ${name} that is ${disorder} is found`, async (t) => {
        const list = seen[mode][name] as readonly Stored<Entry | Total | Notice | Tide | Delivery>[]
        let tried = 0
        for (let index = 0; index < list.length; index += 1 + Math.floor(list.length / 12)) {
          const value = list[index]?.value as Partial<Entry & Notice>
          // What others wrote is input, and on a region only the records of one key have an order.
          if (name === 'ledger' && isOutside(value)) continue
          const disturbed =
            name === 'regions' && disorder === 'out of order'
              ? disturb(
                  list.filter((record) => (record.value as Notice).from === value.from),
                  0,
                )?.concat(list.filter((record) => (record.value as Notice).from !== value.from))
              : disturb(list, index)
          if (disturbed === undefined) continue
          tried += 1
          const { postgres: _postgres, clickhouse: _clickhouse, ...rest } = seen[mode]
          const found = differencesOf(withTables({ ...rest, [name]: renumbered(disturbed) }))
          if (found.length === 0) t.fail(`record ${index} of ${name} was ${disorder} and nothing was found`)
        }
        t.ok(tried > 0 || (['notices', 'deliveries'].includes(name) && disorder === 'out of order'), `${tried} tried`)
      })

t.test('a state, a timer, a dead letter or a row that is not right is found where it is', async (t) => {
  const whole = seen.split
  const wheres = (changed: Partial<Observation>) => [...new Set(differencesOf({ ...whole, ...changed }).map(({ where }) => where))]
  const [key = '', entry] = [...whole.states.tally][0] ?? []
  const tallies = (change: (map: Map<string, KeyState<Tally>>) => unknown) => {
    const map = new Map(whole.states.tally)
    change(map)
    return { states: { ...whole.states, tally: map } }
  }
  t.strictSame(wheres(tallies((map) => map.delete(key))), ['tally-changelog'])
  t.strictSame(wheres(tallies((map) => map.set(key, { state: { steps: 0, sum: -1 }, timers: {} }))), ['tally-changelog'])
  t.strictSame(wheres(tallies((map) => map.set(key, { state: entry?.state ?? { steps: 0, sum: 0 }, timers: { idle: 1 } }))), [
    'tally-changelog',
  ])
  t.strictSame(wheres(tallies((map) => map.set('nobody', { state: { steps: 1, sum: 1 }, timers: {} }))), ['tally-changelog'])
  t.strictSame(wheres({ dead: { ...whole.dead, readings: whole.dead.readings.slice(1) } }), ['readings.dlq'])
  t.strictSame(wheres({ dead: { ...whole.dead, readings: [...whole.dead.readings, ...whole.dead.readings.slice(-1)] } }), ['readings.dlq'])
  t.strictSame(wheres({ dead: { ...whole.dead, totals: whole.dead.readings.slice(0, 1) } }), ['totals.dlq'])
  const { facts, latest } = whole.postgres
  t.strictSame(wheres({ postgres: { facts: facts.slice(1), latest } }), ['postgres facts'])
  t.strictSame(wheres({ postgres: { facts: [...facts, ...facts.slice(0, 1)], latest } }), ['postgres facts'])
  t.strictSame(wheres({ postgres: { facts, latest: new Map([...latest].slice(1)) } }), ['postgres latest'])
  t.strictSame(wheres({ clickhouse: [...(whole.clickhouse ?? []), ...(whole.clickhouse ?? []).slice(0, 1)] }), ['clickhouse facts'])
})

t.test('a timer that fires early is found, and one that fires twice', async (t) => {
  const timer = seen.split.ledger.findIndex(({ value }) => value.cause.startsWith('t:'))
  const early = seen.split.ledger.map((entry, index) => (index === timer ? { ...entry, timestamp: entry.timestamp - 1 } : entry))
  t.match(differencesOf({ ...seen.split, ledger: early }), [{ what: 'a timer fired before it was due' }])
  const twice = seen.split.ledger.flatMap((entry, index) => (index === timer ? [entry, entry] : [entry]))
  t.match(differencesOf({ ...seen.split, ledger: twice })[0], { what: 'a timer that was not set, or has fired before' })
})

t.test('a call that is not made, made too early, made for nobody, or done twice is found', async (t) => {
  const { calls } = seen.split
  const wheres = (changed: readonly ProviderCall[]) =>
    differencesOf({ ...seen.split, calls: changed }).map(({ where, what }) => `${where}: ${what}`)
  const good = calls.findIndex(({ status }) => status === 200)
  const call = calls[good] as ProviderCall
  t.ok(wheres(calls.filter(({ idempotencyKey }) => idempotencyKey !== call.idempotencyKey)).includes('provider: never answered'))
  t.strictSame(wheres([...calls, { ...call, idempotencyKey: 'courier:notices:0:999999' }]), ['provider: a call for no notice'])
  t.strictSame(wheres([...calls, { ...call, receipt: 999_999 }]), ['provider: was done twice under one key'])
  t.strictSame(wheres(calls.map((each, index) => (index === good ? { ...each, beside: 4 } : each))), [
    'provider: more calls at the same time than agreed',
  ])
  const pair = calls.map((each) => [each, calls.find(({ key, arrived }) => key === each.key && arrived > each.arrived)] as const)
  const [, later] = pair.find(([each, next]) => next !== undefined && next.idempotencyKey !== each.idempotencyKey) ?? []
  if (later === undefined) return t.fail('no key has two notices')
  t.strictSame(wheres([{ ...later, arrived: -1 }, ...calls]), ['provider: was called for before the notice before it was done'])
})

t.test('what waited for a permit in vain and went on, or was given up too soon, is found', async (t) => {
  const whats = (changed: Partial<Observation>) => differencesOf({ ...seen.split, ...changed }).map(({ what }) => what)
  const waited = seen.split.totals.find(({ value }) => value.cause.startsWith('a'))?.value.cause
  t.strictSame(whats({ permits: seen.split.permits.filter(({ key }) => key !== waited) }), [
    'waited for a permit that never came, and was not given up',
  ])
  const soon = seen.split.dead.ledger.map((letter) => ({ ...letter, attempts: Math.min(letter.attempts, 7) }))
  t.ok(whats({ dead: { ...seen.split.dead, ledger: soon } }).includes('was not tried as often as it should'))
})
