/** Where the access token of a location comes from. A token that cannot be had is a value: nothing is called without one. */

export type TokenAnswer =
  | { readonly ok: true; readonly token: string }
  | {
      readonly ok: false
      /** `no_token`: a person has to connect the location. `token_unavailable`: it may be had later. */
      readonly code: 'no_token' | 'token_unavailable'
      readonly detail: string
      readonly retryAfterMs: number
    }

export interface Tokens {
  /** The token of a location now. */
  current(tenantId: string): Promise<TokenAnswer>
  /** Another one, after the platform refused this one as expired. Whoever else has renewed it meanwhile is believed. */
  renewed(tenantId: string, refused: string): Promise<TokenAnswer>
}

/** Tokens that are given and never renewed: private integration tokens from the configuration, and the sandbox. */
export function fixedTokens(tokenOf: (tenantId: string) => string | undefined): Tokens {
  return {
    async current(tenantId) {
      const token = tokenOf(tenantId)
      return token === undefined ? noToken(`${tenantId} is not connected`) : { ok: true, token }
    },
    async renewed(tenantId) {
      return noToken(`the token of ${tenantId} was refused and cannot be renewed`)
    },
  }
}

/** A person mends it. */
const personRetryMs = 300_000
const soonMs = 10_000

export function noToken(detail: string): TokenAnswer {
  return { ok: false, code: 'no_token', detail, retryAfterMs: personRetryMs }
}

export function tokenUnavailable(detail: string): TokenAnswer {
  return { ok: false, code: 'token_unavailable', detail, retryAfterMs: soonMs }
}
