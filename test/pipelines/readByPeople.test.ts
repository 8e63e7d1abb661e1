/**
 * Messages as leads write them, with what a person reads in them: no rule finds what would silence us, send for a person or write to somebody
 * who declined without it being said, and what is missed is named.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { looksElsewhere } from '../../pipelines/agents/competitive/elsewhere.ts'
import { declined } from '../../pipelines/agents/declined.ts'
import { groundForHandOver } from '../../pipelines/agents/follow-up/escalationManager.ts'
import { displeasureIn } from '../../pipelines/enrich/displeasure.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { findingsIn } from '../../pipelines/enrich/text/findings.ts'
import { messageEvent } from '../support/leadRecords.ts'
import { asked, message, view } from './leads.ts'

interface Read {
  readonly text: string
  /** What a person reads in it: kind and value. */
  readonly says: readonly string[]
  /** What people may differ about: neither missed nor wrong. */
  readonly may?: readonly string[]
}

const messages = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'text', 'readByPeople.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Read)

function found(text: string): Set<string> {
  const told = new Set<string>()
  for (const { kind, value } of findingsIn(text, null, permissionChange(text))) {
    if (kind === 'question') told.add('question')
    else if (kind === 'sentiment') told.add(`mood ${value.startsWith('-') ? '-' : '+'}`)
    else if (kind !== 'language') told.add(`${kind} ${value}`)
  }
  const inbound = [message('inbound', text, asked)]
  if (declined(inbound).length > 0) told.add('declines')
  const looks = looksElsewhere(inbound, 1)
  if (looks !== undefined) told.add(`elsewhere ${looks === 'bound' ? 'bound' : 'looks'}`)
  const ground = groundForHandOver(view({ recentMessages: inbound }))
  if (ground !== undefined) told.add(`hand_over ${ground.cause}`)
  return told
}

/** A wrong one of these is silence, a person called for nothing, or a lead that is let go. */
const weighty = /^(declines|elsewhere|hand_over|opt_out|mood -|objection (not_interested|has_agent)|intent (not_now|call|person))/

/** Least share of what people read that is found. */
const LEAST_RECALL = 0.94

t.test('what would silence us, call a person or let a lead go is found where it is said and nowhere else', async (t) => {
  t.ok(messages.length >= 300, `${messages.length} messages`)
  t.equal(new Set(messages.map(({ text }) => text)).size, messages.length, 'each message once')
  for (const { text, says, may = [] } of messages) {
    const told = [...found(text)].filter((one) => weighty.test(one))
    t.strictSame(
      told.filter((one) => !says.includes(one) && !may.includes(one)),
      [],
      `nothing wrong in: ${text}`,
    )
  }
})

t.test('the rest is found as people read it, and every miss is named', async (t) => {
  let [right, expected] = [0, 0]
  for (const { text, says, may = [] } of messages) {
    const told = found(text)
    t.strictSame(
      [...told].filter((one) => !says.includes(one) && !may.includes(one)),
      [],
      `nothing wrong in: ${text}`,
    )
    expected += says.length
    const missed = says.filter((one) => !told.has(one))
    right += says.length - missed.length
    if (missed.length > 0) t.comment(`missed ${missed.join(', ')} in: ${text}`)
  }
  t.comment(`recall ${(right / expected).toFixed(3)}, ${expected} expected`)
  t.ok(right / expected >= LEAST_RECALL, `recall ${(right / expected).toFixed(3)}`)
})

t.test('a lead that declines one home, or dislikes a thing, is no negative reply; one that is displeased with us is', async (t) => {
  const replied = (text: string) => displeasureIn({ message: messageEvent({}, text).message })
  for (const text of [
    'terrible traffic',
    'the kitchen is awful',
    'we hate our landlord',
    'not interested in that one',
    'my attorney is reviewing it',
  ])
    t.equal(replied(text), undefined, text)
  for (const text of ['Terrible service', 'this is terrible', 'not interested', 'not happy with your agent'])
    t.equal(replied(text), 'negative_reply', text)
  for (const text of ['I will contact my lawyer', 'you will hear from my attorney', 'I filed a complaint'])
    t.equal(replied(text), 'complaint', text)
})

t.test(
  'a wrong number is not written to again; who only says not to be the one pauses; who answers for the lead does neither',
  async (t) => {
    const changes = {
      opt_out: [
        'wrong number',
        'you have the wrong person',
        'No Maria at this number',
        'this is no longer Maria’s number',
        'nobody here by that name',
        'número equivocado',
        'No conozco a ninguna Maria',
        'nadie con ese nombre aquí',
        'Vous vous êtes trompé de numéro',
        'personne de ce nom ici',
        'número errado',
        'ninguém com esse nome aqui',
        'Sie haben die falsche Nummer',
        'hier gibt es keine Monika',
        'ha sbagliato numero',
        'qui non c’è nessuna Giulia',
      ],
      unclear: [
        'This is not Maria',
        'this isnt maria lopez',
        'I’m not Carlos',
        'Not Maria, sorry',
        'no soy Carlos',
        'Je ne suis pas Sophie',
        'Não sou a Mariana',
        'Ich bin nicht Stefan',
        'Non sono Marco',
        'Maria doesn’t live here anymore',
      ],
      undefined: [
        'this is not Maria, this is her husband',
        'I’m not Carlos, I’m his wife. He is at work',
        'No soy Maria, soy su esposo',
        'Je ne suis pas Sophie, je suis son mari',
        'Não sou a Mariana, sou o marido dela',
        'Ich bin nicht Stefan, ich bin seine Frau',
        'Non sono Marco, sono sua moglie',
        'Hi this is Maria',
        'I’m not sure',
        'I’m not Mexican',
        'I’m not Christian',
        'La casa no es blanca',
        'La foto non è chiara',
        'No soy la persona que decide',
        'This is not Austin',
        'It’s not Ana’s fault, the traffic was bad',
        'wrong number of bedrooms in the listing',
      ],
    }
    for (const [change, texts] of Object.entries(changes))
      for (const text of texts) t.equal(String(permissionChange(text)?.change), change, text)
  },
)
