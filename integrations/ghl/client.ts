/**
 * The GoHighLevel API as far as the product uses it, area by area. Calls that change something answer with an outcome; calls
 * that read answer with a value or with why there is none. Nothing throws, whatever the platform says.
 */
import { Breakers } from './call/breakers.ts'
import { Caller } from './call/caller.ts'
import { calendars } from './calendars.ts'
import type { Calendars } from './calendars.ts'
import type { Clock } from './clock.ts'
import { contacts } from './contacts.ts'
import type { Contacts } from './contacts.ts'
import { conversations } from './conversations.ts'
import type { Conversations } from './conversations.ts'
import { ghlApiUrl } from './endpoints.ts'
import { forms } from './forms.ts'
import type { Forms } from './forms.ts'
import { locations } from './locations.ts'
import type { Locations } from './locations.ts'
import { notes } from './notes.ts'
import type { Notes } from './notes.ts'
import { opportunities } from './opportunities.ts'
import type { Opportunities } from './opportunities.ts'
import { RateLimit } from './rateLimit.ts'
import { tasks } from './tasks.ts'
import type { Tasks } from './tasks.ts'
import type { Tokens } from './tokens.ts'
import { users } from './users.ts'
import type { Users } from './users.ts'
import { workflows } from './workflows.ts'
import type { Workflows } from './workflows.ts'

export interface GhlClientOptions {
  readonly apiUrl?: string
  readonly tokens: Tokens
  readonly clock: Clock
  /** From 0 up to 1: spreads repeated calls. */
  readonly random?: () => number
  /** Longest wait for an answer, ms. */
  readonly timeoutMs?: number
  readonly rateLimit?: RateLimit
}

export interface GhlClient {
  readonly contacts: Contacts
  readonly notes: Notes
  readonly tasks: Tasks
  readonly conversations: Conversations
  readonly opportunities: Opportunities
  readonly calendars: Calendars
  readonly locations: Locations
  readonly users: Users
  readonly workflows: Workflows
  readonly forms: Forms
  /** Waits for room for this many calls of a location; they are then made with `admitted`. False when the signal aborts first, or there is none for long. */
  admit(tenantId: string, calls: number, signal?: AbortSignal): Promise<boolean>
  /** Locations that would have to wait now, or whose calls fail. */
  busy(): string[]
  close(): Promise<void>
}

/** Connects to the API; nothing is called yet. */
export function ghlClient(options: GhlClientOptions): GhlClient {
  const { clock, random = Math.random, tokens, apiUrl = ghlApiUrl, timeoutMs = 15_000 } = options
  const limit = options.rateLimit ?? new RateLimit({ clock })
  const breakers = new Breakers({ clock, random })
  const caller = new Caller({ apiUrl, tokens, clock, random, timeoutMs, limit, breakers })
  return {
    contacts: contacts(caller),
    notes: notes(caller),
    tasks: tasks(caller),
    conversations: conversations(caller),
    opportunities: opportunities(caller),
    calendars: calendars(caller),
    locations: locations(caller),
    users: users(caller),
    workflows: workflows(caller),
    forms: forms(caller),
    admit: async (tenantId, calls, signal) => (await limit.take(tenantId, calls, signal)).granted,
    busy: () => [...new Set([...limit.busy(), ...breakers.open()])],
    close: () => caller.close(),
  }
}
