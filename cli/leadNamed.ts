/**
 * The lead that a verb is to export or erase: by its whole key, or by a contact id that one lead has. An address never chooses one: a
 * family shares a telephone. Whatever else is typed, the error says which keys there are.
 */
import type { MeantLead } from '../sinks/postgres/leadsMeant.ts'
import { cliError } from './errors.ts'

export interface NamedLead {
  readonly key: string
  readonly tenantId: string
  /** Whatever GoHighLevel has made of it: a colon or a space in it is part of it. */
  readonly contactId: string
}

/** Throws `E_OPTION_INVALID` unless exactly one lead is named. `find`: which leads may be meant. */
export async function leadNamed(typed: string, find: (text: string) => Promise<readonly MeantLead[]>): Promise<NamedLead> {
  const whole = namedBy(typed)
  if (whole !== undefined) return whole
  // A location or a contact is missing from what looks like a key.
  if (typed.includes(':') || typed.trim() === '')
    throw cliError('E_OPTION_INVALID', `"${typed}" is no lead key. Type <locationId>:<contactId>, or the contact id alone.`)
  const found = await find(typed)
  const byId = found.filter(({ by }) => by === 'contact id')
  const [one, ...others] = byId
  const named = one === undefined || others.length > 0 ? undefined : namedBy(one.leadKey)
  if (named !== undefined) return named
  if (byId.length > 0)
    throw cliError('E_OPTION_INVALID', `${typed} is a contact id of ${byId.length} locations. Type one of ${keysOf(byId)}.`)
  const [first] = found
  if (first !== undefined)
    throw cliError(
      'E_OPTION_INVALID',
      `${typed} is the ${first.by} of ${keysOf(found)}. Several people may share one, so type the lead that you mean by its key.`,
    )
  throw cliError(
    'E_OPTION_INVALID',
    `No lead is stored with the contact id, e-mail address or telephone number ${typed}. Type <locationId>:<contactId>: then topics are looked through as well.`,
  )
}

/** For who typed a key that nothing is held on: without it a mistyped one would look like a lead that is dealt with. */
export function nothingHeldOn(lead: string): string {
  return `Nothing was held on ${lead}. Is it the lead that is meant? \`rekindle leads search\` finds keys.`
}

const MOST = 20

function keysOf(leads: readonly MeantLead[]): string {
  const keys = [...new Set(leads.map(({ leadKey }) => leadKey))]
  const shown = keys.slice(0, MOST).join(', ')
  return keys.length > MOST ? `${shown} and ${keys.length - MOST} more` : shown
}

function namedBy(typed: string): NamedLead | undefined {
  const colon = typed.indexOf(':')
  const [tenantId, contactId] = [typed.slice(0, Math.max(0, colon)), typed.slice(colon + 1)]
  if (colon < 0 || contactId === '' || !/^\S+$/.test(tenantId)) return undefined
  return { key: typed, tenantId, contactId }
}
