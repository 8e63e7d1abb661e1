/**
 * What a counter counted in a stretch of time, its first count included. A counter with labels is exposed from its first count on, and
 * `increase` needs a value before it: a first dead letter would be counted by nobody.
 */

/**
 * PromQL for the increase of a counter over a range.
 *
 * @param selector the counter with its braces, e.g. `lr_dlq_records_total{job="sinks"}`
 * @param range e.g. `15m` or `$__range`
 * @returns in brackets: to be grouped and compared. A series that was not there a range ago counts from 0. Where Prometheus itself
 *   was away that long, all series are such, and count whole once.
 */
export function counted(selector: string, range: string): string {
  return `((${selector} unless ${selector} offset ${range}) or increase(${selector}[${range}]))`
}

/**
 * PromQL for what share of `all` is `part`, both of `counted`: 0 where nothing of the part was ever counted, and nothing where there was
 * nothing to count. By itself a sum over no series is no 0 but no value, and what failed altogether would look like what was not asked.
 */
export function shareOf(part: string, all: string): string {
  return `(sum(${part}) or vector(0)) / (sum(${all}) > 0)`
}
