/**
 * What is wrong with a text as it would leave: length, links, no way to stop, pressing words, words about people, facts that
 * nobody bound, letters that do not fit. A text with a problem is not planned. What code filled in is not judged as wording,
 * but it must not bring a link along.
 * @source reference/lead-domain.md 7.3; reference/safety-and-claude.md 4, 5
 */
import { smsMost } from './renderText.ts'
import { smsFooter } from './templates.ts'

export type TextProblem = 'too_long' | 'link' | 'no_opt_out' | 'pressing_words' | 'words_about_people' | 'unbound_fact' | 'other_letters'

export interface WrittenText {
  readonly channel: string
  readonly text: string
  readonly subject: string | null
}

/** The most an e-mail may have: it is a note, not a brochure. */
const emailMost = 1_000

const link = /https?:|www\.|\b[a-z0-9-]+\.(?:com|net|org|io|co|us|info|biz|ly|me|app)\b/i
const pressing =
  /\b(?:guarantee\w*|last chance|act (?:now|fast)|hurry|urgent\w*|limited[- ]time|another buyer|other buyers|only today|risk[- ]free|best price|winner|prize|free)\b/i
/** Describe the property, not the people. */
const people =
  /\b(?:famil\w*|child\w*|kids?|adults?|couples?|singles?|seniors?|safe\w*|neighbou?r\w*|communit\w*|schools?|church\w*|synagogue\w*|mosque\w*|ethnic\w*|divers\w*|integrated|exclusive\w*|christian\w*|disab\w*|section 8)\b/i
const figure = /[\d$€£%]/
const otherLetters = /[^\x20-\x7e\n]/

/** Everything that is wrong, in the order of the type; `bound`: what code filled in. */
export function textProblems({ channel, text, subject }: WrittenText, bound: readonly string[]): TextProblem[] {
  const stop = channel === 'sms' ? text.endsWith(smsFooter) : /reply with the word STOP\.$/.test(text)
  // The longest first: a name may stand inside an address.
  const own = [...bound]
    .filter((filled) => filled !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((rest, filled) => rest.replaceAll(filled, ''), `${subject ?? ''}\n${text}`)
  const found: readonly (readonly [TextProblem, boolean])[] = [
    ['too_long', text.length > (channel === 'sms' ? smsMost : emailMost)],
    ['link', link.test(`${subject ?? ''}\n${text}`)],
    ['no_opt_out', !stop],
    ['pressing_words', pressing.test(own)],
    ['words_about_people', people.test(own)],
    ['unbound_fact', figure.test(own)],
    ['other_letters', otherLetters.test(own)],
  ]
  return found.filter(([, isWrong]) => isWrong).map(([problem]) => problem)
}
