import { expect, test } from 'vitest'
import { underId } from '@/document/under-id'
import { readTemplates } from './templates'

test('the examples are templates, with their scripts', async () => {
  const templates = await readTemplates()
  expect(templates.map((template) => template.id)).toContain('cold-room-alert')
  expect(templates.find((template) => template.id === 'cold-room-alert')).toMatchObject({ triggers: ['mqtt'], files: { 'cold-room-alert.ts': expect.stringContaining('export default') as string } })
})

test('a copy has scripts of its own', () => {
  const files = { 'a.json': '{"steps":{"s":{"type":"script","file":"x.ts"},"t":{"type":"log"}}}', 'x.ts': 'code' }
  const copy = underId(files, 'a', 'shop/b')
  expect(Object.keys(copy)).toEqual(['shop/b.json', 'shop/b.ts'])
  expect(JSON.parse(copy['shop/b.json'] ?? '')).toEqual({ steps: { s: { type: 'script', file: 'b.ts' }, t: { type: 'log' } } })
  expect(copy['shop/b.ts']).toBe('code')
})

test('under the same id nothing changes', () => expect(underId({ 'a.json': '{ "steps":{} }' }, 'a', 'a')).toEqual({ 'a.json': '{ "steps":{} }' }))
