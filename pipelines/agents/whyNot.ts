/**
 * Questions that ask for what they seem to deny: "why can't I speak to a person?", "isn't there a real person?". A statement
 * ("I can't talk to an agent now", "that's why I don't want to speak to a realtor") and a wish ("can we not talk to an agent?") stay denials.
 */

const auxiliary = '(?:can|could|do|does|did|will|would|wo|is|are|am|was|were|have|has|had|may|must|should)'
const denied = `(?:cannot|aint|${auxiliary}n?t)`
const somebody = '(?:i|we|you|they|it|there|this|that|any ?one|any ?body|some ?one|some ?body)'
/** "can't I", "is there no". "Can I not" is one; "can we not" and "can I please not" wish that it is not done. */
const inverted = `(?:${denied} ${somebody}|(?:can|could|may) i not|(?:is|are) (?:there|this|it) (?:no|not)|(?:do|are|will|would) you not)`
const leadIn = '(?:(?:so|and|but|hello|hi|hey|please|ok|okay|wait|sorry|seriously|well|then) )*'
const why = `(?<!\\b(?:thats|is|was|reasons?) )\\bwhy (?:${denied}|not|${auxiliary} (?:\\w+ ){1,2}?(?:not|no|never)|(?:i|we) (?:cant|cannot|can not|couldnt|could not)|you (?:${denied}|${auxiliary} not|never))`
const notLet = `\\byou (?:${denied}|${auxiliary} not|never) let (?:me|us)`
const spanish = '\\bpor qu[eé] no (?:puedo|podemos|me|nos|puede|pueden|hay|tienen|dejan)'
const question = new RegExp(`^${leadIn}${inverted}\\b|${why}\\b|\\bhow come\\b|${notLet}\\b|${spanish}\\b`)

/** `before`: what stands before a phrase, in small letters; its last clause counts. */
export function asksWhyNot(before: string): boolean {
  const clause = before.split(/[.,!?;:\n]/).at(-1) ?? ''
  return question.test(clause.replaceAll("'", '').trim().replaceAll(/\s+/g, ' '))
}
