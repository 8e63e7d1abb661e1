/**
 * Row 34. What the market says about the wording, from market facts that the tenant's own feeds write. One-sided markets
 * and moving prices are worth telling, never worth pressing with. Abstains without market facts and on a balanced market.
 * @source reference/lead-domain.md 2.5; reference/safety-and-claude.md 5 (urgency pressure)
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'

const marketFacts = ['market_trend', 'market_inventory', 'price_trend'] as const

export const marketContextAgent: Agent = {
  id: 'market_context_agent',
  version: 1,
  system: 'follow-up',
  family: 'market',
  answers: ['content'],
  reads: marketFacts.map((fact) => `facts.${fact}`),
  assess(view) {
    const { market_trend: trend = '', market_inventory: inventory = '', price_trend: prices = '' } = view.facts
    const evidence = marketFacts.flatMap((fact) => (view.facts[fact] === undefined ? [] : [field(`facts.${fact}`, view.facts[fact])]))
    if (evidence.length === 0) return abstain('no_market_data')
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
