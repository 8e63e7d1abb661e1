/** The content types of the reference: each is on the page, those that are said to be built are, and no template does what the others would. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { templates } from '../../pipelines/followup/templates.ts'
import type { Template } from '../../pipelines/followup/templates.ts'

/** @source reference/lead-domain.md 7.1 */
const contentTypes = [
  ...['email_subject', 'email_body', 'sms_message', 'social_post', 'property_description', 'follow_up_message'],
  ...['listing_presentation', 'cta_button'],
]
const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'decisions', '0075-content-types.md'), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` *\| (yes|no) *\| (\S.*\S) *\|$/gm)].map(([, type = '', built = '']) => ({ type, built }))

const emails = templates.filter(({ channel }) => channel === 'email')
const nudges: readonly string[] = ['nudge_24h', 'nudge_48h', 'nudge_72h', 'reengage']
const has = (text: string | undefined) => text !== undefined && text.trim() !== ''
/** What it means that a type is built. */
const isBuilt: Readonly<Record<string, () => boolean>> = {
  email_subject: () => emails.length > 0 && emails.every(({ subject }) => has(subject)),
  email_body: () => emails.length > 0 && emails.every(({ body }) => has(body)),
  sms_message: () => templates.some(({ channel, body }) => channel === 'sms' && has(body)),
  follow_up_message: () =>
    nudges.every((occasion) =>
      (['sms', 'email'] as const).every((channel) => templates.some((one) => one.occasion === occasion && one.channel === channel)),
    ),
}

t.test('each of the eight types has its row, and those said to be built are there', async (t) => {
  t.strictSame(rows.map(({ type }) => type).sort(), [...contentTypes].sort())
  t.strictSame(
    rows.filter(({ built }) => built === 'yes').map(({ type }) => type),
    Object.keys(isBuilt),
  )
  for (const [type, check] of Object.entries(isBuilt)) t.ok(check(), type)
})

t.test('what keeps the others out holds: two channels, bound fields alone, no link and no figure', async (t) => {
  const words = ({ subject = '', body }: Template) => `${subject} ${body}`
  t.strictSame([...new Set(templates.map(({ channel }) => channel))].sort(), ['email', 'sms'])
  const slots = new Set(templates.flatMap((one) => [...words(one).matchAll(/\{(\w+)\}/g)].map(([, slot]) => slot)))
  t.strictSame([...slots].sort(), ['greeting', 'senderName'])
  t.strictSame(
    templates.filter((one) => /https?:|www\.|<a\b|[$€£]|\d/i.test(words(one))).map(({ id }) => id),
    [],
  )
})
