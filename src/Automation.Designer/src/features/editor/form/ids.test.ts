import { expect, test } from 'vitest'
import { testCatalog } from '@/document/test-catalog'
import { idsOf, sourcesOf } from './ids'

const known = { workflows: ['price', 'shop/order'], eventTypes: ['order.created'], brokers: ['plant'], accounts: ['github/github', 'github/work', 'slack/slack'], secrets: ['WAREHOUSE_URL', 'GITHUB_TOKEN'], steps: ['a', 'b'] }

test('a property says what ids may stand in it', () => {
  expect(idsOf('workflow.call', ['workflow'], known)).toEqual(known.workflows)
  expect(idsOf('event.emit', ['event'], known)).toEqual(['order.created'])
  expect(idsOf('event', ['types'], known)).toEqual(['order.created'])
  expect(idsOf('mqtt.publish', ['connection'], known)).toEqual(['plant'])
  expect(idsOf('webhook', ['verify', 'secrets'], known)).toEqual(known.secrets)
  expect(idsOf(null, ['onError', 'workflow'], known)).toEqual(known.workflows)
  expect(idsOf(null, ['onError', 'step'], known)).toEqual(['a', 'b'])
  expect(idsOf('log', ['message'], known)).toEqual([])
})

test('a connection is one of the connector', () => expect(idsOf('github.comment', ['connection'], known)).toEqual(['github', 'work']))

test('a database is one whose address is a secret', () => expect(idsOf('postgres.query', ['connection'], known)).toEqual(['warehouse']))

test('every list that a step with a connection needs is read', () => {
  for (const [type, kind] of testCatalog().steps) if (JSON.stringify(kind.schema).includes('"connection"')) expect(sourcesOf(type).length, type).toBeGreaterThan(0)
})
