import { expect, test } from 'vitest'
import { span } from './time'

test('a span of time has the unit that people would choose', () => {
  expect(span(0)).toBe('<1 ms')
  expect(span(0.343)).toBe('0.3 ms')
  expect(span(42)).toBe('42 ms')
  expect(span(3_400)).toBe('3.4 s')
  expect(span(120_000)).toBe('2 min')
  expect(span(5 * 3_600_000)).toBe('5.0 h')
})
