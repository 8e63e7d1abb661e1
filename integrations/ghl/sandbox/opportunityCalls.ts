/** Opportunities and pipelines as the platform answers them. @source reference/gohighlevel.md 3.5, 5 (#27) */
import { listOf, text, time } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { done, limitOf, missing, refused, succeded } from './call.ts'
import type { Reply, RoutedCall } from './call.ts'
import type { World } from './world.ts'
import { opportunityWebhooks } from './writeWebhooks.ts'

const statuses = ['open', 'won', 'lost', 'abandoned']
const DAY_MS = 86_400_000

export function opportunityCalls(world: World) {
  function store(location: string, before: Fields | undefined, body: Fields): Fields {
    const now = world.iso()
    const id = text(before, 'id') ?? world.newId('opp')
    const names = ['name', 'pipelineId', 'pipelineStageId', 'status', 'monetaryValue', 'assignedTo', 'source', 'contactId']
    const given = Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
    const changed = (name: string) => given[name] !== undefined && given[name] !== before?.[name]
    const custom = listOf(body['customFields'], (one) => one)?.items ?? []
    const contactId = text(given, 'contactId') ?? text(before, 'contactId') ?? ''
    const contact = world.contact(location, contactId)
    const row: Fields = {
      monetaryValue: 0,
      assignedTo: null,
      source: null,
      ...before,
      ...given,
      id,
      locationId: location,
      contact: {
        id: contactId,
        name: [text(contact, 'firstName'), text(contact, 'lastName')].filter(Boolean).join(' '),
        email: text(contact, 'email') ?? '',
        phone: text(contact, 'phone') ?? '',
        tags: contact?.['tags'] ?? [],
      },
      customFields:
        custom.length === 0 ? (before?.['customFields'] ?? []) : custom.map((one) => ({ id: one['id'], fieldValue: one['field_value'] })),
      createdAt: before?.['createdAt'] ?? now,
      updatedAt: now,
      lastStatusChangeAt: changed('status') ? now : (before?.['lastStatusChangeAt'] ?? now),
      lastStageChangeAt: changed('pipelineStageId') ? now : (before?.['lastStageChangeAt'] ?? now),
      lastActionDate: now,
    }
    world.put('opportunities', location, id, row, (webhook) => opportunityWebhooks(webhook, before, row))
    return row
  }

  function wrong({ location, body }: RoutedCall): Reply | undefined {
    const status = text(body, 'status')
    if (status !== null && !statuses.includes(status)) return refused(422, ['status must be a valid enum value'])
    const pipelineId = text(body, 'pipelineId')
    if (pipelineId === null) return refused(422, ['pipelineId should not be empty'])
    const pipeline = world.row('pipelines', location, pipelineId)
    if (pipeline === undefined) return missing('Pipeline', pipelineId)
    const stageId = text(body, 'pipelineStageId')
    const stages = Array.isArray(pipeline['stages']) ? (pipeline['stages'] as Fields[]) : []
    return stageId !== null && !stages.some(({ id }) => id === stageId) ? refused(400, 'The pipeline stage id is invalid') : undefined
  }

  const ofOpportunity = (answer: (row: Fields, call: RoutedCall) => Reply) => (call: RoutedCall) => {
    const row = world.row('opportunities', call.location, call.at['opportunityId'])
    return row === undefined ? missing('Opportunity', call.at['opportunityId']) : answer(row, call)
  }

  return {
    opportunitySearch({ location, query }: RoutedCall): Reply {
      if (query.get('location_id') === null) return refused(422, ['location_id should not be empty'])
      const created = (row: Fields) => time(row, 'createdAt') ?? 0
      const from = dayOf(query.get('date')) ?? -Infinity
      const to = (dayOf(query.get('endDate')) ?? Infinity) + DAY_MS
      const is = (row: Fields, name: string, param: string) => query.get(param) === null || row[name] === query.get(param)
      const found = world
        .indexed(world.rows('opportunities', location))
        .filter(
          (row) =>
            created(row) >= from &&
            created(row) < to &&
            is(row, 'contactId', 'contact_id') &&
            is(row, 'pipelineId', 'pipeline_id') &&
            is(row, 'pipelineStageId', 'pipeline_stage_id') &&
            is(row, 'assignedTo', 'assigned_to') &&
            (query.get('status') === 'all' || is(row, 'status', 'status')),
        )
        .sort((a, b) => created(b) - created(a) || (String(a['id']) < String(b['id']) ? 1 : -1))
      const [startAfter, startAfterId] = [query.get('startAfter'), query.get('startAfterId')]
      const rest =
        startAfter === null
          ? found
          : found.filter(
              (row) =>
                created(row) < Number(startAfter) || (created(row) === Number(startAfter) && String(row['id']) < String(startAfterId)),
            )
      const limit = limitOf(query, 20, 100)
      const opportunities = rest.slice(0, limit)
      const last = opportunities.at(-1)
      return done({
        opportunities,
        meta: {
          total: found.length,
          nextPageUrl: '',
          startAfterId: last?.['id'] ?? null,
          startAfter: last === undefined ? null : created(last),
          currentPage: 1,
          nextPage: rest.length > limit ? 2 : null,
          prevPage: null,
        },
      })
    },

    opportunityGet: ofOpportunity((opportunity) => done({ opportunity })),

    opportunityCreate(call: RoutedCall): Reply {
      return wrong(call) ?? done({ opportunity: store(call.location, undefined, call.body) }, 201)
    },

    opportunityUpsert(call: RoutedCall): Reply {
      const { location, body } = call
      const problem = wrong(call)
      if (problem !== undefined) return problem
      const twin = world
        .rows('opportunities', location)
        .find((row) => row['contactId'] === body['contactId'] && row['pipelineId'] === body['pipelineId'])
      return done({ opportunity: store(location, twin, body), new: twin === undefined })
    },

    opportunityUpdate: ofOpportunity(
      (row, call) => wrong({ ...call, body: { ...row, ...call.body } }) ?? done({ opportunity: store(call.location, row, call.body) }),
    ),

    opportunityStatus: ofOpportunity((row, { location, body }) => {
      if (!statuses.includes(String(body['status']))) return refused(422, ['status must be a valid enum value'])
      store(location, row, { status: body['status'] })
      return done(succeded)
    }),

    opportunityDelete: ofOpportunity((row, { location }) => {
      world.put('opportunities', location, String(row['id']), null, (webhook) => opportunityWebhooks(webhook, row, undefined))
      return done(succeded)
    }),

    pipelineList({ location }: RoutedCall): Reply {
      return done({ pipelines: world.rows('pipelines', location) })
    },
  }
}

/** `mm-dd-yyyy`, a UTC day. */
function dayOf(given: string | null): number | undefined {
  const [, month, day, year] = /^(\d\d)-(\d\d)-(\d{4})$/.exec(given ?? '') ?? []
  return month === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day))
}
