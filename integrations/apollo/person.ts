/**
 * A person as Apollo describes one, read tolerantly: fields come and go, have other types, and `null`, absent and "" mean the same.
 * Addresses, numbers, pictures and networks are not read at all.
 * @source docs.apollo.io enrich-people-data, example response; lead-domain reference 14.3. Unverified against a live account
 */
import { fieldsOf, text } from '../ghl/call/fields.ts'
import type { Fields } from '../ghl/call/fields.ts'

/** Texts by our names of the fields. */
export type PersonFields = Readonly<
  Partial<Record<'firstName' | 'lastName' | 'companyName' | 'jobTitle' | 'industry' | 'city' | 'state' | 'country', string>>
>

const LONGEST = 200

/** The person of an answer; `undefined` when nobody was found. */
export function personOf(answer: Fields): PersonFields | undefined {
  const person = fieldsOf(answer['person'])
  if (person === undefined) return undefined
  const organization = fieldsOf(person['organization'])
  const fields = {
    firstName: text(person, 'first_name'),
    lastName: text(person, 'last_name'),
    companyName: text(organization, 'name') ?? text(person, 'organization_name'),
    jobTitle: text(person, 'title'),
    industry: text(organization, 'industry'),
    city: text(person, 'city'),
    state: text(person, 'state'),
    country: text(person, 'country'),
  }
  const stated = Object.entries(fields).flatMap(([name, value]) => {
    const trimmed = value?.trim().slice(0, LONGEST) ?? ''
    return trimmed === '' ? [] : [[name, trimmed] as const]
  })
  return Object.fromEntries(stated)
}
