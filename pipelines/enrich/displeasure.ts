/**
 * Does a message of a lead complain, or refuse? Read with the lexicons of the agents and of the text signals, from the message
 * alone: neither what is known of the lead nor the order of events changes it.
 */
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { legalIn } from '../agents/hearing.ts'
import { isContact } from './messageEvents.ts'
import { objectionsIn } from './text/objections.ts'
import { sentimentIn } from './text/sentiment.ts'
import { tokensOf } from './text/tokens.ts'

/**
 * `complaint`: words of law or of complaint, for which a person is called as well. `negative_reply`: words of displeasure with us
 * that outweigh those of praise, or no interest any more.
 */
export function displeasureIn({ message }: Pick<LeadEvent, 'message'>): 'complaint' | 'negative_reply' | undefined {
  if (message?.direction !== 'inbound' || !isContact(message)) return undefined
  const { text } = message
  if (legalIn(text).length > 0) return 'complaint'
  const told = tokensOf(text)
  const isUnhappy = sentimentIn(told).some(({ value }) => value.startsWith('-'))
  return isUnhappy || objectionsIn(told).some(({ value }) => value === 'not_interested') ? 'negative_reply' : undefined
}
