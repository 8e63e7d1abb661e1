/**
 * Row 34. What the market says about the wording, from fields of the contact that state it, else from what is found about the segment of the
 * lead: price and stock together, for one of them alone is the market analyzer's to tell. One-sided markets and moving prices are worth
 * telling, never worth pressing with. Abstains without either and on a balanced market; by findings also when the lead has ended or is bound to another realtor.
 * @source reference/lead-domain.md 2.5, 2.13; reference/safety-and-claude.md 5 (urgency pressure)
 */
import type { AgentInsight } from '../../../schemas/generated/records.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, Answer } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { looksElsewhere } from '../competitive/elsewhere.ts'
import { binOfFinding, fitOf, hasEnded, segmentFacts, segmentsOf } from '../competitive/segment.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid } from '../readings.ts'

const marketFacts = ['market_trend', 'market_inventory', 'price_trend'] as const
const messagesRead = 3

/** What price and stock say together, by the reasons of the findings. */
const sides = [
  {
    price: 'prices_rising',
    stock: 'fewer_homes',
    worth: 0.85,
    reason: 'sellers_market',
    text: "Fewer homes and rising prices, a sellers' market",
  },
  {
    price: 'prices_falling',
    stock: 'more_homes',
    worth: 0.8,
    reason: 'buyers_market',
    text: "More homes and falling prices, a buyers' market",
  },
] as const

function byFindings({ findings }: AgentInsight, view: AgentView): Answer {
  if (hasEnded(view)) return abstain('lead_ended')
  if (looksElsewhere(lastSaid(view, messagesRead), unanswered(view).length) === 'bound') return abstain('not_ours_to_tell')
  for (const segment of segmentsOf(view)) {
    const about = (kind: string) => findings.find((one) => one.kind === kind && one.subject === segment)
    const [price, stock] = [about('price_trend'), about('inventory_trend')]
    if (price === undefined || stock === undefined) continue
    const side = sides.find((one) => one.price === price.reason && one.stock === stock.reason)
    if (side === undefined) return abstain('market_balanced')
    return vote('content', 'inform', {
      // As sure as the less sure of the two.
      bin: binOfFinding(price.bin < stock.bin ? price : stock, fitOf(price) * side.worth),
      reason: side.reason,
      text: `${side.text}: worth telling the lead.`,
      evidence: [price, stock].map(({ kind, subject, value }) =>
        field('insights.market_analyzer', `${kind} ${subject} ${value ?? ''}`.replaceAll(/\s+/g, ' ')),
      ),
    })
  }
  return abstain('market_balanced')
}

export const marketContextAgent: Agent = {
  id: 'market_context_agent',
  version: 3,
  system: 'follow-up',
  family: 'market',
  answers: ['content'],
  reads: [...marketFacts.map((fact) => `facts.${fact}`), 'insights.market_analyzer', ...segmentFacts, 'status', 'recentMessages'],
  assess(view, tables) {
    const { market_trend: trend = '', market_inventory: inventory = '', price_trend: prices = '' } = view.facts
    const evidence = marketFacts.flatMap((fact) => (view.facts[fact] === undefined ? [] : [field(`facts.${fact}`, view.facts[fact])]))
    if (evidence.length === 0) {
      const insight = tables.insight('market_analyzer')
      return insight === undefined ? abstain('no_market_data') : byFindings(insight, view)
    }
    const isSellers = /\bsellers?\b/i.test(trend) && /\blow\b/i.test(inventory)
    const isBuyers = /\bbuyers?\b/i.test(trend)
    const moving = /\b(rising|increasing|up)\b/i.test(prices)
      ? 'rising'
      : /\b(falling|decreasing|down)\b/i.test(prices)
        ? 'falling'
        : undefined
    if (!isSellers && !isBuyers && moving === undefined) return abstain('market_balanced')
    const side = isSellers ? "Few homes in a sellers' market" : isBuyers ? "A buyers' market" : undefined
    const said = [side, moving === undefined ? undefined : `${moving} prices`].filter((part) => part !== undefined).join(', ')
    // Two of three facts tell enough; a side speaks more clearly than prices alone.
    const completeness = Math.min(1, evidence.length / 2)
    return vote('content', 'inform', {
      bin: binOf(completeness * (isSellers ? 0.85 : isBuyers ? 0.8 : 0.75)),
      reason: isSellers ? 'sellers_market' : isBuyers ? 'buyers_market' : 'prices_moving',
      text: `${said.charAt(0).toUpperCase()}${said.slice(1)}: worth telling the lead.`,
      evidence,
    })
  },
}
