/**
 * The token calls of the platform. Its errors are not documented (highlevel-api-docs #249): a grant counts as lost only when
 * the platform says so in words, anything else may pass. @source reference/gohighlevel.md 3.2; highlevel-api-docs apps/oauth.json
 */
import { Agent, request } from 'undici'
import { answerOf, listOf, number, text, texts } from '../call/fields.ts'
import type { Fields, Listed } from '../call/fields.ts'
import { pagesOf, skippingPage } from '../call/pages.ts'
import { failureOfError } from '../outcomes.ts'
import type { Read } from '../outcomes.ts'
import { skippedLists } from '../pageSizes.ts'

export interface OauthApiOptions {
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** As registered with the app; the code was given for it. */
  readonly redirectUrl?: string | undefined
  readonly timeoutMs?: number
}

export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string | null
  readonly expiresInMs: number
  readonly scope: string
  readonly userType: 'Company' | 'Location'
  readonly companyId: string | null
  readonly locationId: string | null
}

export type OauthAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** `lost`: the code or refresh token is used up or void. `refused`: asked wrongly, or not allowed. `unavailable`: ask again. */
  | { readonly ok: false; readonly why: 'lost' | 'refused' | 'unauthorised' | 'unavailable'; readonly detail: string }

export interface InstalledLocation {
  readonly locationId: string
  readonly name: string | null
  readonly isInstalled: boolean
}

/** Of one answer, 4 MiB: a hundred locations are some 50 KB. */
const ANSWER_BYTES = 4_194_304
const versionHeader = '2021-07-28'
/** "access 86,399 s": what is assumed when the answer does not say. */
const accessMs = 86_399_000
/** Words of a grant that is gone, whatever the status. */
const goneWords = /invalid.?grant|refresh.?token.*(invalid|expired|not found|used)|invalid.*(refresh.?token|authorization code)/i

export class OauthApi {
  private readonly options: OauthApiOptions
  private readonly base: string
  private readonly agent = new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 3_000, maxResponseSize: ANSWER_BYTES })

  constructor(options: OauthApiOptions) {
    this.options = options
    this.base = options.apiUrl.replace(/\/$/, '')
  }

  close(): Promise<void> {
    return this.agent.close()
  }

  /** Tokens for the code that the browser brought back. */
  exchangeCode(code: string, userType: IssuedTokens['userType']): Promise<OauthAnswer<IssuedTokens>> {
    return this.token({ grant_type: 'authorization_code', code, user_type: userType })
  }

  /** Uses the refresh token up, and answers with the next one. */
  refresh(refreshToken: string, userType: IssuedTokens['userType']): Promise<OauthAnswer<IssuedTokens>> {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken, user_type: userType })
  }

  /** A token for one location from that of its company. */
  locationToken(companyToken: string, companyId: string, locationId: string): Promise<OauthAnswer<IssuedTokens>> {
    return this.ask('POST', '/oauth/locationToken', issuedOf, { form: { companyId, locationId }, token: companyToken })
  }

  /** Where the app is installed in a company. */
  installedLocations(companyToken: string, companyId: string): AsyncGenerator<Read<Listed<InstalledLocation>>, void> {
    const { clientId } = this.options
    const { asked, byDefault } = skippedLists.installedLocations
    return pagesOf(async (skip: number = 0) => {
      const query = new URLSearchParams({
        companyId,
        appId: clientId.split('-')[0] ?? clientId,
        limit: String(asked),
        skip: String(skip),
        isInstalled: 'true',
      })
      const answer = await this.ask(
        'GET',
        `/oauth/installedLocations?${query.toString()}`,
        (answer) => skippingPage(listOf(answer['locations'], installedOf), skip, byDefault, number(answer, 'count')),
        { token: companyToken },
      )
      if (answer.ok) return answer
      return {
        ok: false,
        detail: answer.detail,
        failure:
          answer.why === 'unavailable'
            ? { kind: 'unknown', code: 'server_error', detail: answer.detail }
            : { kind: 'refused', code: 'bad_request', detail: answer.detail },
      }
    })
  }

  private token(form: Readonly<Record<string, string>>): Promise<OauthAnswer<IssuedTokens>> {
    const { clientId, clientSecret, redirectUrl } = this.options
    return this.ask('POST', '/oauth/token', issuedOf, {
      form: {
        client_id: clientId,
        client_secret: clientSecret,
        ...form,
        ...(redirectUrl === undefined ? {} : { redirect_uri: redirectUrl }),
      },
    })
  }

  private async ask<T>(
    method: 'GET' | 'POST',
    path: string,
    meaning: (answer: Fields) => T | undefined,
    { form, token }: { readonly form?: Readonly<Record<string, string>>; readonly token?: string },
  ): Promise<OauthAnswer<T>> {
    try {
      const { statusCode, body } = await request(`${this.base}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          version: versionHeader,
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
        signal: AbortSignal.timeout(this.options.timeoutMs ?? 15_000),
        dispatcher: this.agent,
      })
      const words = await body.text()
      const detail = `${statusCode}: ${words.slice(0, 300)}`
      if (statusCode >= 200 && statusCode <= 299) {
        const said = answerOf(words)
        const value = said && meaning(said)
        // The words of a good answer hold secrets.
        return value === undefined
          ? { ok: false, why: 'unavailable', detail: `${statusCode}, but not what was asked for` }
          : { ok: true, value }
      }
      if (statusCode >= 400 && statusCode < 500 && goneWords.test(words)) return { ok: false, why: 'lost', detail }
      if (statusCode === 401) return { ok: false, why: 'unauthorised', detail }
      if (statusCode >= 500 || statusCode === 429 || statusCode === 408) return { ok: false, why: 'unavailable', detail }
      return { ok: false, why: 'refused', detail }
    } catch (error) {
      return { ok: false, why: 'unavailable', detail: failureOfError(error).detail }
    }
  }
}

function issuedOf(answer: Fields): IssuedTokens | undefined {
  const accessToken = text(answer, 'access_token', 'accessToken')
  if (accessToken === null) return undefined
  const locationId = text(answer, 'locationId')
  const seconds = number(answer, 'expires_in') ?? number(answer, 'expiresIn')
  return {
    accessToken,
    refreshToken: text(answer, 'refresh_token', 'refreshToken'),
    expiresInMs: seconds === null ? accessMs : seconds * 1_000,
    scope: text(answer, 'scope') ?? texts(answer, 'scope').join(' '),
    userType: text(answer, 'userType') === 'Company' && locationId === null ? 'Company' : 'Location',
    companyId: text(answer, 'companyId'),
    locationId,
  }
}

function installedOf(location: Fields): InstalledLocation | undefined {
  const locationId = text(location, '_id', 'id')
  return locationId === null ? undefined : { locationId, name: text(location, 'name'), isInstalled: location['isInstalled'] !== false }
}
