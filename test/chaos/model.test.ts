/**
 * The model itself: what the driver makes of a load agrees with it, fused and split, whenever timers fire; and whatever is
 * lost, doubled, out of order or altered is found. A comparison that finds nothing proves nothing until this holds.
 */
import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { assertProperty } from '../support/property.ts'
import { bursts, firstRates } from './generator.ts'
import { differencesOf } from './model.ts'
import type { DeadLetter, KeyState, Observation, Row, Stored, StoredReading } from './model.ts'
import { alarms, ledger, notices, notify, rates, readings, regions, rollup, tally, totals } from './workload.ts'
import type { Entry, Notice, Rate, Tally, Total } from './workload.ts'

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
  const line = drive(fused ? [tally, rollup, notify] : [tally], options)
  const read: StoredReading[] = []
  const seenRates: Stored<Rate>[] = table.map(([key, value]) => ({ ...place, offset: 0n, key, value }))
  const entries: { key: string; value: Entry; timestamp: number }[] = []
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
      } else if (sending.to === 'ledger') {
        entries.push({ ...sending, timestamp: line.now })
        late.push(sending)
      } else {
        const { key } = sending
        const offset = BigInt(read.length)
        const value = sending.to === 'garbage' ? undefined : sending.value
        read.push({ partition: 0, offset, key, value, timestamp: line.now })
        const letter = { partition: 0, offset: BigInt(refused.length), key, sourceOffset: offset }
        if (value === undefined) refused.push({ ...letter, code: 'E_RECORD_UNDECODABLE', cause: '' })
        else {
          if (value.kind === 'poison') refused.push({ ...letter, code: 'E_CHAOS_POISON', cause: `e${value.n}` })
          line.pipe(readings, key, value)
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
  const second = fused ? line : drive([rollup], { at })
  const third = fused ? line : drive([notify], { at })
  if (!fused) {
    for (const { key, value } of entries) second.pipe(ledger, key, value)
    for (const { key, value } of second.records(totals)) third.pipe(totals, key, value)
  }
  const letters = second.deadLetters
    .filter(({ topic }) => topic === ledger.name)
    .map(({ key, code, detail }, index): DeadLetter => {
      const source = onLedger.find((entry) => entry.key === key && entry.value.cause === detail['cause'])
      return {
        partition: 0,
        offset: BigInt(index),
        key: key ?? '',
        code,
        sourceOffset: fused ? -1n : (source?.offset ?? -2n),
        cause: String(detail['cause']),
      }
    })
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
    dead: { readings: refused, ledger: letters, totals: [] },
    states: {
      tally: states<Tally>(line, 'tally', keys),
      rollup: states<Total>(second, 'rollup', keys),
      notify: states<Notice>(third, 'notify', keys),
    },
  })
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

const seen = { fused: faultless(7, true), split: faultless(7, false) }
t.test('the load has what it is meant to have', async (t) => {
  const causes = seen.fused.ledger.map(({ value }) => value.cause[0])
  for (const cause of ['e', 't', 'o']) t.ok(causes.includes(cause), `entries of ${cause}`)
  t.ok(seen.fused.notices.length > 0)
  t.ok(seen.fused.dead.readings.length > 0)
  t.strictSame(differencesOf(seen.fused), [])
  t.strictSame(differencesOf(seen.split), [])
})

/** What can become of a list of records. */
const disorders: Readonly<Record<string, <V>(list: readonly Stored<V>[], index: number) => readonly Stored<V>[] | undefined>> = {
  lost: (list, index) => list.filter((_, each) => each !== index),
  doubled: (list, index) => [...list.slice(0, index + 1), ...list.slice(index)],
  'out of order': (list, index) => {
    const [record] = list.slice(index)
    const other = list.findIndex((each, place) => place > index && each.key === record?.key)
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
  for (const name of ['ledger', 'alarms', 'totals', 'notices', 'regions'] as const)
    for (const [disorder, disturb] of Object.entries(disorders))
      t.test(`${mode}: a record of ${name} that is ${disorder} is found`, async (t) => {
        const list = seen[mode][name] as readonly Stored<Entry | Total | Notice>[]
        let tried = 0
        for (let index = 0; index < list.length; index += 1 + Math.floor(list.length / 12)) {
          const value = list[index]?.value as Partial<Entry & Notice>
          // What others wrote is input, and on a region only the records of one key have an order.
          if (name === 'ledger' && value.cause?.startsWith('o') === true) continue
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
        t.ok(tried > 0 || (name === 'notices' && disorder === 'out of order'), `${tried} tried`)
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
