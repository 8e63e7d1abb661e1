/**
 * What one lead in five does on the website of the sandbox location, as a workflow of it hands that on: looks at homes, one cheaper than
 * the other, a calculator and a saved home, a price that is clicked and left, a form that is begun. Pure: a seed and a story determine it.
 */
import type { LeadStory } from './leadStory.ts'
import { seededRandom } from './seededRandom.ts'
import type { Json } from './webhooks.ts'

const homes = ['oak-street-12', 'lake-view-7', 'mill-lane-3', 'hill-top-21', 'river-road-9'] as const
const dollars = [520_000, 495_000, 460_000, 425_000, 399_000] as const

type Visit = (start: number) => readonly Json[]

const look = (at: number): Json => ({
  rekindle_signal: 'property_view',
  subject: homes[at % homes.length],
  price: String(dollars[Math.min(at, dollars.length - 1)]),
})

const visits: readonly [Visit, ...Visit[]] = [
  (start) => [look(start), look(start + 1), look(start + 2)],
  (start) => [look(start), { rekindle_signal: 'calculator_usage' }, { rekindle_signal: 'favorites_action', subject: homes[start] }],
  () => [
    { rekindle_signal: 'page_view', subject: 'financing' },
    { rekindle_signal: 'price_click', price: '425000' },
  ],
  () => [{ rekindle_signal: 'market_report_view' }, { rekindle_signal: 'form_started', subject: 'home-value' }],
]

/** The custom data of each post, in order; none for most leads. */
export function browsingOf(story: Pick<LeadStory, 'index'>, seed: number): readonly Json[] {
  const random = seededRandom(seed, 'browsing', story.index)
  if (!random.chance(0.2)) return []
  return random.pick(visits)(random.between(0, 2))
}
