import fc from 'fast-check'
import t from 'tap'
import { next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import { recordedTopology, stateMoves, topologyOf, topologyText } from '../../runtime/topology.ts'
import { topic } from '../../runtime/topic.ts'
import type { KeyKind } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'

const Nothing = schema<object>({ type: 'record', name: 'Nothing', fields: [] })
const read = (key: KeyKind) =>
  topic({ name: `by-${key}`, key, value: Nothing, retention: { days: 1 }, contract: 'internal', writtenBy: [], about: '' })
const keeping = (name: string, says: Partial<AnyStage> = {}, keys: readonly KeyKind[] = ['lead']): AnyStage => ({
  ...stage({ name, state: Nothing, on: keys.map((key) => from(read(key), (): Outcome<object, never> => next({}))), outputs: [] }),
  ...says,
})
const stateless = (name: string) => stage({ name, on: [from(read('lead'), () => next(undefined))], outputs: [] })
const before = topologyOf([keeping('a'), keeping('b', {}, ['tenant'])])
const moves = (...stages: AnyStage[]) => stateMoves('line', before, stages)
const b = keeping('b', {}, ['tenant'])

t.test('the record names the stages with state and the kinds of their keys, in any order of the stages', async (t) => {
  const text = '{"stages":{"a":"lead","c":"lead+tenant"}}'
  t.equal(topologyText(topologyOf([keeping('c', {}, ['tenant', 'lead']), stateless('s'), keeping('a')])), text)
  t.strictSame(recordedTopology(text), new Map([...[['a', 'lead'] as const, ['c', 'lead+tenant'] as const]]))
  for (const other of ['', 'x', '{}', '1', 'null', '{"fixedEnd":"3"}']) t.equal(recordedTopology(other), undefined, other)
  const many = Array.from({ length: 400 }, (_, index) => keeping(`stage-${index}`))
  t.throws(() => topologyText(topologyOf(many)), /400 stages: their names take more than/)
})

t.test('the same stages, fewer of them, and one more beside them are followed by nothing', async (t) => {
  t.strictSame(moves(keeping('a'), b), [])
  t.strictSame(moves(keeping('a')), [])
  t.strictSame(moves(keeping('a'), b, keeping('c')), [])
  t.strictSame(moves(keeping('a'), b, stateless('c')), [])
  t.strictSame(moves(b, stateless('c')), [], 'what is new keeps no state')
})

t.test('a new name in the place of an old one is refused until it says where its state comes from', async (t) => {
  const code = 'E_STAGE_CHANGED'
  t.throws(() => moves(keeping('c'), b), { code, message: /Group line: Stage c is new and a is gone with state/ })
  t.throws(() => moves(keeping('c')), { code, message: /a, b are gone with state/ })
  t.strictSame(moves(keeping('c', { migrates: { from: 'a' } }), b), [{ stage: 'c', from: 'a' }])
  t.strictSame(moves(keeping('c', { startsEmpty: true }), b), [{ stage: 'c', from: undefined }])
  t.strictSame(moves(keeping('a', { startsEmpty: true }), b), [], 'what ran already goes on')
  t.throws(() => moves(keeping('c', { migrates: { from: 'x' } }), b), { code, message: /from x, which is not among a, b/ })
  t.throws(() => moves(keeping('c', { migrates: { from: 'b' } })), { code, message: /b was keyed by tenant and c is keyed by lead/ })
  t.throws(() => moves(keeping('c', { migrates: { from: 'a' }, startsEmpty: true }), b), { code, message: /says both/ })
})

t.test('other keys under the same name are refused, whatever the stage says', async (t) => {
  const means = { code: 'E_STAGE_CHANGED', message: /Stage b was keyed by tenant and is keyed by lead/ }
  t.throws(() => moves(keeping('a'), keeping('b')), means)
  t.throws(() => moves(keeping('a'), keeping('b', { startsEmpty: true })), means)
  t.throws(() => moves(keeping('a'), keeping('b', {}, ['tenant', 'lead'])), { code: 'E_STAGE_CHANGED' })
})

t.test('no stage with state gets lost and none begins empty without a word', (t) => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
  return assertProperty(
    t,
    fc.property(names, names, (then, now) => {
      const known = topologyOf(then.map((name) => keeping(name)))
      const text = recordedTopology(topologyText(known))
      if (JSON.stringify([...(text ?? [])].sort()) !== JSON.stringify([...known].sort())) return false
      const renamed = now.some((name) => !then.includes(name)) && then.some((name) => !now.includes(name))
      try {
        return (
          stateMoves(
            'g',
            known,
            now.map((name) => keeping(name)),
          ).length === 0 && !renamed
        )
      } catch {
        return renamed
      }
    }),
  )
})
