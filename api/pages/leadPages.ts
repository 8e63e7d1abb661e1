/** The list of leads and one lead with its story and its whys, as pages. */
import { addressRefusalInWords } from '../../pipelines/enrich/addressRefusals.ts'
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
import type { ToldScore } from '../../pipelines/enrich/scoring/told.ts'
import { asSaid } from '../../pipelines/instantText.ts'
import { askedOnPage } from '../../pipelines/followup/questionWords.ts'
import type { LeadPage, LeadSummary } from '../ports.ts'
import type { Origin } from '../../schemas/generated/records.ts'
import type { ToldLead } from '../leadStory.ts'
import type { LeadConsent } from '../replySchemas.ts'
import { becameOfIt } from './becameOfIt.ts'
import { decisionCard } from './decisionWords.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { historyHeads, historyNotes, historyRows, mayInWords, permissionsInWords } from './permissionWords.ts'
import { instant, leaderOf, moment, nameOf, realtorOf, spoken, toWhom } from './words.ts'

export interface LeadsView extends Places {
  readonly found: LeadPage
  /** Query string of the next page without its question mark; `undefined` on the last page. */
  readonly nextQuery: string | undefined
  readonly asked: { readonly tenant?: string; readonly level?: string; readonly q?: string }
}

export function leadsPage({ found, nextQuery, asked: { tenant, level, q }, nameOf: nameOfPlace, zoneOf }: LeadsView): string {
  const asking = (named: Record<string, string | undefined>) =>
    new URLSearchParams(Object.entries(named).filter((one): one is [string, string] => one[1] !== undefined && one[1] !== ''))
      .toString()
      .replace(/^(?=.)/, '?')
  return page(
    'Leads',
    html`<h1>Leads</h1>
      <form role="search" action="/ui/leads">
        <label>Words of the lead or the conversation <input type="search" name="q" value="${q ?? ''}" maxlength="200" /></label>
        ${tenant === undefined ? null : html`<input type="hidden" name="tenant" value="${tenant}" />`}
        ${level === undefined ? null : html`<input type="hidden" name="level" value="${level}" />`}
        <button>Search</button>
      </form>
      <p>
        Intent:
        ${['', 'URGENT', 'HOT', 'WARM', 'COLD'].map((one) => html`<a href="/ui/leads${asking({ level: one, tenant, q })}" ${(level ?? '') === one ? html` aria-current="page"` : null}>${one === '' ? 'all' : one.toLowerCase()}</a> `)}
        ${tenant === undefined ? null : html` · of ${nameOfPlace(tenant)} · <a href="/ui/leads${asking({ level, q })}">all locations</a>`}
      </p>
      ${
        found.leads.length === 0
          ? nobody([q, level, tenant].some((one) => one !== undefined))
          : html`<div class="wide" tabindex="0">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Lead</th>
                    <th scope="col">Intent</th>
                    <th scope="col" class="n">Score</th>
                    <th scope="col">Temperature</th>
                    <th scope="col">Status</th>
                    <th scope="col">Source</th>
                    <th scope="col">Last event</th>
                    <th scope="col">Last word from the lead</th>
                  </tr>
                </thead>
                <tbody>
                  ${found.leads.map((lead) => inZone(line(lead), zoneOf(lead.tenantId)))}
                </tbody>
              </table>
            </div>`
      }${nextQuery === undefined ? null : html`<p><a href="/ui/leads?${nextQuery}" rel="next">Older</a></p>`}`,
  )
}

/** An empty list: of all that is known, or of what was asked for. */
function nobody(isNarrowed: boolean): Markup {
  return isNarrowed
    ? html`<p>No lead matches that. <a href="/ui/leads">All leads</a></p>`
    : html`<p>No lead is known yet. They appear here with their first webhook.</p>`
}

function line(lead: LeadSummary): Markup {
  return html`<tr>
    <td><a href="/ui/leads/${encodeURIComponent(lead.leadKey)}">${lead.name ?? lead.contactId}</a></td>
    <td>${lead.level}</td>
    <td class="n">${Math.round(lead.score)}</td>
    <td>${lead.temperature}</td>
    <td>${lead.status}</td>
    <td>${lead.source}</td>
    <td>${moment(lead.lastEventAt)}</td>
    <td>${moment(lead.lastInboundAt)}</td>
  </tr>`
}

/** What rules and providers say of the lead beside what it says itself, each with where it is from. */
function foundElsewhere({ phoneFacts, emailFacts, lookUp, firstOrigin, lastOrigin, fieldTimes }: ToldLead['profile']) {
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
  return html`<h2>Found elsewhere</h2>
    ${table(['What', 'Says', 'From', 'As of'], cells)}`
}

/** From which source each group of fields was last stated. */
function knownFrom(profile: ToldLead['profile']) {
  const told = toldProvenance(profile)
  if (told.length === 0) return null
  return html`<h2>Known from</h2>
    ${table(
      ['What', 'From', 'As of'],
      told.map(({ groups, from, at }) => [groups.join(', '), from, moment(at)]),
    )}`
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

function linkedLead({ leadKey, name, by }: ToldLead['linked'][number]) {
  return html`<div><a href="/ui/leads/${encodeURIComponent(leadKey)}">${name ?? leadKey}</a> (${by.join(', ')})</div>`
}

function emailWords({ valid, kind, role, suggestion }: NonNullable<ToldLead['profile']['emailFacts']>): string {
  if (!valid) return 'not an address'
  return `${spoken(kind)}${role ? ', of a role' : ''}${suggestion === null ? '' : `, perhaps ${suggestion}`}`
}

/** What the lead has stated of permissions, folded away. */
function consentHistory(told: LeadConsent): Markup {
  const rows = historyRows(told)
  return html`<details>
    <summary>What is permitted now, and the history (${rows.length})</summary>
    ${[...mayInWords(told), ...historyNotes(told)].map((sentence) => html`<div>${sentence}</div>`)}
    ${rows.length === 0 ? null : table(historyHeads, rows)}
  </details>`
}

/** As of `now`, ms. */
export function leadPage(lead: ToldLead, consent: LeadConsent, now: number): string {
  const { profile } = lead
  const scored = toldScore(profile)
  const priority = toldPriority(profile)
  const closed = closedBecause(profile)
  const blocked = [
    ...(profile.dnd ? ['all channels'] : []),
    ...Object.entries(profile.dndChannels).flatMap(([channel, state]) => (state === 'inactive' ? [] : [`${channel} (${state})`])),
  ]
  return page(nameOf(profile), inZone(content(), lead.timeZone))

  function content(): Markup {
    return html`<h1>${nameOf(profile)}</h1>
      <dl>
        <dt>Lead</dt>
        <dd><code>${lead.leadKey}</code></dd>
        <dt>State</dt>
        <dd>
          intent ${profile.level}, score ${scored.score} (${scored.temperature}),
          ${profile.status}${profile.deletedAt === null ? null : html`, <span class="bad">deleted ${instant(profile.deletedAt)}</span>`}
        </dd>
        <dt>Led by</dt>
        <dd>${leaderOf(profile.humanOwnership, lead.leader, now)}</dd>
        <dt>Assigned to</dt>
        <dd>${realtorOf(lead.realtor)}</dd>
        ${
          lead.linked.length === 0
            ? null
            : html`<dt>Perhaps the same person</dt>
                <dd>${lead.linked.map(linkedLead)}</dd>`
        }
        <dt>Do not disturb</dt>
        <dd>${blocked.length === 0 ? 'not set' : blocked.join(', ')}</dd>
        <dt>Consent</dt>
        <dd>${permissionsInWords(profile).join('; ') || 'unknown'}${consentHistory(consent)}</dd>
        ${
          lead.addressRefusals.length === 0
            ? null
            : html`<dt>Closed addresses</dt>
                <dd>${lead.addressRefusals.map((one) => html`<div class="bad">${addressRefusalInWords(one)}</div>`)}</dd>`
        }
        <dt>Times</dt>
        <dd>as clocks show them in ${lead.timeZone}</dd>
        <dt>Contact so far</dt>
        <dd>
          ${profile.counters.inbound} from the lead, ${profile.counters.outbound} to the lead (${profile.counters.outboundOwn} by Rekindle,
          ${profile.counters.outboundHuman} by humans)
        </dd>
      </dl>
      <h2>Decisions</h2>
      ${closed === undefined ? null : html`<p>Rekindle begins nothing with this lead now. ${closed}</p>`}
      ${lead.decisions.length === 0 ? html`<p>None yet.</p>` : lead.decisions.map((told) => decisionCard(told, becameOfIt(told.decision, lead)))}
      <h2>Follow-ups</h2>
      ${
        lead.followups.length === 0
          ? html`<p>None planned.</p>`
          : table(
              ['Planned', 'Due', 'What', 'Text', 'Why'],
              lead.followups.map((one) => [
                moment(one.plannedAt),
                moment(one.dueAt),
                `${spoken(one.change)}: ${spoken(one.action)}${one.channel === 'none' ? toWhom(one) : ` by ${one.channel}`}`,
                // A question is in its body; rows of an older API lack it.
                asSaid(askedOnPage(one.body ?? one.text ?? '')),
                spoken(one.reason),
              ]),
            )
      }
      <h2>What became of them</h2>
      ${
        lead.deliveries.length === 0
          ? html`<p>Nothing yet.</p>`
          : table(
              ['When', 'State', 'What', 'Why', 'Lifts'],
              lead.deliveries.map((one) => [
                moment(one.at),
                spoken(one.status),
                one.channel === 'none' ? `${spoken(one.action)}${toWhom(one)}` : one.channel,
                one.reason,
                moment(one.liftsAt),
              ]),
            )
      }
      ${foundElsewhere(profile)} ${knownFrom(profile)}
      <h2>Why this score</h2>
      ${whyScore(scored)}
      ${
        priority === undefined
          ? null
          : html`<h2>How soon</h2>
              <p>${priorityInWords(priority)}.</p>
              ${
                priority.factors.length === 0
                  ? null
                  : table(
                      ['Points', 'Because'],
                      priority.factors.map(({ points, words }) => [String(points), words]),
                    )
              }`
      }
      ${servicesOf(lead)}
      ${
        // Rows that were stored before text signals were known lack them.
        (profile.textSignals ?? []).length === 0
          ? null
          : html`<h2>What the lead says</h2>
              ${table(
                ['When', 'What', 'Value', 'Words'],
                profile.textSignals.map((one) => [moment(one.at), spoken(one.kind), asSaid(spoken(one.value)), asSaid(one.words)]),
              )}`
      }
      <h2>Last messages</h2>
      ${
        profile.recentMessages.length === 0
          ? html`<p>None.</p>`
          : table(
              ['When', 'Who', 'Channel', 'Text'],
              [...profile.recentMessages].reverse().map((one) => [moment(one.at), one.sender, one.channel, asSaid(one.text)]),
            )
      }
      <p class="soft">Profile version ${profile.version}, epoch ${profile.epoch}.</p>`
  }
}

/** The scores beside the composite, each with its reasons. */
function servicesOf({ profile, churn }: ToldLead) {
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
  return html`<h2>Where it stands</h2>
    ${scores === undefined ? null : html`<p>Lifecycle ${scores.lifecycle.stage}: ${scores.lifecycle.because}.</p>`}
    ${parts.map(
      ({ words, factors }) =>
        html`<p>${words}.</p>
          ${
            factors.length === 0
              ? null
              : table(
                  ['Points', 'Because'],
                  factors.map(({ points, words: because }) => [String(points), because]),
                )
          }`,
    )}`
}

function whyScore(scored: ToldScore): Markup {
  if (scored.factors.length === 0) return html`<p>${reasoningOf(scored)}</p>`
  return table(
    ['Points', 'For'],
    scored.factors.map(({ points, words }) => [String(points), words]),
  )
}

function table(heads: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
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
