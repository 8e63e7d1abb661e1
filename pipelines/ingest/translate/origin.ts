/**
 * By which visit a contact came, as the platform recorded it: `attributionSource` and `lastAttributionSource` of a contact or of a
 * workflow's body, `attributions` of a search. Its shape depends on the source; whatever is not stated stays null. The address of a
 * machine, click ids and parameters of pages are not taken: they tell of a person, and nothing here needs them.
 * @source reference/gohighlevel.md 2.3, 5 (contact read model); the platform's article "Attribution source"
 */
import type { ContactFields, Origin } from '../../../schemas/generated/records.ts'
import { isObject } from '../body.ts'
import type { Json } from '../body.ts'
import { cut, objectOf, textOf } from '../fields.ts'

/** Longest part of an origin, characters. */
const PART_LENGTH = 120

/** Whose advertisement a click id stands for. */
const clickIds: readonly (readonly [string, string])[] = [
  ['gclid', 'google'],
  ['wbraid', 'google'],
  ['gbraid', 'google'],
  ['fbclid', 'facebook'],
  ['msclkid', 'microsoft'],
]

const unknown: Origin = {
  sessionSource: null,
  source: null,
  medium: null,
  campaign: null,
  content: null,
  term: null,
  referrer: null,
  page: null,
  click: null,
}

/** The first and the latest visit that a contact's body states. */
export function originsOf(body: Json): Pick<ContactFields, 'firstOrigin' | 'lastOrigin'> {
  const listed = Array.isArray(body['attributions']) ? (body['attributions'] as unknown[]).filter(isObject) : []
  const first = originOf(objectOf(body, 'attributionSource') ?? listed.find((one) => one['isFirst'] === true) ?? {})
  const last = originOf(objectOf(body, 'lastAttributionSource') ?? listed.find((one) => one['isLast'] === true) ?? {})
  // A standard field beside the objects, for a contact that has neither.
  const byClick = first === null && last === null && textOf(body, 'gclid') !== null ? { ...unknown, click: 'google' } : null
  return { firstOrigin: first ?? byClick, lastOrigin: last }
}

function originOf(told: Json): Origin | null {
  const part = (...names: string[]) => {
    const text = textOf(told, ...names)
    return text === null ? null : cut(text, PART_LENGTH)
  }
  const origin: Origin = {
    sessionSource: part('sessionSource', 'utmSessionSource'),
    source: part('utmSource'),
    medium: part('utmMedium', 'medium'),
    campaign: part('utmCampaign', 'campaign'),
    content: part('utmContent'),
    term: part('utmTerm', 'utmKeyword'),
    referrer: placeOf(textOf(told, 'referrer'), 'host'),
    page: placeOf(textOf(told, 'url', 'pageUrl'), 'page'),
    click: clickIds.find(([name]) => textOf(told, name) !== null)?.[1] ?? null,
  }
  return Object.values(origin).every((value) => value === null) ? null : origin
}

function placeOf(text: string | null, what: 'host' | 'page'): string | null {
  if (text === null || !URL.canParse(text)) return null
  const { protocol, host, pathname } = new URL(text)
  if (!/^https?:$/.test(protocol) || host === '') return null
  return cut(what === 'host' ? host : host + pathname, PART_LENGTH)
}
