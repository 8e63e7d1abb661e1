/**
 * The pseudonym of a lead on topics keyed by location: the same until the lead is erased, another afterwards, and not the one
 * that agents see, so that the two streams cannot be laid beside each other.
 */
import { hash } from 'node:crypto'

/** 16 hexadecimal digits. `erasedAt` (ms) begins a new life. */
export function journeyHash(tenantId: string, contactId: string, erasedAt: number | null): string {
  return hash('sha256', `journey:${tenantId}:${contactId}:${erasedAt ?? 0}`, 'hex').slice(0, 16)
}
