/** The landing page: what runs, how much of it there is, what was decided last and why. */
import { leadKey } from '../../topics/index.ts'
import type { ExplainedDecision } from '../leadStory.ts'
import type { Overview } from '../ports.ts'
import type { Readiness } from '../replySchemas.ts'
import { actionOf } from '../../pipelines/consensus/explain.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { moment, spoken } from './words.ts'

export interface OverviewView extends Pick<Places, 'zoneOf'> {
  readonly readiness: Readiness
  /** `undefined` when the store does not answer: then the page says so instead of showing zeros. */
  readonly overview: Overview | undefined
  readonly latest: readonly (ExplainedDecision & { readonly name: string | null })[]
}

export function overviewPage(view: OverviewView): string {
  const { readiness, overview, latest, zoneOf } = view
  return page(
    'Overview',
    html`<h1>${readiness.ready ? 'Everything that is needed answers' : 'Something does not answer'}</h1>
      <div class="wide" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">State</th>
              <th scope="col" class="n">Answered in</th>
            </tr>
          </thead>
          <tbody>
            ${Object.entries(readiness.parts).map(
              ([name, part]) =>
                html`<tr>
                  <td>${name}</td>
                  <td class="${part.ok ? 'good' : 'bad'}">${part.ok ? 'ready' : `down: ${part.reason ?? 'no reason given'}`}</td>
                  <td class="n">${part.ms} ms</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${Object.entries(readiness.degraded).map(([name, reason]) => html`<p class="bad">${name}: ${reason}</p>`)}
      <h2>So far</h2>
      ${overview === undefined ? html`<p class="bad">The counts cannot be read now: the store does not answer.</p>` : counts(overview)}
      <h2>Latest decisions</h2>
      ${
        latest.length === 0
          ? html`<p>
              None yet. <code>npx rekindle send ContactCreate</code> posts a signed sample;
              <code>npx rekindle simulate --leads 20 --rate 10</code> plays twenty leads.
            </p>`
          : html`<div class="wide" tabindex="0">
              <table>
                <thead>
                  <tr>
                    <th scope="col">When</th>
                    <th scope="col">Lead</th>
                    <th scope="col">Decision</th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  ${latest.map((one) => inZone(row(one), zoneOf(one.decision.tenantId)))}
                </tbody>
              </table>
            </div>`
      }`,
  )
}

function row({ decision, headline, why, name }: OverviewView['latest'][number]): Markup {
  const key = leadKey(decision.tenantId, decision.contactId)
  return html`<tr>
    <td>${moment(decision.decidedAt)}</td>
    <td><a href="/ui/leads/${encodeURIComponent(key)}#${decision.decisionId}">${name ?? decision.contactId}</a></td>
    <td class="long">${headline}</td>
    <td class="long">${why[0] ?? spoken(decision.reason)}</td>
  </tr>`
}

function counts(overview: Overview): Markup {
  const split = (parts: Record<string, number>) =>
    Object.entries(parts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${count} ${spoken(name)}`)
      .join(', ')
  const followUps = byAction(overview.followupsByOutcome)
  return html`<dl>
    <dt>Leads</dt>
    <dd>${overview.leads} <span class="soft">${split(overview.leadsByLevel)}</span></dd>
    <dt>Decisions</dt>
    <dd>
      ${overview.decisions}
      ${Object.entries(overview.decisionsByType).map(([type, own]) => html`<div class="soft">${typeInWords(type, own)}</div>`)}
    </dd>
    <dt>Follow-ups</dt>
    <dd>
      ${followUps.length === 0 ? 'none' : followUps.map(([action, statuses]) => html`<div>${actionsInWords[action] ?? spoken(action)}: ${split(statuses)}</div>`)}
    </dd>
  </dl>`
}

const actionsInWords: Readonly<Record<string, string>> = {
  send_message: 'messages',
  create_task: 'calls asked of realtors',
  hand_over: 'hand-overs to people',
  assign: 'leads given to realtors',
  ask: 'questions to people',
}

/** Counts by `<action>/<status>` as counts by status of each action, those with the most first. */
function byAction(counts: Record<string, number>): [action: string, statuses: Record<string, number>][] {
  const actions = new Map<string, Record<string, number>>()
  for (const [name, count] of Object.entries(counts)) {
    const [action = '', status = ''] = name.split('/')
    actions.set(action, { ...actions.get(action), [status]: count })
  }
  const total = (statuses: Record<string, number>) => Object.values(statuses).reduce((sum, count) => sum + count, 0)
  return [...actions].sort(([a, x], [b, y]) => total(y) - total(x) || (a < b ? -1 : 1))
}

/** `follow up: 15 by votes (10 send a text message, 5 wait), 12 left nothing but waiting by gates, 2 overtaken`. */
function typeInWords(type: string, { chosen, gated, superseded }: Overview['decisionsByType'][string]): string {
  const options = Object.entries(chosen).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const heard = options.reduce((sum, [, count]) => sum + count, 0)
  const split = options.map(([option, count]) => `${count} ${actionOf(option, type)}`).join(', ')
  const parts = [
    ...(heard === 0 ? [] : [`${heard} by votes (${split})`]),
    ...(gated === 0 ? [] : [`${gated} left nothing but waiting by gates`]),
    ...(superseded === 0 ? [] : [`${superseded} overtaken by something newer`]),
  ]
  return `${spoken(type)}: ${parts.join(', ')}`
}
