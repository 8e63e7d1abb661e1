/** Who waits for an answer, as a page for a realtor: who, how long, why, and how sure the list is. */
import { isComplete } from '../../pipelines/reconcile/coverage.ts'
import { instantText } from '../../pipelines/instantText.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import type { OwedQuery, ToldOwed } from '../owed.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { instant, moment } from './words.ts'

export interface OwedView extends Places {
  readonly answer: ToldOwed
  readonly asked: OwedQuery
}

/** Minutes, and how they are called. */
const spans: readonly (readonly [number, string])[] = [
  [0, 'all'],
  [15, '15 minutes or longer'],
  [60, 'an hour or longer'],
  [1_440, 'a day or longer'],
]

export function owedPage({ answer, asked, nameOf, zoneOf }: OwedView): string {
  const { at, leads, nextCursor, coverage } = answer
  const isSure = isComplete(coverage)
  return page('Waiting for an answer', inZone(content(), asked.tenant === undefined ? 'UTC' : zoneOf(asked.tenant)))

  function content(): Markup {
    return html`<h1>Leads that wait for an answer</h1>
      <p>
        Who wrote and was answered by neither a person nor Rekindle since, those that wait longest first. As of
        ${instant(at)}${asked.tenant === undefined ? '' : `, of ${nameOf(asked.tenant)}`}.
      </p>
      <p>
        Waiting:
        ${spans.map(([minutes, name]) => html`<a href="/ui/owed${queryOf(asked, { longerThanMinutes: minutes })}" ${minutes === asked.longerThanMinutes ? html` aria-current="page"` : null}>${name}</a> `)}
        ${asked.tenant === undefined ? null : html` · <a href="/ui/owed${queryOf(asked, { tenant: undefined })}">all locations</a>`}
      </p>
      ${
        isSure
          ? null
          : html`<div class="card bad" role="status">
              <p><strong>This list may be incomplete.</strong></p>
              ${sentences(coverage.words)}
            </div>`
      }
      ${leads.length === 0 ? nobody(answer, asked, isSure) : table(answer, asked, nameOf, zoneOf)}
      ${nextCursor === null ? null : html`<p><a href="/ui/owed${queryOf(asked, { cursor: nextCursor })}" rel="next">Next page</a></p>`}
      ${isSure ? html`<div class="soft">${sentences(coverage.words)}</div>` : null}`
  }
}

function nobody({ nextCursor }: ToldOwed, { longerThanMinutes, cursor }: OwedQuery, isSure: boolean): Markup {
  if (nextCursor !== null) return html`<p>Nobody on this page; the list goes on.</p>`
  const who = cursor === undefined ? 'Nobody' : 'Nobody else'
  const long = longerThanMinutes === 0 ? '' : ` ${spanText(longerThanMinutes * 60_000)} or longer`
  return html`<p>${isSure ? `${who} waits${long}.` : `${who} is known to wait${long}.`}</p>`
}

function table({ leads }: ToldOwed, asked: OwedQuery, nameOf: OwedView['nameOf'], zoneOf: OwedView['zoneOf']): Markup {
  const hasPlaces = asked.tenant === undefined && new Set(leads.map(({ tenantId }) => tenantId)).size > 1
  return html`<div class="wide" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">Lead</th>
          <th scope="col" class="n">Waits</th>
          <th scope="col">Wrote</th>
          <th scope="col">Why there is no answer</th>
          <th scope="col">So since</th>
          ${hasPlaces ? html`<th scope="col">Location</th>` : null}
        </tr>
      </thead>
      <tbody>
        ${leads.map((one) =>
          inZone(
            html`<tr>
              <td><a href="/ui/leads/${encodeURIComponent(one.leadKey)}">${one.name ?? one.contactId}</a></td>
              <td class="n">${spanText(one.waitingMs)}</td>
              <td>${moment(one.askedAt)}</td>
              <td class="long">${one.causeWords}<br /><span class="soft">${detailOf(one)}</span></td>
              <td>${moment(one.since)}</td>
              ${hasPlaces ? html`<td><a href="/ui/owed${queryOf(asked, { tenant: one.tenantId })}">${nameOf(one.tenantId)}</a></td>` : null}
            </tr>`,
            zoneOf(one.tenantId),
          ),
        )}
      </tbody>
    </table>
  </div>`
}

/** What the sentence of the cause does not say already. */
function detailOf({ cause, detail, userId, userName, foundAfterMs, machineAt }: ToldOwed['leads'][number]): string {
  const person = userName ?? userId
  const held = person === null ? 'Who it is, is not known.' : `${person} has it.`
  const rest = cause === 'webhook_lost' || detail === '' ? '' : detail.replace(/\.?$/, '.')
  const late = foundAfterMs === null ? '' : `No webhook told of the message: we knew of it ${spanText(foundAfterMs)} late.`
  const machine = machineAt === null ? '' : `A workflow or another program wrote since, ${instantText(machineAt)}.`
  return [cause === 'human_silent' ? held : rest, late, machine].filter((part) => part !== '').join(' ')
}

function sentences(words: readonly string[]): Markup[] {
  return words.map((sentence) => html`<p>${sentence}</p>`)
}

/** The query string that asks the same but for the changes; the first page, unless they name one. */
function queryOf(asked: OwedQuery, changes: Partial<Record<keyof OwedQuery, string | number | undefined>>): string {
  const { tenant, longerThanMinutes, limit } = asked
  const merged: Record<string, string | number | undefined> = { tenant, longerThanMinutes, limit, ...changes }
  const kept = Object.entries(merged).filter(
    ([name, value]) => value !== undefined && !(name === 'limit' && value === 50) && !(name === 'longerThanMinutes' && value === 0),
  )
  return kept.length === 0
    ? ''
    : `?${new URLSearchParams(kept.map(([name, value]) => [name, String(value)] as [string, string])).toString()}`
}
