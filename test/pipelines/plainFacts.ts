/**
 * Facts, places, priorities and what agents see of a lead in their plain form: nothing is kept from one call to the next and nothing is
 * known to need no look. What the quick forms in pipelines/enrich/ must equal.
 */
import { parsePhoneNumberFromString as countryByCode } from 'libphonenumber-js'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { meanOf } from '../../pipelines/agents/factValues.ts'
import { contiguousUsZones, placeOfAreaCode, zonesOfState } from '../../pipelines/enrich/areaCodes.ts'
import type { Place } from '../../pipelines/enrich/areaCodes.ts'
import { withConsent } from '../../pipelines/enrich/consent.ts'
import type { Consents } from '../../pipelines/enrich/consent.ts'
import { phoneTypes } from '../../pipelines/enrich/facts/phoneFacts.ts'
import { stateOfZip } from '../../pipelines/enrich/facts/zipStates.ts'
import { countryCode, countryZones, stateCode, territoryOf } from '../../pipelines/enrich/regions.ts'
import { saidIntent } from '../../pipelines/enrich/score.ts'
import { daysToMove } from '../../pipelines/enrich/scoring/answers.ts'
import {
  LEAST_BUDGET,
  OTHER_SOURCE,
  bandDays,
  budgetPoints,
  phrasePoints,
  priorityWeights,
  sourcePoints,
  timelinePoints,
} from '../../pipelines/enrich/scoring/priorityTables.ts'
import type { PriorityPart } from '../../pipelines/enrich/scoring/priorityTables.ts'
import { permittedFacts } from '../../pipelines/agents/agentView.ts'
import { cut } from '../../pipelines/ingest/fields.ts'
import { wholeFactors } from '../../pipelines/enrich/scoring/wholePoints.ts'
import type { Consent, LeadProfile, PhoneFacts, Priority, RecentMessage, Scoring, Tenant } from '../../schemas/generated/records.ts'

type Texts = Readonly<Record<string, string>>

export function plainPhoneFactsOf(number: string, at: number): PhoneFacts {
  const parsed = parsePhoneNumberFromString(number)
  const type = parsed?.getType()
  const valid = parsed?.isValid() ?? false
  return {
    number,
    valid,
    type: type === undefined ? 'unknown' : phoneTypes[type],
    country: parsed?.country ?? null,
    source: 'libphonenumber',
    at,
  }
}

/** Does the address have the syntax that mail servers take, by the tables of Unicode? */
export function isPlainAddress(address: string): boolean {
  const text = address.trim().toLowerCase()
  const at = text.lastIndexOf('@')
  if (at < 1 || at > 64 || text.length > 254) return false
  return (
    /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u.test(text.slice(0, at)) &&
    /^([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(\p{L}{2,63}|xn--[a-z0-9-]{2,59})$/u.test(text.slice(at + 1))
  )
}

export function plainAmountOf(text: string): number | undefined {
  // Thousands apart by a space or a point, then a comma before the last one or two digits.
  const said = text
    .replace(
      /(?<![\d.,])(?<!\d )(\d{1,3}(?: \d{3})+|[1-9]\d{0,2}(?:\.\d{3})+)(?:,(\d\d?))?(?![ .,]?\d)(?!\s*(?:(?:k|mm?)\b|%))/gi,
      (_: string, whole: string, cents?: string) => [whole.replace(/[ .]/g, ''), ...(cents === undefined ? [] : [cents])].join('.'),
    )
    .replace(/(?<![\d.,]\d{0,9})(\d{1,9}),(\d\d?)(?![\d.,])/g, '$1.$2')
    .replaceAll(',', '')
  const found = [...said.matchAll(/((?<!\d|\d\.)\d+(?:\.\d+)?|(?<![\d.])\.\d+)(?:\s*(k|mm?))?(?!\w|\.\d)/gi)]
  const [first, second] = found
  if (first === undefined) return undefined
  const between = said.slice(first.index + first[0].length)
  if (second === undefined || !/^\W*(?:-|–|to|and|bis|\.\.)/i.test(between)) return scaled(first[1], first[2])
  const [low, high] = [scaled(first[1], first[2] ?? second[2]), scaled(second[1], second[2])]
  const isOfThousands = second[2] === undefined && low < 1000 && 1000 * low <= high
  return ((isOfThousands ? 1000 * low : low) + high) / 2
}

function scaled(digits: string | undefined, suffix: string | undefined): number {
  return Number(digits) * (suffix === undefined ? 1 : suffix.toLowerCase() === 'k' ? 1000 : 1_000_000)
}

/** The parts of a priority and what they come to; its tier and moment are tables and times, which have tests of their own. */
export function plainPriorityOf(profile: LeadProfile, names: Texts, scoring: Scoring): Pick<Priority, 'score' | 'factors' | 'unknown'> {
  const facts = new Map<string, string>()
  for (const [id, value] of Object.entries(profile.customFields).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = names[id]
    if (name !== undefined && value.trim() !== '' && !facts.has(name)) facts.set(name, value)
  }
  const said = saidIntent(profile.recentMessages)
  const weighed: Readonly<Record<PriorityPart, { points: number; words: string } | undefined>> = {
    budget: budgetOf(facts),
    engagement: { points: scoring.engagement, words: `acts: engagement ${scoring.engagement} of 100` },
    timeline: timelineOf([daysToMove(facts.get('timeline')), said?.timeline === undefined ? undefined : bandDays[said.timeline.name]]),
    intent: said && {
      points: Math.min(100, phrasePoints.high * said.high.length + phrasePoints.medium * said.medium.length),
      words: `says ${[...said.high, ...said.medium]
        .slice(0, 3)
        .map((phrase) => `"${phrase}"`)
        .join(', ')}`,
    },
    fit: scoring.fit === 0 ? undefined : { points: scoring.fit, words: `what it needs is known: fit ${scoring.fit} of 100` },
    source: sourceOf(profile.source),
  }
  const parts = Object.entries(weighed) as [PriorityPart, { points: number; words: string } | undefined][]
  const factors = wholeFactors(parts.flatMap(([code, one]) => (one === undefined ? [] : [{ ...one, code, weight: priorityWeights[code] }])))
  return {
    score: factors.reduce((sum, { points }) => sum + points, 0),
    factors,
    unknown: parts.filter(([, one]) => one === undefined).map(([part]) => part),
  }
}

function budgetOf(facts: ReadonlyMap<string, string>): { points: number; words: string } | undefined {
  const [budget, ...ends] = ['budget', 'budget_min', 'budget_max'].map((name) => plainAmountOf(facts.get(name) ?? ''))
  const known = ends.filter((end) => end !== undefined)
  const amount = budget ?? (known.length === 0 ? undefined : meanOf(known))
  if (amount === undefined || amount < LEAST_BUDGET) return undefined
  const band = budgetPoints.find(({ from }) => amount >= from)
  const words = band?.from === 0 ? 'below the lowest band' : `of ${band?.from.toLocaleString('en-US') ?? ''} or more`
  return band && { points: band.points, words: `a budget ${words}` }
}

function timelineOf(all: readonly (number | undefined)[]): { points: number; words: string } | undefined {
  const days = all.filter((known) => known !== undefined)
  const band = days.length === 0 ? undefined : timelinePoints.find(({ toDays }) => Math.min(...days) <= toDays)
  const words = band?.toDays === Infinity ? 'wants to move later than within a year' : `wants to move within ${band?.toDays ?? ''} days`
  return band && { points: band.points, words }
}

function sourceOf(source: string | null): { points: number; words: string } | undefined {
  const stated = (source ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
  if (stated === '' || stated === 'unknown') return undefined
  const row = sourcePoints.find(({ name, also }) => name === stated || also.includes(stated))
  if (row === undefined) return { points: OTHER_SOURCE, words: 'comes from another source' }
  return { points: row.points, words: `comes from ${row.name.replaceAll('_', ' ')}` }
}

export function plainPlaceOf(
  lead: Parameters<typeof addressOf>[0] & Pick<LeadProfile, 'timeZone' | 'phone' | 'reportedTimeZone'>,
  tenant: Pick<Tenant, 'timeZone'> | undefined,
): Place {
  const phone = phoneOf(lead.phone)
  const address = addressOf(lead)
  const sources = [lead.timeZone === null ? [] : [lead.timeZone], address?.zones ?? [], phone?.zones ?? []]
  const agreeing = (zone: string, of: readonly string[]) => sources.filter((other) => other !== of && other.includes(zone)).length
  // Of each source the zones that most of the others name too: with three sources, as here, that is what those that agree leave.
  const zones = sources.flatMap((of) => of.filter((zone) => of.every((other) => agreeing(other, of) <= agreeing(zone, of))))
  const unknown = [...(tenant === undefined ? [] : [tenant.timeZone]), ...contiguousUsZones]
  const reported = lead.reportedTimeZone === null ? [] : [lead.reportedTimeZone]
  return {
    zones: [...new Set([...(zones.length > 0 ? zones : unknown), ...reported])],
    states: narrowed(address?.states ?? [], phone?.states ?? []),
  }
}

function narrowed(known: readonly string[], more: readonly string[]): readonly string[] {
  if (known.length === 0 || more.length === 0) return known.length === 0 ? more : known
  const both = known.filter((item) => more.includes(item))
  return both.length > 0 ? both : [...new Set([...known, ...more])]
}

function phoneOf(phone: string | null): Place | undefined {
  if (phone === null || !phone.startsWith('+')) return undefined
  if (phone.startsWith('+1') && !/^\d{10}$/.test(phone.slice(2))) return undefined
  const listed = phone.startsWith('+1') ? placeOfAreaCode(phone.slice(2, 5)) : undefined
  if (listed !== undefined) return listed
  const country = countryByCode(phone)?.country
  if (phone.startsWith('+1') && ['US', 'CA'].includes(country ?? '')) return undefined
  return country === undefined ? undefined : { states: [country], zones: countryZones[country] ?? [] }
}

function addressOf({ state, country, postalCode }: Pick<LeadProfile, 'state' | 'country' | 'postalCode'>): Place | undefined {
  const named = country === null ? null : countryCode(country)
  const territory = named === null ? undefined : territoryOf(named)
  if (territory !== undefined) return { states: [territory], zones: zonesOfState(territory) ?? [] }
  if (named !== null && named !== 'US' && named !== 'CA') return { states: [named], zones: countryZones[named] ?? [] }
  const ofZip = named === 'US' && postalCode !== null ? stateOfZip(postalCode) : undefined
  const code = state === null ? ofZip : stateCode(state, named)
  return code === undefined ? undefined : { states: [code], zones: zonesOfState(code) ?? [] }
}

/** Custom fields as agents see them: the permitted ones; links have a test of their own. */
export function plainSeenFacts(customFields: Texts, names: Texts): [string, string][] {
  const named = Object.entries(names)
    .filter(([id, name]) => customFields[id] !== undefined && (permittedFacts as readonly string[]).includes(name))
    .map(([id, name]) => [name, cut(plainMasked(customFields[id] ?? ''), name === 'form_message' ? 280 : 80)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.entries(Object.fromEntries(named))
}

export function plainSeenMessages(messages: readonly RecentMessage[]): RecentMessage[] {
  return messages.slice(-5).map((message) => ({ ...message, text: cut(plainMasked(message.text), 280) }))
}

function plainMasked(text: string): string {
  return text
    .replace(/[^\s@<>]{1,64}@[^\s@<>]{1,190}/g, '[email]')
    .replace(/\+\d[\d ().-]{8,17}\d|(?<!\d)(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)/g, '[phone]')
}

/** One statement about several channels, one after the other. */
export function plainStated(consents: Consents, channels: readonly string[], stated: Consent): Consents {
  return channels.reduce((ledger, channel) => withConsent(ledger, channel, stated), consents)
}
