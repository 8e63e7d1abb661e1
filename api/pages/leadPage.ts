/**
 * One lead with its story and its whys, as a page: what was decided last and why, what was said, what left and what became of it, then what
 * all of it rests on. What stands further down is reached from its top.
 */
import { addressRefusalInWords } from '../../pipelines/enrich/addressRefusals.ts'
import { toldScore } from '../../pipelines/enrich/scoring/told.ts'
import type { ToldLead } from '../leadStory.ts'
import type { LeadConsent } from '../replySchemas.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { sectionsOf, table } from './leadSections.ts'
import { historyHeads, historyNotes, historyRows, mayInWords, permissionsInWords } from './permissionWords.ts'
import { instant, leaderOf, nameOf, realtorOf } from './words.ts'

/** As of `now`, ms. */
export function leadPage(lead: ToldLead, consent: LeadConsent, now: number): string {
  const { profile, timeZone } = lead
  const sections = sectionsOf(lead)
  const content = html`<h1>${nameOf(profile)}</h1>
    ${factsOf(lead, consent, now)}
    <nav aria-label="On this page">
      ${sections.map(({ id, title }, index) => html`${index === 0 ? null : ' · '}<a href="#${id}">${title}</a>`)}
    </nav>
    ${sections.map(
      ({ id, title, body }) =>
        html`<h2 id="${id}">${title}</h2>
          ${body}`,
    )}
    <p class="soft">Profile version ${profile.version}, epoch ${profile.epoch}.</p>`
  return page(nameOf(profile), inZone(content, timeZone))
}

function factsOf(lead: ToldLead, consent: LeadConsent, now: number): Markup {
  const { profile } = lead
  const scored = toldScore(profile)
  const blocked = [
    ...(profile.dnd ? ['all channels'] : []),
    ...Object.entries(profile.dndChannels).flatMap(([channel, state]) => (state === 'inactive' ? [] : [`${channel} (${state})`])),
  ]
  return html`<dl>
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
  </dl>`
}

function linkedLead({ leadKey, name, by }: ToldLead['linked'][number]) {
  return html`<div><a href="/ui/leads/${encodeURIComponent(leadKey)}">${name ?? leadKey}</a> (${by.join(', ')})</div>`
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
