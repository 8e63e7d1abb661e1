/** Users: the people of a location. @source reference/gohighlevel.md 3.7 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, listOf, text, texts } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pagesOf } from './call/pages.ts'
import type { Read } from './outcomes.ts'
import { usersPerPage } from './pageSizes.ts'

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
      return pagesOf((skip: number = 0) =>
        caller.read(
          { endpoint: 'userSearch', tenantId, query: { companyId, locationId: tenantId, limit: usersPerPage, skip }, options },
          (answer) => {
            const listed = listOf(answer['users'], userOf)
            if (listed === undefined) return undefined
            const got = listed.items.length + listed.unreadable
            return { ...listed, next: got >= usersPerPage ? skip + got : undefined }
          },
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
