/** Contacts, tags, notes, tasks and enrolments as the platform answers them. @source reference/gohighlevel.md 3.4, 5 */
import { fieldsOf, listOf, number, text, texts, time } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { done, limitOf, missing, refused, succeded } from './call.ts'
import type { Reply, RoutedCall } from './call.ts'
import { notedAtOf } from './journal.ts'
import type { Table } from './journal.ts'
import type { World } from './world.ts'
import { contactDeleted, contactWebhooks, noteWebhook, tagsChanged, taskWebhook } from './writeWebhooks.ts'

const writable = [
  'firstName',
  'lastName',
  'name',
  'email',
  'phone',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'companyName',
  'timezone',
  'source',
  'assignedTo',
  'dnd',
  'dndSettings',
  'inboundDndSettings',
] as const
const LONGEST_PAGE = 500

export function contactCalls(world: World) {
  /** The row with what was written: custom fields by id, tags over the old ones. */
  function written(before: Fields | undefined, body: Fields): Fields {
    const fields = Object.fromEntries(writable.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
    const given = listOf(body['customFields'], (one) => one)?.items ?? []
    const custom = new Map(((before?.['customFields'] ?? []) as Fields[]).map((one) => [one['id'], one]))
    for (const one of given) custom.set(one['id'], { id: one['id'], value: one['field_value'] ?? one['value'] })
    return {
      type: 'lead',
      ...before,
      ...fields,
      ...(text(fields, 'email') === null ? {} : { emailLowerCase: text(fields, 'email')?.toLowerCase() }),
      customFields: [...custom.values()],
      ...(Array.isArray(body['tags']) ? { tags: texts(body, 'tags') } : {}),
      dateAdded: before?.['dateAdded'] ?? world.iso(),
      dateUpdated: world.iso(),
    }
  }

  function store(location: string, id: string, body: Fields): Fields {
    const before = world.journal.table('contacts', location).get(id) ?? undefined
    const row = { ...written(before, body), id, locationId: location }
    world.put('contacts', location, id, row, (webhook) => contactWebhooks(webhook, before, row))
    return world.contact(location, id) ?? row
  }

  function duplicateOf(location: string, body: Fields): Fields | undefined {
    const rows = world.rows('contacts', location)
    const email = text(body, 'email')?.toLowerCase()
    const phone = text(body, 'phone')
    return (
      rows.find((row) => email !== undefined && text(row, 'email')?.toLowerCase() === email) ??
      rows.find((row) => phone !== null && text(row, 'phone') === phone)
    )
  }

  const wrong = ({ body }: RoutedCall): Reply | undefined => {
    const email = text(body, 'email')
    if (email !== null && !/^\S+@\S+\.\S+$/.test(email)) return refused(422, ['email must be an email'])
    return text(body, 'locationId') === null ? refused(422, ['locationId should not be empty']) : undefined
  }

  /** Runs when there is such a contact. */
  const ofContact = (answer: (contact: Fields, call: RoutedCall) => Reply) => (call: RoutedCall) => {
    const contact = world.contact(call.location, call.at['contactId'] ?? '')
    return contact === undefined ? missing('Contact', call.at['contactId']) : answer(contact, call)
  }
  /** Runs when the contact has such a row. */
  const ofRow = (table: Table, param: string, answer: (row: Fields, call: RoutedCall) => Reply) =>
    ofContact((contact, call) => {
      const row = world.row(table, call.location, call.at[param])
      return row === undefined || row['contactId'] !== contact['id'] ? missing(table.slice(0, -1), call.at[param]) : answer(row, call)
    })
  const rowsOf = (table: Table, call: RoutedCall) =>
    world.rows(table, call.location).filter(({ contactId }) => contactId === call.at['contactId'])

  return {
    contactGet: ofContact((contact) => done({ contact })),

    contactSearch({ location, body }: RoutedCall): Reply {
      const asked = Number(body['pageLimit'] ?? 20)
      if (!(asked >= 1 && asked <= LONGEST_PAGE)) return refused(422, [`pageLimit must not be greater than ${LONGEST_PAGE}`])
      const filters = Array.isArray(body['filters']) ? (body['filters'] as Fields[]) : []
      const range = filters.find(({ field }) => field === 'dateUpdated')
      const equal = (name: string) => filters.filter(({ field, operator }) => field === name && operator === 'eq')
      const [emails, phones] = [equal('email'), equal('phone')]
      const unknown = filters.find((filter) => filter !== range && !emails.includes(filter) && !phones.includes(filter))
      if (unknown !== undefined) return refused(422, [`filter ${String(unknown['field'])} ${String(unknown['operator'])} is not supported`])
      const within = fieldsOf(range?.['value'])
      const from = time(within, 'gte', 'gt') ?? -Infinity
      const before = time(within, 'lt', 'lte') ?? Infinity
      const at = notedAtOf
      const found = world
        .indexed(world.rows('contacts', location))
        .filter((row) => at(row) >= from && at(row) < before)
        .filter((row) => emails.every(({ value }) => text(row, 'email')?.toLowerCase() === String(value).toLowerCase()))
        .filter((row) => phones.every(({ value }) => text(row, 'phone') === String(value)))
        .map((row) => ({ row, key: [at(row), String(row['id'])] as const }))
        .sort((a, b) => a.key[0] - b.key[0] || (a.key[1] < b.key[1] ? -1 : 1))
      const after = body['searchAfter'] as readonly [number, string] | undefined
      const rest = after === undefined ? found : found.filter(({ key }) => key[0] > after[0] || (key[0] === after[0] && key[1] > after[1]))
      const contacts = rest.slice(0, asked).map(({ row, key }) => {
        // The index leaves do-not-disturb out (highlevel-api-docs #43).
        const { dndSettings: _, ...shown } = world.contact(location, String(row['id'])) ?? row
        return { ...shown, searchAfter: key }
      })
      return done({ contacts, total: found.length })
    },

    contactFind({ location, query }: RoutedCall): Reply {
      const found = duplicateOf(location, { email: query.get('email'), phone: query.get('number') })
      return done({ contact: found === undefined ? null : world.contact(location, String(found['id'])) })
    },

    contactCreate(call: RoutedCall): Reply {
      const { location, body } = call
      const problem = wrong(call)
      if (problem !== undefined) return problem
      const twin = duplicateOf(location, body)
      if (twin !== undefined) {
        const { body: told, status } = refused(400, 'This location does not allow duplicated contacts.')
        return { status, body: { ...(told as object), meta: { contactId: twin['id'] } } }
      }
      return done({ contact: { ...store(location, world.newId('con'), body), deleted: false } }, 201)
    },

    contactUpsert(call: RoutedCall): Reply {
      const { location, body } = call
      const problem = wrong(call)
      if (problem !== undefined) return problem
      const twin = duplicateOf(location, body)
      return done({ new: twin === undefined, contact: store(location, text(twin, 'id') ?? world.newId('con'), body) })
    },

    contactUpdate: ofContact((contact, { location, body }) => done({ ...succeded, contact: store(location, String(contact['id']), body) })),

    contactDelete: ofContact((contact, { location }) => {
      world.put('contacts', location, String(contact['id']), null, (webhook) => contactDeleted(webhook, contact))
      return done(succeded)
    }),

    contactTagsAdd: ofContact((contact, { location, body }) => {
      const contactId = String(contact['id'])
      const tags = [...new Set([...texts(contact, 'tags'), ...texts(body, 'tags')])]
      const webhooks = world.due(location, (webhook) => tagsChanged(webhook, { ...contact, tags }))
      world.write({ kind: 'tags', contactId, tags, webhooks })
      return done({ tags }, 201)
    }),

    contactTagsRemove: ofContact((contact, { location, body }) => {
      const contactId = String(contact['id'])
      const gone = texts(body, 'tags')
      const tags = texts(contact, 'tags').filter((tag) => !gone.includes(tag))
      // What the row itself says is taken over first, so that taking away leaves the rest.
      world.write({ kind: 'tags', contactId, tags })
      const webhooks = world.due(location, (webhook) => tagsChanged(webhook, { ...contact, tags }))
      world.write({ kind: 'untagged', contactId, tags: gone, webhooks })
      const row = world.journal.table('contacts', location).get(contactId)
      if (row !== undefined && row !== null && tags.length === 0) world.put('contacts', location, contactId, { ...row, tags: [] })
      return done({ tags })
    }),

    contactAppointments: ofContact((_, call) =>
      done({
        events: rowsOf('appointments', call).map((row) => ({
          ...row,
          status: 'booked',
          assignedResources: [],
          // Local times without an offset, unlike every other answer.
          startTime: String(row['startTime']).slice(0, 19).replace('T', ' '),
          endTime: String(row['endTime']).slice(0, 19).replace('T', ' '),
        })),
      }),
    ),

    noteList: ofContact((_, call) => done({ notes: rowsOf('notes', call) })),
    noteCreate: ofContact((contact, { location, body }) => {
      if (text(body, 'body') === null) return refused(422, ['body should not be empty'])
      const id = world.newId('note')
      const note = {
        id,
        contactId: contact['id'],
        dateAdded: world.iso(),
        pinned: false,
        ...given(body, ['body', 'title', 'userId', 'color', 'pinned']),
      }
      world.put('notes', location, id, note, (webhook) => noteWebhook(webhook, 'Create', note))
      return done({ note }, 201)
    }),
    noteUpdate: ofRow('notes', 'noteId', (row, { location, body }) => {
      const note = { ...row, ...given(body, ['body', 'title', 'userId', 'color', 'pinned']) }
      world.put('notes', location, String(row['id']), note, (webhook) => noteWebhook(webhook, 'Update', note))
      return done({ note })
    }),
    noteDelete: ofRow('notes', 'noteId', (row, { location }) => {
      world.put('notes', location, String(row['id']), null, (webhook) => noteWebhook(webhook, 'Delete', row))
      return done(succeded)
    }),

    taskList: ofContact((_, call) => done({ tasks: rowsOf('tasks', call) })),
    taskSearch({ location, body }: RoutedCall): Reply {
      const wanted = texts(body, 'contactId')
      const owners = texts(body, 'assignedTo')
      const found = world
        .rows('tasks', location)
        .filter(
          (row) =>
            (wanted.length === 0 || wanted.includes(String(row['contactId']))) &&
            (owners.length === 0 || owners.includes(String(row['assignedTo']))) &&
            (body['completed'] === undefined || row['completed'] === body['completed']),
        )
      const skip = Number(body['skip'] ?? 0)
      const limit = limitOf(new URLSearchParams({ limit: String(number(body, 'limit') ?? 25) }), 25, 50)
      return done({ tasks: found.slice(skip, skip + limit).map(({ id, ...row }) => ({ _id: id, ...row, locationId: location })) }, 201)
    },
    taskCreate: ofContact((contact, { location, body }) => {
      if (text(body, 'title') === null) return refused(422, ['title should not be empty'])
      const id = world.newId('task')
      const task = {
        id,
        contactId: contact['id'],
        body: '',
        completed: false,
        dateAdded: world.iso(),
        ...given(body, ['title', 'body', 'assignedTo', 'dueDate', 'completed']),
      }
      world.put('tasks', location, id, task, (webhook) => taskWebhook(webhook, 'Create', task))
      return done({ task }, 201)
    }),
    taskUpdate: ofRow('tasks', 'taskId', (row, { location, body }) => {
      const task = { ...row, ...given(body, ['title', 'body', 'assignedTo', 'dueDate', 'completed']) }
      world.put('tasks', location, String(row['id']), task)
      return done({ task }, 201)
    }),
    taskComplete: ofRow('tasks', 'taskId', (row, { location, body }) => {
      const task = { ...row, completed: body['completed'] === true }
      world.put('tasks', location, String(row['id']), task, (webhook) => (task.completed ? taskWebhook(webhook, 'Complete', task) : []))
      return done({ task })
    }),
    taskDelete: ofRow('tasks', 'taskId', (row, { location }) => {
      world.put('tasks', location, String(row['id']), null, (webhook) => taskWebhook(webhook, 'Delete', row))
      return done(succeded)
    }),

    workflowAdd: ofContact((contact, call) => enrolment(call, contact, world.iso())),
    workflowRemove: ofContact((contact, call) => enrolment(call, contact, null)),
  }

  function enrolment({ location, at }: RoutedCall, contact: Fields, since: string | null): Reply {
    const workflow = world.row('workflows', location, at['workflowId'])
    if (workflow === undefined) return missing('Workflow', at['workflowId'])
    const id = `${String(contact['id'])} ${String(workflow['id'])}`
    const row = { id, contactId: contact['id'], workflowId: workflow['id'], dateAdded: since }
    world.put('enrolments', location, id, since === null ? null : row)
    return done(succeded)
  }
}

function given(body: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
}
