/**
 * The token calls of the platform: codes and refresh tokens work once, refresh tokens rotate, access tokens expire, and an
 * agency's token buys one for each of its locations. @source reference/gohighlevel.md 3.2; highlevel-api-docs apps/oauth.json
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { text } from '../call/fields.ts'
import { done, refused } from './call.ts'
import type { Call, Reply } from './call.ts'

export interface SandboxApp {
  readonly clientId: string
  readonly clientSecret: string
  /** Life of an access token. The platform: 86,399 s. */
  readonly accessSeconds?: number
}

/** What a person agrees to. */
export interface Agreement {
  readonly companyId: string
  /** Absent: the whole agency. */
  readonly locationId?: string
}

interface Issued extends Agreement {
  readonly expiresAt: number
}

/** An access token of the sandbox that can be told from others, so that an unknown one is refused. */
const PREFIX = 'sbx-at-'
const invalidGrant = (what: string): Reply => ({
  status: 400,
  body: { error: 'invalid_grant', error_description: `Invalid grant: ${what} is invalid` },
})

export class SandboxOauth {
  /** How often a refresh token was traded. */
  refreshes = 0
  private readonly app: SandboxApp | undefined
  private readonly clock: Clock
  private readonly codes = new Map<string, Agreement>()
  private readonly refreshTokens = new Map<string, Agreement>()
  private readonly accessTokens = new Map<string, Issued>()
  private readonly installed = new Map<string, Set<string>>()
  private readonly paused = new Set<string>()

  constructor(app: SandboxApp | undefined, clock: Clock) {
    this.app = app
    this.clock = clock
  }

  /** Installs the app in a location of an agency. */
  install(companyId: string, locationId: string): void {
    this.installed.set(companyId, (this.installed.get(companyId) ?? new Set()).add(locationId))
  }

  /** Takes the app out of a location, or out of the whole agency: what was granted is void at once. */
  uninstall(companyId: string, locationId?: string): void {
    const isGone = (agreement: Agreement) =>
      agreement.companyId === companyId && (locationId === undefined || agreement.locationId === locationId)
    if (locationId === undefined) this.installed.delete(companyId)
    else this.installed.get(companyId)?.delete(locationId)
    for (const granted of [this.codes, this.refreshTokens, this.accessTokens])
      for (const [token, agreement] of granted) if (isGone(agreement)) granted.delete(token)
  }

  /** `Location is not active` for what is paused. */
  pause(locationId: string): void {
    this.paused.add(locationId)
  }

  /** The code that the browser comes back with. */
  authorize(agreement: Agreement): string {
    if (agreement.locationId !== undefined) this.install(agreement.companyId, agreement.locationId)
    const code = randomBytes(12).toString('hex')
    this.codes.set(code, agreement)
    return code
  }

  /** The location a token acts for; `undefined` when it is expired, unknown or an agency's. Tokens that are not ours are not judged. */
  locationOf(token: string): string | undefined {
    const issued = this.accessTokens.get(token)
    return issued !== undefined && issued.expiresAt > this.clock.now() ? issued.locationId : undefined
  }

  isOurs(token: string): boolean {
    return token.startsWith(PREFIX)
  }

  answer(call: Call): Reply {
    switch (`${call.method} ${call.path[1] ?? ''}`) {
      case 'POST token':
        return this.token(call)
      case 'POST locationToken':
        return this.locationToken(call)
      case 'GET installedLocations':
        return this.installedLocations(call)
      default:
        return refused(404, `Cannot ${call.method} /${call.path.join('/')}`)
    }
  }

  private token({ body }: Call): Reply {
    const [id, secret] = [text(body, 'client_id') ?? '', text(body, 'client_secret') ?? '']
    if (this.app === undefined || id !== this.app.clientId || !same(secret, this.app.clientSecret))
      return { status: 401, body: { error: 'UnAuthorized!', error_description: 'Invalid client: client is invalid' } }
    const userType = text(body, 'user_type') ?? 'Company'
    switch (text(body, 'grant_type')) {
      case 'authorization_code': {
        const agreement = taken(this.codes, text(body, 'code'))
        return agreement === undefined ? invalidGrant('authorization code') : this.issue(agreement, userType)
      }
      case 'refresh_token': {
        const agreement = taken(this.refreshTokens, text(body, 'refresh_token'))
        if (agreement === undefined) return invalidGrant('refresh token')
        this.refreshes++
        return this.issue(agreement, userType)
      }
      default:
        return refused(422, ['grant_type must be a valid enum value'])
    }
  }

  private issue({ companyId, locationId }: Agreement, userType: string): Reply {
    const refreshToken = `sbx-rt-${randomBytes(16).toString('hex')}`
    this.refreshTokens.set(refreshToken, { companyId, ...(locationId === undefined ? {} : { locationId }) })
    return done({
      ...this.access({ companyId, ...(locationId === undefined ? {} : { locationId }) }),
      refresh_token: refreshToken,
      refreshTokenId: randomBytes(12).toString('hex'),
      userType: locationId === undefined ? 'Company' : userType,
      isBulkInstallation: locationId === undefined,
    })
  }

  private locationToken({ token, body }: Call): Reply {
    const company = this.companyOf(token)
    if (company === undefined) return refused(401, 'Invalid JWT')
    const [companyId, locationId] = [text(body, 'companyId'), text(body, 'locationId')]
    if (companyId === null || locationId === null) return refused(422, ['companyId and locationId should not be empty'])
    if (companyId !== company || this.installed.get(company)?.has(locationId) !== true)
      return refused(403, 'The token does not have access to this location.')
    if (this.paused.has(locationId)) return refused(400, 'Location is not active')
    return done({ ...this.access({ companyId, locationId }), userType: 'Location' }, 201)
  }

  private installedLocations({ token, query }: Call): Reply {
    const company = this.companyOf(token)
    if (company === undefined) return refused(401, 'Invalid JWT')
    const all = [...(this.installed.get(company) ?? [])]
    const skip = Number(query.get('skip') ?? 0)
    const page = all.slice(skip, skip + Number(query.get('limit') ?? 20))
    return done({
      locations: page.map((id) => ({ _id: id, name: `Location ${id}`, address: '', isInstalled: true })),
      count: all.length,
      installToFutureLocations: false,
    })
  }

  private access(agreement: Agreement): object {
    const seconds = this.app?.accessSeconds ?? 86_399
    const accessToken = `${PREFIX}${randomBytes(16).toString('hex')}`
    this.accessTokens.set(accessToken, { ...agreement, expiresAt: this.clock.now() + seconds * 1_000 })
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: seconds,
      scope: 'contacts.readonly contacts.write conversations/message.write',
      userId: 'sandboxUser00000001',
      ...agreement,
    }
  }

  private companyOf(token: string): string | undefined {
    const issued = this.accessTokens.get(token)
    return issued !== undefined && issued.locationId === undefined && issued.expiresAt > this.clock.now() ? issued.companyId : undefined
  }
}

/** Works once. */
function taken<T>(map: Map<string, T>, key: string | null): T | undefined {
  const value = key === null ? undefined : map.get(key)
  if (key !== null) map.delete(key)
  return value
}

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
