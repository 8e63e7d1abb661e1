/**
 * Access tokens out of the stored grants: renewed before they expire, by one at a time in this process and, by the store, in
 * all of them. A new token is stored before it is used, so that a single-use refresh token is never lost to a race.
 */
import type { Clock } from '../clock.ts'
import { noToken, tokenUnavailable } from '../tokens.ts'
import type { TokenAnswer, Tokens } from '../tokens.ts'
import { nameOf } from './grant.ts'
import type { Grant, GrantStore, Holder } from './grant.ts'
import type { IssuedTokens, OauthAnswer, OauthApi } from './oauthApi.ts'

export interface OauthTokensOptions {
  readonly store: GrantStore
  /** Absent: no app is configured, private tokens only. */
  readonly api: Pick<OauthApi, 'refresh' | 'locationToken'> | undefined
  readonly clock: Clock
  /** For locations without a grant. */
  readonly otherwise?: Tokens
}

/** Renewed this long before it expires: longer than any call and any wait for room. */
const EARLY_MS = 300_000
/** A grant is read anew after this long: another process, or a person, may have changed it. */
const CACHED_MS = 60_000
/** Between two tries to renew a token that is good yet: a service that hangs must not cost every call its time-out. */
const RENEWED_EVERY_MS = 30_000

interface Cached {
  readonly token: string
  readonly until: number
}

export class OauthTokens implements Tokens {
  private readonly options: OauthTokensOptions
  private readonly cache = new Map<string, Cached>()
  private readonly underWay = new Map<string, Promise<TokenAnswer>>()
  /** Locations that no agency gives a token for, with what was said, and until when nobody is asked again. */
  private readonly withheld = new Map<string, { readonly answer: TokenAnswer; readonly until: number }>()

  constructor(options: OauthTokensOptions) {
    this.options = options
  }

  current(tenantId: string): Promise<TokenAnswer> {
    return this.tokenOf({ kind: 'location', id: tenantId })
  }

  renewed(tenantId: string, refused: string): Promise<TokenAnswer> {
    return this.tokenOf({ kind: 'location', id: tenantId }, refused)
  }

  /** A token of this holder that is not the refused one. */
  async tokenOf(holder: Holder, refused?: string): Promise<TokenAnswer> {
    const name = nameOf(holder)
    const cached = this.cache.get(name)
    if (cached !== undefined && cached.token !== refused && cached.until > this.options.clock.now())
      return { ok: true, token: cached.token }
    const running = this.underWay.get(name)
    if (running !== undefined) {
      const answer = await running
      // It may have begun before the token was refused.
      if (!answer.ok || answer.token !== refused) return answer
      return this.tokenOf(holder, refused)
    }
    const work = this.obtain(holder, refused)
      .catch((error: unknown) => tokenUnavailable(`the grant of ${name} cannot be read: ${String(error)}`))
      .finally(() => this.underWay.delete(name))
    this.underWay.set(name, work)
    return work
  }

  private async obtain(holder: Holder, refused: string | undefined): Promise<TokenAnswer> {
    const grant = await this.options.store.get(holder)
    if (grant !== undefined && this.isUsable(grant, refused)) return this.use(grant)
    switch (grant?.source) {
      case 'private':
        return noToken(`the private token of ${nameOf(holder)} was refused; it has to be made anew`)
      case 'code':
        return this.refresh(holder, refused)
      default:
        return holder.kind === 'company' ? noToken(`${nameOf(holder)} is not connected`) : this.derived(holder, grant, refused)
    }
  }

  /** Of a location without a grant of its own: from an agency, the one that it was from before first, else what serves all such. */
  private async derived(holder: Holder, known: Grant | undefined, refused: string | undefined): Promise<TokenAnswer> {
    const name = nameOf(holder)
    const withheld = this.withheld.get(name)
    if (withheld !== undefined && withheld.until > this.options.clock.now()) return withheld.answer
    this.withheld.delete(name)
    const exchanged = await this.exchange(holder, known)
    if (exchanged?.ok === true) return exchanged
    if (exchanged?.code !== 'token_unavailable') {
      const answer = await this.withoutGrant(holder, refused, exchanged ?? noToken(`${name} is not connected`))
      // A location that is paused sends webhooks all the same: asked before each call, its agency would have no room left for the others.
      if (!answer.ok && exchanged !== undefined) this.withheld.set(name, { answer, until: this.options.clock.now() + CACHED_MS })
      return answer
    }
    return known !== undefined && this.lasts(known, refused) ? this.useStill(known) : exchanged
  }

  /** What serves locations without a grant; kept for a while, so that no agency is asked before each call. */
  private async withoutGrant(holder: Holder, refused: string | undefined, failed: TokenAnswer): Promise<TokenAnswer> {
    const { otherwise, clock } = this.options
    const held = await otherwise?.current(holder.id)
    const answer = held?.ok === true && held.token === refused ? await otherwise?.renewed(holder.id, refused) : held
    if (answer?.ok !== true) return failed
    this.cache.set(nameOf(holder), { token: answer.token, until: clock.now() + CACHED_MS })
    return answer
  }

  private async refresh(holder: Holder, refused: string | undefined): Promise<TokenAnswer> {
    const { store, api, clock } = this.options
    if (api === undefined) return noToken(`${nameOf(holder)} was connected by an app that is not configured`)
    let failed: OauthAnswer<never> | undefined
    const grant = await store.change(holder, async (held) => {
      // Somebody else was faster.
      if (this.isUsable(held, refused) || held.lostBecause !== null) return undefined
      const answer = await this.refreshed(api, held)
      if (answer.ok) return renewedGrant(held, answer.value, clock.now())
      failed = answer
      return answer.why === 'lost' ? { ...held, lostBecause: answer.detail } : undefined
    })
    if (grant === undefined) return noToken(`${nameOf(holder)} is not connected`)
    if (this.isUsable(grant, refused)) return this.use(grant)
    if (grant.lostBecause !== null) return noToken(`the grant of ${nameOf(holder)} is lost and has to be given anew: ${grant.lostBecause}`)
    // The early renewal failed; the old token is good for some minutes yet.
    if (this.lasts(grant, refused)) return this.useStill(grant)
    return tokenUnavailable(`the token of ${nameOf(holder)} cannot be renewed now: ${failed?.ok === false ? failed.detail : 'no answer'}`)
  }

  /** With the refresh token; when that is void with the one before, in case the platform took the last renewal back. */
  private async refreshed(api: Pick<OauthApi, 'refresh'>, held: Grant): Promise<OauthAnswer<IssuedTokens>> {
    const userType = held.holder.kind === 'company' ? 'Company' : 'Location'
    if (held.refreshToken === null) return { ok: false, why: 'lost', detail: 'it has no refresh token' }
    const answer = await api.refresh(held.refreshToken, userType)
    if (answer.ok || answer.why !== 'lost' || held.previousRefreshToken === null) return answer
    const again = await api.refresh(held.previousRefreshToken, userType)
    return again.ok || again.why !== 'lost' ? again : answer
  }

  /** From the token of a company that has it; `undefined` when none is connected. */
  private async exchange(holder: Holder, known: Grant | undefined): Promise<TokenAnswer | undefined> {
    const { store, api, clock } = this.options
    if (api === undefined) return undefined
    const isKnown = ({ holder: { id } }: Grant) => Number(id === known?.companyId)
    const companies = (await store.list()).filter((grant) => grant.holder.kind === 'company').sort((a, b) => isKnown(b) - isKnown(a))
    let failed: TokenAnswer | undefined
    for (const { holder: company } of companies) {
      let token = await this.tokenOf(company)
      let answer = token.ok ? await api.locationToken(token.token, company.id, holder.id) : undefined
      if (token.ok && answer?.ok === false && answer.why === 'unauthorised') {
        token = await this.tokenOf(company, token.token)
        answer = token.ok ? await api.locationToken(token.token, company.id, holder.id) : undefined
      }
      if (answer === undefined) failed = worse(failed, token)
      else if (!answer.ok)
        failed = worse(
          failed,
          answer.why === 'unavailable'
            ? tokenUnavailable(answer.detail)
            : noToken(`${nameOf(company)} has no ${nameOf(holder)}: ${answer.detail}`),
        )
      // It would read and write in another location in the name of this one.
      else if ((answer.value.locationId ?? holder.id) !== holder.id)
        failed = worse(
          failed,
          tokenUnavailable(`${nameOf(company)} gave a token of location ${answer.value.locationId}, not of ${holder.id}`),
        )
      else {
        const { accessToken, scope, expiresInMs } = answer.value
        const grant: Grant = {
          holder,
          companyId: company.id,
          source: 'exchange',
          accessToken,
          refreshToken: null,
          previousRefreshToken: null,
          scope,
          expiresAt: clock.now() + expiresInMs,
          lostBecause: null,
        }
        await store.put(grant)
        return this.use(grant)
      }
    }
    return failed
  }

  private isUsable(grant: Grant, refused: string | undefined): boolean {
    return grant.accessToken !== refused && (grant.expiresAt ?? Infinity) - EARLY_MS > this.options.clock.now()
  }

  /** Is it good for some minutes yet, though it should be renewed? */
  private lasts(grant: Grant, refused: string | undefined): boolean {
    return grant.accessToken !== refused && (grant.expiresAt ?? Infinity) > this.options.clock.now()
  }

  /** For a while yet, since it could not be renewed. */
  private useStill({ holder, accessToken, expiresAt }: Grant): TokenAnswer {
    const until = Math.min(this.options.clock.now() + RENEWED_EVERY_MS, expiresAt ?? Infinity)
    this.cache.set(nameOf(holder), { token: accessToken, until })
    return { ok: true, token: accessToken }
  }

  private use({ holder, accessToken, expiresAt }: Grant): TokenAnswer {
    const now = this.options.clock.now()
    this.cache.set(nameOf(holder), { token: accessToken, until: Math.min(now + CACHED_MS, (expiresAt ?? Infinity) - EARLY_MS) })
    return { ok: true, token: accessToken }
  }
}

/** Of two companies that gave no token: one that may yet do so is the one to wait for, whatever another says. */
function worse(before: TokenAnswer | undefined, next: TokenAnswer): TokenAnswer {
  return before?.ok === false && before.code === 'token_unavailable' ? before : next
}

/** A grant after a renewal: the refresh token that was used stays beside the next one. */
function renewedGrant(held: Grant, issued: IssuedTokens, now: number): Grant {
  return {
    ...held,
    accessToken: issued.accessToken,
    refreshToken: issued.refreshToken ?? held.refreshToken,
    previousRefreshToken: held.refreshToken,
    scope: issued.scope === '' ? held.scope : issued.scope,
    expiresAt: now + issued.expiresInMs,
    lostBecause: null,
  }
}
