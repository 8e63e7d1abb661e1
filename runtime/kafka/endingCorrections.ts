/**
 * Corrects how kafkajs 2.2.4 ends a transaction: while the coordinator is at another change of the id it is asked again. As it
 * is the client fails at once, with an error that does not tell whether its owner was replaced.
 */
import { createRequire } from 'node:module'
import { idBusy, patiently } from './patiently.ts'

const require = createRequire(import.meta.url)

interface ClientBroker {
  endTxn: (this: ClientBroker, end: object) => Promise<unknown>
}

/** Corrects the client that is loaded, once. */
export function correctEnding(): void {
  const { prototype } = require('kafkajs/src/broker/index.js') as { readonly prototype: ClientBroker }
  const { endTxn } = prototype
  prototype.endTxn = function (end) {
    return patiently(idBusy, () => endTxn.call(this, end))
  }
}
