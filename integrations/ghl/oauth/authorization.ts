/**
 * What becomes of a browser that comes back from GoHighLevel: its state is taken first and works once, then the code is traded. The words of
 * a failure never hold the code. @source reference/gohighlevel.md 3.2
 */
import type { Clock } from '../clock.ts'
import { connectWithCode } from './connect.ts'
import type { GrantStore, Holder } from './grant.ts'
import type { InstalledLocation, IssuedTokens, OauthApi } from './oauthApi.ts'

export interface Comeback {
  readonly state: string | undefined
  readonly code: string | undefined
  /** What the platform says instead of a code. */
  readonly error: string | undefined
}

export type Finished =
  | {
      readonly kind: 'connected'
      readonly holder: Holder
      /** Of an agency: where the app is installed; undefined when that could not be listed. */
      readonly locations: readonly InstalledLocation[] | undefined
    }
  /** The state was not given, was taken before, or is too old: the code is not touched. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'denied'; readonly detail: string }
  | { readonly kind: 'refused' | 'unanswered'; readonly detail: string }

export interface AuthorizationContext {
  readonly store: GrantStore
  readonly api: Pick<OauthApi, 'exchangeCode' | 'installedLocations'>
  readonly clock: Clock
  /** What was begun with a state, once. */
  readonly take: (state: string, now: number) => Promise<IssuedTokens['userType'] | undefined>
}

/** Finishes one. Throws when our own store fails. */
export async function finishAuthorization(context: AuthorizationContext, { state, code, error }: Comeback): Promise<Finished> {
  const { store, api, clock, take } = context
  const userType = state === undefined ? undefined : await take(state, clock.now())
  if (userType === undefined) return { kind: 'unknown' }
  if (code === undefined) return { kind: 'denied', detail: error ?? 'no code came back' }
  const made = await connectWithCode({ store, api, clock }, code, userType)
  if (!made.ok) return { kind: made.why === 'unavailable' ? 'unanswered' : 'refused', detail: made.detail.replaceAll(code, '<code>') }
  const { holder, accessToken } = made.value
  return { kind: 'connected', holder, locations: holder.kind === 'location' ? [] : await locationsOf(api, accessToken, holder.id) }
}

async function locationsOf(
  api: Pick<OauthApi, 'installedLocations'>,
  token: string,
  companyId: string,
): Promise<readonly InstalledLocation[] | undefined> {
  const found: InstalledLocation[] = []
  for await (const page of api.installedLocations(token, companyId)) {
    if (!page.ok) return undefined
    found.push(...page.value.items)
  }
  return found
}
