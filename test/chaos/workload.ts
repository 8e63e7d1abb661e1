/**
 * What the members of a chaos run work on: numbered readings per key, three stages with state, a timer, a look-up and
 * dead letters. Every record that a stage accepts leaves exactly one record on the stage's first output, which names its
 * cause; so the order in which a stage took records and timers can be read off its output.
 */
import { deadLetter, drop, emit, next, retryLater, timer } from '../../runtime/outcome.ts'
import type { Emission, Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context } from '../../runtime/stage.ts'
import { topic } from '../../runtime/topic.ts'
import { flatRecord } from '../support/flatRecord.ts'

/** What a reading asks for. An `ask` needs a permit before it is added up. */
export type Kind = 'add' | 'ask' | 'arm' | 'cancel' | 'remind' | 'clear' | 'skip' | 'poison'

export interface Reading {
  /** Number of the event in the whole run. */
  n: number
  kind: Kind
  /** For `add` what is added, for `arm` and `remind` ms until the timer is due. */
  amount: number
  /** Key of the rate that an `add` is multiplied with. */
  rate: string
}
export const Reading = flatRecord<Reading>('rekindle.chaos.Reading', { n: 'long', kind: 'string', amount: 'long', rate: 'string' })

export interface Rate {
  version: number
  factor: number
}
export const Rate = flatRecord<Rate>('rekindle.chaos.Rate', { version: 'long', factor: 'long' })

export interface Permit {
  /** Number of the reading that asked. */
  n: number
}
const Permit = flatRecord<Permit>('rekindle.chaos.Permit', { n: 'long' })

export interface Entry {
  /** `e<n>` for a reading, `a<n>` for one that asks, `t:<timer>:<due>` for a timer, `o<n>` for what somebody outside wrote. */
  cause: string
  /** Records and timers of the key since it was cleared. */
  steps: number
  sum: number
  /** Version of the rate that was looked up, 0 when none was. */
  rate: number
}
export const Entry = flatRecord<Entry>('rekindle.chaos.Entry', { cause: 'string', steps: 'long', sum: 'long', rate: 'long' })

export interface Tally {
  steps: number
  sum: number
}
export const Tally = flatRecord<Tally>('rekindle.chaos.Tally', { steps: 'long', sum: 'long' })

export interface Total {
  cause: string
  /** Entries of the key so far. */
  seen: number
  total: number
}
export const Total = flatRecord<Total>('rekindle.chaos.Total', { cause: 'string', seen: 'long', total: 'long' })

export interface Notice {
  cause: string
  /** The key it came from: on `regions` many keys meet. */
  from: string
  level: number
  sent: number
}
export const Notice = flatRecord<Notice>('rekindle.chaos.Notice', { cause: 'string', from: 'string', level: 'long', sent: 'long' })

export const lead = { key: 'lead', retention: { days: 1 }, contract: 'internal' } as const
export const readings = topic({ ...lead, name: 'readings', value: Reading, writtenBy: ['chaos'], about: 'Numbered events.' })
const table = { key: 'tenant', retention: 'compact', contract: 'internal', writtenBy: ['chaos'] } as const
export const rates = topic({ ...table, name: 'rates', value: Rate, about: 'What readings are multiplied with.' })
export const permits = topic({
  ...table,
  name: 'permits',
  value: Permit,
  about: 'Readings that asked and may be added up, by the cause of their entry.',
})
/** Also written from outside: a fused group reads it back and must pass over its own. */
export const ledger = topic({ ...lead, name: 'ledger', value: Entry, writtenBy: ['tally', 'chaos'], about: 'One entry per cause.' })
export const alarms = topic({ ...lead, name: 'alarms', value: Entry, writtenBy: ['tally'], about: 'Every fifth step of a key.' })
export const totals = topic({ ...lead, name: 'totals', value: Total, writtenBy: ['rollup'], about: 'Running totals.' })
export const notices = topic({ ...lead, name: 'notices', value: Notice, writtenBy: ['notify'], about: 'A key reached another level.' })
/** Keyed by region, so what one partition of `totals` causes lands on others, among the records of many producers. */
export const regions = topic({ ...lead, name: 'regions', value: Notice, writtenBy: ['notify'], about: 'The same by region.' })

/** A topic like `readings` whose values are no readings: what a broken writer sends. */
export const garbage = { ...readings, value: { ...Reading, encode: () => Buffer.from('not a reading') } }

export const ALARM_EVERY = 5
export const REFUSED_EVERY = 61
export const LEVEL = 500
export const REGIONS = 7
/** Times that a reading without a permit is folded before it is given up, and the wait between two of them. */
export const ATTEMPTS = 8
const ASK_AGAIN_MS = 250
export const regionOf = (key: string) => `region:${Number(key.split(':')[1]) % REGIONS}`

export const tally = stage({
  name: 'tally',
  state: Tally,
  tables: { rates },
  on: [
    from(
      readings,
      (state: Tally | undefined, { value }, ctx: Context<{ rates: typeof rates }>): Outcome<Tally, typeof ledger | typeof alarms> => {
        if (value.kind === 'skip') return drop('unwanted')
        if (value.kind === 'poison') return deadLetter('E_CHAOS_POISON', { n: value.n })
        const rate = value.kind === 'add' ? ctx.tables.rates.get(value.rate) : undefined
        const after: Tally = {
          steps: (state?.steps ?? 0) + 1,
          sum: (state?.sum ?? 0) + (value.kind === 'add' ? value.amount * (rate?.factor ?? 0) : 0),
        }
        const entry: Entry = { cause: `${value.kind === 'ask' ? 'a' : 'e'}${value.n}`, ...after, rate: rate?.version ?? 0 }
        const timers =
          value.kind === 'arm'
            ? [timer('idle').at(ctx.at + value.amount)]
            : value.kind === 'cancel'
              ? [timer('idle').cancel()]
              : value.kind === 'remind'
                ? [timer(`r${value.n}`).at(ctx.at + value.amount)]
                : []
        return next(value.kind === 'clear' ? undefined : after, { emit: emissions(entry), timers })
      },
    ),
  ],
  timer: (state: Tally, { name, dueAt }): Outcome<Tally, typeof ledger | typeof alarms> => {
    const after: Tally = { steps: state.steps + 1, sum: state.sum }
    return next(after, { emit: emissions({ cause: `t:${name}:${dueAt}`, ...after, rate: 0 }) })
  },
  outputs: [ledger, alarms],
})

function emissions(entry: Entry): readonly Emission<typeof ledger | typeof alarms>[] {
  return [emit(ledger, entry), ...(entry.steps % ALARM_EVERY === 0 ? [emit(alarms, entry)] : [])]
}

export const rollup = stage({
  name: 'rollup',
  state: Total,
  tables: { permits },
  // Room for a whole run behind a key that waits: what is beyond it would be given up, in an order that nobody knows.
  parking: { attempts: ATTEMPTS, records: 10_000, bytes: 524_288 },
  on: [
    from(
      ledger,
      (state: Total | undefined, { value }, ctx: Context<{ permits: typeof permits }>): Outcome<Total, typeof totals> => {
        if (value.steps % REFUSED_EVERY === 0) return deadLetter('E_CHAOS_REFUSED', { cause: value.cause })
        if (value.cause.startsWith('a') && ctx.tables.permits.get(value.cause) === undefined)
          return retryLater('E_CHAOS_NO_PERMIT', { cause: value.cause }, { afterMs: ASK_AGAIN_MS })
        const total: Total = { cause: value.cause, seen: (state?.seen ?? 0) + 1, total: (state?.total ?? 0) + value.sum }
        return next(total, { emit: [emit(totals, total)] })
      },
      // What comes from outside overtakes readings, so that these are set aside while everything happens to the member.
      { priority: 1 },
    ),
  ],
  outputs: [totals],
})

export const notify = stage({
  name: 'notify',
  state: Notice,
  on: [
    from(totals, (state: Notice | undefined, { value }, ctx: Context): Outcome<Notice, typeof notices | typeof regions> => {
      const level = Math.floor(value.total / LEVEL)
      const changed = level !== (state?.level ?? 0)
      const notice: Notice = { cause: value.cause, from: ctx.key, level, sent: (state?.sent ?? 0) + (changed ? 1 : 0) }
      const emissions: Emission<typeof notices | typeof regions>[] = [emit(regions, notice, { key: regionOf(ctx.key) })]
      if (changed) emissions.push(emit(notices, notice))
      return next(notice, { emit: emissions })
    }),
  ],
  outputs: [notices, regions],
})
