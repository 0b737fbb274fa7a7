import { expect, test } from 'vitest'
import { childrenOf, cutText, memberPath, parseJson, preview, textOf } from './json-text'

test('a path is one that an expression understands', () => {
  expect(memberPath('event.data', 'room', false)).toBe('event.data.room')
  expect(memberPath('event.data', 'a b', false)).toBe('event.data["a b"]')
  expect(memberPath('event.data', '0', true)).toBe('event.data[0]')
  expect(memberPath('event.headers', 'x-id', false)).toBe('event.headers["x-id"]')
})

test('a value is one line', () => {
  expect(preview({ a: 1, b: 2 })).toBe('{ a, b }')
  expect(preview([1, 2, 3])).toBe('[ 3 ]')
  expect(preview('x'.repeat(500)).length).toBeLessThan(130)
  expect(preview(null)).toBe('null')
})

test('plain values have no children', () => {
  expect(childrenOf('text')).toEqual([])
  expect(childrenOf(null)).toEqual([])
  expect(childrenOf([5])).toEqual([['0', 5]])
})

test('a text is copied as it is, all else as JSON', () => {
  expect(textOf('plain')).toBe('plain')
  expect(textOf({ a: 1 })).toBe('{\n  "a": 1\n}')
})

test('what is no JSON is said to be none', () => {
  expect(parseJson('{ "a": 1 }')).toEqual({ a: 1 })
  expect(() => parseJson('{ a: 1 }')).toThrow(/^This is not JSON: /)
})

test('a long text is cut with a word', () => {
  expect(cutText('abc', 3)).toBe('abc')
  expect(cutText('x'.repeat(5_000), 1_000)).toBe(`${'x'.repeat(1_000)}\n… 4,000 more characters`)
})
