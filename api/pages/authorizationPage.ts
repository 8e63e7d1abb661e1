/** What a person reads who comes back from GoHighLevel: what has happened, and what to do next. Made of our own words alone. */
import type { Finished } from '../../integrations/ghl/oauth/authorization.ts'
import { apiErrors } from '../errors.ts'
import type { ApiErrorCode } from '../errors.ts'
import { html } from './html.ts'
import { page } from './layout.ts'

/** Locations named on the page; the rest is counted. */
const SHOWN = 50

export function connectedPage({ holder, locations }: Extract<Finished, { kind: 'connected' }>): string {
  const isAgency = holder.kind === 'company'
  const title = isAgency ? 'The agency is connected' : 'The location is connected'
  const more = (locations?.length ?? 0) - SHOWN
  return page(
    title,
    html`<h1>${title}</h1>
      <p>
        GoHighLevel ${isAgency ? 'agency' : 'location'} <code>${holder.id}</code> has granted access; it is stored sealed. You may close
        this page.
      </p>
      ${isAgency ? agencyPart() : null}
      <h2>What to do next</h2>
      <ol>
        <li><code>rekindle ghl list</code> names the grant and how long it holds.</li>
        <li>
          <code>rekindle tenants list</code> names the locations in which the app is installed: within a minute or two also those that have
          not told of it.
        </li>
        <li>
          <code>rekindle tenants set</code> gives a location its time zone, country and postal address, and <code>--automation</code> lets
          follow-ups leave: until then nothing does.
        </li>
      </ol>`,
  )

  function agencyPart() {
    if (locations === undefined)
      return html`<p>Its locations could not be listed at the moment. Each gets its token from the agency when it is first needed.</p>`
    if (locations.length === 0)
      return html`<p>
        The app is installed in none of its locations yet. A location gets its token from the agency when it is first needed.
      </p>`
    return html`<p>The app is installed in these locations. Each gets its token from the agency when it is first needed.</p>
      <ul>
        ${locations.slice(0, SHOWN).map(({ locationId, name }) => html`<li><code>${locationId}</code> ${name}</li>`)}
      </ul>
      ${more > 0 ? html`<p>And ${more} more.</p>` : null}`
  }
}

export function refusedPage(code: ApiErrorCode, requestId: string): string {
  const { means, remedy } = apiErrors[code]
  return page(
    'Nothing was connected',
    html`<h1>Nothing was connected</h1>
      <p>${means}</p>
      <h2>What to do next</h2>
      <p>${remedy}</p>
      <p class="soft">${code}, request ${requestId}</p>`,
  )
}
