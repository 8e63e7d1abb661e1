/** Who has done one half of a move and wants the other does not decline, nor who declines one home; to the agents and to the text signals alike. */
import fc from 'fast-check'
import t from 'tap'
import { looksElsewhere } from '../../pipelines/agents/competitive/elsewhere.ts'
import { declined } from '../../pipelines/agents/declined.ts'
import { displeasureIn } from '../../pipelines/enrich/displeasure.ts'
import { normalised } from '../../pipelines/enrich/normalForm.ts'
import { intentIn } from '../../pipelines/enrich/text/intent.ts'
import { intentRows, refusalRows } from '../../pipelines/enrich/text/intentWords.ts'
import { objectionsIn } from '../../pipelines/enrich/text/objections.ts'
import { objectionRows } from '../../pipelines/enrich/text/objectionWords.ts'
import { done, wanted } from '../../pipelines/enrich/text/otherHalfWords.ts'
import { tokensOf } from '../../pipelines/enrich/text/tokens.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { messageEvent } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { asked, hour, message, minute, wrote } from './leads.ts'
import { inbound, opinionOf } from './opinions.ts'

const refusals = (text: string) => ({
  agents: declined([{ text }]).length > 0,
  intent: intentIn(tokensOf(text)).some(({ value }) => value === 'not_now'),
  objection: objectionsIn(tokensOf(text)).some(({ value }) => value === 'not_interested'),
  displeasure: displeasureIn({ message: messageEvent({}, text).message }) !== undefined,
})
const all = { agents: true, intent: true, objection: true, displeasure: true }
const none = { agents: false, intent: false, objection: false, displeasure: false }

/** Several messages that wait for an answer, oldest first. */
const waiting = (...texts: string[]): Partial<Assessment> =>
  inbound('', {
    recentMessages: [
      message('outbound', 'Hello, this is Ana.', asked - 2 * hour),
      ...texts.map((text, place) => message('inbound', text, asked - (texts.length - place) * minute)),
    ],
  })

const hot = 'I want to sell within 30 days, I already bought the next one in another city.'
const gone = 'We are no longer looking, we already bought'

t.test('one half done and the other wanted is no refusal', async (t) => {
  for (const text of [
    hot,
    'We already bought. Now we need to sell our old place.',
    'Already sold mine, looking for a bigger place near work',
    'We already sold our house and would like to buy in Austin',
    'We found a home in Dallas, so we’d like to sell this one soon',
    'We found a house on your page and want to make an offer',
    'I am not looking to buy, I want to sell my condo',
    'Not looking to sell, we want to buy a second one',
    'We are no longer selling, we want to buy a second one',
    'not buying anymore, we just want to sell our condo',
    'We bought, so we are no longer looking. What is my home worth?',
    'We stopped looking because we bought a house. Can you help us sell the old one?',
    'Ya compramos, pero queremos vender la nuestra',
    'Ya vendí mi casa, ahora busco otra más grande',
    'Ya encontramos casa y nos falta vender el apartamento',
  ])
    t.strictSame(refusals(text), none, text)
})

t.test('a refusal stays one: without a wish, with a denied, withheld, quoted or past one, or with one of the same half', async (t) => {
  for (const text of [
    gone,
    'We already bought a house, thanks.',
    'Already sold, thank you',
    'I don’t want to sell, we already bought',
    'We already bought and have no need to sell',
    'We already bought, not thinking about selling at all',
    'If we want to sell we will call you. We already bought.',
    'We already bought. When we want to sell we will let you know',
    'Why would we want to sell? We already bought',
    'We were thinking about selling, but we already bought and keep both',
    'You wrote "want to sell fast?" but we already bought',
    'We already sold and want to sell nothing else',
    'We already bought what we wanted to buy',
    'We already sold and found a home',
    'We already bought, not interested, others may want to sell',
    'We are no longer looking for an agent, we want to sell it ourselves',
    'Not looking to buy any more, we wanted to buy last year',
  ])
    t.strictSame(refusals(text), all, text)
  for (const text of [
    'Ya compramos, gracias de todos modos',
    'Ya compramos y no queremos vender',
    'Ya vendí, si quiero comprar los llamo',
    'Ya no busco agente, quiero vender yo mismo',
  ])
    t.strictSame(refusals(text), all, text)
})

t.test('every phrase of a half is one of refusal, and every wish of the other undoes it unless it is denied', async (t) => {
  const known = (rows: readonly { value: string; phrases: readonly string[] }[], value: string) =>
    new Set(rows.filter((row) => row.value === value).flatMap(({ phrases }) => phrases.map(normalised)))
  const refused = known(objectionRows, 'not_interested')
  const later = known(intentRows, 'not_now')
  const agents = known(refusalRows, 'not_now')
  for (const phrase of done.flatMap(({ phrases }) => phrases)) {
    t.ok(agents.has(normalised(phrase)), phrase)
    t.ok(refused.has(normalised(phrase)) || later.has(normalised(phrase)), phrase)
  }
  const halves = done.flatMap(({ phrases }) => phrases.map(normalised))
  t.equal(new Set(halves).size, halves.length, 'each phrase once')
  await assertProperty(
    t,
    fc.property(
      fc.constantFrom(...done.flatMap(({ phrases, undoneBy }) => phrases.map((phrase) => ({ phrase, undoneBy })))),
      fc.constantFrom(...wanted.flatMap(({ value, phrases, language }) => phrases.map((wish) => ({ wish, value, language })))),
      fc.constantFrom('. ', ', and we ', '\n', '... '),
      fc.boolean(),
      fc.boolean(),
      ({ phrase, undoneBy }, { wish, value, language }, gap, isWishFirst, isDenied) => {
        const told = isDenied ? `${language === 'en' ? 'we do not' : 'no'} ${wish}` : wish
        const text = isWishFirst ? `${told}${gap}${phrase}` : `${phrase}${gap}${told}`
        const isUndone = !isDenied && undoneBy.includes(value)
        const said = refusals(text)
        if (refused.has(normalised(phrase))) t.equal(said.objection, !isUndone, text)
        if (later.has(normalised(phrase))) t.equal(said.intent, !isUndone, text)
        t.equal(said.agents, !isUndone, text)
      },
    ),
    { numRuns: 500 },
  )
})

t.test('the agents that heard a refusal in it hear a seller now, in one message and in two', async (t) => {
  const follow = (agentId: string, over: Partial<Assessment>) => opinionOf(agentId, 'follow_up', over)
  for (const over of [
    inbound(hot),
    waiting('I already bought the next one in another city.', 'I want to sell within 30 days'),
    waiting('I want to sell within 30 days', 'I already bought the next one in another city.'),
  ]) {
    // want to sell 8, 30 days 28, financing unknown 8: 44 of 100, two sources of three.
    t.equal(follow('intent_detector', over), 'email 2 intent_exploratory')
    t.equal(follow('response_analyzer', over), 'abstain rate_unremarkable')
    t.match(follow('content_personalizer', over), /^sms \d occasion_reply$/)
    t.equal(follow('objection_handler', over), 'abstain no_objection')
    t.equal(opinionOf('objection_handler', 'content', over), 'abstain no_objection')
  }
  for (const over of [inbound(gone), waiting('Hello again', gone), waiting('I don’t want to sell', gone)]) {
    t.equal(follow('intent_detector', over), 'wait 5 said_not_now')
    t.equal(follow('response_analyzer', over), 'wait 5 reply_declines')
    t.equal(follow('content_personalizer', over), 'abstain lead_declined')
    t.equal(follow('objection_handler', over), 'wait 4 objection_not_interested')
  }
})

t.test('a wish that somebody has answered undoes no refusal that comes after it; a later wish undoes an older refusal', async (t) => {
  const spoken = (first: string, second: string): Partial<Assessment> => ({
    reason: 'inbound_message',
    view: wrote('', {
      recentMessages: [
        message('inbound', first, asked - 3 * hour),
        message('outbound', 'Thank you.', asked - 2 * hour),
        message('inbound', second, asked - minute),
      ],
    }),
  })
  const wish = 'I want to sell my house'
  const over = 'We already bought, thanks'
  const heard = (about: Partial<Assessment>) => ['intent_detector', 'objection_handler'].map((id) => opinionOf(id, 'follow_up', about))
  t.strictSame(heard(spoken(wish, over)), ['wait 5 said_not_now', 'wait 4 objection_not_interested'])
  t.match(heard(spoken(over, wish)), [/intent_/, 'abstain no_objection'])
  const bound = (texts: readonly string[], open: number) =>
    looksElsewhere(
      texts.map((text) => message('inbound', text, asked)),
      open,
    )
  t.equal(bound([hot], 1), undefined)
  t.equal(bound([gone], 1), 'bound')
  t.equal(bound([wish, over], 1), 'bound', 'the wish was answered')
  t.equal(bound([wish, over], 2), undefined)
  t.equal(bound([over, wish], 1), undefined)
})

t.test('who declines one home, a place or a kind of home declines nothing', async (t) => {
  for (const text of [
    'Not interested in that one, show me others',
    'not interested in that house',
    'Not interested in the one on Oak. Still want to see Maple though',
    'that one not interested',
    'Not interested in condos',
    'not interested in anything with an HOA',
    'not interested in the Elm st one',
    'Not interested in Pflugerville sorry',
    'not looking in that area',
    'Not interested. What else do you have?',
    'I changed my mind, Saturday works better',
    'just looking, what else do you have?',
    'esa no me interesa',
    'No me interesa la de Main St, tienen otras?',
    'It was already sold when we called',
    'not looking forward to moving',
    'I already bought my furniture',
    'not interested in living that far out',
    'Found a house on your site, is it available?',
    'not interested in selling, looking to buy',
    'It’s not that I’m not interested',
    'I found a place on Maple St that I’d love to see',
    'found a place I like, can we see it?',
    'found a place near my work, is it open this weekend?',
    'that one is already under contract',
    'we are not moving forward with that offer',
    'we’re not moving to Dallas',
    'The house on Elm was already under contract',
    'is the condo already under contract?',
  ])
    t.strictSame(refusals(text), none, text)
})

t.test('who is not looking until a time declines for now, and is no negative reply', async (t) => {
  for (const text of [
    'Not looking until spring',
    'we are not looking to move till my lease ends',
    'not looking right now',
    'not looking at the moment, thanks',
    'I’m not looking this year',
    'we’re not selling until spring',
    'We are not going to sell right now',
  ]) {
    t.match(refusals(text), { agents: true, objection: false, displeasure: false }, text)
    t.match(
      objectionsIn(tokensOf(text)).map(({ value }) => value),
      ['timing'],
      text,
    )
  }
  for (const text of ['Not looking', 'we are not looking anymore. Right now we rent'])
    t.match(refusals(text), { agents: true, objection: true, displeasure: true }, text)
})

t.test('who declines us declines, whatever home is named beside it', async (t) => {
  for (const text of [
    'Not interested',
    'No thanks not interested',
    'No I’m not interested',
    'no no me interesa',
    'not interested in that house or any other',
    'not interested in anything',
    'not interested at this time',
    'we love this house and are not interested in selling',
    'Not interested in Compass, thanks',
    'we already bought a 3 bedroom',
    'Not Interested In Buying',
    'not interested in working with an agent',
    'no me interesa esta vez gracias',
    'Not interested, do not send me others',
    'Our house is already sold',
    'We found a house thanks',
    'not intrested',
    'found a place, thanks',
    'not selling anymore',
    'We’re not moving after all',
    'we have no plans to sell',
    'We found a place',
    'we ended up buying in Plano',
    'We’re already under contract',
    'we are already under contract on another house',
  ])
    t.match(refusals(text), { agents: true, objection: true }, text)
})

t.test(
  'the agents hear an interested lead in one home declined, and hear it decline when it does so after it has asked for others',
  async (t) => {
    const follow = (agentId: string, over: Partial<Assessment>) => opinionOf(agentId, 'follow_up', over)
    for (const over of [
      inbound('Not interested in that one, show me others'),
      waiting('Not interested', 'Do you have anything else?'),
      waiting('esa casa no me interesa'),
    ]) {
      t.notMatch(follow('intent_detector', over), /said_not_now/)
      t.equal(follow('response_analyzer', over), 'abstain rate_unremarkable')
      t.match(follow('content_personalizer', over), /^sms \d occasion_reply$/)
      t.equal(follow('objection_handler', over), 'abstain no_objection')
    }
    for (const over of [waiting('Do you have anything else?', 'Never mind, not interested'), inbound('no me interesa, gracias')]) {
      t.equal(follow('intent_detector', over), 'wait 5 said_not_now')
      t.equal(follow('response_analyzer', over), 'wait 5 reply_declines')
      t.equal(follow('content_personalizer', over), 'abstain lead_declined')
      t.equal(follow('objection_handler', over), 'wait 4 objection_not_interested')
    }
  },
)

t.test('a visit tomorrow is no wish to move tomorrow; the answer of a form is', async (t) => {
  const follow = (text: string, facts: Record<string, string> = {}) => opinionOf('intent_detector', 'follow_up', inbound(text, { facts }))
  t.equal(follow('Tomorrow is fine, see you there.'), 'abstain nothing_said')
  t.equal(follow('Today at 4 works'), 'abstain nothing_said')
  // Time frame 35, financing unknown 8: 43 of 100, one source of three.
  t.equal(follow('Hello', { timeline: 'today' }), 'email 1 intent_exploratory')
})
