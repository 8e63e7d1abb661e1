/** Each migration taken back leaves the schema as it was before it, and taken again gives the schema that it gave the first time. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type pg from 'pg'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { createPool } from '../../../sinks/postgres/pool.ts'
import { testStack } from '../../support/stack.ts'

const folder = join(import.meta.dirname, '../../../sinks/postgres/migrations')
const files = readdirSync(folder).sort()

/** What a migration can change in the schema, a line each; extensions bring objects of their own, which are not listed. */
const catalogue: readonly string[] = [
  `SELECT format('extension %s', extname) FROM pg_extension`,
  `SELECT format('%s %s.%s #%s %s%s default %s generated %s: %s', c.relkind, c.relname, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
     format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, pg_get_expr(d.adbin, d.adrelid),
     a.attgenerated::text || a.attidentity::text, col_description(c.oid, a.attnum))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped`,
  `SELECT format('table %s: %s, owner %s, rls %s %s, acl %s', relname, obj_description(oid), relowner::regrole, relrowsecurity, relforcerowsecurity,
     coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)))
   FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S')`,
  `SELECT format('constraint %s of %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
  `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'`,
  `SELECT format('enum %s %s', enumtypid::regtype, string_agg(enumlabel, ',' ORDER BY enumsortorder)) FROM pg_enum GROUP BY enumtypid`,
  `SELECT format('function %s, acl %s', pg_get_functiondef(p.oid), proacl) FROM pg_proc p
   WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')`,
  `SELECT format('trigger %s', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal`,
  `SELECT format('schema, acl %s', nspacl) FROM pg_namespace WHERE nspname = 'public'`,
  `SELECT format('policy %s', to_jsonb(p)) FROM pg_policies p`,
]

async function schema(pool: pg.Pool): Promise<string[]> {
  const lines: string[] = []
  for (const sql of catalogue) {
    const found = await pool.query<{ format?: string; indexdef?: string }>(sql)
    lines.push(...found.rows.map(({ format, indexdef }) => format ?? indexdef ?? ''))
  }
  return lines.filter((line) => !line.includes('schema_migrations')).sort()
}

/** Of a migration without a statement that defines anything. */
function changesRowsAlone(file: string): boolean {
  return !/^\s*(CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE)\b/m.test(readFileSync(join(folder, file), 'utf8'))
}

t.test('up, down, up: one by one and all at once, the schema of a version is the same whichever way it was reached', async (t) => {
  const { databaseUrl: url } = await testStack(t)
  const pool = createPool({ url, max: 2 })
  t.teardown(() => pool.end())
  // The table of what ran is there from the first run on, and is left out of the comparison.
  const versions = [await schema(pool)]
  for (const file of files) {
    const before = versions.at(-1)
    t.strictSame(await migrate({ url, count: 1 }), [file.replace(/\.sql$/, '')])
    const after = await schema(pool)
    if (changesRowsAlone(file)) t.strictSame(after, before, file)
    else t.notSame(after, before, `${file} changes the schema, or this test does not see what it changes`)
    await migrate({ url, direction: 'down' })
    t.strictSame(await schema(pool), before, `${file} taken back leaves nothing behind and takes nothing with it`)
    await migrate({ url, count: 1 })
    t.strictSame(await schema(pool), after, `${file} taken again`)
    versions.push(after)
  }
  await migrate({ url, direction: 'down', count: files.length })
  t.strictSame(await schema(pool), versions[0])
  await migrate({ url })
  t.strictSame(await schema(pool), versions.at(-1))
})

t.test('each migration says both ways', async (t) => {
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8')
    t.match(text, /^-- Up Migration\n[^]*;\n\n-- Down Migration\n[^]*;\n$/, file)
  }
})

t.test('P-64: no table has a trigger: what changes a row is a statement that a test runs', async (t) => {
  const trigger = /\bcreate\s+(or\s+replace\s+)?(constraint\s+)?trigger\b|\breturns\s+trigger\b/i
  for (const made of ['CREATE TRIGGER a BEFORE', 'create or replace constraint  trigger a', 'FUNCTION f() RETURNS trigger'])
    t.match(made, trigger)
  for (const file of files) t.notMatch(readFileSync(join(folder, file), 'utf8'), trigger, file)
})
