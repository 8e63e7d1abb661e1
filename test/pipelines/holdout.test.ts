/** Leads that are left alone: who, when, and what that shows of follow-ups. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { effectReport, effectReportLines, subjectsFrom } from '../../cli/verbs/effects.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import type { TailSource } from '../../cli/replaySource.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { groupOf, isLeftAlone, isOwnBeginning } from '../../pipelines/consensus/holdout.ts'
import { averageEffect, didOf, kinds, subjectsOf } from '../../pipelines/effects/treatedOrNot.ts'
import type { Subject } from '../../pipelines/effects/treatedOrNot.ts'
import { curvesOf, upliftOf } from '../../pipelines/effects/uplift.ts'
import type { Ranked } from '../../pipelines/effects/uplift.ts'
import { drive } from '../../runtime/driver.ts'
import type { Assessment, Decision, LeadView, Tenant } from '../../schemas/generated/records.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { assessments, ballots, decisions, outcomes, tenants } from '../../topics/index.ts'
import { DAY, HOUR, decisionRecord, tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { asked, question } from './leads.ts'

const tenantId = 'sandboxLocation000001'
const near = (a: number, b: number, within = 1e-9) => Math.abs(a - b) <= within
const contacts = Array.from({ length: 20_000 }, (_, index) => `contact${index}`)
const alone = contacts.find((id) => isLeftAlone(tenantId, id)) as string
const free = contacts.find((id) => !isLeftAlone(tenantId, id)) as string

t.test('one lead in twenty, by the hash of location and lead, and not the same ones in two locations', async (t) => {
  const bits = (id: string) => parseInt(createHash('sha256').update(`holdout:${tenantId}:${id}`).digest('hex').slice(0, 8), 16)
  t.strictSame(
    contacts.filter((id) => isLeftAlone(tenantId, id)),
    contacts.filter((id) => bits(id) < 2 ** 32 / 20),
  )
  const share = contacts.filter((id) => isLeftAlone(tenantId, id)).length / contacts.length
  // Standard deviation sqrt(.05 x .95 / 20000) = .0015.
  t.ok(Math.abs(share - 0.05) < 0.006, String(share))
  t.ok(contacts.some((id) => isLeftAlone(tenantId, id) !== isLeftAlone('other', id)))
})

const silent = question({ reason: 'silence_48h', stage: 'silent' })
/** We wrote last, an hour after the lead. */
const view: LeadView = { ...silent.view, lastInboundAt: asked - 49 * HOUR, lastOutboundAt: asked - 48 * HOUR }
const options = ['wait', 'sms', 'email', 'call']
const on = tenantRecord({ holdout: true })
const gatesOf = (contactId: string, over: Partial<LeadView> = {}, reason = 'silence_48h', tenant: Tenant = on, of = options) =>
  evaluateGates({ view: { ...view, ...over }, at: asked, tenant, asked: { tenantId, contactId, reason } }, of)
const said = (...args: Parameters<typeof gatesOf>) => gatesOf(...args).results.filter(({ gateId }) => gateId === 'holdout')

t.test('only what we would begin ourselves is held back', async (t) => {
  t.match(said(alone), [{ ruleId: 'left_alone', option: '*', verdict: 'deny', liftsAt: null }])
  t.strictSame([...gatesOf(alone).eligible], ['wait'])
  t.match(said(free), [{ ruleId: 'pass', verdict: 'allow' }])
  t.ok(gatesOf(free).eligible.size > 1)
  for (const reason of ['silence_24h', 'silence_72h', 'level_changed', 'workflow_reported'])
    t.equal(said(alone, {}, reason).length, 1, reason)
  for (const reason of ['inbound_message', 'new_lead']) t.strictSame(said(alone, {}, reason), [], reason)
  t.strictSame(said(alone, { lastOutboundAt: null }), [], 'nothing was said to it yet')
  t.strictSame(said(alone, { lastInboundAt: asked - 47 * HOUR }), [], 'it waits for an answer')
  t.strictSame(said(alone, { lastInboundAt: asked - 48 * HOUR }), [], 'in the same millisecond it may wait for one')
  t.equal(said(alone, { lastInboundAt: null }).length, 1, 'it never wrote')
  t.ok(isOwnBeginning({ reason: 'silence_24h', view }))
  t.strictSame(said(alone, {}, 'silence_48h', on, ['wait', 'hand_over']), [], 'a person may take it over')
  t.strictSame(said(alone, {}, 'silence_48h', on, ['wait', 'soft_ask', 'inform']), [], 'wording is no contact')
})

t.test('where a location has not asked for it a decision keeps its bytes; where it has, the decision says why', async (t) => {
  const decided = (contactId: string, holdout: boolean | null) => {
    const asks: Assessment = { ...silent, contactId, view }
    const key = `${tenantId}:${contactId}`
    const line = drive(consensus, { at: asked, tables: { tenants: [[tenantId, { ...on, holdout }]] } })
    line.pipe(assessments, key, asks)
    line.pipe(ballots, key, {
      ...{ ballotId: 'b', assessmentId: asks.assessmentId, tenantId, contactId, epoch: asks.epoch },
      ...{ source: 'panel', castAt: asked, votes: panel(asks, roster) },
    })
    line.advance('1m')
    return line.outputs(decisions)
  }
  const followUpOf = (all: readonly Decision[]) => all.find(({ type }) => type === 'follow_up') as Decision
  t.strictSame(decided(alone, false), decided(alone, null))
  t.notOk(followUpOf(decided(alone, null)).gates.some(({ gateId }) => gateId === 'holdout'))
  const held = followUpOf(decided(alone, true))
  t.match(held, { chosen: 'wait', stopReason: 'gated', auditSelected: false, liftsAt: null, contributions: [], silent: [] })
  t.match(explain(held).sentences, [
    'The lead is in the group that is left alone, to know what follow-ups bring.',
    /does not lift by itself/,
  ])
  t.equal(groupOf(held), 'left_alone')
  const others = (all: readonly Decision[]) => all.filter(({ type }) => type !== 'follow_up')
  t.strictSame(others(decided(alone, true)), others(decided(alone, null)), 'an escalation is decided as ever')
  const treated = followUpOf(decided(free, true))
  t.equal(groupOf(treated), 'treated')
  t.strictSame(
    { ...treated, gates: treated.gates.filter(({ gateId }) => gateId !== 'holdout') },
    followUpOf(decided(free, null)),
    'who is not left alone is decided as ever',
  )
})

const passed = { gateId: 'holdout', ruleId: 'pass', option: '*', verdict: 'allow', liftsAt: null, reason: '' }
const denied = { ...passed, ruleId: 'left_alone', verdict: 'deny' }
const choices = options.map((option) => ({ option, eligible: true, baseMicro: 0, score: '0', probability: 0.25, utility: 0 }))
const enters = (contactId: string, at: number, over: Partial<Decision> = {}) =>
  decisionRecord({ contactId, decidedAt: at, gates: [passed], options: choices, ...over })

t.test('both groups are leads that no other gate would have kept from a message', async (t) => {
  const closed = { ...denied, gateId: 'lead_closed' }
  const consent = (option: string) => ({ ...denied, gateId: 'consent', option })
  t.equal(groupOf(enters('a', 0)), 'treated')
  t.equal(groupOf(enters('a', 0, { gates: [denied] })), 'left_alone')
  t.equal(groupOf(enters('a', 0, { gates: [] })), undefined)
  t.equal(groupOf(enters('a', 0, { stopReason: 'superseded' })), undefined)
  for (const gate of [passed, denied]) {
    t.equal(groupOf(enters('a', 0, { gates: [gate, closed] })), undefined)
    t.equal(groupOf(enters('a', 0, { gates: [gate, consent('sms'), consent('email'), consent('call')] })), undefined)
    t.ok(groupOf(enters('a', 0, { gates: [gate, consent('sms'), consent('email')] })))
  }
})

const from = asked
const range = { from, now: from + 30 * DAY, withinMs: 14 * DAY }
const { signal } = new AbortController()
const outcome = (contactId: string, kind: string, at: number) => ({
  ...{
    outcomeId: `${contactId} ${kind} ${at}`,
    tenantId,
    contactId,
    kind,
    at,
    source: 'enrich',
    sourceId: 's',
    label: null,
    channel: null,
    value: null,
  },
})

t.test('a lead counts once, from the first time on, with what it did in its time', async (t) => {
  const { subjects, tooRecent } = subjectsOf(
    [
      enters('a', from + 5),
      enters('a', from + 2, { reason: 'silence_24h' }),
      enters('early', from - 1),
      enters('early', from + 2),
      enters('b', from + 1, { gates: [denied] }),
      enters('c', from, { type: 'escalation' }),
      enters('late', from + 16 * DAY + 1),
      enters('justEnough', from + 16 * DAY),
    ],
    [
      outcome('early', 'reply', from + 3),
      outcome('a', 'reply', from + 2 + 14 * DAY),
      outcome('a', 'reply', from + 3),
      outcome('a', 'appointment', from + 2),
      outcome('a', 'conversion', from + 3 + 14 * DAY),
      outcome('b', 'conversion', from + 2),
      outcome('b', 'opt_out', from + 3),
      outcome('b', 'negative_reply', from + 3),
      outcome('nobody', 'reply', from + 2),
    ],
    range,
  )
  t.match(subjects, [
    { contactId: 'a', isTreated: true, since: from + 2, features: [1, 0, 0], did: didOf(new Set(['reply'])) },
    { contactId: 'b', isTreated: false, did: { reply: false, appointment: false, conversion: true, opt_out: true, complaint: false } },
    { contactId: 'justEnough' },
  ])
  t.equal(subjects.length, 3)
  t.equal(tooRecent, 1)
})

t.test(
  'follow-ups that bring replies earlier and no more of them are not told to drive leads away, whenever the range begins',
  async (t) => {
    // 100 leads each, asked about weekly. Half of each group answers: the treated within the first week, those left alone in the third.
    const groups = [true, false].flatMap((isTreated) =>
      Array.from({ length: 100 }, (_, index) => ({ isTreated, contactId: `${isTreated ? 't' : 'a'}${index}`, answers: index < 50 })),
    )
    const week = 7 * DAY
    const held: Readonly<Record<string, readonly unknown[]>> = {
      [decisions.name]: groups.flatMap(({ contactId, isTreated, answers }) =>
        [0, 1, 2, 3]
          .filter((turn) => !answers || turn < (isTreated ? 1 : 3))
          .map((turn) => enters(contactId, from + turn * week, { tenantId, gates: [isTreated ? passed : denied] })),
      ),
      [outcomes.name]: groups
        .filter(({ answers }) => answers)
        .map(({ contactId, isTreated }) => outcome(contactId, 'reply', from + (isTreated ? 0 : 2 * week) + DAY)),
    }
    const source: TailSource = {
      tail: async (topic, options, onRecord) =>
        held[topic.name]?.forEach((value, offset) => {
          const at = (value as { decidedAt?: number; at: number }).decidedAt ?? (value as { at: number }).at
          const begin = typeof options.from === 'object' && 'at' in options.from ? options.from.at : -Infinity
          if (at >= begin) onRecord({ partition: 0, offset: BigInt(offset), key: 'k', value: value as never, timestamp: at, headers: {} })
        }),
    }
    const told = async (since: number) => {
      const within = { from: since, now: from + 30 * week, withinMs: 4 * week }
      return averageEffect((await subjectsFrom(source, tenantId, within, signal)).subjects, 'reply')
    }
    t.match(await told(from), { treated: { leads: 100, hits: 50 }, leftAlone: { leads: 100, hits: 50 }, difference: 0 })
    t.match(await told(from + week), { treated: { leads: 0 }, leftAlone: { leads: 0 } }, 'all of them entered before')
  },
)

const subject = (index: number, isTreated: boolean, reply: boolean, feature = 0): Subject => ({
  contactId: `c${index}`,
  isTreated,
  since: from,
  features: [feature],
  did: didOf(new Set(reply ? ['reply'] : [])),
})
const group = (count: number, hits: number, isTreated: boolean) =>
  Array.from({ length: count }, (_, index) => subject(index + (isTreated ? 0 : 100_000), isTreated, index < hits))

t.test('the average effect is the difference of two shares of leads, with its interval', async (t) => {
  // Newcombe 1998, example (a): 56 of 70 against 48 of 80; method 10 gives .0524 to .3339.
  const found = averageEffect([...group(70, 56, true), ...group(80, 48, false)], 'reply')
  t.match(found, { treated: { leads: 70, hits: 56 }, leftAlone: { leads: 80, hits: 48 } })
  t.ok(near(found.difference, 0.2) && near(found.low, 0.0524, 5e-5) && near(found.high, 0.3339, 5e-5), JSON.stringify(found))
  t.match(averageEffect(group(3, 1, true), 'reply'), { difference: NaN, low: -1, high: 1 })
})

const ranked = (uplift: number, isTreated: boolean, hit: boolean): Ranked => ({ uplift, isTreated, hit })

t.test('Qini and AUUC by hand, and both without meaning where everybody is alike', async (t) => {
  const four = [ranked(4, true, true), ranked(3, false, false), ranked(2, true, false), ranked(1, false, true)]
  // Qini: .25, .25, .25, 0 over quarters; differences of shares times the part: 0, .5, .375, 0.
  t.strictSame(curvesOf(four), { qini: 0.1875, auuc: 0.21875 })
  // The curve ends at (2 - 0 x 2 / 2) / 4 = .5: of .25, .25, .5, .5 the area is .3125, half of the end is .25.
  const helped = [ranked(4, true, true), ranked(3, false, false), ranked(2, true, true), ranked(1, false, false)]
  t.strictSame(curvesOf(helped).qini, 0.0625)
  await assertProperty(
    t,
    fc.property(
      fc.array(fc.record({ uplift: fc.nat(3), isTreated: fc.boolean(), hit: fc.boolean() }), { minLength: 1, maxLength: 30 }),
      (leads) => {
        const back = [...leads].reverse()
        if (JSON.stringify(curvesOf(leads)) !== JSON.stringify(curvesOf(back))) throw new Error('order')
        const alike = curvesOf(leads.map((lead) => ({ ...lead, uplift: 1 })))
        const [treated, others] = [true, false].map((isTreated) => leads.filter((lead) => lead.isTreated === isTreated))
        const share = (of: readonly Ranked[] = []) => of.filter(({ hit }) => hit).length / of.length
        const both = (treated?.length ?? 0) > 0 && (others?.length ?? 0) > 0
        if (!near(alike.qini, 0)) throw new Error('Qini')
        if (!near(alike.auuc, both ? (share(treated) - share(others)) / 2 : 0)) throw new Error('AUUC')
      },
    ),
  )
})

t.test(
  'an order of leads is told from 2,000 and 500 on, and tells something only where follow-ups help some more than others',
  async (t) => {
    const world = (treated: number, others: number, helps: number) => {
      const random = seededRandom(3, 'leads')
      return Array.from({ length: treated + others }, (_, index) => {
        const isTreated = index < treated
        const feature = random.chance(0.5) ? 1 : -1
        return subject(index, isTreated, random.chance(0.15 + (isTreated && feature === 1 ? helps : 0)), feature)
      })
    }
    const of = (treated: number, others: number, helps: number) => {
      const random = seededRandom(1, 'draws')
      return upliftOf(world(treated, others, helps), 'reply', () => random.next())
    }
    t.equal(of(1_999, 500, 0.2), undefined)
    t.equal(of(2_000, 499, 0.2), undefined)
    const some = of(2_000, 500, 0.3)
    t.ok(some !== undefined && some.qiniInterval.low > 0 && some.auuc > 0.05, JSON.stringify(some))
    t.ok(some !== undefined && some.qiniInterval.low <= some.qini && some.qini <= some.qiniInterval.high)
    t.strictSame(of(2_000, 500, 0.3), some, 'the same leads and the same seed')
    const none = of(2_000, 500, 0)
    t.ok(none !== undefined && none.qiniInterval.low <= 0 && Math.abs(none.qini) < 0.02, JSON.stringify(none))
  },
)

t.test('the report of a location is of its own leads, told in whole numbers', async (t) => {
  const held: Readonly<Record<string, readonly unknown[]>> = {
    [decisions.name]: [
      undefined,
      enters('a', from + 1, { tenantId }),
      enters('b', from + 1, { tenantId, gates: [denied] }),
      enters('c', from + 1, { tenantId, gates: [] }),
      enters('d', from + 1, { tenantId: 'other', gates: [denied] }),
      enters('e', from + 29 * DAY, { tenantId }),
    ],
    [outcomes.name]: [outcome('a', 'reply', from + HOUR), { ...outcome('b', 'reply', from + HOUR), tenantId: 'other' }],
  }
  const source: TailSource = {
    tail: async (topic, _options, onRecord) =>
      held[topic.name]?.forEach((value, offset) =>
        onRecord({ partition: 0, offset: BigInt(offset), key: 'k', value: value as never, timestamp: from, headers: {} }),
      ),
  }
  const report = effectReport(await subjectsFrom(source, tenantId, range, signal))
  t.match(report, { average: { reply: { treated: { leads: 1, hits: 1 }, leftAlone: { leads: 1, hits: 0 } } }, uplift: null, tooRecent: 1 })
  const lines = effectReportLines(report, '14d')
  t.match(lines[0], /^within 14d +not left alone +left alone +difference +95 % interval/)
  t.match(lines[1], /^leads +1 +1/)
  t.match(lines[2], /^answered +1 \(100\.0 %\) +0 \(0\.0 %\) +\+100\.0 points/)
  t.match(lines[5], /^opted out +0 \(0\.0 %\) +0 \(0\.0 %\) +0\.0 points/)
  t.strictSame(lines.slice(7), [
    '1 lead is left out: its 14d are not over.',
    'Below 2,000 not left alone and 500 left alone only the average effect is told.',
  ])
  t.strictSame(effectReportLines(effectReport({ subjects: [], tooRecent: 0 }), '14d'), [
    'Not left alone: 0; left alone: 0. Both are needed.',
    'Leads are left alone once a location asks for it: rekindle tenants set <location> --holdout on.',
  ])
  t.strictSame(effectReportLines(effectReport({ subjects: [], tooRecent: 3 }), '14d'), [
    'Not left alone: 0; left alone: 0. Both are needed.',
    '3 leads are left out: their 14d are not over.',
  ])
  const uplift = { qini: 0.01, auuc: 0.02, qiniInterval: { low: 0.001, high: 0.02 }, auucInterval: { low: 0.01, high: 0.03 } }
  t.match(effectReportLines({ ...report, uplift }, '14d').slice(8), [
    'Whom they help, by two models of answers: Qini 0.0100 (0.0010 to 0.0200), AUUC 0.0200 (0.0100 to 0.0300).',
    /more than chance\. Nothing acts on it/,
  ])
  t.match(
    effectReportLines({ ...report, uplift: { ...uplift, qiniInterval: { low: 0, high: 1 } } }, '14d').at(-1),
    /does not tell more than chance/,
  )
})

t.test('the report that the documentation shows is the one that is printed', async (t) => {
  const did = (leads: number, isTreated: boolean, hits: readonly number[]) =>
    Array.from({ length: leads }, (_, index) => ({
      ...subject(index + (isTreated ? 0 : 100_000), isTreated, false),
      did: didOf(new Set(kinds.filter((_, place) => index < (hits[place] ?? 0)))),
    }))
  const subjects = [...did(1_000, true, [180, 42, 9, 12, 1]), ...did(50, false, [4, 1, 0, 0, 0])]
  const text = effectReportLines(effectReport({ subjects, tooRecent: 31 }), '14d').join('\n')
  t.ok(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'learning.md'), 'utf8').includes(`\`\`\`\n${text}\n\`\`\``), text)
})

t.test('a location turns it on and off; nothing else moves it', async (t) => {
  const before = tenantRecord()
  t.equal(changed(tenantId, before, { holdout: 'on' }, 1).holdout, true)
  t.equal(changed(tenantId, on, { holdout: 'off' }, 1).holdout, false)
  t.equal(changed(tenantId, on, { name: 'x' }, 1).holdout, true)
  t.equal(changed(tenantId, before, {}, 1).holdout, null)
  t.throws(() => changed(tenantId, before, { holdout: 'yes' }, 1), { code: 'E_OPTION_INVALID' })
  t.ok(tenants.value.mismatch(on) === undefined)
})
