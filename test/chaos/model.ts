/**
 * The sequential model of the workload: what one uninterrupted run over the same log would have written, computed from
 * the input alone. Only what nobody can know beforehand is taken from the output: between which two records a timer fired,
 * which version of a rate was seen, and where a fused group took in what others wrote. Knows nothing of the stages' code.
 */
import { isDeepStrictEqual } from 'node:util'
import { partitionOf } from '../../runtime/murmur2.ts'
import { factorOf, RATES } from './generator.ts'
import type { Entry, Notice, Rate, Reading, Tally, Total } from './workload.ts'

/** A record as a read-committed reader found it. Lists of them are in order of partition, then offset. */
export interface Stored<V> {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly value: V
  /** ms. */
  readonly timestamp: number
}

/** `undefined` where the bytes are no reading. */
export type StoredReading = Stored<Reading | undefined>

export interface DeadLetter {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly code: string
  /** Offset of the refused record; -1 when it was handed over in memory. */
  readonly sourceOffset: bigint
  /** The cause it carries; empty when its bytes cannot be read. */
  readonly cause: string
}

export interface KeyState<S> {
  readonly state: S
  readonly timers: Readonly<Record<string, number>>
}

export interface Row {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly cause: string
  readonly amount: number
}

/** Everything that is there after a run. */
export interface Observation {
  readonly fused: boolean
  readonly partitions: number
  readonly readings: readonly StoredReading[]
  readonly rates: readonly Stored<Rate>[]
  readonly ledger: readonly Stored<Entry>[]
  readonly alarms: readonly Stored<Entry>[]
  readonly totals: readonly Stored<Total>[]
  readonly notices: readonly Stored<Notice>[]
  readonly regions: readonly Stored<Notice>[]
  /** By source topic. */
  readonly dead: Readonly<Record<'readings' | 'ledger' | 'totals', readonly DeadLetter[]>>
  /** Last value of each key on the changelogs. */
  readonly states: {
    readonly tally: ReadonlyMap<string, KeyState<Tally>>
    readonly rollup: ReadonlyMap<string, KeyState<Total>>
    readonly notify: ReadonlyMap<string, KeyState<Notice>>
  }
  /** Rows by table: facts, one per record, and the last total of each key. */
  readonly postgres: { readonly facts: readonly Row[]; readonly latest: ReadonlyMap<string, number> }
  /** Absent when the run had no ClickHouse. */
  readonly clickhouse?: readonly Row[]
}

export interface Difference {
  /** Topic, changelog or table. */
  readonly where: string
  readonly key: string
  readonly offset: bigint | undefined
  readonly what: string
  readonly expected: unknown
  readonly found: unknown
}

const ALARM_EVERY = 5
const REFUSED_EVERY = 61
const LEVEL = 500
const REGIONS = 7

/** What differs from one uninterrupted run; nothing when all is well. */
export function differencesOf(seen: Observation): readonly Difference[] {
  const found: Difference[] = []
  const report: Report = (where, record, what, expected, actual) => {
    found.push({ where, key: record.key, offset: record.offset, what, expected, found: actual })
  }
  placesAreRight(seen, report)
  const byKey = <V>(records: readonly Stored<V>[]) => grouped(records, ({ key }) => key)
  const [readings, ledger, totals] = [byKey(seen.readings), byKey(seen.ledger), byKey(seen.totals)]
  const alarms: Stored<Entry>[] = []
  const tallies = new Map<string, KeyState<Tally>>()
  for (const key of new Set([...readings.keys(), ...ledger.keys()])) {
    const own = (ledger.get(key) ?? []).filter(({ value }) => !isOutside(value))
    const state = followTally(key, readings.get(key) ?? [], own, versionsOf(seen.rates), report)
    if (state !== undefined) tallies.set(key, state)
    alarms.push(...own.filter(({ value }) => value.steps % ALARM_EVERY === 0))
  }
  sameSequence('alarms', byKey(alarms), byKey(seen.alarms), report)
  sameStates('tally-changelog', tallies, seen.states.tally, report)

  const rollups = new Map<string, KeyState<Total>>()
  for (const key of new Set([...ledger.keys(), ...totals.keys()])) {
    const state = followRollup(key, ledger.get(key) ?? [], totals.get(key) ?? [], seen.fused, report)
    if (state !== undefined) rollups.set(key, { state, timers: {} })
  }
  sameStates('rollup-changelog', rollups, seen.states.rollup, report)

  const expected = notified(totals)
  sameSequence('notices', byKey(expected.notices), byKey(seen.notices), report)
  // On a region many keys meet, in an order of their own; each of them keeps its.
  const byFrom = (records: readonly Stored<Notice>[]) => grouped(records, ({ value }) => value.from)
  sameSequence('regions', byFrom(expected.regions), byFrom(seen.regions), report)
  sameStates('notify-changelog', expected.states, seen.states.notify, report)

  deadLettersAreRight(seen, report)
  tablesAreRight(seen, report)
  return found
}

type Report = (
  where: string,
  record: { readonly key: string; readonly offset?: bigint | undefined },
  what: string,
  expected: unknown,
  found: unknown,
) => void

function grouped<K, V>(list: readonly V[], by: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>()
  for (const value of list) {
    const group = groups.get(by(value))
    if (group === undefined) groups.set(by(value), [value])
    else group.push(value)
  }
  return groups
}

const isOutside = ({ cause }: Entry) => cause.startsWith('o')

function placesAreRight(seen: Observation, report: Report): void {
  const { readings, ledger, alarms, totals, notices, regions } = seen
  for (const [where, records] of Object.entries({ readings, ledger, alarms, totals, notices, regions }))
    for (const record of records) {
      const partition = partitionOf(record.key, seen.partitions)
      if (record.partition !== partition) report(where, record, 'is on another partition than its key', partition, record.partition)
    }
}

function versionsOf(rates: readonly Stored<Rate>[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>()
  for (const { key, value } of rates) newest.set(key, Math.max(newest.get(key) ?? 0, value.version))
  return newest
}

/** The entries of one key against its readings; its state after the last of them, `undefined` when it has none. */
function followTally(
  key: string,
  readings: readonly StoredReading[],
  entries: readonly Stored<Entry>[],
  versions: ReadonlyMap<string, number>,
  report: Report,
): KeyState<Tally> | undefined {
  let state: Tally | undefined
  let timers: Record<string, number> = {}
  // What the stage neither refuses nor drops.
  const queue = readings.flatMap(({ value, timestamp }) =>
    value === undefined || value.kind === 'skip' || value.kind === 'poison' ? [] : [{ reading: value, timestamp }],
  )
  let taken = 0
  for (const entry of entries) {
    const { cause } = entry.value
    const before: Tally = state ?? { steps: 0, sum: 0 }
    if (cause.startsWith('t:')) {
      const [, name = '', due = ''] = cause.split(':')
      if (timers[name] !== Number(due)) {
        report('ledger', entry, 'a timer that was not set, or has fired before', timers, cause)
        return undefined
      }
      if (entry.timestamp < Number(due)) report('ledger', entry, 'a timer fired before it was due', Number(due), entry.timestamp)
      const { [name]: _fired, ...left } = timers
      timers = left
      state = { ...before, steps: before.steps + 1 }
      same('ledger', entry, { cause, ...state, rate: 0 }, report)
      continue
    }
    const next = queue[taken++]
    if (next === undefined || cause !== `e${next.reading.n}`) {
      report('ledger', entry, 'not what comes next of its key', next === undefined ? 'nothing more' : `e${next.reading.n}`, cause)
      return undefined
    }
    const { kind, amount, rate, n } = next.reading
    const version = kind === 'add' ? entry.value.rate : 0
    if (kind === 'add' && !(RATES.includes(rate as 'a') && version >= 1 && version <= (versions.get(rate) ?? 0)))
      report('ledger', entry, 'a version of the rate that never was', `1 to ${versions.get(rate) ?? 0}`, version)
    state = { steps: before.steps + 1, sum: before.sum + (kind === 'add' ? amount * factorOf(rate, version) : 0) }
    same('ledger', entry, { cause: `e${n}`, ...state, rate: version }, report)
    if (entry.timestamp !== next.timestamp) report('ledger', entry, 'the time of its cause was not kept', next.timestamp, entry.timestamp)
    if (kind === 'arm') timers = { ...timers, idle: next.timestamp + amount }
    if (kind === 'remind') timers = { ...timers, [`r${n}`]: next.timestamp + amount }
    if (kind === 'cancel') timers = Object.fromEntries(Object.entries(timers).filter(([name]) => name !== 'idle'))
    if (kind === 'clear') [state, timers] = [undefined, {}]
  }
  const missing = queue.slice(taken).map(({ reading }) => `e${reading.n}`)
  if (missing.length > 0) report('ledger', { key }, 'lost', missing, 'nothing')
  if (Object.keys(timers).length > 0) report('ledger', { key }, 'timers never fired', timers, 'nothing')
  return state === undefined ? undefined : { state, timers }
}

/** The totals of one key against its entries; the state after the last of them. */
function followRollup(
  key: string,
  entries: readonly Stored<Entry>[],
  totals: readonly Stored<Total>[],
  fused: boolean,
  report: Report,
): Total | undefined {
  const accepted = entries.filter(({ value }) => value.steps % REFUSED_EVERY !== 0)
  // A fused group takes what others wrote when it comes to it; a group of its own reads the topic in order.
  const queues = fused ? [accepted.filter(({ value }) => !isOutside(value)), accepted.filter(({ value }) => isOutside(value))] : [accepted]
  const taken = queues.map(() => 0)
  let state: Total | undefined
  for (const total of totals) {
    const next = queues.map((queue, index) => queue[taken[index] ?? 0])
    const which = next.findIndex((entry) => entry?.value.cause === total.value.cause)
    const entry = next[which]
    if (entry === undefined) {
      report(
        'totals',
        total,
        'not what comes next of its key',
        next.map((each) => each?.value.cause ?? 'nothing more'),
        total.value.cause,
      )
      return undefined
    }
    taken[which] = (taken[which] ?? 0) + 1
    state = { cause: entry.value.cause, seen: (state?.seen ?? 0) + 1, total: (state?.total ?? 0) + entry.value.sum }
    same('totals', total, state, report)
  }
  const missing = queues.flatMap((queue, index) => queue.slice(taken[index]).map(({ value }) => value.cause))
  if (missing.length > 0) report('totals', { key }, 'lost', missing, 'nothing')
  return state
}

/** What the last stage makes of the totals, each key in its order. */
function notified(totals: ReadonlyMap<string, readonly Stored<Total>[]>) {
  const [notices, regions]: [Stored<Notice>[], Stored<Notice>[]] = [[], []]
  const states = new Map<string, KeyState<Notice>>()
  for (const [key, list] of totals) {
    const region = `region:${Number(key.slice(key.indexOf(':') + 1)) % REGIONS}`
    let [level, sent] = [0, 0]
    for (const total of list) {
      const reached = Math.floor(total.value.total / LEVEL)
      if (reached !== level) sent += 1
      const value: Notice = { cause: total.value.cause, from: key, level: reached, sent }
      regions.push({ ...total, key: region, value })
      if (reached !== level) notices.push({ ...total, value })
      level = reached
      states.set(key, { state: value, timers: {} })
    }
  }
  return { notices, regions, states }
}

function same<V>(where: string, record: Stored<V>, expected: V, report: Report): void {
  if (!isDeepStrictEqual(record.value, expected)) report(where, record, 'has another value', expected, record.value)
}

/** Each key's records, one by one; the first difference of a key is reported, what follows it would only repeat it. */
function sameSequence<V>(
  where: string,
  expected: ReadonlyMap<string, readonly Stored<V>[]>,
  found: ReadonlyMap<string, readonly Stored<V>[]>,
  report: Report,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, got] = [expected.get(key) ?? [], found.get(key) ?? []]
    const at = Array.from({ length: Math.max(wanted.length, got.length) }).findIndex(
      (_, index) => !isDeepStrictEqual(wanted[index]?.value, got[index]?.value) || wanted[index]?.key !== got[index]?.key,
    )
    if (at < 0) continue
    const what = at >= got.length ? 'lost' : at >= wanted.length ? 'one too many' : 'not what comes next of its key'
    report(where, { key, offset: got[at]?.offset }, what, wanted[at]?.value ?? 'nothing more', got[at]?.value ?? 'nothing')
  }
}

function sameStates<S>(
  where: string,
  expected: ReadonlyMap<string, KeyState<S>>,
  found: ReadonlyMap<string, KeyState<S>>,
  report: Report,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()]))
    if (!isDeepStrictEqual(expected.get(key), found.get(key)))
      report(where, { key }, 'another last state', expected.get(key) ?? 'none', found.get(key) ?? 'none')
}

function deadLettersAreRight({ fused, readings, ledger, dead }: Observation, report: Report): void {
  const refused = readings
    .filter(({ value }) => value === undefined || value.kind === 'poison')
    .map(({ partition, offset, key, value }) => ({
      partition,
      key,
      code: value === undefined ? 'E_RECORD_UNDECODABLE' : 'E_CHAOS_POISON',
      sourceOffset: offset,
      cause: value === undefined ? '' : `e${value.n}`,
    }))
  const entries = ledger
    .filter(({ value }) => value.steps % REFUSED_EVERY === 0)
    .map(({ partition, key, offset, value }) => ({
      partition,
      key,
      code: 'E_CHAOS_REFUSED',
      sourceOffset: fused && !isOutside(value) ? -1n : offset,
      cause: value.cause,
    }))
  for (const [where, expected, found] of [
    ['readings.dlq', refused, dead.readings],
    ['ledger.dlq', entries, dead.ledger],
    ['totals.dlq', [], dead.totals],
  ] as const) {
    const wanted = grouped<number, Omit<DeadLetter, 'offset'>>(expected, ({ partition }) => partition)
    const got = grouped(found, ({ partition }) => partition)
    for (const partition of new Set([...wanted.keys(), ...got.keys()])) {
      const letters = (got.get(partition) ?? []).map(({ offset: _, ...letter }) => letter)
      const meant = wanted.get(partition) ?? []
      const at = Array.from({ length: Math.max(meant.length, letters.length) }).findIndex(
        (_, index) => !isDeepStrictEqual(meant[index], letters[index]),
      )
      if (at < 0) continue
      const what = at >= letters.length ? 'lost' : at >= meant.length ? 'one too many' : 'not what comes next of its partition'
      const record = { key: (letters[at] ?? meant[at])?.key ?? '', offset: got.get(partition)?.[at]?.offset }
      report(where, record, what, meant[at] ?? 'nothing more', letters[at] ?? 'nothing')
    }
  }
}

function tablesAreRight({ ledger, totals, notices, regions, postgres, clickhouse }: Observation, report: Report): void {
  sameRows('postgres facts', [...rowsOf('ledger', ledger, entryAmount), ...rowsOf('totals', totals, totalAmount)], postgres.facts, report)
  const latest = new Map(totals.map(({ key, value }) => [key, value.total]))
  for (const key of new Set([...latest.keys(), ...postgres.latest.keys()]))
    if (latest.get(key) !== postgres.latest.get(key))
      report('postgres latest', { key }, 'another last total', latest.get(key), postgres.latest.get(key))
  if (clickhouse !== undefined)
    sameRows(
      'clickhouse facts',
      [...rowsOf('notices', notices, noticeAmount), ...rowsOf('regions', regions, noticeAmount)],
      clickhouse,
      report,
    )
}

const entryAmount = ({ sum }: Entry) => sum
const totalAmount = ({ total }: Total) => total
const noticeAmount = ({ level }: Notice) => level

function rowsOf<V extends { cause: string }>(topic: string, records: readonly Stored<V>[], amount: (value: V) => number): Row[] {
  return records.map(({ partition, offset, key, value }) => ({ topic, partition, offset, key, cause: value.cause, amount: amount(value) }))
}

function sameRows(where: string, expected: readonly Row[], found: readonly Row[], report: Report): void {
  const place = ({ topic, partition, offset }: Row) => `${topic}-${partition}@${offset}`
  const [wanted, got] = [new Map(expected.map((row) => [place(row), row])), grouped(found, place)]
  for (const at of new Set([...wanted.keys(), ...got.keys()])) {
    const [row, rows] = [wanted.get(at), got.get(at) ?? []]
    if (rows.length === 1 && isDeepStrictEqual(rows[0], row)) continue
    const what = rows.length === 0 ? 'lost' : rows.length > 1 ? 'there more than once' : 'has other values'
    report(where, { key: `${at} ${(row ?? rows[0])?.key ?? ''}`, offset: (row ?? rows[0])?.offset }, what, row ?? 'nothing', rows)
  }
}
