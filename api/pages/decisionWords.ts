/** One decision as a piece of a page: what was chosen, why, what each vote added, which gates held it. */
import type { Decision } from '../../schemas/generated/records.ts'
import type { ExplainedDecision } from '../leadStory.ts'
import { isLatestEnd } from '../../pipelines/consensus/gates.ts'
import { wholePercent } from '../../pipelines/consensus/wholePercent.ts'
import { html } from './html.ts'
import type { Markup } from './html.ts'
import { instant, microToExact, nats, spoken } from './words.ts'

/** Probability of the chosen option, in percent; nothing where nobody was asked, or something newer ended the question. */
export function chosenPercent({ options, chosen, stopReason }: Pick<Decision, 'options' | 'chosen' | 'stopReason'>): string | undefined {
  const option = options.find((known) => known.option === chosen)
  return option === undefined || stopReason === 'gated' || stopReason === 'superseded' ? undefined : wholePercent(option.probability)
}

/** The votes and gates behind a decision as tables. `became`: what became of it, where that is known. */
export function decisionCard({ decision, headline, why }: ExplainedDecision, became?: string): Markup {
  const held = decision.gates.filter(({ verdict }) => verdict !== 'allow')
  return html`<section class="card" id="${decision.decisionId}">
    <h3>
      ${headline}
      <span class="soft"
        >${[spoken(decision.type), chosenPercent(decision), instant(decision.decidedAt)].filter((part) => part !== undefined).join(', ')}</span
      >
    </h3>
    ${became === undefined ? null : html`<p>${became}</p>`}
    <ul>
      ${why.map((line) => html`<li>${line}</li>`)}
    </ul>
    <details>
      <summary>Votes and sums</summary>
      <div class="wide" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">For</th>
              <th scope="col" class="n">Bin</th>
              <th scope="col" class="n">Nats</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            ${decision.contributions.map(
              (one) =>
                html`<tr>
                  <td>${spoken(one.agentId)}</td>
                  <td>${spoken(one.option)}</td>
                  <td class="n">${one.bin}</td>
                  <td class="n">${one.blocked ? 'gated' : nats(one.nats)}</td>
                  <td>${one.reasonText ?? spoken(one.reasonCode)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <div class="wide" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">Option</th>
              <th scope="col" class="n">Base</th>
              <th scope="col" class="n">Sum</th>
              <th scope="col" class="n">Probability</th>
              <th scope="col">Allowed</th>
            </tr>
          </thead>
          <tbody>
            ${decision.options.map(
              (one) =>
                html`<tr>
                  <td>${spoken(one.option)}</td>
                  <td class="n">${nats(String(microToExact(one.baseMicro)))}</td>
                  <td class="n">${nats(one.score)}</td>
                  <td class="n">${(one.probability * 100).toFixed(1)} %</td>
                  <td>${one.eligible ? 'yes' : 'no'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="soft">
        Silent:
        ${decision.silent.length === 0 ? 'nobody' : decision.silent.map(({ agentId, reasonCode }) => `${spoken(agentId)} (${spoken(reasonCode)})`).join(', ')}.
        Policy <code>${decision.policyHash.slice(0, 12)}</code>, asked because of ${spoken(decision.reason)}, closed by
        ${spoken(decision.stopReason)}.
      </p>
    </details>
    ${held.length === 0 ? null : html`<p>Held by: ${held.map(({ gateId, reason, liftsAt }) => html`<br />${spoken(gateId)}: ${reason}${liftsAt === null ? null : html` <span class="soft">lifts ${instant(liftsAt)}${isLatestEnd({ gateId }) ? ' at the latest' : ''}</span>`}`)}</p>`}
  </section>`
}
