/**
 * The sequential model of the workload: what one uninterrupted run over the same log would have written, computed from
 * the input alone. Only what nobody can know beforehand is taken from the output: between which two records a timer fired,
 * which version of a rate was seen, and where a fused group took in what others wrote. Knows nothing of the stages' code.
 */
import { partitionOf } from '../../runtime/murmur2.ts'
import type { WindowState } from '../../runtime/windows/windowAggregate.ts'
import { callsAreRight } from './callsAreRight.ts'
import { grouped, same, sameSequence, sameStates } from './compare.ts'
import { asks, deadLettersAreRight, givenUp, isOutside, isRefused } from './deadLettersAreRight.ts'
import { followTides } from './followTides.ts'
import { factorOf, RATES } from './generator.ts'
import type { Difference, KeyState, Observation, Report, Stored, StoredReading } from './observation.ts'
import { tablesAreRight } from './tablesAreRight.ts'
import type { Level } from './tides.ts'
import type { Entry, Notice, Rate, Reading, Tally, Total } from './workload.ts'

const ALARM_EVERY = 5
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
  const wasGivenUp = givenUp(seen.dead.ledger)
  const permitted = new Set(seen.permits.map(({ key }) => key))
  for (const key of new Set([...ledger.keys(), ...totals.keys()])) {
    const accepted = (ledger.get(key) ?? []).filter(({ value }) => !isRefused(value) && !wasGivenUp(key, value))
    for (const entry of accepted)
      if (asks(entry.value) && !permitted.has(entry.value.cause))
        report('ledger', entry, 'waited for a permit that never came, and was not given up', 'a dead letter', 'none')
    const state = followRollup(key, accepted, totals.get(key) ?? [], seen.fused, report)
    if (state !== undefined) rollups.set(key, { state, timers: {} })
  }
  sameStates('rollup-changelog', rollups, seen.states.rollup, report)

  const [tides, windows] = [byKey(seen.tides), new Map<string, KeyState<WindowState<Level>>>()]
  for (const key of new Set([...totals.keys(), ...tides.keys()])) {
    const state = followTides(key, totals.get(key) ?? [], tides.get(key) ?? [], report)
    if (state !== undefined) windows.set(key, { state, timers: {} })
  }
  sameStates('tide-changelog', windows, seen.states.tide, report)

  const expected = notified(totals)
  sameSequence('notices', byKey(expected.notices), byKey(seen.notices), report)
  // On a region many keys meet, in an order of their own; each of them keeps its.
  const byFrom = (records: readonly Stored<Notice>[]) => grouped(records, ({ value }) => value.from)
  sameSequence('regions', byFrom(expected.regions), byFrom(seen.regions), report)
  sameStates('notify-changelog', expected.states, seen.states.notify, report)

  callsAreRight(seen, report)
  deadLettersAreRight(seen, report)
  tablesAreRight(seen, report)
  return found
}

function placesAreRight(seen: Observation, report: Report): void {
  const { readings, ledger, alarms, totals, notices, regions, tides, deliveries } = seen
  for (const [where, records] of Object.entries({ readings, ledger, alarms, totals, notices, regions, tides, deliveries }))
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

const causeOf = ({ kind, n }: Reading) => `${kind === 'ask' ? 'a' : 'e'}${n}`

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
    if (next === undefined || cause !== causeOf(next.reading)) {
      report('ledger', entry, 'not what comes next of its key', next === undefined ? 'nothing more' : causeOf(next.reading), cause)
      return undefined
    }
    const { kind, amount, rate, n } = next.reading
    const version = kind === 'add' ? entry.value.rate : 0
    if (kind === 'add' && !(RATES.includes(rate as 'a') && version >= 1 && version <= (versions.get(rate) ?? 0)))
      report('ledger', entry, 'a version of the rate that never was', `1 to ${versions.get(rate) ?? 0}`, version)
    state = { steps: before.steps + 1, sum: before.sum + (kind === 'add' ? amount * factorOf(rate, version) : 0) }
    same('ledger', entry, { cause, ...state, rate: version }, report)
    if (entry.timestamp !== next.timestamp) report('ledger', entry, 'the time of its cause was not kept', next.timestamp, entry.timestamp)
    if (kind === 'arm') timers = { ...timers, idle: next.timestamp + amount }
    if (kind === 'remind') timers = { ...timers, [`r${n}`]: next.timestamp + amount }
    if (kind === 'cancel') timers = Object.fromEntries(Object.entries(timers).filter(([name]) => name !== 'idle'))
    if (kind === 'clear') [state, timers] = [undefined, {}]
  }
  const missing = queue.slice(taken).map(({ reading }) => causeOf(reading))
  if (missing.length > 0) report('ledger', { key }, 'lost', missing, 'nothing')
  if (Object.keys(timers).length > 0) report('ledger', { key }, 'timers never fired', timers, 'nothing')
  return state === undefined ? undefined : { state, timers }
}

/** The totals of one key against the entries that are neither refused nor given up; the state after the last of them. */
function followRollup(
  key: string,
  accepted: readonly Stored<Entry>[],
  totals: readonly Stored<Total>[],
  fused: boolean,
  report: Report,
): Total | undefined {
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
