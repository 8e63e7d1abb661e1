/** What rules cost is counted from decisions: which rule took what the votes alone were clearly for, and whether it was the only one. */
import fc from 'fast-check'
import t from 'tap'
import { costOfGates, deniedFavourite } from '../../pipelines/consensus/costOfGates.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import type { Decision, GateResult } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { caseOf, rosterOf, shuffled, vote } from './cases.ts'
import { view } from './leads.ts'

const six = rosterOf([1, 1, 1, 1, 1, 1], 0)
const wanting = (option: string) => six.roster.map((agent) => vote(agent, option, 5))
/** Six votes of 1 nat each for one option: e^6 = 403 times its base rate, which is more than .8 of anything but a tiny one. */
const decisionOf = (option: string, blocked: Record<string, string>, over: Partial<Decision> = {}): Decision => ({
  ...decideNow(caseOf({ policy: six, votes: wanting(option), view: view({ blockedChannels: blocked }) }), 'deadline'),
  ...over,
})
const denial = (gateId: string, ruleId: string, option: string): GateResult => ({
  ...{ gateId, ruleId, option, verdict: 'deny', liftsAt: null, reason: `Because of ${ruleId}.` },
})

t.test('a rule that took the favourite is named with what it said; a rule that took anything else is not', async (t) => {
  const denied = decisionOf('email', { email: 'dnd', call: 'no_consent' })
  t.match(deniedFavourite(denied), { option: 'email', by: [{ gateId: 'consent', ruleId: 'dnd', option: 'email' }] })
  t.strictSame(costOfGates([denied]), [
    {
      ...{ tenantId: denied.tenantId, type: 'follow_up', gateId: 'consent', ruleId: 'dnd', option: 'email' },
      ...{ decisions: 1, alone: 1, leads: 1, lastAt: denied.decidedAt, reason: 'Do not disturb is set for email.' },
    },
  ])
  t.equal(deniedFavourite(decisionOf('sms', { email: 'dnd' })), undefined, 'the votes were for what was open')
  t.equal(deniedFavourite({ ...denied, conflicts: [] }), undefined, 'no conflict was recorded')
  t.strictSame(costOfGates([]), [])
})

t.test('two rules in the way of one option: each is told, neither stood there alone', async (t) => {
  const one = decisionOf('email', { email: 'dnd' })
  const two = {
    ...one,
    contactId: 'other',
    gates: [...one.gates, denial('holdout', 'left_alone', 'email'), denial('consent', 'dnd', 'sms')],
  }
  t.match(
    costOfGates([one, two]).map(({ ruleId, decisions, alone, leads }) => [ruleId, decisions, alone, leads]),
    [
      ['dnd', 2, 1, 2],
      ['left_alone', 1, 0, 1],
    ],
  )
})

t.test('each location, kind of decision and option has its line; a lead counts once; the last word of the gate stands', async (t) => {
  const base = decisionOf('email', { email: 'dnd' })
  const later = {
    ...base,
    decidedAt: base.decidedAt + 1,
    gates: base.gates.map((gate) => (gate.ruleId === 'dnd' ? { ...gate, reason: 'Later.' } : gate)),
  }
  const all = [base, later, { ...base, tenantId: 'elsewhere' }, { ...base, type: 'content' }, decisionOf('call', { call: 'dnd' })]
  const lines = costOfGates(all)
  t.equal(lines.length, 4)
  t.match(lines[0], { tenantId: base.tenantId, option: 'email', decisions: 2, leads: 1, lastAt: later.decidedAt, reason: 'Later.' })
  await assertProperty(
    t,
    fc.property(fc.infiniteStream(fc.nat()), (randoms) => JSON.stringify(costOfGates(shuffled(all, randoms))) === JSON.stringify(lines)),
  )
})
