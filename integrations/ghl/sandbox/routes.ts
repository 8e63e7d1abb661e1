/** Which call is meant, and who answers it: every endpoint of the client has an answer here, the compiler holds that. */
import { endpoints } from '../endpoints.ts'
import type { EndpointName } from '../endpoints.ts'
import { calendarCalls } from './calendarCalls.ts'
import type { Reply, RoutedCall } from './call.ts'
import { contactCalls } from './contactCalls.ts'
import { conversationCalls } from './conversationCalls.ts'
import type { SandboxMessage } from './journal.ts'
import { opportunityCalls } from './opportunityCalls.ts'
import { placeCalls } from './placeCalls.ts'
import type { World } from './world.ts'

export interface Route {
  readonly endpoint: EndpointName
  readonly version: string
  /** Parameters of the path. */
  readonly at: Readonly<Record<string, string>>
}

/** Words before parameters: `/contacts/search` is not the contact `search`. */
const patterns = (Object.keys(endpoints) as EndpointName[])
  .map((endpoint) => ({ endpoint, parts: endpoints[endpoint].path.split('/').filter((part) => part !== '') }))
  .sort((a, b) => parameters(a.parts) - parameters(b.parts))

export function routeOf(method: string, path: readonly string[]): Route | undefined {
  for (const { endpoint, parts } of patterns) {
    if (endpoints[endpoint].method !== method || parts.length !== path.length) continue
    if (!parts.every((part, index) => part.startsWith(':') || part === path[index])) continue
    const at = Object.fromEntries(parts.flatMap((part, index) => (part.startsWith(':') ? [[part.slice(1), path[index] ?? '']] : [])))
    return { endpoint, version: endpoints[endpoint].version, at }
  }
  return undefined
}

export function callsOf(
  world: World,
  onMessage: (message: SandboxMessage) => void,
): Readonly<Record<EndpointName, (call: RoutedCall) => Reply>> {
  return {
    ...contactCalls(world),
    ...conversationCalls(world, onMessage),
    ...opportunityCalls(world),
    ...calendarCalls(world),
    ...placeCalls(world),
  }
}

function parameters(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith(':')).length
}
