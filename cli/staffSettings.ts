/** What an office says of one realtor's work, out of the options of a verb: what is not given stays, what is wrong is named. */
import { specialties } from '../pipelines/routing/specialties.ts'
import type { RealtorSettings, StaffSettings } from '../schemas/generated/records.ts'
import { cliError } from './errors.ts'

export interface StaffFlags {
  readonly capacity?: string
  readonly specialties?: string
  readonly seniority?: string
  readonly languages?: string
  readonly availability?: string
  /** False: takes no leads any more. */
  readonly leads?: boolean
}

export const seniorities = ['junior', 'mid', 'senior'] as const
export const availabilities = ['available', 'busy', 'away', 'offline'] as const

/** @source reference/lead-domain.md 5.1 (capacities in circulation: 100, 15, 20), 5.3 (20, chosen) */
const DEFAULT_CAPACITY = 20
/** Realtors of a location: the record of all of them stays small. */
const MOST = 500

/** The settings of the office with those of one realtor; throws `E_OPTION_INVALID` with what is wrong. */
export function changedStaff(
  tenantId: string,
  before: StaffSettings | undefined,
  realtorId: string,
  flags: StaffFlags,
  at: number,
): StaffSettings {
  const others = (before?.realtors ?? []).filter((one) => one.realtorId !== realtorId)
  if (flags.leads === false) return { tenantId, updatedAt: at, realtors: others }
  if (others.length >= MOST)
    throw cliError('E_OPTION_INVALID', `${tenantId} has ${MOST} realtors who take leads: one must be taken out with --no-leads first.`)
  const known = before?.realtors.find((one) => one.realtorId === realtorId)
  const realtor: RealtorSettings = {
    realtorId,
    specialties:
      flags.specialties === undefined ? [...(known?.specialties ?? [])] : chosen('--specialties', flags.specialties, specialties),
    seniority: flags.seniority === undefined ? (known?.seniority ?? null) : one('--seniority', flags.seniority, seniorities),
    languages: flags.languages === undefined ? [...(known?.languages ?? [])] : codes(flags.languages),
    availability:
      flags.availability === undefined ? (known?.availability ?? 'available') : one('--availability', flags.availability, availabilities),
    capacity: flags.capacity === undefined ? (known?.capacity ?? DEFAULT_CAPACITY) : capacityOf(flags.capacity),
  }
  return { tenantId, updatedAt: at, realtors: [...others, realtor].sort((a, b) => (a.realtorId < b.realtorId ? -1 : 1)) }
}

function partsOf(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  return [...new Set(parts.filter((part) => part !== ''))]
}

function one(flag: string, text: string, known: readonly string[]): string {
  if (known.includes(text)) return text
  throw cliError('E_OPTION_INVALID', `${flag} ${text} must be one of ${known.join(', ')}.`)
}

function chosen(flag: string, text: string, known: readonly string[]): string[] {
  return partsOf(text).map((part) => one(flag, part, known))
}

function codes(text: string): string[] {
  const parts = partsOf(text)
  const wrong = parts.find((part) => !/^[a-z]{2}$/.test(part))
  if (wrong !== undefined) throw cliError('E_OPTION_INVALID', `--languages ${wrong} is no ISO 639-1 code such as en or es.`)
  return parts
}

function capacityOf(text: string): number {
  const leads = Number(text)
  if (/^\d+$/.test(text) && leads >= 1 && leads <= 1000) return leads
  throw cliError('E_OPTION_INVALID', `--capacity ${text} must be a whole number from 1 to 1000.`)
}
