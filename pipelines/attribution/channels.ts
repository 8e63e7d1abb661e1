/**
 * The fourteen marketing channels, and which of them a source or a way of writing belongs to. A source that says nothing of what
 * brought the lead (`unknown`, `other`, a phone call, a text) belongs to none: nothing is guessed.
 * @source reference/lead-domain.md 2.9 (channels), 12.5 (sources)
 */
import { sourceName } from '../sources/sourceName.ts'

/** In the order of their index in stored state: add at the end. */
export const channels = [
  'organic_search',
  'paid_search',
  'social_media',
  'email_marketing',
  'direct_traffic',
  'referral',
  'display_ads',
  'video_ads',
  'content_marketing',
  'events',
  'print_media',
  'radio',
  'television',
  'outdoor',
] as const
export type MarketingChannel = (typeof channels)[number]

/** The source names of each channel, as `sourceName` gives them. Portals refer a visitor to the team, so they stand under referral. */
const sourcesOf: Readonly<Record<MarketingChannel, readonly string[]>> = {
  organic_search: ['organic', 'google_organic', 'google', 'bing', 'seo', 'organic_search', 'google_business_profile', 'gmb'],
  paid_search: ['google_ads', 'bing_ads', 'microsoft_ads', 'ppc', 'paid_search', 'sem', 'local_services_ads'],
  social_media: ['facebook', 'instagram', 'tiktok', 'linkedin', 'twitter', 'pinterest', 'nextdoor', 'social_media', 'social'],
  email_marketing: ['email_marketing', 'email_campaign', 'newsletter', 'mailchimp', 'drip_campaign'],
  direct_traffic: ['direct', 'direct_traffic', 'website', 'landing_page', 'chat_widget', 'live_chat'],
  referral: [
    ...['referral', 'past_client', 'sphere', 'sphere_of_influence', 'zillow', 'realtor_com', 'trulia', 'redfin', 'homes_com', 'mls'],
    ...['portal', 'portal_inquiry', 'homelight', 'opcity'],
  ],
  display_ads: ['display', 'display_ads', 'banner', 'retargeting', 'remarketing'],
  video_ads: ['youtube', 'youtube_ads', 'video_ads', 'video'],
  content_marketing: ['blog', 'content', 'content_marketing', 'webinar', 'podcast', 'guide', 'ebook'],
  events: ['open_house', 'networking_event', 'networking', 'trade_show', 'event', 'events', 'seminar'],
  print_media: ['print_ad', 'print', 'print_media', 'direct_mail', 'postcard', 'flyer', 'newspaper', 'magazine'],
  radio: ['radio'],
  television: ['tv', 'television'],
  outdoor: ['billboard', 'outdoor', 'yard_sign', 'sign_call', 'for_sale_sign'],
}

const bySource = new Map(channels.flatMap((channel) => sourcesOf[channel].map((source) => [sourceName(source), channel] as const)))

/** The channel of a source by its usual name (`sourceName`); `undefined` where the source says of none. */
export function channelOfSource(name: string): MarketingChannel | undefined {
  return bySource.get(name)
}

/**
 * What the platform calls a visit. `Others`, `CRM UI`, `CRM Workflows` and `Third Party` say how the contact was entered, not what
 * brought it. A paid visit to a social network stands under social media, as its spend does.
 * @source help.gohighlevel.com, "Understanding attribution source" (types of attribution sources), read 2026-11-28
 */
const bySession: Readonly<Record<string, MarketingChannel>> = {
  'paid search': 'paid_search',
  'paid social': 'social_media',
  'organic search': 'organic_search',
  'direct traffic': 'direct_traffic',
  'social media': 'social_media',
  referral: 'referral',
  referrals: 'referral',
}

/** The channel of a visit by the platform's word for it; `undefined` where the word says of none. */
export function channelOfSession(word: string): MarketingChannel | undefined {
  const key = word.trim().toLowerCase()
  return Object.hasOwn(bySession, key) ? bySession[key] : undefined
}

/** Ways of writing that are a touch by marketing: the lead found the page of the team there. A text, an e-mail or a call is none. */
const byMessage: Readonly<Record<string, { readonly channel: MarketingChannel; readonly source: string }>> = {
  facebook: { channel: 'social_media', source: 'facebook' },
  instagram: { channel: 'social_media', source: 'instagram' },
  gmb: { channel: 'organic_search', source: 'google_business_profile' },
  live_chat: { channel: 'direct_traffic', source: 'website' },
}

export function channelOfMessage(way: string): { readonly channel: MarketingChannel; readonly source: string } | undefined {
  return Object.hasOwn(byMessage, way) ? byMessage[way] : undefined
}

export function isChannel(text: string): text is MarketingChannel {
  return (channels as readonly string[]).includes(text)
}

/** Index in stored state; `undefined` for what is no channel. */
export function indexOfChannel(channel: string): number | undefined {
  const index = (channels as readonly string[]).indexOf(channel)
  return index < 0 ? undefined : index
}

/** The channel for people: `paid search`. */
export function channelWords(channel: string): string {
  return channel.replaceAll('_', ' ')
}

/** How sure a channel is by what it is known from, in hundredths. @source reference/lead-domain.md 12.5; a click carries UTM-like proof */
export const basisHundredths: Readonly<Record<string, number>> = { stated: 95, utm: 90, click: 90, message: 64 }
