/** The shapes the API answers with. Records of topics keep the words of their Avro schemas. */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { Decision, DeliveryChanged, FollowUp, LeadProfile } from '../schemas/generated/records.ts'
import { jsonSchemaOf } from './jsonSchemaOf.ts'

const Nullable = (schema: { type: string }, description: string) => Type.Unsafe<string | null>({ type: [schema.type, 'null'], description })
const NullableNumber = (description: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description })

export const Refused = Type.Object(
  {
    code: Type.String({ description: 'Stable code, e.g. E_LEAD_UNKNOWN.' }),
    message: Type.String({ description: 'What happened.' }),
    remedy: Type.String({ description: 'What to do.' }),
    reason: Type.Optional(Type.String({ description: 'Machine-readable reason inside the code.' })),
    requestId: Type.String({ description: 'Id of this request in the log.' }),
  },
  { title: 'Refusal', description: 'Not done, why, and what to do.' },
)

export const LeadLine = Type.Object(
  {
    leadKey: Type.String({ description: '<locationId>:<contactId>' }),
    tenantId: Type.String({ description: 'GHL location id.' }),
    contactId: Type.String({ description: 'GHL contact id.' }),
    name: Nullable({ type: 'string' }, 'Name as known.'),
    status: Type.String({ description: 'new | contacted | qualified | disqualified | converted | lost | dormant | reactivated' }),
    score: Type.Number({ description: '0 to 100: the composite of docs/scoring.md, as recorded when it last changed by more than 5.' }),
    temperature: Type.String({ description: 'hot | warm | cold | unknown: of the score.' }),
    level: Type.String({ description: 'COLD | WARM | HOT | URGENT' }),
    source: Nullable({ type: 'string' }, 'Where the lead came from.'),
    lastEventAt: Type.Integer({ description: 'Latest event (ms since the epoch).' }),
    lastInboundAt: NullableNumber('Latest message from the lead (ms since the epoch).'),
    timeZone: Type.String({ description: 'What clocks at the location show: an IANA zone, UTC where the location has said none.' }),
  },
  { title: 'LeadSummary' },
)

export const LeadList = Type.Object({
  leads: Type.Array(LeadLine),
  nextCursor: Nullable({ type: 'string' }, 'Give as `cursor` for the next page; null on the last one.'),
})

export const ExplainedDecision = Type.Object({
  decision: jsonSchemaOf(Decision),
  headline: Type.String({ description: 'What it comes to, in one sentence.' }),
  why: Type.Array(Type.String(), { description: 'The reasons in words, most important first.' }),
})

const AssignedRealtor = Type.Object(
  {
    id: Type.String({ description: 'GHL user id.' }),
    name: Nullable({ type: 'string' }, 'Name; null while nobody has told of the user.'),
    active: Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description: 'False when the user is deleted, null when unknown.' }),
  },
  { title: 'AssignedRealtor' },
)

const LinkedLead = Type.Object(
  {
    leadKey: Type.String({ description: '<locationId>:<contactId>' }),
    name: Nullable({ type: 'string' }, 'Name as known.'),
    by: Type.Array(Type.Union(['telephone', 'e-mail', 'name and postal code'].map((by) => Type.Literal(by))), {
      description: 'What the two have in common, the strongest first.',
    }),
  },
  { title: 'LinkedLead' },
)

const AddressRefusal = Type.Object(
  {
    address: Type.Union(
      ['number', 'e-mail address'].map((kind) => Type.Literal(kind)),
      { description: 'Which of the two opted out.' },
    ),
    channels: Type.Array(Type.Union(['sms', 'email', 'call'].map((channel) => Type.Literal(channel))), {
      description: 'What it opted out of, at once.',
    }),
    purpose: Nullable({ type: 'string' }, 'marketing | inquiry | transactional; null for all of them.'),
    at: Type.Integer({ description: 'When (ms since the epoch).' }),
    words: Nullable({ type: 'string' }, 'By which words; null once the lead that said them was erased.'),
  },
  { title: 'AddressRefusal' },
)

const ChurnTold = Type.Object(
  {
    at: Type.Integer({ description: 'The moment it is of: that of asking (ms since the epoch).' }),
    since: Type.Integer({ description: 'Last message or action of the lead, or when it is first known (ms since the epoch).' }),
    risk: Type.Integer({ description: 'Sum of the points of its factors, 0 to 100: how much of 7, 14 and 30 days has passed in silence.' }),
    tier: Type.Union(
      ['critical', 'high', 'medium', 'low'].map((tier) => Type.Literal(tier)),
      { description: 'critical (80 and more), high (60), medium (30), low.' },
    ),
    factors: Type.Array(
      Type.Object({
        code: Type.String({ description: 'silent_7_days | silent_14_days | silent_30_days' }),
        points: Type.Integer({ description: 'Points of the risk, at least 1.' }),
        words: Type.String({ description: 'What it is, in words.' }),
      }),
      { description: 'Most points first.' },
    ),
  },
  { title: 'Churn' },
)

export const LeadStory = Type.Object({
  leadKey: Type.String({ description: '<locationId>:<contactId>' }),
  profile: jsonSchemaOf(LeadProfile),
  realtor: Type.Union([AssignedRealtor, Type.Null()], { description: 'Whom the platform assigned the lead to.' }),
  leader: Type.Union([AssignedRealtor, Type.Null()], {
    description: 'Who of the team wrote last and so leads the conversation; null while nobody does, or where the platform did not say who.',
  }),
  linked: Type.Array(LinkedLead, {
    description: 'Other leads of the location that are perhaps the same person: the 10 strongest links. Nothing is merged.',
  }),
  addressRefusals: Type.Array(AddressRefusal, {
    description:
      'What the number or e-mail address of the lead has opted out of through another lead of the location, the latest first: nothing is sent against it. It is not told who.',
  }),
  decisions: Type.Array(ExplainedDecision, { description: 'Newest first.' }),
  followups: Type.Array(jsonSchemaOf(FollowUp), { description: 'Planned and cancelled, newest first.' }),
  deliveries: Type.Array(jsonSchemaOf(DeliveryChanged), { description: 'What became of them, newest first.' }),
  churn: Type.Union([ChurnTold, Type.Null()], {
    description: 'How near the lead is to being lost by silence; null when it is gone, won, lost or closed on every channel.',
  }),
  timeZone: Type.String({
    description:
      'IANA zone of the location, for whoever shows times to its people; UTC where nobody has said. Sentences have theirs in UTC.',
  }),
})
export type LeadStory = Static<typeof LeadStory>

const ConsentTold = Type.Object(
  {
    at: Type.Integer({ description: 'When it was stated (ms since the epoch).' }),
    channel: Type.String({ description: 'sms | email | call, or another one that the lead wrote on.' }),
    purpose: Type.String({ description: 'all | marketing | inquiry | transactional' }),
    status: Type.String({ description: 'inquiry | express | express_written | none | revoked: docs/consent.md.' }),
    words: Nullable({ type: 'string' }, 'The words that it rests on; null where there are none.'),
    by: Type.String({ description: 'Who said it, or what told of it, in words.' }),
    source: Nullable({ type: 'string' }, 'What told of it: ghl_webhook, ghl_workflow, reconcile, twilio, …; null = not known.'),
    eventId: Type.String({ description: 'The lead event that it came with.' }),
    expiresAt: NullableNumber('When it ends (ms since the epoch); null = never.'),
    standing: Type.Union(
      ['stands', 'ended', 'replaced'].map((word) => Type.Literal(word)),
      {
        description:
          'Of its channel and purpose: the statement that counts, one that counted until it ended, or one that another has replaced.',
      },
    ),
  },
  { title: 'ConsentStatement' },
)

export const LeadConsent = Type.Object({
  leadKey: Type.String({ description: '<locationId>:<contactId>' }),
  name: Type.String({ description: 'Name as known, else the contact id.' }),
  deletedAt: NullableNumber('When the contact was deleted (ms since the epoch); null = it is there.'),
  erasedAt: NullableNumber(
    'When the lead was erased (ms since the epoch): nothing of before is held but permission that it took back; null = never.',
  ),
  statements: Type.Array(ConsentTold, { description: 'Newest first: the newest 500, and those that stand.' }),
  more: Type.Boolean({ description: 'There are older ones in `consent_statements`.' }),
  now: Type.Array(
    Type.Object(
      {
        channel: Type.String({ description: 'sms | email | call' }),
        purpose: Type.String({ description: 'marketing | inquiry | transactional' }),
        allowed: Type.Boolean({
          description: 'As far as permission goes, at this moment; the other rules are asked too before a message leaves.',
        }),
        because: Nullable({ type: 'string' }, 'Why not, in words.'),
      },
      { title: 'Allowed' },
    ),
    { description: 'What is allowed now, by channel and purpose.' },
  ),
  timeZone: Type.String({ description: 'What clocks at the location show: an IANA zone, UTC where the location has said none.' }),
})
export type LeadConsent = Static<typeof LeadConsent>

const OwedLine = Type.Object(
  {
    leadKey: Type.String({ description: '<locationId>:<contactId>' }),
    tenantId: Type.String({ description: 'GHL location id.' }),
    contactId: Type.String({ description: 'GHL contact id.' }),
    name: Nullable({ type: 'string' }, 'Name as known.'),
    askedAt: Type.Integer({ description: 'When it wrote (ms since the epoch).' }),
    waitingMs: Type.Integer({ description: 'From then to `at`.' }),
    cause: Type.String({ description: 'The first step between its message and our answer that has not happened: docs/reconciliation.md.' }),
    causeWords: Type.String({ description: 'The cause in a sentence.' }),
    since: Type.Integer({ description: 'When the cause began (ms since the epoch).' }),
    detail: Type.String({ description: 'What the cause alone does not say; may be empty.' }),
    userId: Nullable({ type: 'string' }, 'The user who has the lead and has not written; null when that is nobody, or not known.'),
    userName: Nullable({ type: 'string' }, 'Name of that user; null while nobody has told of it.'),
    lookAt: Nullable({ type: 'string' }, 'Where whoever runs the pipeline finds more.'),
    foundAfterMs: NullableNumber('How late its message was known where no webhook had told of it; null when one had.'),
    machineAt: NullableNumber(
      'When a workflow, a campaign or another program wrote last, if that was after the lead (ms since the epoch): no answer. Null when none did.',
    ),
  },
  { title: 'Owed' },
)

const LocationBehind = Type.Object(
  {
    tenantId: Type.String({ description: 'GHL location id.' }),
    name: Type.String({ description: 'Name of the location.' }),
    comparedUntil: NullableNumber('Compared with GoHighLevel up to here (ms since the epoch); null = never.'),
    because: Nullable({ type: 'string' }, 'Why the last comparison ended early.'),
  },
  { title: 'LocationBehind' },
)

const LocationUnheard = Type.Object(
  {
    tenantId: Type.String({ description: 'GHL location id.' }),
    name: Type.String({ description: 'Name of the location.' }),
    state: Type.Union([Type.Literal('silent'), Type.Literal('unwatched')], {
      description: 'silent: its heartbeat does not come back. unwatched: none can be sent.',
    }),
    heardAt: NullableNumber('When a beat last came back (ms since the epoch); null = never.'),
    words: Type.String({ description: 'The same in a sentence.' }),
  },
  { title: 'LocationUnheard' },
)

export const OwedList = Type.Object({
  at: Type.Integer({ description: 'The instant that this is true for (ms since the epoch).' }),
  leads: Type.Array(OwedLine, { description: 'Those that have waited longest first.' }),
  nextCursor: Nullable(
    { type: 'string' },
    'Give as `cursor` for the next page; null when nobody else waits. A page may be short and have one all the same.',
  ),
  coverage: Type.Object({
    locations: Type.Integer({ description: 'Active locations among those asked about.' }),
    comparedUntil: NullableNumber(
      'All of them are compared with GoHighLevel up to here (ms since the epoch); null when one never was, or there is none.',
    ),
    behind: Type.Array(LocationBehind, { description: 'Locations where what webhooks lost may be missing here.' }),
    unheard: Type.Array(LocationUnheard, {
      description: 'Locations whose webhooks do not arrive, by their heartbeat; those without one are not among them.',
    }),
    words: Type.Array(Type.String(), { description: 'The same in sentences.' }),
  }),
})

const Ask = Type.Object(
  {
    decisionId: Type.String({ description: 'Answer by POST /asks/<decisionId>.' }),
    leadKey: Type.String({ description: '<locationId>:<contactId>' }),
    name: Nullable({ type: 'string' }, 'Name as known.'),
    title: Type.String({ description: 'What is asked, in a line.' }),
    body: Type.String({
      description: 'What one has to know to decide, in lines: options, votes, the draft, what happens without an answer.',
    }),
    options: Type.Array(Type.String(), { description: 'What one may answer.' }),
    askedAt: Type.Integer({ description: 'ms since the epoch' }),
    until: Type.Integer({ description: 'When waiting for an answer ends (ms since the epoch).' }),
    timeZone: Type.String({ description: 'What clocks at the location show: an IANA zone, UTC where the location has said none.' }),
  },
  { title: 'Ask' },
)

export const AskList = Type.Object({
  asks: Type.Array(Ask),
  more: Type.Boolean({ description: 'More are open than `limit` let be told.' }),
})

export const StoredAnswer = Type.Object(
  {
    decisionId: Type.String(),
    option: Type.String({ description: 'What is to be done.' }),
    by: Type.String({ description: 'Who answered.' }),
    at: Type.Integer({ description: 'When (ms since the epoch).' }),
  },
  { title: 'StoredAnswer' },
)

const AuditLine = Type.Object(
  {
    decisionId: Type.String({ description: 'Judge it by POST /audits/<decisionId>.' }),
    leadKey: Type.String({ description: '<locationId>:<contactId>' }),
    name: Nullable({ type: 'string' }, 'Name as known.'),
    type: Type.String({ description: 'Decision type.' }),
    stage: Type.String({ description: 'Stage of the lead at that moment.' }),
    reason: Type.String({ description: 'Why the question was put.' }),
    askedAt: Type.Integer({ description: 'When (ms since the epoch): judge by what was known then.' }),
    timeZone: Type.String({ description: 'What clocks at the location show: an IANA zone, UTC where the location has said none.' }),
    options: Type.Array(Type.String(), { description: 'What could have been chosen.' }),
    closed: Type.Array(Type.String(), { description: 'Of these, what gates did not allow; it may have been right all the same.' }),
    realtors: Type.Array(
      Type.Object({
        option: Type.String({ description: 'One of the options.' }),
        id: Type.String({ description: 'User of the platform.' }),
        name: Nullable({ type: 'string' }, 'Name as known.'),
      }),
      { description: 'Of a decision about realtors whom its options stand for; empty of others.' },
    ),
    messages: Type.Array(
      Type.Object({
        at: Type.Integer({ description: 'ms since the epoch' }),
        direction: Type.String({ description: 'inbound | outbound' }),
        channel: Type.String(),
        text: Type.String({ description: 'As kept: long ones are cut.' }),
      }),
      { description: 'The last messages up to the question that are still at hand, oldest first.' },
    ),
    second: Type.Boolean({ description: 'Somebody else has judged it; this is the independent second verdict.' }),
  },
  { title: 'Audit' },
)

export const AuditList = Type.Object({
  audits: Type.Array(AuditLine),
  waiting: Type.Integer({ description: 'How many wait for this person, these included.' }),
})

export const StoredVerdict = Type.Object(
  {
    decisionId: Type.String(),
    right: Type.String({ description: 'The verdict.' }),
    chosen: Type.String({ description: 'What the votes had chosen; a lot may have taken another option.' }),
    agreed: Type.Boolean({ description: 'Whether the two are the same.' }),
    selection: Type.String({
      description: 'random | escalated | override: an override trains nothing, since nobody knows how it came to be judged.',
    }),
    inclusion: Type.Number({ description: 'Probability that this decision would be judged.' }),
  },
  { title: 'StoredVerdict' },
)

const RuleCost = Type.Object(
  {
    tenantId: Type.String({ description: 'GHL location id.' }),
    type: Type.String({ description: 'Decision type.' }),
    gateId: Type.String({ description: 'The gate.' }),
    ruleId: Type.String({ description: 'The rule inside it.' }),
    option: Type.String({ description: 'What it denied and the votes alone gave more than .8.' }),
    decisions: Type.Integer({ description: 'How often.' }),
    alone: Type.Integer({ description: 'Of these, how often no other rule denied it as well.' }),
    leads: Type.Integer({ description: 'On how many leads.' }),
    lastAt: Type.Integer({ description: 'The last time (ms since the epoch).' }),
    reason: Type.String({ description: 'What the gate said then.' }),
  },
  { title: 'RuleCost' },
)

export const GateCostList = Type.Object({
  since: Type.Integer({ description: 'From this moment on (ms since the epoch).' }),
  countedSince: Type.Integer({ description: 'The same, or later where there are more such decisions than are read (ms since the epoch).' }),
  rules: Type.Array(RuleCost, { description: 'What costs most first.' }),
  decided: Type.Array(
    Type.Object({
      tenantId: Type.String({ description: 'GHL location id.' }),
      type: Type.String({ description: 'Decision type.' }),
      heard: Type.Integer({ description: 'Decisions on which votes were heard.' }),
      gated: Type.Integer({
        description: 'Decisions that gates left nothing but waiting: nobody was asked, and what votes would have been for is not known.',
      }),
    }),
    { description: 'What was decided in that time, contested or not.' },
  ),
})

const Alive = Type.Object({ status: Type.Literal('ok'), uptimeSeconds: Type.Number() })
const Part = Type.Object({
  ok: Type.Boolean(),
  ms: Type.Number({ description: 'How long the answer took.' }),
  reason: Type.Optional(Type.String({ description: 'Why it cannot be used.' })),
})
const Readiness = Type.Object({
  ready: Type.Boolean(),
  parts: Type.Record(Type.String(), Part),
  degraded: Type.Record(Type.String(), Type.String(), {
    description: 'What works with less than it should, and why. It is ready all the same.',
  }),
})
export type Readiness = Static<typeof Readiness>
export const healthReplies = { Alive, Readiness }
