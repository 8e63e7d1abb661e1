/** The ledger of permissions in words: by channel, and by purpose where something is said of one alone. What was stated at once stands in one line. */
import { purposeInWords, readScope } from '../../pipelines/enrich/purposes.ts'
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
    `${status === 'none' ? 'not agreed to' : spoken(status)} ${instant(at)}`,
    ...(expiresAt === null ? [] : [`ends ${instant(expiresAt)}`]),
    ...(words === null ? [] : [`"${words}"`]),
  ].join(', ')
}
