/** A location, its custom fields, tags, users, workflows and forms as the platform answers them. @source reference/gohighlevel.md 3.7 */
import { text, texts, time } from '../call/fields.ts'
import { done, limitOf, missing, refused } from './call.ts'
import type { Reply, RoutedCall } from './call.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000

export function placeCalls(world: World) {
  /** A token sees its own location only. */
  const own = (answer: (call: RoutedCall) => Reply) => (call: RoutedCall) =>
    call.at['locationId'] === call.location ? answer(call) : refused(403, 'The token does not have access to this location.')

  return {
    locationGet: own(({ location }) =>
      done({
        location: {
          id: location,
          companyId: 'sandboxCompany000001',
          name: 'Sandbox Realty',
          address: '1 Main St',
          city: 'Chicago',
          state: 'IL',
          country: 'US',
          postalCode: '60601',
          website: 'https://example.com',
          timezone: 'America/Chicago',
          email: 'office@example.com',
          phone: '+12025550150',
        },
      }),
    ),

    customFieldList: own(({ location, query }) => {
      const model = query.get('model') ?? 'contact'
      return done({ customFields: world.rows('customFields', location).filter((row) => model === 'all' || row['model'] === model) })
    }),

    /** Every tag that a contact of the location has. */
    tagList: own(({ location }) => {
      const rows = world.rows('contacts', location)
      const names = new Set(rows.flatMap((row) => texts(world.contact(location, String(row['id'])), 'tags')))
      return done({ tags: [...names].sort().map((name) => ({ id: `tag-${name}`, name, locationId: location })) })
    }),

    userSearch({ location, query }: RoutedCall): Reply {
      if (query.get('companyId') === null) return refused(422, ['companyId should not be empty'])
      const users = world.rows('users', location)
      const skip = Number(query.get('skip') ?? 0)
      return done({ users: users.slice(skip, skip + limitOf(query, 25, 50)), count: users.length })
    },

    userGet({ location, at }: RoutedCall): Reply {
      const user = world.row('users', location, at['userId'])
      return user === undefined ? missing('User', at['userId']) : done(user)
    },

    workflowList({ location }: RoutedCall): Reply {
      return done({ workflows: world.rows('workflows', location) })
    },

    formList({ location, query }: RoutedCall): Reply {
      const forms = world.rows('forms', location)
      const skip = Number(query.get('skip') ?? 0)
      return done({ forms: forms.slice(skip, skip + limitOf(query, 10, 50)), total: forms.length })
    },

    formSubmissions({ location, query }: RoutedCall): Reply {
      const day = (name: string) => time({ at: `${query.get(name) ?? ''}T00:00:00Z` }, 'at')
      // By default the last month.
      const from = day('startAt') ?? world.now() - 30 * DAY_MS
      const to = (day('endAt') ?? world.now()) + DAY_MS
      const found = world.rows('submissions', location).filter((row) => {
        const at = time(row, 'createdAt') ?? 0
        return at >= from && at < to && (query.get('formId') === null || text(row, 'formId') === query.get('formId'))
      })
      const limit = limitOf(query, 20, 100)
      const page = Math.max(1, Number(query.get('page') ?? 1))
      return done({
        submissions: found.slice((page - 1) * limit, page * limit),
        meta: {
          total: found.length,
          currentPage: page,
          nextPage: page * limit < found.length ? page + 1 : null,
          prevPage: page > 1 ? page - 1 : null,
        },
      })
    },
  }
}
