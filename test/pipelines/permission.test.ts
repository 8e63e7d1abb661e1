/**
 * A thousand messages as leads write them, English and Spanish, each with what a person reads in it: who says no is not written to again, and no
 * lead is closed for good by an innocent message. A channel that is asked for in the same breath stays open.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'

interface Judged {
  readonly text: string
  /** What a person reads in it: `unclear` where one would ask, or where the rules pause for one though the message is innocent. */
  readonly means: readonly ('opt_out' | 'unclear' | 'nothing')[]
  /** Channels that it asks for while it takes the others back. */
  readonly keeps?: readonly string[]
}

const messages = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'text', 'permission.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Judged)

function read(text: string): string {
  const said = permissionChange(text)
  if (said?.change !== 'opt_out') return said?.change ?? 'nothing'
  return said.keeps === undefined ? 'opt_out' : `opt_out but ${said.keeps.join(' and ')}`
}

t.test('each message means what a person reads in it', async (t) => {
  t.ok(messages.length > 1_000)
  for (const { text, means, keeps } of messages) {
    const meant = keeps === undefined ? means : [`opt_out but ${keeps.join(' and ')}`]
    t.ok((meant as readonly string[]).includes(read(text)), `${read(text)}, meant ${meant.join(' or ')}: ${text}`)
  }
})

t.test('an opt-out beside what leaves a doubt is one', (t) => {
  for (const text of [
    "Don't call before nine. In fact take me off your list",
    'Do not contact the seller, and stop texting me',
    'Stop sending me condos, I want houses. Actually no more texts please',
    'no me llames hoy. Mejor ya no me escribas',
    "Don't call before nine again",
    'Please do not call that number',
    'do not text that phone',
    'Do not call my wife',
    'Tell your people to leave me alone',
    'I would like to have you stop calling me',
    'why don’t you stop texting me',
    'Do not call me at home',
    'Please do not email the address on file',
    'Don’t call my husband again. Stop',
  ])
    t.equal(read(text), 'opt_out', text)
  for (const text of [
    'Don’t call, text, or email me',
    'don’t call and text me',
    'Stop calling me. Text me one more time and I’ll sue',
    'Don’t call me, text me, or email me',
  ])
    t.equal(read(text), 'opt_out', `${text}: nothing is asked for`)
  t.end()
})

t.test('a death pauses until a person has looked, also where nothing is said of permission', async (t) => {
  for (const text of [
    'She passed away',
    'Maria passed away last year.',
    'Hi, this is her daughter. Maria died in March',
    "He's deceased",
    'My husband John has passed away, please take him off',
    'Maria is no longer with us',
    "This was my late mother's phone",
    "You're texting a dead person",
    'María ya murió',
    'Mi esposo falleció, por favor no escriban',
    'Elle est décédée',
    'Ele já faleceu',
    'Meine Frau ist leider verstorben',
    'Mia moglie è morta',
  ])
    t.equal(read(text), 'unclear', text)
  t.equal(read('He passed away, please stop texting'), 'opt_out', 'an opt-out beside it is one')
  for (const text of [
    'My father passed away and we need to sell his house',
    'My mom died and left us the house',
    'My wife died and I would like to see smaller homes',
    'sorry my phone died',
    'he died laughing lol',
    'Mark is dead set on that one',
    'The deal is dead?',
    "I'm running late",
    'We no longer want 3 bedrooms',
  ])
    t.equal(read(text), 'nothing', text)
})

t.test('no interest and a removal in one breath, and what somebody beside the lead wants', async (t) => {
  for (const text of [
    "I'm not interested, please remove",
    'No longer interested. Remove.',
    'No estoy interesado, quíteme',
    "I don't want phone calls",
    'Do not follow up again',
    'I prefer no contact',
  ])
    t.equal(read(text), 'opt_out', text)
  for (const text of [
    "She doesn't want to be contacted",
    'my wife does not want you to text her',
    "You're texting me too much",
    'Hold off on texting for now',
    'You guys keep spamming me',
    'Why do you keep harassing us??',
    'I never asked for this',
    "We didn't ask for any of this",
  ])
    t.equal(read(text), 'unclear', text)
  t.equal(read("I don't want calls, just text me"), 'opt_out but sms')
  for (const [text, keeps] of [
    ["Text me don't call", 'sms'],
    ['please text me and dont call me', 'sms'],
    ['email me do not call', 'email'],
    ['Call me dont text', 'call'],
    ['mandame mensaje no me llames', 'sms'],
  ] as const)
    t.equal(read(text), `opt_out but ${keeps}`, `${text}: the wish first, and nothing between`)
  for (const text of ["don't text or call", 'do not text me do not call me', 'call me no more calls']) t.equal(read(text), 'opt_out', text)
  t.equal(read("text me don't call my husband"), 'unclear')
  for (const text of ["I'd like to stop renting", 'We want to quit paying rent', 'ready to stop throwing money away on rent'])
    t.equal(read(text), 'nothing', text)
  for (const text of [
    'Zillow keeps spamming me',
    'My landlord keeps bothering us',
    'Can you keep texting me?',
    'I never asked for that price',
  ])
    t.equal(read(text), 'nothing', text)
  t.equal(read('text me not the listings'), 'nothing')
})

t.test('capitals, a courtesy and a signature change nothing of it', async (t) => {
  const differing = messages
    .filter(({ means }) => means.includes('opt_out') && means.length === 1)
    .flatMap(({ text, keeps }) =>
      [text.toUpperCase(), `${text} Thanks`, `Hi, ${text}`].filter((one) => keeps === undefined && read(one) === 'nothing'),
    )
  t.strictSame(differing, [], 'none is missed in another dress')
})
