/**
 * Words, permission and scores of the fold of enrich in their plain form: every phrase is compared with the whole text, and nothing is
 * kept from one call to the next. What the quick forms in pipelines/enrich/ must equal.
 */
import { instantInWords, listed } from '../../pipelines/enrich/behaviour/because.ts'
import { interestShares } from '../../pipelines/enrich/behaviour/likelihood.ts'
import type { InterestShare } from '../../pipelines/enrich/behaviour/likelihood.ts'
import { KEPT_MS } from '../../pipelines/enrich/behaviour/signals.ts'
import { workingEmail } from '../../pipelines/enrich/consent.ts'
import {
  FINANCING_UNKNOWN,
  SIGNAL_CAP,
  TIMELINE_UNSPECIFIED,
  financingBands,
  intentSignals,
  timelineBands,
} from '../../pipelines/enrich/intentLexicon.ts'
import type { Band } from '../../pipelines/enrich/intentLexicon.ts'
import { askedFor, narrowPhrases } from '../../pipelines/enrich/askedFor.ts'
import { contains } from '../../pipelines/enrich/normalForm.ts'
import type { PermissionChange } from '../../pipelines/enrich/optOut.ts'
import {
  forwarding,
  greetings,
  harmlessUses,
  optInKeywords,
  optOutKeywords,
  ownWords,
  polite,
  purposeOptOuts,
  stopSigns,
  unclearWords,
} from '../../pipelines/enrich/optOutLexicon.ts'
import { lookAlikes, softeners } from '../../pipelines/enrich/optOutLookAlikes.ts'
import { bereaved } from '../../pipelines/enrich/bereaved.ts'
import { isMeant } from '../../pipelines/enrich/meant.ts'
import { notThem } from '../../pipelines/enrich/notThem.ts'
import { inContext } from '../../pipelines/enrich/optOutDoubts.ts'
import { doubtfulPhrases } from '../../pipelines/enrich/optOutForms.ts'
import { optOutPhrases } from '../../pipelines/enrich/optOutPhrases.ts'
import { fillers, plainStops } from '../../pipelines/enrich/wholeOptOuts.ts'
import type { Purpose } from '../../pipelines/enrich/purposes.ts'
import type { IntentPart } from '../../pipelines/enrich/score.ts'
import { temperatureOf } from '../../pipelines/enrich/scoring/composite.ts'
import type { Scored } from '../../pipelines/enrich/scoring/composite.ts'
import { ENGAGEMENT_EACH, fitByKnown, interestWords, needs, partWeights } from '../../pipelines/enrich/scoring/parts.ts'
import type { PartName } from '../../pipelines/enrich/scoring/parts.ts'
import type { Consent, Observed, RecentMessage, ScoreFactor, Scoring } from '../../schemas/generated/records.ts'

const keywords = new Set(optOutKeywords.flatMap((row) => row.words))
const optIns = new Set(optInKeywords.flatMap((row) => row.words))
const phrases = optOutPhrases.flatMap((row) => row.words)
const longestFirst = [...polite].sort((a, b) => b.split(' ').length - a.split(' ').length)

/** Compatibility forms folded, lower case, accents and apostrophes removed, everything else that is no letter or digit a space. */
export function plainNormalised(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}'’‘‛`´ʹʻʼʽˈ′\p{Cf}]/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** What a message from the lead changes; undefined for nearly all. `subject` is that of an e-mail. */
export function plainPermissionChange(message: string, subject: string | null = null): PermissionChange | undefined {
  const text = plainSpelled(message)
  const whole = plainNormalised(text)
  // "STOP" above a signature is still STOP; a one-click unsubscribe puts the word into the subject.
  const candidates = [whole, plainNormalised(firstLine(text)), plainNormalised(subject ?? '')]
  const keyword = candidates.find((candidate) => keywords.has(candidate) || keywords.has(joined(candidate)))
  if (keyword !== undefined) return { change: 'opt_out', layer: 'keyword', words: keyword }
  const optIn = candidates.slice(0, 2).find((candidate) => optIns.has(candidate))
  if (optIn !== undefined) return { change: 'opt_in', words: optIn }
  const named = plainNamed(whole === '' && subject !== null ? subject : firstLine(text))
  if (named !== undefined) {
    const words = { change: 'opt_out', layer: 'phrase', words: named.words } as const
    return saysMore(text, named.purpose) ? words : { ...words, purpose: named.purpose }
  }
  const clauses = text.split(/[.,;:!?…\n]+|\s[-–—]+\s/).map(plainNormalised)
  const outside = (uses: readonly string[]) =>
    uses.some((use) => whole.includes(use)) ? clauses.map((clause) => without(clause, uses)).join(' ') : whole
  const bare = clauses.map((clause) => without(clause, lookAlikes))
  const first = lookAlikes.some((use) => contains(whole, use)) ? bare.join(' ') : whole
  const inSubject = plainNormalised(subject ?? '')
  const isOwn = !forwarding.test(subject ?? '')
  const phraseIn = (words: string) =>
    phrases.find((one) => contains(words, one)) ??
    (isOwn && inSubject !== '' ? phrases.find((one) => contains(inSubject, one)) : undefined) ??
    softenedIn(words)
  const found = phraseIn(first)
  const perhaps = [...doubtfulPhrases, ...narrowPhrases].find((one) => contains(first, one))
  const keeps = found === undefined && perhaps === undefined ? undefined : askedFor(bare)
  if (keeps !== undefined) return { change: 'opt_out', layer: 'phrase', words: found ?? perhaps ?? whole, keeps }
  const seen = found === undefined ? undefined : inContext(text, bare)
  const said = seen?.rest ?? first
  const phrase = seen === undefined ? found : phraseIn(said)
  if (phrase !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase }
  const beside =
    candidates
      .filter(({ length }) => length <= 80)
      .map((one) => plainCalm(joined(once(one))))
      .find((one) => keywords.has(one)) ?? plainAlone(text, whole)
  if (beside !== undefined) return { change: 'opt_out', layer: 'keyword', words: beside }
  const other = notThem(text, { text: whole, words: whole.split(' ') })
  if (other?.isStranger === true) return { change: 'opt_out', layer: 'phrase', words: other.words }
  const harmless = said === whole ? outside(harmlessUses) : without(said, harmlessUses)
  const rest = without(harmless, ownWords).trim() === '' ? harmless : without(harmless, ownWords)
  const doubtful = doubtfulPhrases.find((one) => one === perhaps)
  const unclear =
    seen?.doubt ??
    doubtful ??
    unclearWords.find((word) => contains(rest, word)) ??
    stopSigns.find((sign) => whole === '' && text.includes(sign)) ??
    other?.words ??
    bereaved(text, { text: whole, words: whole.split(' ') })
  return unclear === undefined ? undefined : { change: 'unclear', words: unclear }
}

/** "#" behind whose it is, or that it is wrong, and no figure behind it. */
function plainSpelled(message: string): string {
  return message.replace(/\b(wrong|my|our|this|that|her|his)\s*#(?!\s*\d)/gi, '$1 number')
}

function softenedIn(words: string): string | undefined {
  const softened = plainSoftened(words)
  return softened === words ? undefined : phrases.find((one) => contains(softened, one))
}

/** Without what may stand within a phrase, from the left, the longest of what begins at a word. */
function plainSoftened(said: string): string {
  const longest = [...softeners].sort((a, b) => b.split(' ').length - a.split(' ').length)
  let [rest, kept] = [said.split(' '), [] as string[]]
  while (rest.length > 0) {
    const here = longest.find((one) => `${rest.join(' ')} `.startsWith(`${one} `))
    if (here === undefined) kept = [...kept, rest[0] as string]
    rest = rest.slice(here?.split(' ').length ?? 1)
  }
  return kept.join(' ')
}

/** The purpose that a short line takes permission back for, when it says nothing else. */
function plainNamed(line: string): { words: string; purpose: Purpose } | undefined {
  const words = impolite(plainNormalised(line))
  const row = purposeOptOuts.find((one) => one.words.includes(words))
  return line.length > 80 || row === undefined ? undefined : { words, purpose: row.purpose }
}

/** Is something said of permission below the lines that name this purpose? */
function saysMore(text: string, purpose: Purpose): boolean {
  const below = text.trim().split('\n').slice(1)
  while (below[0] !== undefined && (below[0].trim() === '' || plainNamed(below[0])?.purpose === purpose)) below.shift()
  return plainPermissionChange(below.join('\n')) !== undefined
}

/** Without politeness around it, the phrases of most words first. */
function impolite(words: string, around: readonly string[] = longestFirst): string {
  let said = words
  for (let before = ''; before !== said;) {
    before = said
    for (const phrase of around) {
      if (said.startsWith(`${phrase} `)) said = said.slice(phrase.length + 1)
      if (said.endsWith(` ${phrase}`)) said = said.slice(0, -phrase.length - 1)
    }
  }
  return said
}

const aroundStops = [...polite, ...fillers].sort((a, b) => b.split(' ').length - a.split(' ').length)

/** A plain stop on a line of its own, else in a clause of its own with at most four other words in the message. */
function plainAlone(text: string, whole: string): string | undefined {
  const said = without(whole, ownWords)
  const stopOf = (part: string) => {
    const words = plainNormalised(part)
    if (part.length > 80 || part.trimStart().startsWith('>') || words === '' || !contains(said, words)) return undefined
    const greeted = greetings.filter((one) => words.startsWith(`${one} `)).map((one) => words.slice(one.length + 1))
    const ways = [words, ...greeted.map((rest) => rest.split(' ').slice(1).join(' '))]
    return ways.map((one) => plainCalm(joined(impolite(one, aroundStops).replace(/ ?\d+$/, '')))).find((one) => plainStops.includes(one))
  }
  const count = (words: string) => words.split(' ').filter((word) => word !== '').length
  const clauses = text
    .split(/[.,;:!?…\n]+|\s[-–—]+\s/)
    .filter((one) => whole.length <= 80 && count(whole) - count(plainNormalised(one)) <= 4)
  return [...text.split('\n'), ...clauses].map(stopOf).find((one) => one !== undefined)
}

const likeLatin: readonly [string, string][] = [
  ['аеорстухѕі', 'aeopctyxsi'],
  ['οτρ', 'otp'],
  ['ꜱᴛᴏᴘ', 'stop'],
]

/** Letters three times or more are one, and letters of other alphabets are those that they look like where nothing else is left. */
function plainCalm(words: string): string {
  const drawn = words.replace(/(\p{L})\1\1+/gu, '$1')
  let twin = drawn
  for (const [others, latin] of likeLatin) [...others].forEach((one, place) => (twin = twin.replaceAll(one, latin.charAt(place))))
  return drawn !== twin && /^[a-z ]+$/.test(twin) ? twin : drawn
}

/** Without politeness around it, and without repetition. */
function once(words: string): string {
  const said = impolite(words)
  const all = new Set(said.split(' '))
  return all.size === 1 ? (said.split(' ', 1)[0] ?? '') : said
}

// More than one space: no phrase is found across the gap.
function without(text: string, uses: readonly string[]): string {
  return uses.reduce((words, use) => (words.includes(use) ? ` ${words} `.replaceAll(` ${use} `, '   ') : words), text)
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

// "S T O P" and "S.T.O.P."
function joined(words: string): string {
  return /^(\p{L} )+\p{L}$/u.test(words) ? words.replaceAll(' ', '') : words
}

// Text that sorts like the rule: class, time (zero-padded ms), revocation before permission, then the event for a stable end.
export function plainRank({ status, at, eventId }: Consent): string {
  return [status === 'inquiry' ? 0 : 1, String(at).padStart(15, '0'), status === 'revoked' ? 1 : 0, eventId].join(':')
}

export function plainIntentParts(messages: readonly RecentMessage[]): IntentPart[] {
  const texts = messages.filter((message) => message.direction === 'inbound').map(({ text }) => text)
  if (texts.every((text) => plainNormalised(text) === '')) return []
  const isSaid = (phrase: string) => texts.some((text) => contains(plainNormalised(text), phrase) && isMeant(text, phrase))
  const said = intentSignals.map(({ points, phrases }) => ({ points, phrases: phrases.filter(isSaid) }))
  const signals = said.reduce((sum, { points, phrases }) => sum + points * phrases.length, 0)
  const timeline = firstBand(timelineBands, isSaid)
  const financing = firstBand(financingBands, isSaid)
  return [
    ...(signals === 0
      ? []
      : [
          {
            code: 'intent_signals' as const,
            points: Math.min(signals, SIGNAL_CAP),
            words: `says ${quoted(said.flatMap(({ phrases }) => phrases))}`,
          },
        ]),
    {
      code: 'intent_timeline',
      points: timeline?.points ?? TIMELINE_UNSPECIFIED,
      words: timeline === undefined ? 'writes, but of no time frame' : `${spoken(timeline.name)} time frame ("${timeline.phrase}")`,
    },
    {
      code: 'intent_financing',
      points: financing?.points ?? FINANCING_UNKNOWN,
      words: financing === undefined ? 'writes, but not how it would pay' : `financing ${spoken(financing.name)} ("${financing.phrase}")`,
    },
  ]
}

/** The first band with a phrase that is said, and the phrase. */
function firstBand(
  bands: readonly Band<string>[],
  isSaid: (phrase: string) => boolean,
): { name: string; points: number; phrase: string } | undefined {
  for (const { name, points, phrases } of bands) {
    const phrase = phrases.find(isSaid)
    if (phrase !== undefined) return { name, points, phrase }
  }
  return undefined
}

function quoted(phrases: readonly string[]): string {
  const told = phrases.slice(0, 3).map((phrase) => `"${phrase}"`)
  return [...told, ...(phrases.length > 3 ? [`${phrases.length - 3} more`] : [])].join(', ')
}

function spoken(name: string): string {
  return name.replaceAll('_', ' ')
}

/** A reason before its points are whole. */
interface Exact {
  readonly code: string
  readonly words: string
  readonly part: PartName
  /** Of the 100 of its part. */
  readonly points: number
}

export function plainScoringOf(profile: Scored, factNames: Readonly<Record<string, string>>, at: number): Scoring {
  const shares = interestShares(profile.behaviour?.seen ?? [], at)
  const seen = profile.behaviour?.seen ?? []
  const exact: readonly Exact[] = behaviourOf(shares).concat(
    plainIntentParts(profile.recentMessages).map(({ code, points, words }) => ({ code, part: 'intent', points, words })),
    fitOf(profile, factNames),
    engagementOf(seen, at),
  )
  const factors = wholeFactors(exact)
  const score = factors.reduce((sum, { points }) => sum + points, 0)
  return {
    at,
    score,
    temperature: exact.length === 0 ? 'unknown' : temperatureOf(score),
    behaviour: partOf(exact, 'behaviour'),
    intent: partOf(exact, 'intent'),
    fit: partOf(exact, 'fit'),
    engagement: partOf(exact, 'engagement'),
    factors,
  }
}

function partOf(exact: readonly Exact[], part: PartName): number {
  return Math.round(exact.reduce((sum, one) => sum + (one.part === part ? one.points : 0), 0))
}

/** Each interest with its share of the likelihood, which stops at 100. */
function behaviourOf(shares: readonly InterestShare[]): Exact[] {
  const sum = shares.reduce((all, { points }) => all + points, 0)
  return shares.map(({ interest, events, lastAt, trend, points }) => ({
    code: `behaviour_${interest}`,
    part: 'behaviour',
    points: sum > 100 ? (100 * points) / sum : points,
    words: `${interestWords[interest]}: ${events}, last ${instantInWords(lastAt)}${trend === 'stable' ? '' : `, ${trend}`}`,
  }))
}

function fitOf(profile: Scored, factNames: Readonly<Record<string, string>>): Exact[] {
  const facts = new Set<string>()
  for (const [id, value] of Object.entries(profile.customFields)) {
    const name = factNames[id]
    if (name !== undefined && value.trim() !== '') facts.add(name)
  }
  const known = [
    ...(profile.phone === null ? [] : ['phone']),
    ...(workingEmail(profile) === null ? [] : ['e-mail']),
    ...needs.filter((need) => need.facts.some((fact) => facts.has(fact))).map(({ words }) => words),
  ]
  if (known.length === 0) return []
  return [{ code: 'fit_known', part: 'fit', points: fitByKnown[known.length] as number, words: `known: ${listed(known)}` }]
}

function engagementOf(seen: readonly Observed[], at: number): Exact[] {
  const actions = seen.filter((one) => one.at <= at && one.at >= at - KEPT_MS).length
  if (actions === 0) return []
  const points = Math.min(ENGAGEMENT_EACH * actions, 100)
  return [{ code: 'engagement_actions', part: 'engagement', points, words: `acts: ${actions} within 30 days` }]
}

/**
 * Whole points that sum to the rounded sum: each rounded down, then one more for those that lost most, equal ones by their
 * code. What is left without a point is no factor.
 */
function wholeFactors(exact: readonly Exact[]): ScoreFactor[] {
  let sum = 0
  const rows = exact.map(({ code, words, part, points: ofPart }) => {
    // Thousandths of a point: ten for each hundredth of weight.
    const milli = Math.round(10 * partWeights[part] * ofPart)
    sum += milli
    return { code, words, points: Math.floor(milli / 1000), lost: milli % 1000 }
  })
  let missing = Math.floor((sum + 500) / 1000) - rows.reduce((all, { points }) => all + points, 0)
  for (const row of [...rows].sort((a, b) => b.lost - a.lost || byCode(a, b))) {
    if (missing === 0) break
    row.points++
    missing--
  }
  return rows
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points || byCode(a, b))
    .map(({ code, points, words }) => ({ code, points, words }))
}

function byCode(a: { readonly code: string }, b: { readonly code: string }): number {
  return a.code < b.code ? -1 : 1
}
