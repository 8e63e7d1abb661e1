/**
 * A lead as text: the decision that acts, or says why nothing is done, with what became of it, in five lines at most; what else was decided
 * in one line each and what was done; then the numbers: votes, the sum they make, gates, scores.
 */
import type { LeadStory } from '../api/replySchemas.ts'
import { becameOfIt } from '../api/pages/becameOfIt.ts'
import { permissionsInWords } from '../api/pages/permissionWords.ts'
import { instant, leaderOf, nameOf, nats, realtorOf, spoken, toWhom } from '../api/pages/words.ts'
import { addressRefusalInWords } from '../pipelines/enrich/addressRefusals.ts'
import { dueToAPerson } from '../pipelines/consensus/dueToAPerson.ts'
import { explain } from '../pipelines/consensus/explain.ts'
import { isLatestEnd } from '../pipelines/consensus/gates.ts'
import type { LogOdds } from '../pipelines/consensus/explain.ts'
import { toldProvenance } from '../pipelines/enrich/provenance.ts'
import { localTimes } from '../pipelines/instantText.ts'
import { closedBecause } from '../pipelines/enrich/silence.ts'
import {
  churnInWords,
  goldenInWords,
  priorityInWords,
  questionsInWords,
  toldPriority,
  toldScore,
  toldServiceScores,
} from '../pipelines/enrich/scoring/told.ts'
import type { Decision, ScoreFactor } from '../schemas/generated/records.ts'
import { columns } from './columns.ts'

type Told = LeadStory['decisions'][number]

/** The newest decision of each type, or all of them; as of `now` (ms), else of the last event. Moments are those of clocks at the location. */
export function whyText(story: LeadStory, options: { readonly all?: boolean; readonly now?: number } = {}): string[] {
  // An older API does not tell the zone.
  return linesInUtc(story, options).map((line) => localTimes(line, (story.timeZone as string | undefined) ?? 'UTC'))
}

function linesInUtc(story: LeadStory, options: { readonly all?: boolean; readonly now?: number }): string[] {
  const { profile } = story
  const { now = profile.lastEventAt } = options
  const scored = toldScore(profile)
  const priority = toldPriority(profile)
  const [first, ...others] = options.all === true ? story.decisions : newestOfEachType(story.decisions)
  return [
    `${nameOf(profile)}  (${story.leadKey})`,
    `intent ${profile.level}, score ${scored.score} (${scored.temperature}), ${spoken(profile.status)}, epoch ${profile.epoch}, last event ${instant(profile.lastEventAt)}`,
    // An older API tells of neither.
    ...(story.realtor ? [`assigned to ${realtorOf(story.realtor)}`] : []),
    ...(profile.humanOwnership === null ? [] : [`led by ${leaderOf(profile.humanOwnership, story.leader, now)}`]),
    ...(story.linked ?? []).map(
      ({ leadKey, name, by }) => `perhaps the same person as ${name ?? 'a lead without a name'} (${leadKey}): ${by.join(', ')}`,
    ),
    '',
    ...nothingBegun(profile),
    ...(first === undefined ? ['Nothing has been decided about this lead yet.'] : decisionWords(first, story)),
    ...(options.all === true ? [] : alsoText(others, story)),
    ...followUpText(story),
    ...(first === undefined ? [] : ['', ...decisionNumbers(first)]),
    ...others.flatMap((told) => ['', ...decisionWords(told, story), ...decisionNumbers(told)]),
    ...underTitle('SCORES', [
      ...scored.factors.map(factorLine),
      ...(priority === undefined ? [] : [priorityInWords(priority), ...priority.factors.map(factorLine)]),
      ...serviceText(story),
      ...behaviourText(profile),
    ]),
    // An older API tells of no refusals of addresses.
    ...underTitle('PERMISSION', [...permissionsInWords(profile), ...(story.addressRefusals ?? []).map(addressRefusalInWords)]),
    ...underTitle(
      'KNOWN FROM',
      toldProvenance(profile).map(({ groups, from, at }) => `${groups.join(', ')}: ${from}, ${instant(at)}`),
    ),
  ]
}

/** The scores beside the composite, and how near the lead is to being lost. Older profiles have none, and an older API tells of no churn. */
function serviceText({ profile, churn }: LeadStory): string[] {
  const scores = toldServiceScores(profile)
  return [
    ...(scores === undefined
      ? []
      : [
          `lifecycle ${scores.lifecycle.stage}: ${scores.lifecycle.because}`,
          questionsInWords(scores.questions),
          ...scores.questions.factors.map(factorLine),
          goldenInWords(scores.golden),
          ...scores.golden.factors.map(factorLine),
        ]),
    ...(churn ? [churnInWords(churn), ...churn.factors.map(factorLine)] : []),
  ]
}

function factorLine({ points, words }: ScoreFactor): string {
  return `  ${String(points).padStart(3)}  ${words}`
}

/** What the lead did lately and which rules that fired, newest first. */
function behaviourText({ behaviour }: LeadStory['profile']): string[] {
  // Rows that were stored before behaviour was known lack it.
  if (!behaviour) return []
  const newest = behaviour.seen.at(-1)
  const fired = Object.entries(behaviour.fired).sort(([, a], [, b]) => b - a)
  return [
    `behaviour ${behaviour.likelihood.toFixed(1)} of 100${newest === undefined ? '' : `, last ${spoken(newest.signal)} ${instant(newest.at)}`}`,
    ...(fired.length === 0 ? [] : [`fired: ${fired.map(([rule, at]) => `${spoken(rule)} ${instant(at)}`).join(', ')}`]),
  ]
}

/** What is done first, then how it is worded, whether a person should take over, and who: the order in which one asks. */
const typeOrder = ['follow_up', 'content', 'escalation', 'routing']

/** The one that acts first: a hand-over, then what is done about the lead or why nothing is. */
function newestOfEachType(decisions: readonly Told[]): Told[] {
  const newest = decisions.filter(({ decision }, index) => decisions.findIndex((other) => other.decision.type === decision.type) === index)
  const followUp = newest.find(({ decision }) => decision.type === 'follow_up')?.decision
  const isDue = followUp !== undefined && dueToAPerson(followUp) !== undefined
  const place = ({ decision: { type, chosen, decidedAt } }: Told) => {
    // A hand-over of an earlier question does not say what was decided last.
    const isPresent = followUp === undefined || decidedAt >= followUp.askedAt
    if (type === 'escalation' && chosen === 'hand_over' && isPresent && !isDue) return -1
    return typeOrder.includes(type) ? typeOrder.indexOf(type) : typeOrder.length
  }
  return newest.sort((a, b) => place(a) - place(b))
}

function nothingBegun(profile: LeadStory['profile']): string[] {
  const because = closedBecause(profile)
  return because === undefined ? [] : [`Rekindle begins nothing with this lead now. ${because}`]
}

/** What was decided and what became of it. */
function headOf({ decision, headline }: Told, story: LeadStory): string {
  return [headline, becameOfIt(decision, story)].filter((part) => part !== undefined).join(' ')
}

function alsoText(others: readonly Told[], story: LeadStory): string[] {
  return underTitle(
    'ALSO DECIDED',
    columns(
      others.map((told) => [spoken(told.decision.type), instant(told.decision.decidedAt), headOf(told, story)]),
      { indent: 2 },
    ),
  )
}

function decisionWords(told: Told, story: LeadStory): string[] {
  const { decision, why } = told
  return [`${titleOf(decision)}, asked because of: ${spoken(decision.reason)}`, headOf(told, story), ...why.map((line) => `  ${line}`)]
}

function decisionNumbers({ decision }: Told): string[] {
  const { contributions, logOdds, gates, silent } = explain(decision)
  return [
    `NUMBERS OF ${titleOf(decision)}`,
    ...(contributions.length === 0
      ? ['  No agent voted.']
      : columns(
          [
            ['votes', 'for', 'confidence', 'nats', 'because'],
            ...contributions.map((one) => [one.agentId, one.option, one.confidence, one.blocked ? 'gated' : nats(one.exact), one.says]),
          ],
          { indent: 2, right: [3] },
        )),
    ...(silent.length === 0
      ? []
      : [`  silent: ${silent.map(({ agentId, reasonCode }) => `${agentId} (${spoken(reasonCode)})`).join(', ')}`]),
    ...(logOdds === undefined ? [] : sumText(logOdds)),
    ...optionText(decision),
    ...(gates.length === 0
      ? ['  gates: all open']
      : [
          '  gates',
          ...columns(
            gates.map((gate) => [
              gate.gateId,
              gate.option,
              gate.reason,
              gate.liftsAt === null
                ? 'does not lift by itself'
                : `lifts ${instant(gate.liftsAt)}${isLatestEnd(gate) ? ' at the latest' : ''}`,
            ]),
            { indent: 4 },
          ),
        ]),
    `  policy ${decision.policyHash.slice(0, 12)}, decision ${decision.decisionId}, closed by ${spoken(decision.stopReason)}`,
  ]
}

function titleOf({ type, decidedAt }: Decision): string {
  return `${spoken(type).toUpperCase()}  ${instant(decidedAt)}`
}

function underTitle(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines]
}

/** Written in full precision: rounded parts would not add up, and these do, to the unit. */
function sumText({ chosen, rival, base, votesFor, votesAgainst, total, nats: decimal }: LogOdds): string[] {
  return [
    `  log-odds of ${chosen} against ${rival}: base ${exactNats(base)} + for ${exactNats(votesFor)} - against ${exactNats(votesAgainst)} = ${exactNats(total)} nats, ${Math.exp(decimal).toFixed(2)} to 1`,
  ]
}

function optionText({ options, chosen }: Decision): string[] {
  return columns(
    options.map((one) => [
      one.option === chosen ? '*' : '',
      one.option,
      one.eligible ? `${(one.probability * 100).toFixed(1)} %` : 'gated',
      one.eligible ? `${nats(one.score)} nats` : '',
    ]),
    { indent: 2, right: [2, 3] },
  )
}

function followUpText({ followups, deliveries }: LeadStory): string[] {
  if (followups.length === 0 && deliveries.length === 0) return ['', 'No follow-up has been planned.']
  return [
    '',
    'FOLLOW-UPS',
    ...columns(
      followups.map((one) => [instant(one.plannedAt), one.change, actInWords(one), `due ${instant(one.dueAt)}`, one.reason]),
      { indent: 2 },
    ),
    ...columns(
      deliveries.map((one) => [
        instant(one.at),
        one.status,
        one.channel === 'none' ? `${spoken(one.action)}${toWhom(one)}` : one.channel,
        one.reason,
        one.liftsAt === null ? '' : `lifts ${instant(one.liftsAt)}`,
      ]),
      { indent: 2 },
    ),
  ]
}

/** `send message sms`, `hand over`, `ask a person`, `assign to user1, else user2`. */
function actInWords(followUp: LeadStory['followups'][number]): string {
  const { action, channel } = followUp
  return `${spoken(action)}${channel === 'none' ? toWhom(followUp) : ` ${channel}`}`
}

/** An integer in 1e-18 nats as a decimal without trailing zeros. */
export function exactNats(exact: string): string {
  const value = BigInt(exact)
  const magnitude = value < 0n ? -value : value
  const fraction = String(magnitude % 10n ** 18n)
    .padStart(18, '0')
    .replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${magnitude / 10n ** 18n}${fraction === '' ? '' : `.${fraction}`}`
}
