/** What an operator is told to connect is what the product reads: the events an app is subscribed to, and the rights it asks for. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { scopes } from '../../integrations/ghl/oauth/connect.ts'
import { installationTypes } from '../../pipelines/ingest/installation.ts'
import { realtorTypes } from '../../pipelines/ingest/realtor.ts'
import { translatedTypes } from '../../pipelines/ingest/translate/catalogue.ts'

/** Sent to every app. @source reference/gohighlevel.md 1.2, "App lifecycle" */
const always = new Set(['INSTALL', 'UNINSTALL', 'UPDATE'])
const read = [...translatedTypes, ...realtorTypes, ...installationTypes].filter((type) => !always.has(type))

t.test('the README names every event that is read, and none that is not', async (t) => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
  const step = /subscribe it to([\s\S]*?)It needs the scopes/.exec(readme)?.[1] ?? ''
  const named = [...step.matchAll(/`([A-Z]\w+)(\*?)`/g)].map(([, name = '', rest]) => ({ name, isFamily: rest === '*' }))
  const covers = ({ name, isFamily }: (typeof named)[number], type: string) => (isFamily ? type.startsWith(name) : type === name)
  t.strictSame(
    read.filter((type) => !named.some((one) => covers(one, type))),
    [],
  )
  t.strictSame(
    named.filter((one) => !read.some((type) => covers(one, type))),
    [],
  )
})

/** @source reference/gohighlevel.md 1.2; LCEmailStats names none */
const needed: readonly (readonly [RegExp, string | null])[] = [
  [/^(Contact|Task|Note)/, 'contacts.readonly'],
  [/^(Inbound|Outbound)Message$/, 'conversations/message.readonly'],
  [/^Conversation/, 'conversations.readonly'],
  [/^Opportunity/, 'opportunities.readonly'],
  [/^Appointment/, 'calendars/events.readonly'],
  [/^User/, 'users.readonly'],
  [/^Location/, 'locations.readonly'],
  [/^VoiceAiCallEnd$/, 'voice-ai-dashboard.readonly'],
  [/^LCEmailStats$/, null],
]

t.test('the rights that are asked for cover every event that is read', async (t) => {
  for (const type of read) {
    const row = needed.find(([types]) => types.test(type))
    if (row === undefined) t.fail(`${type} needs a scope`)
    else if (row[1] !== null) t.ok((scopes as readonly string[]).includes(row[1]), `${type} needs ${row[1]}`)
  }
  // Tasks without a contact are looked up by POST /locations/{id}/tasks/search.
  t.ok((scopes as readonly string[]).includes('locations/tasks.readonly'))
})
