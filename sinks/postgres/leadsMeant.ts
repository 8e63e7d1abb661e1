/**
 * Which leads a person may mean who has no lead key at hand: by contact id, those that were erased included, by e-mail address and by
 * telephone number, whole in each case. By what they were found is told, since an address may be that of a family.
 */
import type { Queryable } from './pool.ts'

export type MeantBy = 'contact id' | 'e-mail address' | 'telephone number'

export interface MeantLead {
  readonly leadKey: string
  readonly by: MeantBy
}

// The last one: read whole, as are words of leads. A person asks for it once.
const meant = `
  SELECT id AS "leadKey", 'contact id' AS by FROM leads WHERE contact_id = $1
  UNION SELECT lead_id, 'contact id' FROM lead_erasures WHERE right(lead_id, length($1) + 1) = ':' || $1
  UNION SELECT lead_id, 'e-mail address' FROM lead_search WHERE email_key = nullif(lower(btrim($1)), '')
  UNION SELECT lead_id, 'telephone number' FROM lead_search
    WHERE $1 ~ '^[-+0-9().\\s]+$' AND length(regexp_replace($1, '\\D', '', 'g')) >= 7 AND phone_key = right(regexp_replace($1, '\\D', '', 'g'), 10)
  ORDER BY by, "leadKey"`

/** Over all locations; in the order of what they were found by, then of their keys. */
export async function leadsMeant(db: Queryable, text: string): Promise<MeantLead[]> {
  const { rows } = await db.query<MeantLead>(meant, [text])
  return rows
}
