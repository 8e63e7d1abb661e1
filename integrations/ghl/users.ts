/** Users: the people of a location. @source reference/gohighlevel.md 3.7 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, listOf, number, text, texts } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pagesOf, skippingPage } from './call/pages.ts'
import type { Read } from './outcomes.ts'
import { skippedLists } from './pageSizes.ts'

export interface GhlUser {
  readonly userId: string
  readonly name: string | null
  readonly email: string | null
  readonly phone: string | null
  /** `user` or `admin`. */
  readonly role: string | null
  readonly locationIds: readonly string[]
}

export type Users = ReturnType<typeof users>

export function users(caller: Caller) {
  return {
    /** Users of a location; the platform asks for the company too. */
    search(tenantId: string, companyId: string, options?: CallOptions): AsyncGenerator<Read<Listed<GhlUser>>, void> {
      const { asked, byDefault } = skippedLists.users
      return pagesOf((skip: number = 0) =>
        caller.read(
          { endpoint: 'userSearch', tenantId, query: { companyId, locationId: tenantId, limit: asked, skip }, options },
          (answer) => skippingPage(listOf(answer['users'], userOf), skip, byDefault, number(answer, 'count')),
        ),
      )
    },

    get(tenantId: string, userId: string, options?: CallOptions): Promise<Read<GhlUser>> {
      return caller.read({ endpoint: 'userGet', tenantId, path: { userId }, options }, userOf)
    },
  }
}

function userOf(user: Fields): GhlUser | undefined {
  const userId = text(user, 'id')
  if (userId === null) return undefined
  const roles = fieldsOf(user['roles'])
  return {
    userId,
    name: text(user, 'name') ?? ([text(user, 'firstName'), text(user, 'lastName')].filter(Boolean).join(' ') || null),
    email: text(user, 'email'),
    phone: text(user, 'phone'),
    role: text(roles, 'role') ?? text(user, 'role'),
    locationIds: roles === undefined ? texts(user, 'locations') : texts(roles, 'locationIds'),
  }
}
