/**
 * What a workflow says a lead did on the website: `rekindle_signal`, `subject` and `price` of its custom data. Taken by the names of the
 * vocabulary and no other; what the platform tells by itself is not taken here, or it would count twice.
 */
import { amountOf } from '../../agents/factValues.ts'
import { OBSERVED, signalNames, signals } from '../../enrich/behaviour/signals.ts'
import type { BehaviourFields } from '../../../schemas/generated/records.ts'
import type { Json } from '../body.ts'
import { cut, textOf } from '../fields.ts'

/** The signals that only a report can state. */
export const statedSignals: readonly string[] = signalNames.filter((name) => signals[name].source === OBSERVED)

const NAME_TEXT = 60

export type StatedSignal = { readonly behaviour: BehaviourFields } | { readonly unknown: string }

/** The signal in the custom data of a report; undefined when it states none. */
export function statedSignalOf(customData: Json): StatedSignal | undefined {
  const stated = textOf(customData, 'rekindle_signal')
  if (stated === null) return undefined
  const signal = stated.toLowerCase()
  if (!statedSignals.includes(signal))
    return { unknown: `rekindle_signal ${cut(stated, NAME_TEXT)} must be one of ${statedSignals.join(', ')}.` }
  const price = amountOf(textOf(customData, 'price') ?? undefined)
  return {
    behaviour: {
      signal,
      subject: textOf(customData, 'subject'),
      price: price !== undefined && price > 0 && price <= Number.MAX_SAFE_INTEGER ? price : null,
    },
  }
}
