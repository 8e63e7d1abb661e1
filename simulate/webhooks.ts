/**
 * The beats of a story as webhook bodies in the platform's own shapes: flat JSON, sparse, with the four fields the
 * gateway adds. Pure: ids come from the story, times from the caller.
 */
import type { Beat, Channel, LeadStory } from './leadStory.ts'
import { sandboxAppId, sandboxFields, sandboxTenantId } from './sandboxTenant.ts'
import type { SandboxFact } from './sandboxTenant.ts'
import { seededRandom } from './seededRandom.ts'

export type Json = { readonly [field: string]: unknown }

export interface SimulatedWebhook {
  readonly webhookId: string
  readonly contactId: string
  readonly type: string
  /** When what it tells of happened, ms. */
  readonly changedAt: number
  /** When the gateway made it, ms: the `timestamp` of the body. */
  readonly at: number
  /** The very bytes that are signed. */
  readonly body: Buffer
  /** What the platform's API shows of the contact from then on and its webhooks lack. */
  readonly shown?: Json
  /** The post of a workflow of the location: to a URL of its own, unsigned. */
  readonly isReport?: boolean
}

/** Number the messages of the location come from and go to; of the range for fiction. */
const officeNumber = '+15125550100'
const pipelineId = 'sbxPipelineBuyer0001'
const stageIds = [
  '5b9c2a1e-0000-4000-8000-000000000001',
  '5b9c2a1e-0000-4000-8000-000000000002',
  '5b9c2a1e-0000-4000-8000-000000000003',
] as const
/** The gateway needs a moment from the change to the delivery, ms. */
const gatewayDelay = [300, 2_500] as const

/** All webhooks of a story; `instantOf` gives the time of each beat, ms. */
export function webhooksOf(story: LeadStory, seed: number, instantOf: (beat: Beat) => number): SimulatedWebhook[] {
  const random = seededRandom(seed, 'webhooks', story.index)
  const began = instantOf(story.beats[0] as Beat)
  let tags: readonly string[] = []
  let facts: LeadStory['facts'] = {}
  let booked = { id: '', at: began, startsAt: began }
  return story.beats.map((beat) => {
    const changedAt = instantOf(beat)
    const at = changedAt + random.between(...gatewayDelay)
    if (beat.kind === 'contact_created' || beat.kind === 'tagged') tags = beat.tags
    if (beat.kind === 'contact_updated') facts = beat.facts
    if (beat.kind === 'contact_created') facts = pickFirst(story.facts, 3)
    const webhookId = random.uuid()
    const ids = { messageId: random.id(20), entityId: story.contactId.slice(0, 12) + random.id(8) }
    if (beat.kind === 'books') booked = { id: ids.entityId, at: changedAt, startsAt: changedAt + beat.startsInMs }
    const content = contentOf(story, beat, { began, changedAt, tags, facts, booked, ...ids })
    const body = Buffer.from(JSON.stringify({ ...content, appId: sandboxAppId, versionId: sandboxAppId, timestamp: iso(at), webhookId }))
    return { webhookId, contactId: story.contactId, type: content.type, changedAt, at, body }
  })
}

interface Scene {
  readonly began: number
  readonly changedAt: number
  readonly tags: readonly string[]
  readonly facts: LeadStory['facts']
  readonly messageId: string
  readonly entityId: string
  /** The appointment of the story, ms; none before it is booked. */
  readonly booked: { readonly id: string; readonly at: number; readonly startsAt: number }
}

function contentOf(story: LeadStory, beat: Beat, scene: Scene): Json & { readonly type: string } {
  switch (beat.kind) {
    case 'contact_created':
      return contact('ContactCreate', story, scene)
    case 'contact_updated':
      return contact('ContactUpdate', story, scene)
    case 'tagged':
      return contact('ContactTagUpdate', story, scene)
    case 'dnd_set':
      return {
        ...contact('ContactDndUpdate', story, scene),
        dnd: beat.channels.length === 3,
        dndSettings: Object.fromEntries(
          (['SMS', 'Call', 'Email', 'GMB', 'FB', 'WhatsApp'] as const).map((channel) => [
            channel,
            { status: (beat.channels as readonly string[]).includes(channel) ? 'active' : 'inactive' },
          ]),
        ),
        inboundDndSettings: { all: { status: 'inactive', message: '' } },
      }
    case 'lead_says':
      return { ...message('InboundMessage', story, beat.channel, scene), direction: 'inbound', ...spoken(beat, 'inbound', story) }
    case 'lead_is_told':
      return {
        ...message('OutboundMessage', story, beat.channel, scene),
        direction: 'outbound',
        ...spoken(beat, 'outbound', story),
        source: beat.by === 'human' ? 'app' : 'workflow',
        ...(beat.by === 'human' ? { userId: story.ownerId ?? 'sbxRealtorUser000001' } : {}),
      }
    case 'books':
      return appointment('AppointmentCreate', 'confirmed', story, scene)
    case 'misses':
      return appointment('AppointmentUpdate', 'noshow', story, scene)
    case 'opportunity_opened':
      return opportunity('OpportunityCreate', story, beat.value, 1, scene)
    case 'stage_moved':
      return opportunity('OpportunityStageUpdate', story, beat.value, beat.stage, scene)
    case 'won':
      return { ...opportunity('OpportunityStatusUpdate', story, beat.value, 3, scene), status: 'won' }
  }
}

function appointment(type: string, appointmentStatus: string, story: LeadStory, { changedAt, booked }: Scene) {
  const appointment = {
    id: booked.id,
    title: `Showing with ${story.person.firstName}`,
    calendarId: 'sbxCalendar000000001',
    contactId: story.contactId,
    appointmentStatus,
    assignedUserId: story.ownerId ?? 'sbxRealtorUser000001',
    users: [],
    source: 'booking_widget',
    startTime: iso(booked.startsAt),
    endTime: iso(booked.startsAt + 3_600_000),
    dateAdded: iso(booked.at),
    dateUpdated: iso(changedAt),
  }
  return { type, locationId: sandboxTenantId, appointment }
}

function contact(type: string, story: LeadStory, { began, tags, facts }: Scene): Json & { readonly type: string } {
  const { person } = story
  return {
    type,
    locationId: sandboxTenantId,
    id: story.contactId,
    city: person.city,
    state: person.state,
    country: 'US',
    postalCode: person.postalCode,
    source: story.source,
    dateAdded: iso(began),
    dnd: false,
    email: person.email,
    name: `${person.firstName} ${person.lastName}`,
    firstName: person.firstName,
    lastName: person.lastName,
    phone: person.phone,
    tags,
    ...(story.ownerId === null ? {} : { assignedTo: story.ownerId }),
    customFields: Object.entries(facts).map(([fact, value]) => ({ id: sandboxFields[fact as SandboxFact], value })),
  }
}

const messageTypes = {
  sms: { messageType: 'SMS', messageTypeId: 2, messageTypeString: 'TYPE_SMS' },
  email: { messageType: 'Email', messageTypeId: 3, messageTypeString: 'TYPE_EMAIL' },
  facebook: { messageType: 'FB', messageTypeId: 11, messageTypeString: 'TYPE_FACEBOOK' },
  call: { messageType: 'CALL', messageTypeId: 1, messageTypeString: 'TYPE_CALL' },
} as const satisfies Record<Channel, Json>

function message(type: string, story: LeadStory, channel: Channel, scene: Scene): Json & { readonly type: string } {
  const base = {
    type,
    locationId: sandboxTenantId,
    contactId: story.contactId,
    conversationId: story.conversationId,
    dateAdded: iso(scene.changedAt),
    attachments: [],
    ...messageTypes[channel],
  }
  return channel === 'email'
    ? { ...base, emailMessageId: scene.messageId, threadId: story.conversationId }
    : { ...base, messageId: scene.messageId, contentType: 'text/plain' }
}

function spoken(beat: Beat & { kind: 'lead_says' | 'lead_is_told' }, direction: 'inbound' | 'outbound', { person }: LeadStory): Json {
  const lead = beat.channel === 'email' ? person.email : person.phone
  const office = beat.channel === 'email' ? 'office@example.com' : officeNumber
  const ends = direction === 'inbound' ? { from: lead, to: office } : { from: office, to: lead }
  if (beat.channel === 'call') return { ...ends, status: 'completed', callStatus: 'completed', callDuration: beat.seconds ?? 60 }
  if (beat.channel === 'facebook') return { body: beat.text, status: 'delivered' }
  if (beat.channel === 'sms') return { ...ends, body: beat.text, status: 'delivered' }
  return { ...ends, body: `<div>${beat.text}</div>`, subject: 'Your request', status: 'delivered' }
}

function opportunity(
  type: string,
  story: LeadStory,
  value: number,
  stage: 1 | 2 | 3,
  { changedAt }: Scene,
): Json & { readonly type: string } {
  return {
    type,
    locationId: sandboxTenantId,
    id: `opp${story.contactId.slice(3)}`,
    assignedTo: story.ownerId,
    contactId: story.contactId,
    monetaryValue: value,
    name: `${story.person.firstName} ${story.person.lastName}`,
    pipelineId,
    pipelineStageId: stageIds[stage - 1],
    source: story.source,
    status: 'open',
    dateAdded: iso(changedAt),
  }
}

function pickFirst(facts: LeadStory['facts'], count: number): LeadStory['facts'] {
  return Object.fromEntries(Object.entries(facts).slice(0, count))
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
