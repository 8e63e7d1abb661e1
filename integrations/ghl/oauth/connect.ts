/** How a grant comes about: a person agrees in the browser and brings a code back, or makes a private token by hand. */
import type { Clock } from '../clock.ts'
import type { Grant, GrantStore, Holder } from './grant.ts'
import type { IssuedTokens, OauthAnswer, OauthApi } from './oauthApi.ts'

/**
 * What the product needs, for its calls and for the events it is subscribed to.
 * @source reference/gohighlevel.md 3.2, 1.2; for POST /locations/{id}/tasks/search the API reference of HighLevel, "Task Search Filter"
 */
export const scopes = [
  'contacts.readonly',
  'contacts.write',
  'conversations.readonly',
  'conversations.write',
  'conversations/message.readonly',
  'conversations/message.write',
  'opportunities.readonly',
  'opportunities.write',
  'calendars.readonly',
  'calendars/events.readonly',
  'calendars/events.write',
  'users.readonly',
  'locations.readonly',
  'locations/customFields.readonly',
  'locations/tags.readonly',
  'locations/tasks.readonly',
  'workflows.readonly',
  'forms.readonly',
  'voice-ai-dashboard.readonly',
  'oauth.readonly',
  'oauth.write',
] as const

/** Where the person goes to agree. `state` comes back with the browser: the documentation does not say so, OAuth does (RFC 6749 4.1.2). */
export function authorizeUrl(clientId: string, redirectUrl: string, state: string): string {
  const url = new URL('https://marketplace.gohighlevel.com/v2/oauth/chooselocation')
  url.search = new URLSearchParams({
    response_type: 'code',
    redirect_uri: redirectUrl,
    client_id: clientId,
    scope: scopes.join(' '),
    state,
  }).toString()
  return url.href
}

/** Trades the code for tokens and stores them. The code works once: what comes of it is stored before it is told. */
export async function connectWithCode(
  { store, api, clock }: { readonly store: GrantStore; readonly api: Pick<OauthApi, 'exchangeCode'>; readonly clock: Clock },
  code: string,
  userType: IssuedTokens['userType'],
): Promise<OauthAnswer<Grant>> {
  const answer = await api.exchangeCode(code, userType)
  if (!answer.ok) return answer
  const { companyId, locationId, accessToken, refreshToken, expiresInMs, scope } = answer.value
  const id = answer.value.userType === 'Company' ? companyId : locationId
  if (id === null) return { ok: false, why: 'refused', detail: 'the answer names neither a location nor a company' }
  const grant: Grant = {
    holder: { kind: answer.value.userType === 'Company' ? 'company' : 'location', id },
    companyId,
    source: 'code',
    accessToken,
    refreshToken,
    previousRefreshToken: null,
    scope,
    expiresAt: clock.now() + expiresInMs,
    lostBecause: null,
  }
  await store.put(grant)
  return { ok: true, value: grant }
}

/** A token that was made by hand: no expiry, no renewal. */
export function privateGrant(holder: Holder, accessToken: string): Grant {
  return {
    holder,
    companyId: null,
    source: 'private',
    accessToken,
    refreshToken: null,
    previousRefreshToken: null,
    scope: '',
    expiresAt: null,
    lostBecause: null,
  }
}
