/**
 * Who changed which policy a key is decided with, and why: told by headers beside the record on `policies`, so that a tombstone tells it as
 * well. A record without them (of an older version, of another program) was changed by nobody that is known.
 */
export interface PolicyChange {
  readonly by?: string | undefined
  readonly why?: string | undefined
}

const BY = 'changed-by'
const WHY = 'change-reason'

/** As headers of the record. */
export function changeHeaders({ by, why }: PolicyChange): Record<string, string> {
  return { ...(by === undefined ? {} : { [BY]: by }), ...(why === undefined ? {} : { [WHY]: why }) }
}

/** What the headers of a record tell. */
export function changeTold(headers: Readonly<Record<string, string | undefined>>): PolicyChange {
  return { by: headers[BY], why: headers[WHY] }
}
