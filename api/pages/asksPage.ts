/** What a person is asked, as a page to answer on: the options, the votes, the draft, and until when it helps. */
import { actionOf } from '../../pipelines/consensus/explain.ts'
import { askedOnPage } from '../../pipelines/followup/questionWords.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import type { AskQuery, ToldAsk } from '../asks.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { instant } from './words.ts'

export interface AsksView extends Places {
  readonly asks: readonly ToldAsk[]
  /** More are open than are shown. */
  readonly more: boolean
  readonly asked: AskQuery
  /** ms. */
  readonly now: number
}

export function asksPage({ asks, more, asked, now, nameOf, zoneOf }: AsksView): string {
  const place = asked.tenant === undefined ? '' : ` of ${nameOf(asked.tenant)}`
  return page(
    'Asked of people',
    html`<h1>What people are asked</h1>
      <p>
        Leads${place} for whom the votes, or too few of them, do not say clearly enough what is right. Nothing is sent before somebody has
        answered; the first answer is carried out, if the rules still allow it.
      </p>
      ${asks.length === 0 ? html`<p>No question is open. People are asked where a message is unclear under a policy that was learned from verdicts (<code>rekindle audit next</code>), where too few agents were heard twice in a row about a lead, and where the location has said what a minute of a person is worth.</p>` : asks.map((ask) => inZone(card(ask, now), zoneOf(ask.leadKey.split(':', 1)[0] ?? '')))}
      ${more ? html`<p>More questions are open. Whoever answers these sees those whose time is over later.</p>` : null}`,
  )
}

function card({ decisionId, leadKey, name, title, body, options, askedAt, until }: ToldAsk, now: number): Markup {
  return html`<section class="card">
    <h2>${title}</h2>
    <p>
      <a href="/ui/leads/${encodeURIComponent(leadKey)}">${name ?? leadKey}</a>, asked ${instant(askedAt)}; ${spanText(until - now)} left,
      until ${instant(until)}.
    </p>
    <pre>${askedOnPage(body)}</pre>
    <form method="post" action="/ui/asks/${encodeURIComponent(decisionId)}">
      <label>Your name <input name="by" required maxlength="100" autocomplete="name" /></label>
      ${options.map((option) => html`<button name="option" value="${option}">${capital(actionOf(option, 'follow_up'))}</button> `)}
    </form>
  </section>`
}

export interface AnsweredView {
  readonly sentence: string
  readonly isStored: boolean
}

/** What became of an answer. */
export function answeredPage({ sentence, isStored }: AnsweredView): string {
  return page(
    isStored ? 'Answered' : 'Not answered',
    html`<h1>${isStored ? 'Answered' : 'This answer was not taken'}</h1>
      <p role="status">${sentence}</p>
      <p><a href="/ui/asks">What else is asked</a></p>`,
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
