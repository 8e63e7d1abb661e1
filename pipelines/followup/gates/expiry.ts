/** A follow-up is pointless after its time. */
import { allow, deny } from './gate.ts'
import type { Gate } from './gate.ts'

export const expiry: Gate = ({ followUp, at }) => (at >= followUp.expiresAt ? deny('expired', 'Its time has passed.') : allow())
