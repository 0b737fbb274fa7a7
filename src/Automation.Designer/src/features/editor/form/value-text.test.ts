import { expect, test } from 'vitest'
import type { Json } from '@/document/json'
import { textOf, valueOf } from './value-text'

test.each<[Json, string]>([
  ['plain', 'plain'],
  ['${event.data}', '${event.data}'],
  ['5', '"5"'],
  ['[p1] hot', '"[p1] hot"'],
  [5, '5'],
  [true, 'true'],
  [null, 'null'],
  ['', '""'],
  [{ a: 1 }, '{ "a": 1 }'],
])('%j is written as %s, and read back', (value, text) => {
  expect(textOf(value)).toBe(text)
  expect(valueOf(text)).toEqual({ value })
})

test('nothing is nothing', () => expect([textOf(undefined), valueOf(' ')]).toEqual(['', { value: undefined }]))
test('half an object is a mistake, not a text', () => expect(valueOf('{\n"a": }')).toEqual({ problem: expect.stringContaining('Line 2') as string }))
