/**
 * Which movements are findings, whose they are and what they mean for the team. A row is one figure; a change of `threshold` is the
 * least that counts, and levels go by how often it is exceeded. Thresholds are ours: the reference has a model read the market.
 * @source reference/lead-domain.md 2.8 (price trend, inventory, share; competitor moves; three social signals)
 */
import type { Measure } from './trends.ts'

export const insightAgents = ['market_analyzer', 'competitor_tracker', 'social_monitor', 'strategic_synthesizer'] as const
export type InsightAgent = (typeof insightAgents)[number]

export interface Meaning {
  readonly reason: string
  /** Follows the subject: "Condo 250-500k: ". */
  readonly words: string
  readonly is: 'threat' | 'opportunity'
}

export interface TrendRule extends Measure {
  readonly agent: InsightAgent
  readonly kind: string
  /** Kind of fact, and whether it is about somebody else. */
  readonly of: 'market' | 'competitor' | 'social'
  readonly about: 'us' | 'competitor'
  /** In the unit of `by`. */
  readonly threshold: bigint
  readonly up: Meaning
  readonly down: Meaning
}

const threat = (reason: string, words: string): Meaning => ({ reason, words, is: 'threat' })
const opportunity = (reason: string, words: string): Meaning => ({ reason, words, is: 'opportunity' })

export const trendRules: readonly TrendRule[] = [
  {
    agent: 'market_analyzer',
    kind: 'price_trend',
    of: 'market',
    about: 'us',
    figure: 'median_price',
    by: 'per_mille',
    threshold: 20n,
    leastSamples: 20,
    up: opportunity('prices_rising', 'the median price has risen'),
    down: threat('prices_falling', 'the median price has fallen'),
  },
  {
    agent: 'market_analyzer',
    kind: 'inventory_trend',
    of: 'market',
    about: 'us',
    figure: 'inventory',
    by: 'per_mille',
    threshold: 100n,
    leastSamples: 20,
    up: opportunity('more_homes', 'more homes are for sale'),
    down: threat('fewer_homes', 'fewer homes are for sale'),
  },
  {
    agent: 'market_analyzer',
    kind: 'pace_trend',
    of: 'market',
    about: 'us',
    figure: 'days_on_market',
    by: 'per_mille',
    threshold: 100n,
    leastSamples: 20,
    up: threat('selling_slower', 'homes take longer to sell'),
    down: opportunity('selling_faster', 'homes sell faster'),
  },
  {
    agent: 'market_analyzer',
    kind: 'price_cut_trend',
    of: 'market',
    about: 'us',
    figure: 'price_cuts',
    by: 'per_mille',
    threshold: 250n,
    leastSamples: 20,
    up: threat('more_price_cuts', 'more prices are cut'),
    down: opportunity('fewer_price_cuts', 'fewer prices are cut'),
  },
  {
    agent: 'market_analyzer',
    kind: 'share_trend',
    of: 'market',
    about: 'us',
    figure: 'market_share',
    by: 'per_mille',
    threshold: 50n,
    leastSamples: 20,
    up: opportunity('share_rising', 'our share has risen'),
    down: threat('share_falling', 'our share has fallen'),
  },
  {
    agent: 'competitor_tracker',
    kind: 'competitor_listings',
    of: 'competitor',
    about: 'competitor',
    figure: 'new_listings',
    by: 'per_mille',
    threshold: 250n,
    leastSamples: 10,
    up: threat('competitor_growing', 'takes on more homes'),
    down: opportunity('competitor_shrinking', 'takes on fewer homes'),
  },
  {
    agent: 'competitor_tracker',
    kind: 'competitor_price_cuts',
    of: 'competitor',
    about: 'competitor',
    figure: 'price_cuts',
    by: 'per_mille',
    threshold: 500n,
    leastSamples: 10,
    up: threat('competitor_cutting', 'cuts more prices'),
    down: opportunity('competitor_holding', 'cuts fewer prices'),
  },
  {
    agent: 'competitor_tracker',
    kind: 'competitor_share',
    of: 'competitor',
    about: 'competitor',
    figure: 'market_share',
    by: 'per_mille',
    threshold: 50n,
    leastSamples: 20,
    up: threat('competitor_share_rising', 'has a larger share'),
    down: opportunity('competitor_share_falling', 'has a smaller share'),
  },
  {
    agent: 'social_monitor',
    kind: 'mention_trend',
    of: 'social',
    about: 'us',
    figure: 'mentions',
    by: 'per_mille',
    threshold: 250n,
    leastSamples: 30,
    up: opportunity('mentioned_more', 'we are mentioned more often'),
    down: threat('mentioned_less', 'we are mentioned less often'),
  },
  {
    agent: 'social_monitor',
    kind: 'mood_trend',
    of: 'social',
    about: 'us',
    figure: 'sentiment',
    by: 'thousandths',
    threshold: 100n,
    leastSamples: 30,
    up: opportunity('mood_rising', 'what is said about us is kinder'),
    down: threat('mood_falling', 'what is said about us is less kind'),
  },
  {
    agent: 'social_monitor',
    kind: 'interest_trend',
    of: 'social',
    about: 'us',
    figure: 'interest',
    by: 'per_mille',
    threshold: 150n,
    leastSamples: 30,
    up: opportunity('interest_rising', 'people search for homes more often'),
    down: threat('interest_falling', 'people search for homes less often'),
  },
  {
    agent: 'social_monitor',
    kind: 'competitor_mention_trend',
    of: 'social',
    about: 'competitor',
    figure: 'mentions',
    by: 'per_mille',
    threshold: 250n,
    leastSamples: 30,
    up: threat('competitor_mentioned_more', 'is mentioned more often'),
    down: opportunity('competitor_mentioned_less', 'is mentioned less often'),
  },
  {
    agent: 'social_monitor',
    kind: 'competitor_mood_trend',
    of: 'social',
    about: 'competitor',
    figure: 'sentiment',
    by: 'thousandths',
    threshold: 100n,
    leastSamples: 30,
    up: threat('competitor_mood_rising', 'is spoken of more kindly'),
    down: opportunity('competitor_mood_falling', 'is spoken of less kindly'),
  },
]
