/** Signatures of Twilio and SendGrid: the vectors that their own libraries are tested with, and others computed from the rule. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { KeyRing } from '../../api/ghlKeys.ts'
import { SIGNED_WITHIN_MS, sendgridKeys, verifySendGrid } from '../../api/sendgridSignature.ts'
import { verifyTwilio } from '../../api/twilioSignature.ts'
import { formFields, parseForm } from '../../pipelines/ingest/formBody.ts'
import { assertProperty } from '../support/property.ts'

/** @source twilio-node spec/validation.spec.js */
const vector = {
  tokens: ['12345'],
  publicUrl: 'https://mycompany.com',
  target: '/myapp.php?foo=1&bar=2',
  body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
  signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
}
const twilio = (changes: Partial<typeof vector> = {}, headers: Record<string, string> = {}) => {
  const { tokens, publicUrl, target, body, signature } = { ...vector, ...changes }
  return verifyTwilio({ tokens, publicUrl }, target, Buffer.from(body, 'latin1'), { 'x-twilio-signature': signature, ...headers })
}
const signed = { ok: true, keyId: 'twilio' }
const unsigned = { ok: false, reason: 'not_signed_by_a_known_token' }

t.test("Twilio's own vectors are accepted: form, list of values, special characters, ports, bodies that are no form", async (t) => {
  t.strictSame(twilio(), signed)
  t.strictSame(twilio({ body: vector.body.split('&').reverse().join('&') }), signed, 'in any order of fields')
  const target = `${vector.target}&Body=It's+amazing`
  t.strictSame(twilio({ target, signature: 'dsq4Ehbj6cs+KdTkpF5sSSplOWw=' }), signed)
  for (const body of [
    'MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx',
    'MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx',
  ])
    t.strictSame(twilio({ body, signature: '83O6e2vORAoJHUNzJjDWN1jz+BA=' }), signed)
  t.strictSame(
    twilio({ body: 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234', signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=' }),
    signed,
    'a value that is sent twice is signed once',
  )
  t.strictSame(twilio({ publicUrl: 'https://mycompany.com:1234' }), signed, 'signed without the port')
  t.strictSame(twilio({ publicUrl: 'http://mycompany.com:1234', signature: 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU=' }), signed)
  t.strictSame(twilio({ signature: 'kvajT1Ptam85bY51eRf/AJRuM3w=' }), signed, 'signed with port 443')
  t.strictSame(twilio({ publicUrl: 'http://mycompany.com', signature: '0ZXoZLH/DfblKGATFgpif+LLRf4=' }), signed, 'signed with port 80')
  t.strictSame(twilio({ publicUrl: 'https://user:pass@mycompany.com', signature: 'CukzLTc1tT5dXEDIHm/tKBanW10=' }), signed)
  t.strictSame(twilio({ publicUrl: 'https://user:pass@mycompany.com', signature: 'ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=' }), signed)
  const hash = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620'
  const json = {
    body: '{"property": "value", "boolean": true}',
    target: `${vector.target}&bodySHA256=${hash}`,
    signature: 'a9nBmqA0ju/hNViExpshrM61xv4=',
  }
  t.strictSame(twilio(json), signed)
  t.strictSame(twilio({ ...json, body: '{"property": "value", "boolean": false}' }), { ok: false, reason: 'body_hash_differs' })
  t.strictSame(twilio({ ...json, target: `${vector.target}&bodySHA256=${hash.slice(1)}` }), { ok: false, reason: 'body_hash_differs' })
  t.strictSame(twilio({ ...json, target: vector.target }), unsigned)
})

t.test('a request that was changed in any byte, came to another URL or was signed by another token is refused', async (t) => {
  t.strictSame(twilio({ body: vector.body.replace('1234&', '1235&') }), unsigned)
  t.strictSame(twilio({ body: `${vector.body}&Extra=1` }), unsigned)
  t.strictSame(twilio({ target: '/myapp.php?foo=1&bar=3' }), unsigned)
  t.strictSame(twilio({ target: '/myapp.php?bar=2&foo=1' }), unsigned, 'the URL counts as it was given')
  for (const publicUrl of ['http://mycompany.com', 'https://evil.example', 'https://mycompany.com/prefix'])
    t.strictSame(twilio({ publicUrl }), unsigned, publicUrl)
  t.strictSame(twilio({}, { host: 'mycompany.com', 'x-forwarded-host': 'mycompany.com' }), signed)
  t.strictSame(
    twilio({ publicUrl: 'https://evil.example' }, { host: 'mycompany.com', 'x-forwarded-proto': 'https' }),
    unsigned,
    'no header says the URL',
  )
  t.strictSame(twilio({ tokens: ['54321'] }), unsigned)
  t.strictSame(twilio({ signature: 'WRONG_SIGNATURE' }), unsigned)
  t.strictSame(twilio({ signature: vector.signature.toLowerCase() }), unsigned)
  t.strictSame(twilio({ signature: '' }), { ok: false, reason: 'header_missing' })
  t.strictSame(verifyTwilio(vector, vector.target, Buffer.from(vector.body), {}), { ok: false, reason: 'header_missing' })
  t.strictSame(twilio({}, { 'x-twilio-webhooks-signature-settings': 'key=k,algorithm=HMAC_SHA256' }), {
    ok: false,
    reason: 'algorithm_not_supported',
  })
})

t.test('while a token is changed both count, and the record says which', async (t) => {
  t.strictSame(twilio({ tokens: ['new', '12345'] }), { ok: true, keyId: 'twilio-2' })
  t.strictSame(twilio({ tokens: ['12345', 'old'] }), signed)
  t.strictSame(twilio({ publicUrl: 'https://mycompany.com/' }), signed, 'PUBLIC_URL may end with a slash')
  const target = '/webhooks/twilio'
  const url = 'https://mycompany.com:8443/rekindle/webhooks/twilio'
  const signature = createHmac('sha1', '12345').update(`${url}Aa`).digest('base64')
  t.strictSame(
    twilio({ publicUrl: 'https://mycompany.com:8443/rekindle', target, body: 'A=a', signature }),
    signed,
    'a proxy may take a prefix off',
  )
})

t.test('bytes that are no UTF-8 are signed as the bytes they are', async (t) => {
  const expected = createHmac('sha1', '12345')
    .update(Buffer.concat([Buffer.from('https://mycompany.com/x'), Buffer.from('Body'), Buffer.from([0xff, 0xfe, 0x20])]))
    .digest('base64')
  for (const body of ['Body=%FF%fe+', 'Body=\xff\xfe%20']) t.strictSame(twilio({ target: '/x', body, signature: expected }), signed)
  t.strictSame(
    twilio({ target: '/x', body: 'Body=%FF%FF+', signature: expected }),
    unsigned,
    'two bad bytes are not one replacement character',
  )
})

t.test('a form is read as browsers write it', async (t) => {
  t.strictSame(formFields(Buffer.from('a=1&&b&c=%3D=&%41=%zz%4&=x')), [
    ['a', '1'],
    ['b', ''],
    ['c', '=='],
    ['A', '%zz%4'],
    ['', 'x'],
  ])
  t.strictSame(parseForm(Buffer.from('a=1&a=2&b=%F0%9F%8F%A1+x')), { body: { b: '🏡 x', a: '1' } })
  t.strictSame(parseForm(Buffer.from('a=%F0')), { problem: 'not_utf8' })
  t.strictSame(parseForm(Buffer.alloc(0)), { body: {} })
  await assertProperty(
    t,
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))), (fields) => {
      const read = formFields(Buffer.from(new URLSearchParams(fields).toString())).map((field) =>
        field.map((text) => Buffer.from(text, 'latin1').toString()),
      )
      return JSON.stringify(read) === JSON.stringify(fields)
    }),
  )
})

/** @source sendgrid-nodejs packages/eventwebhook/src/eventwebhook.spec.js */
const published = {
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
  signature: 'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
  timestamp: '1588788367',
  payload: '{"category":"example_payload","event":"test_event","message_id":"message_id"}',
}
const otherKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=='
const signedAt = 1_588_788_367_000
const sendgrid = (changes: Partial<typeof published> = {}, now = signedAt, keys = [changes.key ?? published.key]) => {
  const { signature, timestamp, payload } = { ...published, ...changes }
  const headers = { 'x-twilio-email-event-webhook-signature': signature, 'x-twilio-email-event-webhook-timestamp': timestamp }
  return verifySendGrid(new KeyRing(sendgridKeys(keys), 'sha256'), Buffer.from(payload), headers, now)
}
const stranger = { ok: false, reason: 'body_not_signed_by_a_known_key' }

t.test("SendGrid's own vector is accepted, and nothing that differs from it", async (t) => {
  t.strictSame(sendgrid(), { ok: true, keyId: 'sendgrid' })
  t.strictSame(sendgrid({}, signedAt, [otherKey, published.key]), { ok: true, keyId: 'sendgrid-2' })
  t.strictSame(sendgrid({ key: otherKey }), stranger)
  t.strictSame(sendgrid({ payload: 'payload' }), stranger)
  t.strictSame(sendgrid({ payload: `${published.payload} ` }), stranger, 'a space more is another body')
  t.strictSame(sendgrid({ timestamp: '1588788368' }), stranger)
  t.strictSame(sendgrid({ signature: published.signature.replace('H2j/0=', 'H3j/0=') }), stranger)
  t.strictSame(sendgrid({ signature: 'AAAA' }), stranger, 'base64 of no signature')
  t.strictSame(sendgrid({ signature: 'not base64!' }), { ok: false, reason: 'header_not_base64' })
  t.strictSame(sendgrid({ signature: '' }), { ok: false, reason: 'header_missing' })
  for (const timestamp of ['', 'timestamp', '-1', '1588788367000000', '1588788367.5', ' 1588788367'])
    t.strictSame(sendgrid({ timestamp }), { ok: false, reason: 'timestamp_malformed' }, timestamp)
  t.strictSame(verifySendGrid(new KeyRing(sendgridKeys([published.key]), 'sha256'), Buffer.alloc(0), {}, 0), {
    ok: false,
    reason: 'header_missing',
  })
})

t.test('a late delivery is no attack; one signed longer ago than is remembered, or in the future, is refused', async (t) => {
  t.equal(SIGNED_WITHIN_MS, 6 * 24 * 3_600_000)
  const minute = 60_000
  t.ok(sendgrid({}, signedAt + 24 * 60 * minute).ok, 'the last retry of SendGrid')
  t.ok(sendgrid({}, signedAt + SIGNED_WITHIN_MS).ok)
  t.strictSame(sendgrid({}, signedAt + SIGNED_WITHIN_MS + 1), { ok: false, reason: 'signed_too_long_ago' })
  t.ok(sendgrid({}, signedAt - 5 * minute).ok, 'clocks differ')
  t.strictSame(sendgrid({}, signedAt - 5 * minute - 1), { ok: false, reason: 'signed_in_the_future' })
  t.strictSame(sendgrid({ key: otherKey }, signedAt + SIGNED_WITHIN_MS + 1), stranger, 'what is not signed has no age')
})

t.test('what is signed are bytes, also where they are no UTF-8', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const body = Buffer.from([0x5b, 0xff, 0x00, 0x5d])
  const signature = sign('sha256', Buffer.concat([Buffer.from('1588788367'), body]), privateKey).toString('base64')
  const of = (bytes: Buffer) =>
    verifySendGrid(
      new KeyRing(sendgridKeys([key]), 'sha256'),
      bytes,
      { 'x-twilio-email-event-webhook-signature': signature, 'x-twilio-email-event-webhook-timestamp': '1588788367' },
      signedAt,
    )
  t.ok(of(body).ok)
  t.notOk(of(Buffer.from(body.toString())).ok)
})

t.test('only keys of P-256 are taken', async (t) => {
  const spki = (key: ReturnType<typeof generateKeyPairSync>['publicKey']) => key.export({ format: 'der', type: 'spki' }).toString('base64')
  t.throws(() => sendgridKeys([spki(generateKeyPairSync('ed25519').publicKey)]), /is no key of the curve P-256/)
  t.throws(() => sendgridKeys([spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)]), /is no key of the curve P-256/)
  t.throws(() => sendgridKeys(['AAAA']))
})
