/** The replay of what one stage set aside is folded by that stage: those that had accepted the record would count it twice. */
import t from 'tap'
import { DeadLetterBook } from '../../runtime/kafka/deadLetterBook.ts'
import { deadLetterRecord, readDeadLetterRecord, replayedFor, replayRecord } from '../../runtime/kafka/deadLetters.ts'
import type { DeadLetter } from '../../runtime/kafka/deadLetters.ts'
import type { LogRecord } from '../../runtime/kafka/partitionReader.ts'
import { textHeaders } from '../../runtime/rawHeaders.ts'
import { deadLetter, emit, next, retryLater } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { StreamRecord } from '../../runtime/stage.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { Task, Undecodable } from '../../runtime/task.ts'
import type { InputRecord } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'

interface Amount {
  amount: number
}
const Amount = schema<Amount>({ type: 'record', name: 'Amount', fields: [{ name: 'amount', type: 'int' }] })
const payments = topic({
  ...{ name: 'payments', key: 'lead', value: Amount, retention: { days: 1 }, contract: 'internal' },
  ...{ writtenBy: ['till'], about: '' },
} as const)

/** Adds up; `judge` says what it makes of a record before that. */
function adding(name: string, judge: (amount: number) => 'take' | 'refuse' | 'wait', migrates?: { from: string }) {
  return stage({
    name,
    state: Amount,
    on: [
      from(payments, (before: Amount | undefined, { value }: StreamRecord<Amount>) => {
        const verdict = judge(value.amount)
        if (verdict === 'refuse') return deadLetter('E_REFUSED', {})
        if (verdict === 'wait') return retryLater('E_NOT_YET', {}, { afterMs: 1_000 })
        return next<Amount>({ amount: (before?.amount ?? 0) + value.amount })
      }),
    ],
    outputs: [],
    ...(migrates === undefined ? {} : { migrates }),
  })
}

function world(...stages: ReturnType<typeof adding>[]) {
  const stores = new Map(stages.map(({ name }) => [name, new MemoryStateStore()]))
  const task = new Task({ group: 'books', stages, partition: 0, stores, tables: new Map() })
  const sumOf = (name: string) => (stores.get(name)?.get('a')?.state as Amount | undefined)?.amount
  return {
    task,
    /** Folds and applies; the sums of the key afterwards. */
    fold(...records: InputRecord[]) {
      const batch = task.process(records, 0)
      task.apply(batch)
      return { ...batch, sums: stages.map(({ name }) => sumOf(name)) }
    },
    sums: () => stages.map(({ name }) => sumOf(name)),
  }
}

function input(offset: number, value: unknown, onlyFor?: string): InputRecord {
  const raw = { key: Buffer.from('a'), value: value instanceof Undecodable ? Buffer.of(7) : Amount.encode(value as Amount), headers: {} }
  return { topic: 'payments', partition: 0, offset: BigInt(offset), key: 'a', value, timestamp: 0, headers: {}, raw, onlyFor }
}

const takes = adding('takes', () => 'take')
const picky = adding('picky', (amount) => (amount === 5 ? 'refuse' : 'take'))

t.test('a record that one of two stages has set aside is replayed for that one', async (t) => {
  const before = world(takes, picky)
  const { deadLetters, sums } = before.fold(input(0, { amount: 5 }), input(1, { amount: 1 }))
  t.match(deadLetters, [{ stage: 'picky', alone: true }])
  t.strictSame(sums, [6, 1])
  t.strictSame(before.fold(input(2, { amount: 5 }, 'picky')).deadLetters.length, 1, 'and is set aside again while it is not mended')
  const mended = world(
    takes,
    adding('picky', () => 'take'),
  )
  t.strictSame(mended.fold(input(0, { amount: 5 }, 'picky')).sums, [undefined, 5])
})

t.test('what no stage was given is replayed for all of them', async (t) => {
  const line = world(takes, picky)
  const { deadLetters } = line.fold(
    input(0, new Undecodable('magic byte 7')),
    { ...input(1, { amount: 1 }), key: null },
    { ...input(2, { amount: 1 }), key: '$schema:x' },
    input(3, new Undecodable('still'), 'picky'),
  )
  t.strictSame(
    deadLetters.map(({ code, stage: name, alone }) => [code, name, alone]),
    [
      ['E_RECORD_UNDECODABLE', 'takes', false],
      ['E_RECORD_KEY_MISSING', 'takes', false],
      ['E_RECORD_KEY_RESERVED', 'takes', false],
      // The others had it before it was replayed for this one.
      ['E_RECORD_UNDECODABLE', 'picky', true],
    ],
  )
})

t.test('what has waited, and what waits no longer, is for the stage with which it waited', async (t) => {
  let verdict: 'take' | 'refuse' | 'wait' = 'wait'
  const line = world(
    takes,
    adding('picky', () => verdict),
  )
  t.strictSame(line.fold(input(0, { amount: 5 }), input(1, { amount: 2 })).sums, [7, undefined])
  t.strictSame(line.fold(input(2, { amount: 3 }, 'picky')).sums, [7, undefined], 'a replay waits behind its key')
  verdict = 'refuse'
  const refused = line.task.fireTimers(1_000, 1)
  t.match(refused.deadLetters, [{ stage: 'picky', alone: true }])
  verdict = 'take'
  line.task.apply(line.task.fireTimers(1_000, 10))
  t.strictSame(line.sums(), [7, 10])
})

t.test('a stage that goes on under another name has the replays of the former one; without it nobody has them', async (t) => {
  const renamed = world(
    takes,
    adding('choosy', () => 'take', { from: 'picky' }),
  )
  t.strictSame(renamed.fold(input(0, { amount: 5 }, 'picky')).sums, [undefined, 5])
  const gone = world(takes)
  const { sums, drops } = gone.fold(input(0, { amount: 5 }, 'picky'))
  t.strictSame(sums, [undefined])
  t.strictSame(drops, [{ stage: 'takes', reason: 'no_longer_read' }])
})

const source: LogRecord = {
  ...{ topic: 'payments.v1', partition: 0, offset: 7n, key: Buffer.from('a'), value: Buffer.of(1), timestamp: 5 },
  headers: { ce_id: 'x' },
}
const reason = { topic: payments, group: 'books', step: 'picky', code: 'E_REFUSED', detail: {}, attempts: 1 }

/** The letter as it is read back from its topic, at this offset. */
function letterAt(offset: bigint, alone: boolean, from: LogRecord = source, step = 'picky'): { letter: DeadLetter; record: LogRecord } {
  const { key, value, headers } = deadLetterRecord(from, { ...reason, step, alone }, '', 9)
  const record = { topic: 'payments.v1.books.dlq', partition: 0, offset, key: key as Buffer, value, timestamp: 9, headers } as LogRecord
  const read = readDeadLetterRecord(record, 'payments.v1', 'books')
  if (read.kind !== 'letter') throw new Error('it is no letter')
  return { letter: read.letter, record }
}

t.test('the stage stands on the letter and on its replay, where it counts for its group and topic only', async (t) => {
  const replayed = replayRecord(letterAt(3n, true).letter, 5)
  const headers = textHeaders(replayed.headers)
  t.strictSame(headers, { ce_id: 'x', 'dlq-replay-of': 'payments.v1.books.dlq#0@3', 'dlq-only-for': 'picky' })
  t.equal(replayedFor(headers, 'payments.v1', 'books'), 'picky')
  t.equal(replayedFor(headers, 'payments.v1', 'others'), undefined)
  t.equal(replayedFor(headers, 'balances.v1', 'books'), undefined, 'a fold has passed the headers on')
  const forAll = textHeaders(replayRecord(letterAt(3n, false).letter, 5).headers)
  t.equal(replayedFor(forAll, 'payments.v1', 'books'), undefined)
  const again = { ...source, headers: { ...replayed.headers } }
  t.equal(letterAt(4n, false, again).letter.onlyFor, undefined, 'a replay that nobody could read this time is for all that read it')
  t.equal(letterAt(4n, true, again).letter.onlyFor, 'picky')
})

t.test('a record that two stages have set aside is two letters; one that a sink has set aside twice is one', async (t) => {
  const book = new DeadLetterBook('payments.v1', 'books')
  for (const { record } of [letterAt(0n, true), letterAt(1n, true, source, 'choosy'), letterAt(2n, true)]) book.add(record)
  t.strictSame(
    book.open.map(({ offset, step }) => [offset, step]),
    [
      [0n, 'picky'],
      [1n, 'choosy'],
    ],
  )
  const sinks = new DeadLetterBook('payments.v1', 'books')
  for (const { record } of [letterAt(0n, false), letterAt(1n, false)]) sinks.add(record)
  t.strictSame(
    sinks.open.map(({ offset }) => offset),
    [0n],
  )
})

t.test('what a fold makes of a replay and passes its headers on with is no replay: sinks pass over those of other groups', async (t) => {
  const echo = stage({
    name: 'echo',
    on: [
      from(payments, (_: undefined, { value, headers }: StreamRecord<Amount>) =>
        next<undefined, typeof payments>(undefined, { emit: [emit(payments, value, { key: 'b', headers })] }),
      ),
    ],
    outputs: [payments],
  })
  const task = new Task({ group: 'books', stages: [echo], partition: 0, stores: new Map(), tables: new Map() })
  const headers = { 'x-of-theirs': '1', 'dlq-replay-of': 'payments.v1.books.dlq#0@3', 'dlq-only-for': 'echo' }
  const { outputs } = task.process([{ ...input(0, { amount: 5 }, 'echo'), headers }], 0)
  t.strictSame(
    outputs.map((output) => Object.keys(output.headers).filter((name) => !name.startsWith('ce_'))),
    [['x-of-theirs', 'content-type']],
  )
})
