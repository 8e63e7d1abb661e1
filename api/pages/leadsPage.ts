/** The list of leads as a page: found by words and by intent, within a location or in all. */
import type { Static } from '@sinclair/typebox'
import type { LeadSummary } from '../ports.ts'
import type { LeadList } from '../replySchemas.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { moment } from './words.ts'

export interface LeadsView extends Pick<Places, 'nameOf'> {
  readonly found: Static<typeof LeadList>
  /** Query string of the next page without its question mark; `undefined` on the last page. */
  readonly nextQuery: string | undefined
  readonly asked: { readonly tenant?: string; readonly level?: string; readonly q?: string }
}

export function leadsPage({ found, nextQuery, asked: { tenant, level, q }, nameOf: nameOfPlace }: LeadsView): string {
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
                  ${found.leads.map((lead) => inZone(line(lead), lead.timeZone))}
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
