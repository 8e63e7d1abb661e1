/**
 * The parts of the page of a lead, in the order in which somebody who asks "why did, or didn't, we write to her?" reads them. A part of which
 * nothing is known is left out, but for those whose emptiness says something.
 */
import { toldProvenance } from '../../pipelines/enrich/provenance.ts'
import { closedBecause } from '../../pipelines/enrich/silence.ts'
import {
  churnInWords,
  goldenInWords,
  priorityInWords,
  questionsInWords,
  reasoningOf,
  toldPriority,
  toldScore,
  toldServiceScores,
} from '../../pipelines/enrich/scoring/told.ts'
import { askedOnPage } from '../../pipelines/followup/questionWords.ts'
import { asSaid } from '../../pipelines/instantText.ts'
import type { Origin } from '../../schemas/generated/records.ts'
import type { ExplainedDecision, ToldLead } from '../leadStory.ts'
import { becameOfIt } from './becameOfIt.ts'
import { decisionCard } from './decisionWords.ts'
import { html } from './html.ts'
import type { Markup } from './html.ts'
import { moment, spoken, toWhom } from './words.ts'

export interface Section {
  /** For a link within the page. */
  readonly id: string
  readonly title: string
  readonly body: Markup
}

export function sectionsOf(lead: ToldLead): Section[] {
  const { profile } = lead
  const parts: readonly [string, string, Markup | null][] = [
    ['decisions', 'Decisions', decisionsOf(lead)],
    ['messages', 'Last messages', messagesOf(profile)],
    ['followups', 'Follow-ups', followupsOf(lead)],
    ['deliveries', 'What became of them', deliveriesOf(lead)],
    ['score', 'Why this score', whyScore(profile)],
    ['soon', 'How soon', howSoon(profile)],
    ['standing', 'Where it stands', standingOf(lead)],
    ['says', 'What the lead says', signalsOf(profile)],
    ['elsewhere', 'Found elsewhere', foundElsewhere(profile)],
    ['sources', 'Known from', knownFrom(profile)],
  ]
  return parts.flatMap(([id, title, body]) => (body === null ? [] : [{ id, title, body }]))
}

/** So many of the last questions are laid open. */
const OPEN_QUESTIONS = 2
/** Whether to write is what most people look for. */
const FIRST_TYPE = 'follow_up'

function decisionsOf(lead: ToldLead): Markup {
  const closed = closedBecause(lead.profile)
  const questions = questionsOf(lead.decisions)
  const cards = (some: readonly (readonly ExplainedDecision[])[]) =>
    some.flat().map((told) => decisionCard(told, becameOfIt(told.decision, lead)))
  const earlier = questions.slice(OPEN_QUESTIONS)
  return html`${closed === undefined ? null : html`<p>Rekindle begins nothing with this lead now. ${closed}</p>`}
  ${questions.length === 0 ? html`<p>None yet.</p>` : cards(questions.slice(0, OPEN_QUESTIONS))}
  ${
    earlier.length === 0
      ? null
      : html`<details>
          <summary>Earlier decisions (${earlier.flat().length})</summary>
          ${cards(earlier)}
        </details>`
  }`
}

/** What was decided on each question, the last one first. */
function questionsOf(decisions: readonly ExplainedDecision[]): ExplainedDecision[][] {
  const questions = new Map<string, ExplainedDecision[]>()
  for (const told of decisions) {
    const { assessmentId, type } = told.decision
    const known = questions.get(assessmentId) ?? []
    questions.set(assessmentId, type === FIRST_TYPE ? [told, ...known] : [...known, told])
  }
  return [...questions.values()]
}

function messagesOf({ recentMessages }: ToldLead['profile']): Markup {
  if (recentMessages.length === 0) return html`<p>None.</p>`
  return table(
    ['When', 'Who', 'Channel', 'Text'],
    [...recentMessages].reverse().map((one) => [moment(one.at), one.sender, one.channel, asSaid(one.text)]),
  )
}

function followupsOf({ followups }: ToldLead): Markup {
  if (followups.length === 0) return html`<p>None planned.</p>`
  return table(
    ['Planned', 'Due', 'What', 'Text', 'Why'],
    followups.map((one) => [
      moment(one.plannedAt),
      moment(one.dueAt),
      `${spoken(one.change)}: ${spoken(one.action)}${one.channel === 'none' ? toWhom(one) : ` by ${one.channel}`}`,
      // A question is in its body; rows of an older API lack it.
      asSaid(askedOnPage(one.body ?? one.text ?? '')),
      spoken(one.reason),
    ]),
  )
}

function deliveriesOf({ deliveries }: ToldLead): Markup {
  if (deliveries.length === 0) return html`<p>Nothing yet.</p>`
  return table(
    ['When', 'State', 'What', 'Why', 'Lifts'],
    deliveries.map((one) => [
      moment(one.at),
      spoken(one.status),
      one.channel === 'none' ? `${spoken(one.action)}${toWhom(one)}` : one.channel,
      one.reason,
      moment(one.liftsAt),
    ]),
  )
}

function whyScore(profile: ToldLead['profile']): Markup {
  const scored = toldScore(profile)
  return scored.factors.length === 0 ? html`<p>${reasoningOf(scored)}</p>` : pointsOf('For', scored.factors)
}

function howSoon(profile: ToldLead['profile']): Markup | null {
  const priority = toldPriority(profile)
  if (priority === undefined) return null
  return html`<p>${priorityInWords(priority)}.</p>
    ${pointsOf('Because', priority.factors)}`
}

/** The scores beside the composite, each with its reasons. */
function standingOf({ profile, churn }: ToldLead): Markup | null {
  const scores = toldServiceScores(profile)
  const parts = [
    ...(scores === undefined
      ? []
      : [
          { words: questionsInWords(scores.questions), factors: scores.questions.factors },
          { words: goldenInWords(scores.golden), factors: scores.golden.factors },
        ]),
    ...(churn === null ? [] : [{ words: churnInWords(churn), factors: churn.factors }]),
  ]
  if (parts.length === 0) return null
  return html`${scores === undefined ? null : html`<p>Lifecycle ${scores.lifecycle.stage}: ${scores.lifecycle.because}.</p>`}
  ${parts.map(
    ({ words, factors }) =>
      html`<p>${words}.</p>
        ${pointsOf('Because', factors)}`,
  )}`
}

function pointsOf(head: string, factors: readonly { readonly points: number; readonly words: string }[]): Markup {
  if (factors.length === 0) return html``
  return table(
    ['Points', head],
    factors.map(({ points, words }) => [String(points), words]),
  )
}

function signalsOf({ textSignals }: ToldLead['profile']): Markup | null {
  // Rows that were stored before text signals were known lack them.
  const signals = (textSignals as typeof textSignals | undefined) ?? []
  if (signals.length === 0) return null
  return table(
    ['When', 'What', 'Value', 'Words'],
    signals.map((one) => [moment(one.at), spoken(one.kind), asSaid(spoken(one.value)), asSaid(one.words)]),
  )
}

/** What rules and providers say of the lead beside what it says itself, each with where it is from. */
function foundElsewhere({ phoneFacts, emailFacts, lookUp, firstOrigin, lastOrigin, fieldTimes }: ToldLead['profile']): Markup | null {
  const visit = (what: string, field: string, origin: Origin | null) =>
    origin ? [[what, originWords(origin), 'GoHighLevel', fieldTimes[field]]] : []
  const rows = [
    ...visit('first visit', 'firstOrigin', firstOrigin),
    ...visit('latest visit', 'lastOrigin', lastOrigin),
    ...(phoneFacts
      ? [['telephone', `${phoneFacts.valid ? '' : 'no such number, '}${spoken(phoneFacts.type)}`, phoneFacts.source, phoneFacts.at]]
      : []),
    ...(emailFacts ? [['e-mail', emailWords(emailFacts), emailFacts.source, emailFacts.at]] : []),
    ...Object.entries(lookUp?.found ?? {}).map(([field, value]) => [field, value, lookUp?.provider, lookUp?.at]),
  ] as [string, string, string, number][]
  if (rows.length === 0) return null
  const cells = rows.map(([what, says, source, at]) => [what, says, source, moment(at)])
  return table(['What', 'Says', 'From', 'As of'], cells)
}

/** From which source each group of fields was last stated. */
function knownFrom(profile: ToldLead['profile']): Markup | null {
  const told = toldProvenance(profile)
  if (told.length === 0) return null
  return table(
    ['What', 'From', 'As of'],
    told.map(({ groups, from, at }) => [groups.join(', '), from, moment(at)]),
  )
}

function originWords({ sessionSource, source, medium, campaign, term, referrer, page, click }: Origin): string {
  return [
    sessionSource,
    [source, medium].filter((part) => part !== null).join(' / ') || null,
    click === null ? null : `an advertisement of ${click} was clicked`,
    campaign === null ? null : `campaign ${campaign}`,
    term === null ? null : `searched for ${term}`,
    referrer === null ? null : `from ${referrer}`,
    page === null ? null : `to ${page}`,
  ]
    .filter((part) => part !== null)
    .join(', ')
}

function emailWords({ valid, kind, role, suggestion }: NonNullable<ToldLead['profile']['emailFacts']>): string {
  if (!valid) return 'not an address'
  return `${spoken(kind)}${role ? ', of a role' : ''}${suggestion === null ? '' : `, perhaps ${suggestion}`}`
}

/** A table that is as wide as what is in it, within the page. */
export function table(heads: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  return html`<div class="wide" tabindex="0">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map(cellOf)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** From so many characters on a text gets room: squeezed between the others it is a column of single words on a phone. */
const LONG_TEXT = 60

function cellOf(cell: string | Markup): Markup {
  if (typeof cell === 'string' && (cell.includes('\n') || cell.length > LONG_TEXT)) return html`<td class="lines">${cell}</td>`
  return html`<td>${cell}</td>`
}
