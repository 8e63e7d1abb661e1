/**
 * What waits with its key: records as they stand on their topics, why they wait, and the bounds of it. `parking.ts` keeps them.
 */
import type { RawHeaders } from './rawHeaders.ts'

/** Bounds of what may wait. */
export interface ParkingLimits {
  /** Times that one record is folded; when it asks to wait in the last of them it goes to the dead letters. */
  readonly attempts: number
  /** Records of one key that wait, the first included; the newest beyond it goes to the dead letters. */
  readonly records: number
  /** Their bytes, keys and headers included; the newest beyond it goes to the dead letters. */
  readonly bytes: number
}

/** A record that waits, as it stands on its topic. */
export interface ParkedRecord {
  /** Logical name. */
  readonly topic: string
  readonly partition: number
  /** -1 for a record that was handed over in memory and had no offset yet. */
  readonly offset: bigint
  readonly timestamp: number
  /** Times that it was folded. */
  readonly attempts: number
  readonly key: Buffer
  readonly headers: RawHeaders
  readonly value: Buffer
}

export interface Parked {
  /** Why the first one waits. */
  readonly code: string
  /** End of the time to live of the state, ms; it does not run out while records wait. `undefined` = none. */
  readonly expiresAt: number | undefined
  /** In the order in which they came; never empty. */
  readonly records: readonly ParkedRecord[]
}
