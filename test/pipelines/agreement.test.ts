/** Agents that turn are named without a label, by their agreement with the other families; where many change nobody is held down. */
import fc from 'fast-check'
import t from 'tap'
import { agreementOf, LEAST_AFTER, LEAST_BEFORE } from '../../pipelines/consensus/fit/agreement.ts'
import { fit } from '../../pipelines/consensus/fit/fit.ts'
import { matrixOf } from '../../pipelines/consensus/fit/voteTable.ts'
import type { VoteTable } from '../../pipelines/consensus/fit/voteTable.ts'
import { DAY, MINUTE } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const options = ['wait', 'sms', 'email', 'call']
const five = ['ann', 'ben', 'cyd', 'dan', 'eve']

interface Script {
  readonly agents?: readonly string[]
  readonly questions: number
  /** How far beside the right option an agent votes. */
  readonly off: (agent: string, question: number) => number
  readonly groupOf?: (question: number) => string
  readonly inclusion?: (question: number) => number
}

/** A question a minute, each agent a family of its own, each option right in turn. */
function scripted({ agents = five, questions, off, groupOf = (n) => `lead ${n}`, inclusion = () => 1 }: Script): VoteTable {
  const all = Array.from({ length: questions }, (_, n) => n)
  return {
    options,
    agents: agents.map((agent) => ({ agent, family: `family of ${agent}` })),
    items: all.map((n) => ({
      ...{ item: String(n).padStart(5, '0'), group: groupOf(n), at: n * MINUTE, truth: options[n % 4] ?? null, inclusion: inclusion(n) },
    })),
    votes: all.flatMap((n) =>
      agents.map((agent) => ({ item: String(n).padStart(5, '0'), agent, option: options[(n + off(agent, n)) % 4] ?? null, bin: 4 })),
    ),
  }
}
const named = (table: VoteTable, judges?: (agent: string) => boolean) =>
  agreementOf(matrixOf(table), judges === undefined ? {} : { judges })
const eveTurns = (from: number) => (agent: string, n: number) => Number(agent === 'eve' && n >= from)

t.test('who turns is named, with when and on how many questions; the others are not', (t) => {
  const { atOdds, undecided, questions, watched } = named(scripted({ questions: 160, off: eveTurns(100) }))
  // Always with the others before, never since; with four options that are right equally often habits agree on a quarter.
  t.strictSame(atOdds, [{ agent: 'eve', since: 100 * MINUTE, before: 1, after: 0, chance: 0.25, questions: 60 }])
  t.match({ undecided, questions, watched }, { undecided: false, questions: 160, watched: 5 })
  t.strictSame(named(scripted({ questions: 160, off: () => 0 })).atOdds, [], 'nobody turns, nobody is named')
  t.end()
})

t.test('too few questions before or after a change name nobody, and so does one lead that is asked about all day', (t) => {
  t.equal(named(scripted({ questions: 100 + LEAST_AFTER, off: eveTurns(100) })).atOdds.length, 1)
  t.equal(named(scripted({ questions: 100 + LEAST_AFTER - 1, off: eveTurns(100) })).atOdds.length, 0)
  t.equal(named(scripted({ questions: LEAST_BEFORE + 100, off: eveTurns(LEAST_BEFORE) })).atOdds.length, 1)
  t.equal(
    named(scripted({ questions: LEAST_BEFORE + 100, off: eveTurns(20) })).atOdds.length,
    0,
    'most of what it was compared on is of after',
  )
  const oneLead = (n: number) => (n < 100 ? `lead ${n}` : 'lead')
  t.equal(named(scripted({ questions: 400, off: eveTurns(100), groupOf: oneLead })).atOdds.length, 0)
  t.end()
})

t.test('where those who fell hold more than a quarter of the voices nobody can say who changed', (t) => {
  const twoTurn = scripted({ questions: 300, off: (agent, n) => (n < 100 ? 0 : agent === 'eve' ? 1 : agent === 'dan' ? 2 : 0) })
  t.match(named(twoTurn), { undecided: true })
  // A majority that turns together makes the minority fall.
  const majority = scripted({ questions: 300, off: (agent, n) => Number(n >= 100 && agent !== 'ann' && agent !== 'ben') })
  t.match(named(majority), { undecided: true })
  t.end()
})

t.test('a right one against all others who turn together is named: agreement knows no truth', (t) => {
  const { atOdds, undecided } = named(scripted({ questions: 300, off: (agent, n) => Number(n >= 100 && agent !== 'ann') }))
  t.match({ agents: atOdds.map(({ agent }) => agent), undecided }, { agents: ['ann'], undecided: false })
  t.end()
})

t.test('who is no judge is watched and moves nobody, under however many families', (t) => {
  const guests = Array.from({ length: 9 }, (_, n) => `guest/${n}`)
  const table = scripted({
    agents: [...five, ...guests],
    questions: 300,
    off: (agent, n) => Number(n >= 100 && (agent.startsWith('guest/') || agent === 'eve')),
  })
  const { atOdds, undecided } = named(table, (agent) => !agent.startsWith('guest/'))
  t.strictSame(
    atOdds.map(({ agent }) => agent),
    ['eve', ...guests],
  )
  t.equal(undecided, false, 'guests have no voice, eve has one of five')
  t.equal(named(table).undecided, true, 'as judges they would hold most of the voices')
  t.end()
})

t.test('any table in any order: the same bytes, numbers that are numbers', async (t) => {
  const votes = fc.array(fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 5, maxLength: 5 }), { maxLength: 150 })
  await assertProperty(
    t,
    fc.property(votes, fc.integer({ min: 0, max: 5 }), (rows, seed) => {
      const table: VoteTable = {
        options,
        agents: five.map((agent) => ({ agent, family: `family of ${agent}` })),
        items: rows.map((_, n) => ({ item: `i${n}`, at: n * MINUTE })),
        votes: rows.flatMap((row, n) =>
          row.flatMap((option, place) =>
            option < 0 ? [] : [{ item: `i${n}`, agent: five[place] ?? '', option: options[option] ?? null, bin: 3 }],
          ),
        ),
      }
      const turned = <T>(list: readonly T[]) => [...list.slice(seed), ...list.slice(0, seed)].reverse()
      const found = named(table)
      const again = named({ ...table, items: turned(table.items), votes: turned(table.votes), agents: turned(table.agents) })
      const numbers = found.atOdds.flatMap(({ since, before, after, chance, questions }) => [since, before, after, chance, questions])
      return JSON.stringify(found) === JSON.stringify(again) && numbers.every(Number.isFinite)
    }),
  )
})

t.test('who is held down is worth nothing until thirty labels from after the change say what it is worth', (t) => {
  const shares = { temperature: 0, conformal: 0 }
  const strengthsOf = (table: VoteTable, agent: string, heldDown: { agent: string; since: number }[]) =>
    fit(table, { now: DAY, shares, heldDown })
      .parts.strengths.filter(({ agentId }) => agentId === agent)
      .map(({ lambdaMicro }) => lambdaMicro)
  const eve = { agent: 'eve', since: 100 * MINUTE }
  const table = scripted({ questions: 129, off: () => 0 })
  t.ok(strengthsOf(table, 'eve', []).some((lambda) => lambda > 500_000))
  const down = strengthsOf(table, 'eve', [eve])
  t.ok(down.length >= 5 && down.every((lambda) => lambda === 0), '29 labels')
  t.strictSame(strengthsOf(table, 'ann', [eve]), strengthsOf(table, 'ann', []), 'the others keep what they have earned')
  const thirty = scripted({ questions: 130, off: () => 0 })
  t.ok(
    strengthsOf(thirty, 'eve', [eve]).some((lambda) => lambda > 500_000),
    '30 labels, all right',
  )
  const wrong = scripted({ questions: 130, off: eveTurns(100) })
  t.ok(
    strengthsOf(wrong, 'eve', [eve]).every((lambda) => lambda < 500_000),
    '30 labels, all wrong: nothing of before counts',
  )
  const plain = fit(table, { now: DAY })
  t.equal(JSON.stringify(fit(table, { now: DAY, heldDown: [] })), JSON.stringify(plain))
  t.end()
})
