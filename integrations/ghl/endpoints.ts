/**
 * Every call of the GoHighLevel API that the product makes, as data: its path, the version it is pinned to and whether it
 * may be made twice. The version routes the request: a wrong one looks like a 404 or a scope error.
 * @source reference/gohighlevel.md 3.1, 3.2, 3.4-3.7; GoHighLevel/highlevel-api-docs apps/*.json. @checked 2026-11-27
 */
export const ghlApiUrl = 'https://services.leadconnectorhq.com'

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `:name` is a parameter. */
  readonly path: string
  readonly version: '2021-04-15' | '2021-07-28'
  /**
   * `read` changes nothing; `repeatable` leaves the same behind when it is made twice; `once` would send, book or create a
   * second time, and the platform knows no idempotency key.
   */
  readonly kind: 'read' | 'repeatable' | 'once'
}

const older = '2021-04-15'
const newer = '2021-07-28'

export const endpoints = {
  contactGet: { method: 'GET', path: '/contacts/:contactId', version: newer, kind: 'read' },
  contactSearch: { method: 'POST', path: '/contacts/search', version: newer, kind: 'read' },
  contactFind: { method: 'GET', path: '/contacts/search/duplicate', version: newer, kind: 'read' },
  contactCreate: { method: 'POST', path: '/contacts/', version: newer, kind: 'once' },
  contactUpsert: { method: 'POST', path: '/contacts/upsert', version: newer, kind: 'once' },
  contactUpdate: { method: 'PUT', path: '/contacts/:contactId', version: newer, kind: 'repeatable' },
  contactDelete: { method: 'DELETE', path: '/contacts/:contactId', version: newer, kind: 'repeatable' },
  contactTagsAdd: { method: 'POST', path: '/contacts/:contactId/tags', version: newer, kind: 'repeatable' },
  contactTagsRemove: { method: 'DELETE', path: '/contacts/:contactId/tags', version: newer, kind: 'repeatable' },
  contactAppointments: { method: 'GET', path: '/contacts/:contactId/appointments', version: newer, kind: 'read' },

  noteList: { method: 'GET', path: '/contacts/:contactId/notes', version: newer, kind: 'read' },
  noteCreate: { method: 'POST', path: '/contacts/:contactId/notes', version: newer, kind: 'once' },
  noteUpdate: { method: 'PUT', path: '/contacts/:contactId/notes/:noteId', version: newer, kind: 'repeatable' },
  noteDelete: { method: 'DELETE', path: '/contacts/:contactId/notes/:noteId', version: newer, kind: 'repeatable' },

  taskList: { method: 'GET', path: '/contacts/:contactId/tasks', version: newer, kind: 'read' },
  taskSearch: { method: 'POST', path: '/locations/:locationId/tasks/search', version: newer, kind: 'read' },
  taskCreate: { method: 'POST', path: '/contacts/:contactId/tasks', version: newer, kind: 'once' },
  taskUpdate: { method: 'PUT', path: '/contacts/:contactId/tasks/:taskId', version: newer, kind: 'repeatable' },
  taskComplete: { method: 'PUT', path: '/contacts/:contactId/tasks/:taskId/completed', version: newer, kind: 'repeatable' },
  taskDelete: { method: 'DELETE', path: '/contacts/:contactId/tasks/:taskId', version: newer, kind: 'repeatable' },

  conversationSearch: { method: 'GET', path: '/conversations/search', version: older, kind: 'read' },
  conversationGet: { method: 'GET', path: '/conversations/:conversationId', version: older, kind: 'read' },
  messageList: { method: 'GET', path: '/conversations/:conversationId/messages', version: older, kind: 'read' },
  messageGet: { method: 'GET', path: '/conversations/messages/:messageId', version: older, kind: 'read' },
  emailGet: { method: 'GET', path: '/conversations/messages/email/:emailMessageId', version: older, kind: 'read' },
  messageExport: { method: 'GET', path: '/conversations/messages/export', version: older, kind: 'read' },
  messageSend: { method: 'POST', path: '/conversations/messages', version: older, kind: 'once' },
  messageStatus: { method: 'PUT', path: '/conversations/messages/:messageId/status', version: older, kind: 'repeatable' },
  messageCancel: { method: 'DELETE', path: '/conversations/messages/:messageId/schedule', version: older, kind: 'repeatable' },

  opportunitySearch: { method: 'GET', path: '/opportunities/search', version: newer, kind: 'read' },
  opportunityGet: { method: 'GET', path: '/opportunities/:opportunityId', version: newer, kind: 'read' },
  opportunityCreate: { method: 'POST', path: '/opportunities/', version: newer, kind: 'once' },
  opportunityUpsert: { method: 'POST', path: '/opportunities/upsert', version: newer, kind: 'once' },
  opportunityUpdate: { method: 'PUT', path: '/opportunities/:opportunityId', version: newer, kind: 'repeatable' },
  opportunityStatus: { method: 'PUT', path: '/opportunities/:opportunityId/status', version: newer, kind: 'repeatable' },
  opportunityDelete: { method: 'DELETE', path: '/opportunities/:opportunityId', version: newer, kind: 'repeatable' },
  pipelineList: { method: 'GET', path: '/opportunities/pipelines', version: newer, kind: 'read' },

  calendarList: { method: 'GET', path: '/calendars/', version: older, kind: 'read' },
  freeSlots: { method: 'GET', path: '/calendars/:calendarId/free-slots', version: older, kind: 'read' },
  eventList: { method: 'GET', path: '/calendars/events', version: older, kind: 'read' },
  appointmentGet: { method: 'GET', path: '/calendars/events/appointments/:eventId', version: older, kind: 'read' },
  appointmentCreate: { method: 'POST', path: '/calendars/events/appointments', version: older, kind: 'once' },
  appointmentUpdate: { method: 'PUT', path: '/calendars/events/appointments/:eventId', version: older, kind: 'repeatable' },
  appointmentDelete: { method: 'DELETE', path: '/calendars/events/:eventId', version: older, kind: 'repeatable' },

  locationGet: { method: 'GET', path: '/locations/:locationId', version: newer, kind: 'read' },
  customFieldList: { method: 'GET', path: '/locations/:locationId/customFields', version: newer, kind: 'read' },
  tagList: { method: 'GET', path: '/locations/:locationId/tags', version: newer, kind: 'read' },
  userSearch: { method: 'GET', path: '/users/search', version: newer, kind: 'read' },
  userGet: { method: 'GET', path: '/users/:userId', version: newer, kind: 'read' },

  workflowList: { method: 'GET', path: '/workflows/', version: newer, kind: 'read' },
  workflowAdd: { method: 'POST', path: '/contacts/:contactId/workflow/:workflowId', version: newer, kind: 'once' },
  workflowRemove: { method: 'DELETE', path: '/contacts/:contactId/workflow/:workflowId', version: newer, kind: 'repeatable' },

  formList: { method: 'GET', path: '/forms/', version: newer, kind: 'read' },
  formSubmissions: { method: 'GET', path: '/forms/submissions', version: newer, kind: 'read' },
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof endpoints
