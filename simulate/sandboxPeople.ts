/**
 * Whom the Apollo sandbox of local mode finds: six of ten addresses have a person, the same one every time, as invented as the leads
 * themselves. That share is made up for the eye and says nothing about what Apollo finds.
 */
import { createHash } from 'node:crypto'

/** What the sandbox takes for a key. */
export const sandboxApolloKey = 'sandbox-apollo-key'

type Row = Readonly<Record<string, unknown>>

const titles = [
  'Account Manager',
  'Civil Engineer',
  'Director of Operations',
  'Nurse Manager',
  'Software Engineer',
  'Teacher',
  'Vice President, Sales',
]
const companies = [
  ['Example Health', 'hospital & health care'],
  ['Example Logistics', 'logistics & supply chain'],
  ['Example Software', 'information technology & services'],
  ['Example Schools', 'primary/secondary education'],
] as const

/** The person of a question by e-mail; `undefined` = nobody. */
export function sandboxPerson(sought: Row): Row | undefined {
  const email = sought['email']
  if (typeof email !== 'string') return undefined
  const [chance = 0, title = 0, company = 0, gap = 0] = createHash('sha256').update(email.toLowerCase()).digest()
  if (chance % 10 >= 6) return undefined
  const [first = '', last = ''] = email.split('@', 1)[0]?.split('.') ?? []
  const [name, industry] = companies[company % companies.length] ?? companies[0]
  return {
    first_name: capital(first),
    last_name: capital(last),
    title: titles[title % titles.length],
    // One in four works somewhere that is not known.
    organization: gap % 4 === 0 ? null : { name, industry },
    country: 'United States',
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
