import { expect, test } from 'vitest'
import { offsetInLf, withEndsOf, withLf } from './line-ends'

test('lines end as they did, new ones as the first does', () => {
  expect(withEndsOf('a\r\nb\r\n', 'a\nx\nb\n')).toBe('a\r\nx\r\nb\r\n')
  expect(withEndsOf('a\r\nb\nc', 'a\nb!\nc')).toBe('a\r\nb!\nc')
  expect(withEndsOf('a\nb', 'a\n\nb')).toBe('a\n\nb')
  expect(withEndsOf('a\r\nb', '')).toBe('')
})

test('an offset is that of the same letter', () => expect(offsetInLf('a\r\nb\r\nc', 6)).toBe(4))

test('whatever is edited, that is what the text says then', () => {
  let seed = 11
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
  const text = (of: readonly string[]) => Array.from({ length: random(10) }, () => of[random(of.length)] ?? '').join('')
  for (let round = 0; round < 2_000; round++) {
    const before = text(['a', 'b', '\n', '\r', '\r\n'])
    const after = text(['a', 'b', '\n'])
    expect(withLf(withEndsOf(before, after))).toBe(after)
    expect(withEndsOf(before, withLf(before))).toBe(before)
  }
})
