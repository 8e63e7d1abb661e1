/** A location, its custom fields and tags. @source reference/gohighlevel.md 3.7 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, listOf, text, texts } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import type { Read } from './outcomes.ts'

export interface GhlLocation {
  readonly locationId: string
  readonly companyId: string | null
  readonly name: string | null
  readonly timeZone: string | null
  readonly country: string | null
  readonly address: string | null
  readonly city: string | null
  readonly state: string | null
  readonly postalCode: string | null
}

export interface CustomField {
  readonly id: string
  readonly name: string
  /** `contact.pincode`. */
  readonly key: string | null
  readonly dataType: string | null
  readonly model: string | null
  readonly options: readonly string[]
}

export interface Tag {
  readonly tagId: string
  readonly name: string
}

export type Locations = ReturnType<typeof locations>

export function locations(caller: Caller) {
  const of = (tenantId: string, options?: CallOptions) => ({ tenantId, path: { locationId: tenantId }, options })
  return {
    get(tenantId: string, options?: CallOptions): Promise<Read<GhlLocation>> {
      return caller.read({ endpoint: 'locationGet', ...of(tenantId, options) }, (answer) => locationOf(fieldsOf(answer['location'])))
    },

    customFields(
      tenantId: string,
      model: 'contact' | 'opportunity' | 'all' = 'all',
      options?: CallOptions,
    ): Promise<Read<Listed<CustomField>>> {
      return caller.read({ endpoint: 'customFieldList', ...of(tenantId, options), query: { model } }, (answer) =>
        listOf(answer['customFields'], customFieldOf),
      )
    },

    tags(tenantId: string, options?: CallOptions): Promise<Read<Listed<Tag>>> {
      return caller.read({ endpoint: 'tagList', ...of(tenantId, options) }, (answer) =>
        listOf(answer['tags'], (tag) => {
          const tagId = text(tag, 'id')
          return tagId === null ? undefined : { tagId, name: text(tag, 'name') ?? '' }
        }),
      )
    },
  }
}

function locationOf(location: Fields | undefined): GhlLocation | undefined {
  const locationId = text(location, 'id', '_id')
  if (locationId === null) return undefined
  return {
    locationId,
    companyId: text(location, 'companyId'),
    name: text(location, 'name'),
    timeZone: text(location, 'timezone', 'timeZone'),
    country: text(location, 'country'),
    address: text(location, 'address'),
    city: text(location, 'city'),
    state: text(location, 'state'),
    postalCode: text(location, 'postalCode'),
  }
}

function customFieldOf(field: Fields): CustomField | undefined {
  const id = text(field, 'id')
  if (id === null) return undefined
  return {
    id,
    name: text(field, 'name') ?? '',
    key: text(field, 'fieldKey'),
    dataType: text(field, 'dataType'),
    model: text(field, 'model'),
    options: texts(field, 'picklistOptions'),
  }
}
