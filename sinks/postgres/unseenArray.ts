/**
 * An array parameter whose length the planner does not see. A statement that is prepared is planned once only if a plan for any call looks no
 * dearer than one for this call. For an array in sight it always does, since Postgres takes ten elements for one that it does not know: each
 * look of the fence was planned anew, which took longer than looking.
 * @source PostgreSQL, PREPARE (plan_cache_mode); src/backend/utils/cache/plancache.c, choose_custom_plan
 */

/** The array at `$place`, of elements of this type: for `unnest(…)` and `= ANY(…)`. */
export function unseenArray(place: number, type: string): string {
  return `(SELECT $${place}::${type}[])::${type}[]`
}
