import { expect, test } from 'vitest'
import { testCatalog } from '@/document/test-catalog'
import { objectAt } from '@/document/json'
import { fieldOf, textProblem } from './kinds'

const catalog = testCatalog()
const kinds = (type: string, kind: 'steps' | 'triggers' = 'steps') => Object.fromEntries(Object.entries(objectAt(catalog[kind].get(type)?.schema ?? {}, 'properties')).map(([name, schema]) => [name, fieldOf(schema).kind]))

test('fields are told by the schema', () => {
  expect(kinds('http.request')).toMatchObject({ url: 'text', method: 'choice', query: 'map', headers: 'map', body: 'any', maxResponse: 'size', acceptStatus: 'list', timeout: 'duration', retry: 'object', disabled: 'truth' })
  expect(kinds('threshold')).toMatchObject({ value: 'any', above: 'number', for: 'duration' })
  expect(kinds('set')).toMatchObject({ values: 'map' })
  expect(kinds('script')).toMatchObject({ code: 'any', file: 'text', language: 'choice' })
  expect(kinds('webhook', 'triggers')).toMatchObject({ path: 'text', methods: 'list', verify: 'object', maxBody: 'size' })
})

test('numbers that an expression may stand for are known', () => expect(fieldOf(objectAt(catalog.steps.get('threshold')?.schema ?? {}, 'properties')['above']).expression).toBe(true))

test('texts are looked at as they are typed', () => {
  const field = (type: string, name: string) => fieldOf(objectAt(catalog.steps.get(type)?.schema ?? {}, 'properties')[name])
  expect(textProblem(field('delay', 'for'), '5 minutes')).toContain('10m')
  expect(textProblem(field('delay', 'for'), '5m')).toBeNull()
  expect(textProblem(field('forEach', 'concurrency'), '0')).toBe('Here has to be 1 or more.')
  expect(textProblem(field('forEach', 'concurrency'), '${vars.n}')).toBeNull()
  expect(textProblem(field('forEach', 'concurrency'), '1.5')).toBe('Here has to be a whole number.')
})
