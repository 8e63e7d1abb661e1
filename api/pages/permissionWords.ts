/** The ledger of permissions in words: by channel, and by purpose where something is said of one alone. What was stated at once stands in one line. */
import { PURPOSES, purposeInWords, readScope } from '../../pipelines/enrich/purposes.ts'
import { asSaid } from '../../pipelines/instantText.ts'
import type { LeadConsent } from '../replySchemas.ts'
import type { Consent, LeadProfile } from '../../schemas/generated/records.ts'
import { instant, spoken } from './words.ts'

/** One line for each statement, the latest first; none where nothing is known. */
export function permissionsInWords({ consents }: Pick<LeadProfile, 'consents'>): string[] {
  const lines = new Map<string, { channels: string[]; about: string; stated: Consent }>()
  for (const [scope, stated] of Object.entries(consents).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { channel, purpose } = readScope(scope)
    const about = purpose === null ? '' : `${purposeInWords(purpose)} by `
    const key = JSON.stringify([about, stated])
    const line = lines.get(key) ?? { channels: [], about, stated }
    line.channels.push(channel)
    lines.set(key, line)
  }
  return [...lines.values()]
    .sort((a, b) => b.stated.at - a.stated.at)
    .map(({ channels, about, stated }) => `${about}${channels.join(', ')}: ${statedInWords(stated)}`)
}

function statedInWords({ status, at, expiresAt, words }: Consent): string {
  return [
    `${kindInWords(status)} ${instant(at)}`,
    ...(expiresAt === null ? [] : [`ends ${instant(expiresAt)}`]),
    ...(words === null ? [] : [`"${asSaid(words)}"`]),
  ].join(', ')
}

function kindInWords(status: string): string {
  return status === 'none' ? 'not agreed to' : spoken(status)
}

export const historyHeads = ['When', 'On', 'For', 'Said', 'By', 'Words', 'Ends', 'Now'] as const

/** The history as rows under `historyHeads`, newest first; what was stated at once of several channels is one row. */
export function historyRows({ statements }: Pick<LeadConsent, 'statements'>): string[][] {
  const rows = new Map<string, { readonly channels: string[]; readonly cells: readonly string[] }>()
  for (const { at, channel, purpose, status, by, words, expiresAt, eventId, standing } of statements) {
    const said = [
      kindInWords(status),
      by,
      words === null ? '' : `"${asSaid(words)}"`,
      expiresAt === null ? 'never' : instant(expiresAt),
      standing,
    ]
    const cells = [instant(at), purposeNamed(purpose), ...said]
    const key = JSON.stringify([eventId, cells])
    const row = rows.get(key) ?? { channels: [], cells }
    row.channels.push(channel)
    rows.set(key, row)
  }
  return [...rows.values()].map(({ channels, cells: [when = '', ...others] }) => [when, channels.join(', '), ...others])
}

function purposeNamed(name: string): string {
  const purpose = PURPOSES.find((one) => one === name)
  return purpose === undefined ? 'everything' : purposeInWords(purpose)
}

/** What is allowed now, a sentence for each channel, with why the rest may not. */
export function mayInWords({ now }: Pick<LeadConsent, 'now'>): string[] {
  return [...new Set(now.map(({ channel }) => channel))].map((channel) => {
    const own = now.filter((one) => one.channel === channel)
    const allowed = own.flatMap(({ allowed, purpose }) => (allowed ? [purposeNamed(purpose)] : []))
    const closed = new Set(own.flatMap(({ because }) => (because === null ? [] : [because])))
    return [`${channel}: ${allowed.join(', ') || 'nothing'}.`, ...closed].join(' ')
  })
}

/** What has to be said of the lead and of what is missing, before its history. */
export function historyNotes({ statements, deletedAt, erasedAt, more }: LeadConsent): string[] {
  return [
    ...(deletedAt === null ? [] : [`The contact was deleted on ${instant(deletedAt)}.`]),
    ...(erasedAt === null ? [] : [`The lead was erased on ${instant(erasedAt)}: of before, only permission that it took back is held.`]),
    ...(statements.length === 0 ? ['Nothing was ever stated of what this lead permits.'] : []),
    ...(more ? ['There are older statements in the table consent_statements.'] : []),
  ]
}
