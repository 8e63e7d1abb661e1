/**
 * Other leads of a location that are perhaps the same person. They are shown and never merged: a family shares a telephone, and
 * two people share a name.
 * @source reference/safety-and-claude.md 10.5: by telephone, then e-mail, then name and postal code
 */
import type { Queryable } from './pool.ts'

export type LinkedBy = 'telephone' | 'e-mail' | 'name and postal code'

export interface LinkedLead {
  leadKey: string
  name: string | null
  /** What the two have in common, the strongest first. */
  by: LinkedBy[]
}

const linked = `
  WITH known AS MATERIALIZED (SELECT * FROM lead_search WHERE lead_id = $1),
  found AS (
    SELECT other.lead_id, 1 AS strength, 'telephone' AS by FROM known JOIN lead_search AS other USING (tenant_id, phone_key)
    UNION ALL
    SELECT other.lead_id, 2, 'e-mail' FROM known JOIN lead_search AS other USING (tenant_id, email_key)
    UNION ALL
    SELECT other.lead_id, 3, 'name and postal code' FROM known JOIN lead_search AS other USING (tenant_id, name_key)
  )
  SELECT leads.id, nullif(btrim(concat_ws(' ', leads.first_name, leads.last_name)), '') AS name, array_agg(by ORDER BY strength) AS by
  FROM found JOIN leads ON leads.id = found.lead_id WHERE found.lead_id <> $1
  GROUP BY leads.id ORDER BY min(strength), leads.id LIMIT $2`

/** Those with the strongest link first; at most `most`, all of them without it. */
export async function linkedLeads(db: Queryable, leadId: string, most?: number): Promise<LinkedLead[]> {
  const { rows } = await db.query<{ id: string; name: string | null; by: LinkedBy[] }>(linked, [leadId, most ?? null])
  return rows.map(({ id, name, by }) => ({ leadKey: id, name, by }))
}
