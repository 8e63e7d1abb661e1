/** What every query of a dashboard narrows by. */

/** Every PromQL selector narrows by these, so that one Prometheus may watch several installations. */
export const targets = 'job=~"$job", instance=~"$instance"'
/** Every SQL narrows by the tenants chosen; all of them cost nothing. */
export const tenants = '$__conditionalAll(tenant_id IN (${tenant:singlequote}), $tenant)'
