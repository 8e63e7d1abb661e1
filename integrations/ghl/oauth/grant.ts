/** What a location or an agency has allowed us, and where that is kept. */

export interface Holder {
  readonly kind: 'company' | 'location'
  readonly id: string
}

export interface Grant {
  readonly holder: Holder
  readonly companyId: string | null
  /** `code`: a person agreed, it is refreshed. `exchange`: made from the token of its company. `private`: made by hand, lasts. */
  readonly source: 'code' | 'exchange' | 'private'
  readonly accessToken: string
  /** Works once: whoever uses it must store the next one. */
  readonly refreshToken: string | null
  /** The one before, in case the platform has not seen the last renewal through. */
  readonly previousRefreshToken: string | null
  readonly scope: string
  /** ms; null = lasts. */
  readonly expiresAt: number | null
  /** Why it can no longer be renewed; null while it can. */
  readonly lostBecause: string | null
}

export interface GrantStore {
  get(holder: Holder): Promise<Grant | undefined>
  list(): Promise<readonly Grant[]>
  /** Stores a new grant over the old one. */
  put(grant: Grant): Promise<void>
  delete(holder: Holder): Promise<boolean>
  /**
   * Changes a grant while nobody else, in any process, does. What `change` makes is stored before this returns, and stored
   * again when that fails: a refresh token that was handed out must not be forgotten. `undefined` changes nothing.
   */
  change(holder: Holder, change: (grant: Grant) => Promise<Grant | undefined>): Promise<Grant | undefined>
}

export function nameOf({ kind, id }: Holder): string {
  return `${kind} ${id}`
}
