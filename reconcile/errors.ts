/** Errors of the heartbeat: each is logged with its code and shown where leads that wait are listed. */
import { errorsOf } from '../runtime/errors.ts'

export const heartbeatErrors = {
  E_HEARTBEAT_SILENT: {
    scope: 'step',
    retriable: true,
    means:
      'The heartbeat contact of a location was changed, and no webhook told of it for three beats. What its webhooks would have told is found by the comparison only.',
    remedy:
      "Look at `rekindle lag` first: this side may be behind. Then at the platform's page of webhooks (it stops sending to an address that fails too often) and at the address that is registered there. It is told when they are back.",
  },
  E_HEARTBEAT_NOT_SENT: {
    scope: 'step',
    retriable: true,
    means: 'The heartbeat contact of a location could not be changed, so whether its webhooks arrive is not known.',
    remedy:
      'Read the detail. Where access is missing (contacts.readonly, contacts.write) connect the location anew, or switch GHL_HEARTBEAT_MINUTES off; it is tried again after a day. Anything else is tried again with the next beat.',
  },
} as const

export const heartbeatError = errorsOf(heartbeatErrors)
