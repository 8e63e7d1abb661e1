/** Environment variables of a test that sets them. */
import type { Test } from 'tap'

/** These are as they were when the test ends. */
export function restoredEnv(t: Test, names: readonly string[]): void {
  const before = names.map((name) => [name, process.env[name]] as const)
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  })
}
