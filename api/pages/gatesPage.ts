/** What rules cost, as a page for a realtor: which rule took what the votes alone were clearly for, how often, and what is not known. */
import { counted } from '../../pipelines/counted.ts'
import type { CostOfRule } from '../../pipelines/consensus/costOfGates.ts'
import type { GateCosts } from '../../sinks/postgres/gateCosts.ts'
import type { Places } from '../places.ts'
import { html, inZone } from './html.ts'
import type { Markup } from './html.ts'
import { page } from './layout.ts'
import { instant, moment, spoken } from './words.ts'

/** What was asked: decisions of so many days, of one location or all. */
export interface AskedOfGates {
  readonly tenant?: string
  readonly days: number
}

export interface GatesView extends Places {
  readonly costs: GateCosts
  readonly asked: AskedOfGates
  /** From this moment on, ms. */
  readonly since: number
}

const usualDays = 30
const spans: readonly number[] = [7, usualDays, 90, 366]

export function gatesPage({ costs, asked, since, nameOf, zoneOf }: GatesView): string {
  const { rules, decided, countedSince } = costs
  const sum = (field: 'heard' | 'gated') => decided.reduce((all, one) => all + one[field], 0)
  const [heard, gated] = [sum('heard'), sum('gated')]
  const where = asked.tenant === undefined ? '' : `, of ${nameOf(asked.tenant)}`
  return page('What rules cost', inZone(content(), asked.tenant === undefined ? 'UTC' : zoneOf(asked.tenant)))

  function content(): Markup {
    return html`<h1>What rules cost</h1>
      <p>
        A rule always stands: no vote overrules it. Here is how often one took what the votes alone gave more than 80 %, what is taken most
        often first. That a rule costs something does not say that it is wrong. Decisions since ${instant(since)}${where}.
      </p>
      <p>
        Of:
        ${spans.map((days) => html`<a href="/ui/gates${queryOf(asked, { days })}" ${days === asked.days ? html` aria-current="page"` : null}>${counted(days, 'day')}</a> `)}
        ${asked.tenant === undefined ? null : html` · <a href="/ui/gates${queryOf(asked, { tenant: undefined })}">all locations</a>`}
      </p>
      ${heard + gated === 0 ? html`<p>Nothing was decided in that time.</p>` : told(rules, heard, asked, nameOf, zoneOf)}
      ${
        countedSince > since
          ? html`<div class="card bad" role="status">
              <p>There are more such decisions than are read: counted are those since ${instant(countedSince)}.</p>
            </div>`
          : null
      }
      ${
        gated === 0
          ? null
          : html`<p class="soft">
              ${counted(gated, 'decision')} more ${gated === 1 ? 'was' : 'were'} closed by rules before anybody was asked: what votes would
              have been for is not known.
            </p>`
      }`
  }
}

function told(
  rules: readonly CostOfRule[],
  heard: number,
  asked: AskedOfGates,
  nameOf: GatesView['nameOf'],
  zoneOf: GatesView['zoneOf'],
): Markup {
  if (rules.length === 0) return html`<p>No rule took what the votes alone gave more than 80 %, in ${counted(heard, 'decision')}.</p>`
  const hasPlaces = asked.tenant === undefined && new Set(rules.map(({ tenantId }) => tenantId)).size > 1
  return html`<div class="wide" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Took</th>
            <th scope="col" class="n">Decisions</th>
            <th scope="col" class="n">By this rule alone</th>
            <th scope="col" class="n">Leads</th>
            <th scope="col">Last</th>
            ${hasPlaces ? html`<th scope="col">Location</th>` : null}
          </tr>
        </thead>
        <tbody>
          ${rules.map((rule) =>
            inZone(
              html`<tr>
                <td class="long">${rule.reason}<br /><span class="soft">${spoken(rule.gateId)}: ${spoken(rule.ruleId)}</span></td>
                <td>${spoken(rule.option)}<br /><span class="soft">${spoken(rule.type)}</span></td>
                <td class="n">${rule.decisions}</td>
                <td class="n">${rule.alone}</td>
                <td class="n">${rule.leads}</td>
                <td>${moment(rule.lastAt)}</td>
                ${hasPlaces ? html`<td><a href="/ui/gates${queryOf(asked, { tenant: rule.tenantId })}">${nameOf(rule.tenantId)}</a></td>` : null}
              </tr>`,
              zoneOf(rule.tenantId),
            ),
          )}
        </tbody>
      </table>
    </div>
    <p>
      Of ${counted(heard, 'decision')} on which votes were heard. "By this rule alone": no other rule denied it as well, so without this one
      it would have been open.
    </p>`
}

/** The query string that asks the same but for the changes. */
function queryOf(asked: AskedOfGates, changes: { readonly tenant?: string | undefined; readonly days?: number }): string {
  const { tenant, days } = { ...asked, ...changes }
  const kept: readonly (readonly [string, string])[] = [
    ...(tenant === undefined ? [] : [['tenant', tenant] as const]),
    ...(days === undefined || days === usualDays ? [] : [['days', String(days)] as const]),
  ]
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept.map(([name, value]) => [name, value] as [string, string])).toString()}`
}
