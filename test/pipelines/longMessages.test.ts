/**
 * Long messages: profile and view have bounds, and what is for a person to answer, declines or asks is heard wherever in a message it stands.
 */
import fc from 'fast-check'
import t from 'tap'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { kept } from '../../pipelines/enrich/longMessage.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { assessments, decisions, leadEvents, leadKey } from '../../topics/index.ts'
import { messageEvent, noContactFields, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

/** 297 characters in which nobody hears anything. */
const letter =
  'Thank you for the list you sent us last week. We looked at three of the homes on the north side and took the second one for the ' +
  'garden and the quiet street behind it. The kitchen was smaller than in the pictures, the garage holds two cars, and the roof is five ' +
  'years old, as they told us there. '

/** What is decided on an e-mail, and the gates that close ways. */
function decidedOn(text: string): string[] {
  const line = drive([enrich, agents, consensus], { at: tuesdayNoon, tables: { tenants: [[tenantId, tenantRecord()]] } })
  let count = 0
  const happens = (kind: string, over: Partial<LeadEvent>) => {
    const event = { eventId: `e${++count}`, kind, occurredAt: line.now, receivedAt: line.now, message: null, ...over }
    line.pipe(leadEvents, leadKey(tenantId, 'maria'), messageEvent(event))
    line.advance('10s')
  }
  happens('contact_created', {
    contact: { ...noContactFields, firstName: 'Maria', phone: '+12125550101', email: 'm@example.com', state: 'NY' },
  })
  const { message } = messageEvent({}, text)
  if (message !== null) happens('message_inbound', { message: { ...message, channel: 'email', text } })
  for (const { view } of line.outputs(assessments)) for (const seen of view.recentMessages) t.ok(seen.text.length <= 280)
  return line
    .outputs(decisions)
    .filter(({ reason }) => reason === 'inbound_message')
    .map(({ type, chosen, gates }) =>
      [type, chosen, ...gates.flatMap(({ gateId, ruleId, verdict }) => (verdict === 'allow' ? [] : [`${gateId} ${ruleId}`]))].join(' '),
    )
}

t.test('what stands at the end of a long e-mail is decided on as if it were all that the lead wrote', async (t) => {
  for (const [words, expected] of [
    ['Please let me talk to a real person.', /^follow_up wait person_due asked_for_a_person/],
    ['My lawyer will sue you for what you did with my data.', /^follow_up wait person_due legal_words/],
    ['Your last answers were rude, that is unacceptable.', /^follow_up wait person_due negative_sentiment/],
    ['We are not interested any more.', /^follow_up wait/],
    ['What is the price of the second one?', /^follow_up email/],
  ] as const) {
    const short = decidedOn(words)
    t.match(
      short.find((decision) => decision.startsWith('follow_up')),
      expected,
      words,
    )
    // 297, 594 and 1,188 characters before it: beyond the view, the profile, and both by far.
    for (const times of [1, 2, 4]) t.strictSame(decidedOn(letter.repeat(times) + words), short, `${times} times: ${words}`)
    t.strictSame(decidedOn(`${letter}${words} ${letter.repeat(3)}`), short, `in the middle: ${words}`)
  }
  t.match(
    decidedOn(letter.repeat(2)).find((decision) => decision.startsWith('follow_up')),
    /^follow_up email/,
    'nothing is made up',
  )
})

t.test('a message that fits stays as it is, one in which nothing is heard keeps its beginning', async (t) => {
  t.equal(kept('Call me', 7), 'Call me')
  t.equal(kept(letter, 100), letter.slice(0, 100))
  t.equal(kept('é'.repeat(300), 280), 'é'.repeat(280))
})

t.test('sentences are kept whole, a long one around what is heard in it, and with the word that denies it', async (t) => {
  t.equal(
    kept(`${letter}Could you call me? ${letter}`, 280),
    `${letter.slice(0, 166).trim()} … Could you call me?`,
    'half a sentence of the beginning is left out',
  )
  const run = letter.replaceAll('. ', ' and ')
  t.match(kept(`${run}in short we are not interested any more and ${run}`, 280), /… .*in short we are not interested any more/)
  t.strictSame(
    decidedOn(`${run}I do not want to talk to a person now and ${run}`).filter((one) => one.includes('person_due')),
    [],
  )
})

t.test('however often other words are said, what a person has to answer is kept, and the last of the others', async (t) => {
  const asking = 'Call me. What is the price? '.repeat(60)
  const flooded = kept(`${asking}I will speak to my lawyer. ${asking}Please call me tomorrow.`, 280)
  t.match(flooded, / … I will speak to my lawyer\. … /)
  t.match(flooded, /Please call me tomorrow\.$/)
})

t.test('what is quoted is kept as nobody’s words', async (t) => {
  const quoted = `> Hello. I want to talk to a human. Thank you.\n`
  t.equal(kept(letter + '\n' + quoted, 280), kept(letter + '\n' + quoted.replaceAll('human', 'horse'), 280))
})

t.test('what is kept has its length, begins as the message does, and is the same again', async (t) => {
  const piece = fc.constantFrom(
    'Hello there. ',
    'call me ',
    'my lawyer will sue you\n',
    'is it available? ',
    '😀',
    '… ',
    '> no. ',
    'not interested, ',
    letter,
  )
  await assertProperty(
    t,
    fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom(100, 280, 500), (pieces, most) => {
      const text = pieces.join('')
      const short = kept(text, most)
      t.ok(short.length <= most, `${short.length} of ${most}`)
      t.equal(kept(short, most), short)
      const beginning = (short.split(' … ')[0] ?? '').trimEnd()
      t.ok(text.startsWith(beginning))
    }),
  )
})
