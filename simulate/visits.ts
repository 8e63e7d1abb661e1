/**
 * By which visits the people of the stories came, in the shape in which the platform records them (`attributionSource`). They fit the
 * source that the contact states; campaigns are those that the sandbox location spends on. Pure: a seed and a story determine them.
 */
import type { LeadStory } from './leadStory.ts'
import { seededRandom } from './seededRandom.ts'
import type { SeededRandom } from './seededRandom.ts'
import type { Json } from './webhooks.ts'

export interface Visits {
  readonly first: Json
  /** The visit of a lead that comes back; `undefined` while there is none after the first. */
  readonly last: Json | undefined
}

/** The website of the sandbox location. */
const site = 'https://sandbox-realty.example'
type Pages = readonly [string, ...string[]]
const pages: Pages = ['/homes/austin', '/homes/new', '/sell/what-is-my-home-worth', '/open-houses']
const searches: Pages = ['homes for sale austin', 'realtor near me', 'sell my house', 'townhomes austin']
const advertisements: Pages = ['carousel of new homes', 'home value video', 'first showing']

const organicSearch = (random: SeededRandom): Json => ({
  sessionSource: 'Organic Search',
  medium: 'form',
  referrer: 'https://www.google.com/',
  url: site + random.pick(pages),
})
const direct = (random: SeededRandom): Json => ({ sessionSource: 'Direct traffic', medium: 'form', url: site + random.pick(pages) })
const byLink = (random: SeededRandom): Json => ({
  sessionSource: 'Referral',
  medium: 'form',
  referrer: 'https://neighborhood-news.example/guide',
  url: site + random.pick(pages),
})
/** Somebody of the office typed the contact in: no visit, and the platform says so. */
const typedIn = (): Json => ({ sessionSource: 'CRM UI', medium: 'manual', mediumId: null })

type Source = LeadStory['source']

/** The first visit of a lead by the source that it states. */
const firstOf: Readonly<Record<Source, (random: SeededRandom) => Json>> = {
  website: (random) => random.pick([organicSearch, organicSearch, direct, byLink])(random),
  'facebook lead ad': (random) => ({
    sessionSource: 'Paid Social',
    medium: 'facebook',
    utmSource: 'facebook',
    utmMedium: 'paid_social',
    utmCampaign: 'sandbox lead ads',
    utmContent: random.pick(advertisements),
    fbclid: random.id(24),
  }),
  'google ads': (random) => ({
    sessionSource: 'Paid Search',
    medium: 'form',
    utmSource: 'adwords',
    utmMedium: 'cpc',
    utmCampaign: 'sandbox search',
    utmTerm: random.pick(searches),
    referrer: 'https://www.google.com/',
    url: site + random.pick(pages),
    gclid: random.id(24),
  }),
  'portal inquiry': () => ({
    sessionSource: 'Referral',
    medium: 'form',
    utmSource: 'portal',
    utmMedium: 'referral',
    utmCampaign: 'sandbox portal',
    referrer: 'https://homes-portal.example/listing',
  }),
  referral: typedIn,
  'open house': typedIn,
}

/** The visits of a story. */
export function visitsOf(story: LeadStory, seed: number): Visits {
  const random = seededRandom(seed, 'visits', story.index)
  const first = firstOf[story.source](random)
  if (story.plot !== 'comes_back') return { first, last: undefined }
  const newsletter = {
    sessionSource: 'Others',
    medium: 'email',
    utmSource: 'newsletter',
    utmMedium: 'email',
    utmCampaign: 'sandbox newsletter',
    url: site + random.pick(pages),
  }
  return { first, last: random.chance(0.6) ? newsletter : direct(random) }
}
