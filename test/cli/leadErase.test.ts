/** The proof of an erasure: what is left is counted, dates are arithmetic, an order is told again until nothing is left. */
import t from 'tap'
import { eraseLead, leftIn, planLines, proofLines, takeStock, verdictOn } from '../../cli/leadErase.ts'
import { recordJson } from '../../cli/leadExport.ts'
import type { HeldPlace, OnErasure, Section } from '../../cli/leadExport.ts'
import type { Erasure } from '../../schemas/generated/records.ts'
import { operatorRun } from './operatorRun.ts'

const day = 86_400_000
const now = Date.parse('2026-11-24T15:00:00Z')
const kept: OnErasure = { kind: 'kept', why: 'the order itself', isLeft: (record) => (record as { secret?: string }).secret !== undefined }

function place(section: Section, name: string, onErasure: OnErasure, records: () => readonly unknown[]): HeldPlace {
  return {
    section,
    name,
    onErasure,
    async read(onRecord) {
      for (const record of records()) await onRecord(recordJson(record))
    },
  }
}

/** A line that forgets after so many orders. */
function world(effective: number) {
  const orders: Erasure[] = []
  const isGone = () => orders.length >= effective
  const places = [
    place('topics', 'decisions.v1', { kind: 'expires', days: 365 }, () => [
      { timestamp: now - day, value: 1 },
      { timestamp: now - 2 * day, value: 1 },
    ]),
    place('topics', 'leads.erasures.v1', kept, () => orders.map(({ erasedAt }) => ({ timestamp: erasedAt }))),
    place('topics', 'leads.profiles.v1', { kind: 'tombstone' }, () => [{ value: 1 }, { value: 2 }, ...(isGone() ? [{ value: null }] : [])]),
    place('states', 'enrich', kept, () => [isGone() ? {} : { secret: 'name' }]),
    place('postgres', 'leads', { kind: 'emptied' }, () => (isGone() ? [] : [{ id: 1 }])),
    place('clickhouse', 'deliveries', { kind: 'emptied' }, () => []),
  ]
  return { orders, places, order: async (erasure: Erasure) => void orders.push(erasure) }
}
const order = () => ({ tenantId: 'loc', contactId: 'maria', erasedAt: now, requestId: 'r', requestedBy: 'office' })

function clockFrom(start: number) {
  let at = start
  return { now: () => at, wait: async (ms: number) => void (at += ms) }
}

t.test('what each place holds and what of it is left', async (t) => {
  const stocks = await takeStock(world(1).places)
  t.strictSame(
    stocks.map(({ name, records, left }) => [name, records, left]),
    [
      ['decisions.v1', 2, 0],
      ['leads.erasures.v1', 0, 0],
      ['leads.profiles.v1', 2, 2],
      ['enrich', 1, 1],
      ['leads', 1, 1],
      ['deliveries', 0, 0],
    ],
  )
  t.equal(leftIn(stocks), 4)
  t.strictSame(planLines(stocks), [
    'where     what               records  would be',
    // The newest is a day old: 365 days from then, and 7 for the segment that it stands in.
    'topics    decisions.v1             2  gone by 2027-11-30',
    'topics    leads.profiles.v1        2  ended by a tombstone; gone with compaction',
    'states    enrich                   1  stripped; kept: the order itself',
    'postgres  leads                    1  gone',
  ])
})

t.test('one order is enough when it is carried out; the table says before, after and what became of it', async (t) => {
  const { places, order: give, orders } = world(1)
  const {
    before,
    after,
    orders: given,
  } = await eraseLead({ places, order: give }, order, { orders: 3, orderMs: 1_000, pollMs: 100 }, clockFrom(now))
  t.equal(given, 1)
  t.equal(orders.length, 1)
  t.equal(leftIn(after), 0)
  t.strictSame(proofLines(before, after), [
    'where     what               before  after  verdict',
    'topics    decisions.v1            2      2  gone by 2027-11-30',
    'topics    leads.erasures.v1       0      1  kept: the order itself',
    'topics    leads.profiles.v1       2      3  a tombstone is the last; the rest goes with compaction',
    'states    enrich                  1      1  kept: the order itself',
    'postgres  leads                   1      0  gone',
  ])
  const again = await eraseLead({ places, order: give }, order, { orders: 3, orderMs: 1_000, pollMs: 100 }, clockFrom(now))
  t.equal(again.orders, 0, 'erased already')
  t.equal(orders.length, 1)
})

t.test('an order is told again when its time is over, three times at most, and the rest is called by its name', async (t) => {
  const second = world(2)
  const clock = clockFrom(now)
  const result = await eraseLead(second, order, { orders: 3, orderMs: 1_000, pollMs: 100 }, clock)
  t.equal(result.orders, 2)
  t.equal(clock.now(), now + 1_000, 'the first order had its time')
  const never = world(4)
  const { before, after, orders } = await eraseLead(never, order, { orders: 3, orderMs: 1_000, pollMs: 100 }, clockFrom(now))
  t.equal(orders, 3)
  t.equal(leftIn(after), 4)
  t.match(proofLines(before, after).at(-1), /leads +1 +1 +1 LEFT$/)
})

t.test('what is empty is not read again until all is, and what a sink that was behind wrote there meanwhile is found', async (t) => {
  const looks = { enrich: 0, leads: 0 }
  let ordered = false
  const places = [
    // Empty at the first look behind the order, and by the fourth something has been written again that is gone at the next one.
    place('states', 'enrich', { kind: 'emptied' }, () => (!ordered || ++looks.enrich === 2 ? [{}] : [])),
    place('postgres', 'leads', { kind: 'emptied' }, () => (!ordered || ++looks.leads <= 3 ? [{}] : [])),
  ]
  const give = async () => void (ordered = true)
  const clock = clockFrom(now)
  const { orders, after } = await eraseLead({ places, order: give }, order, { orders: 3, orderMs: 10_000, pollMs: 100 }, clock)
  t.strictSame([orders, leftIn(after)], [1, 0])
  // Behind the order: both; leads twice more and once empty; both, of which enrich holds something; enrich; both; both for the proof.
  t.strictSame(looks, { enrich: 5, leads: 7 })
  t.equal(clock.now(), now + 4 * 100)
})

t.test('whoever reads for long waits for as long before the next look', async (t) => {
  const clock = clockFrom(now)
  let left = 3
  const slow: HeldPlace = {
    ...place('states', 'enrich', { kind: 'emptied' }, () => []),
    read: async (onRecord) => {
      await clock.wait(7_000)
      if (left-- > 0) await onRecord('{}')
    },
  }
  // Before: 7 s. Then two looks that find something, each with a pause as long, one that does not, and the proof.
  await eraseLead({ places: [slow], order: async () => undefined }, order, { orders: 3, orderMs: 60_000, pollMs: 500 }, clock)
  t.equal(clock.now(), now + 7_000 + 2 * 14_000 + 7_000 + 7_000)
})

t.test('a place that holds nothing says so', async (t) => {
  const stock = { section: 'topics', name: 'x', records: 0, left: 0, newestAt: undefined } as const
  t.equal(verdictOn({ ...stock, onErasure: { kind: 'expires', days: 7 } }), 'nothing')
  t.equal(verdictOn({ ...stock, onErasure: { kind: 'tombstone' } }), 'nothing')
  t.equal(verdictOn({ ...stock, onErasure: kept }), 'nothing')
})

t.test('a key that nothing is held on is told: an order that deletes nothing would look like a lead that is forgotten', async (t) => {
  const orders: Erasure[] = []
  const places = [place('topics', 'leads.erasures.v1', kept, () => orders), place('postgres', 'leads', { kind: 'emptied' }, () => [])]
  const held = async () => ({ places, linked: [], order: async (one: Erasure) => void orders.push(one), close: async () => undefined })
  const run = (...flags: string[]) => operatorRun(['leads', 'erase', 'loc:typo', ...flags], {}, { held })
  const said = /^Nothing was held on loc:typo\. Is it the lead that is meant\?/
  t.match(await run('--dry-run'), { code: 0, err: [said] })
  t.match(await run('--yes', '--by', 'office'), { code: 0, err: [said] })
  t.equal(orders.length, 1, 'what comes later of before that moment is not stored')
  t.strictSame((await run('--yes')).err, [], 'an order is kept, so it was erased already')
})

t.test('the verb: exit code, audit line and who gave the order', async (t) => {
  const run = async (effective: number, ...flags: string[]) => {
    const { places, order: give, orders } = world(effective)
    let at = now
    const held = async () => ({ places, linked: ['loc:mario'], order: give, close: async () => undefined })
    const wait = async (ms: number) => void (at += ms)
    const ran = await operatorRun(['leads', 'erase', 'loc:maria', ...flags], {}, { held, now: () => at, wait, newId: () => 'order-1' })
    return { ...ran, orders }
  }
  const done = await run(1, '--yes', '--by', 'office')
  t.equal(done.code, 0)
  t.strictSame(done.out.slice(-2), [
    '2026-11-24T15:00:00.000Z erasure order-1 of loc:maria by office: done',
    'Perhaps the same person, not erased: loc:mario',
  ])
  t.strictSame(done.orders, [{ tenantId: 'loc', contactId: 'maria', erasedAt: now, requestId: 'order-1', requestedBy: 'office' }])
  const { places, order: give, orders } = world(1)
  const odd = { places, linked: [], order: give, close: async () => undefined }
  const ran = await operatorRun(['leads', 'erase', 'loc:a b:c', '--yes'], {}, { held: async () => odd })
  t.equal(ran.code, 0)
  t.match(orders, [{ tenantId: 'loc', contactId: 'a b:c' }], 'the order names the contact as it is, a colon in it included')
  const left = await run(9, '--yes', '--wait', '3')
  t.match(left, { code: 1, err: [/^E_ERASURE_UNFINISHED: 4 records of loc:maria are left\./] })
  t.strictSame(
    left.orders.map(({ erasedAt }) => erasedAt - now),
    [0, 1_000, 2_000],
    'each later than the one before',
  )
  t.ok((left.orders[0]?.requestedBy ?? '') !== '', 'the user of the machine')
  const dry = await run(1, '--dry-run')
  t.match(dry, { code: 0, orders: [] })
  t.strictSame(dry.orders, [])
  t.match(await run(1), { code: 1, err: [/^E_OPTION_INVALID: There is no way back/] })
  t.match(await run(1, '--yes', '--wait', 'long'), { code: 1, err: [/^E_OPTION_INVALID: --wait long/] })
})
