/**
 * One name for a source that is written in many ways: by the table of names, and where it is a URL or UTM parameters by what these
 * say. What the table lacks keeps its own words, tidied; nothing is guessed.
 */
import { sourcePoints } from '../enrich/scoring/priorityTables.ts'

/** Longest name, characters: sources are free text. */
const NAME_LENGTH = 60

/** What `utm_source` is called in the table, where it is not the same word. @source common values of ad networks' own builders */
const utmSources = new Map(Object.entries({ fb: 'facebook', ig: 'instagram', adwords: 'google', 'realtor.com': 'realtor_com' }))
/** `utm_medium` of paid clicks. @source Google Analytics default channel group, paid: ^(.*cp.*|ppc|retargeting|paid.*)$ */
const PAID = /^(.*cp.*|ppc|retargeting|paid.*)$/

const known = new Map(sourcePoints.flatMap(({ name, also }) => [name, ...also].map((written) => [written, name] as const)))

/** The name of a source as stated; `unknown` for one that is not. */
export function sourceName(stated: string | null): string {
  const text = stated?.trim() ?? ''
  const name = slug(byUtm(text) ?? text)
  if (name === '') return 'unknown'
  return known.get(name) ?? name
}

/** What the UTM parameters in the text say; `undefined` where there are none. */
function byUtm(text: string): string | undefined {
  const from = text.search(/(^|[?&])utm_source=/i)
  if (from < 0) return undefined
  const query = new URLSearchParams(text.slice(from).replace(/^[?&]/, '').split('#', 1)[0])
  const of = (wanted: string) =>
    [...query]
      .find(([name]) => name.toLowerCase() === wanted)?.[1]
      ?.trim()
      .toLowerCase() ?? ''
  const named = of('utm_source')
  const source = utmSources.get(named) ?? named
  if (source !== 'google') return source
  return PAID.test(of('utm_medium')) ? 'google_ads' : of('utm_medium') === 'organic' ? 'google_organic' : 'google'
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_|_$/g, '')
    .slice(0, NAME_LENGTH)
}
