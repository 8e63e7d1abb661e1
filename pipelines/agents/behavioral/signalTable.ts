/**
 * What the signals of a lead weigh and mean to the agents of system 7, as data, and how a window of them is counted.
 * Every name is one that lead events bring; a name that nobody sends does not compile.
 * @source reference/lead-domain.md 6.3
 */
import type { SeenSignal } from '../../../schemas/generated/records.ts'
import type { SignalName } from '../../enrich/behaviour/signals.ts'
import type { AgentView } from '../agentView.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs

export const propertySignals = ['property_view', 'virtual_tour_view'] as const satisfies SignalName[]
export const calculatorSignals = ['calculator_usage', 'price_click'] as const satisfies SignalName[]
export const formSignals = ['form_interaction', 'form_started', 'form_submitted'] as const satisfies SignalName[]

/** Weight by signal; any other weighs `otherWeight`, `fullWeight` is that of a call. */
export const weights: Readonly<Partial<Record<SignalName, number>>> = {
  property_view: 10,
  virtual_tour_view: 10,
  calculator_usage: 15,
  price_click: 15,
  form_interaction: 12,
  form_started: 12,
  form_submitted: 12,
  email_click: 8,
  phone_call: 20,
}
export const otherWeight = 5
export const fullWeight = 20

/** How often a signal must come to mean something; any other once. Time on a page has no length here, so it never does. */
const significance: Readonly<Partial<Record<SignalName, number>>> = { property_view: 3, time_on_page: Infinity }

/** Classes of intent and the signals that speak for each, in order of precedence at equal probability. */
export const intentSignals = {
  buying: [
    ...calculatorSignals,
    ...formSignals,
    'phone_call',
    'document_download',
    'tour_finished',
    'application_started',
    'application_finished',
  ],
  comparison: [...propertySignals, 'favorites_action', 'sharing_action'],
  research: ['search_query', 'time_on_page', 'email_open', 'market_report_view'],
  browsing: ['page_view', ...propertySignals, 'scroll_behavior'],
} as const satisfies Readonly<Record<string, readonly SignalName[]>>
export type SignalIntent = keyof typeof intentSignals

type Window = readonly SeenSignal[]

/** Weight of a signal. */
export function weightOf(signal: string): number {
  return (Object.hasOwn(weights, signal) ? weights[signal as SignalName] : undefined) ?? otherWeight
}

/** Does a signal that came `count` times mean something? */
export function isSignificant(signal: string, count: number): boolean {
  return count >= ((Object.hasOwn(significance, signal) ? significance[signal as SignalName] : undefined) ?? 1)
}

/** Signals in the window; with `of` those of these kinds, with `since` those from then on. */
export function countOf(window: Window, of?: readonly string[], since = -Infinity): number {
  let sum = 0
  for (const { signal, at, count } of window) if (at >= since && (of === undefined || of.includes(signal))) sum += count
  return sum
}

/** Mean weight of the signals of these kinds; 0 for none. */
export function meanWeight(window: Window, of?: readonly string[]): number {
  let sum = 0
  for (const { signal, count } of window) if (of === undefined || of.includes(signal)) sum += count * weightOf(signal)
  const count = countOf(window, of)
  return count === 0 ? 0 : sum / count
}

/** Distinct properties looked at. */
export function propertiesIn(window: Window): number {
  const properties = new Set<number>()
  for (const { signal, subject } of window)
    if (subject > 0 && (propertySignals as readonly string[]).includes(signal)) properties.add(subject)
  return properties.size
}

/** What a window is still worth: all on the first day, .8 up to three days after its latest signal, then .6. */
export function freshnessOf(view: Pick<AgentView, 'signals' | 'askedAt'>): number {
  const hours = (view.askedAt - (view.signals.at(-1)?.at ?? -Infinity)) / hourMs
  return hours <= 24 ? 1 : hours <= 72 ? 0.8 : 0.6
}

/** The window in words for evidence: the most frequent kinds first. */
export function windowInWords(window: Window): string {
  const counts = new Map<string, number>()
  for (const { signal, count } of window) counts.set(signal, (counts.get(signal) ?? 0) + count)
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, 3)
    .map(([signal, count]) => `${signal} ${count}`)
    .join(', ')
}
