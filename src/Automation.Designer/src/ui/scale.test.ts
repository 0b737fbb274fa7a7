import { expect, test } from 'vitest'
import { alone, linePath, roundTop, stacked } from './scale'

test('an axis ends at a round number that is no less than the largest value', () => {
  expect(roundTop(7)).toBe(10)
  expect(roundTop(21)).toBe(25)
  expect(roundTop(0.3)).toBe(0.5)
  expect(roundTop(1000)).toBe(1000)
  expect(roundTop(0)).toBe(1)
})

test('an axis of counts has a whole number at its middle', () => {
  expect([0, 1, 5, 10, 21].map((value) => roundTop(value, true))).toEqual([2, 2, 6, 10, 25])
})

test('a value between gaps stands alone', () => {
  expect(alone([1, null, 3, 4, null, 5])).toEqual([1, null, null, null, null, 5])
})

test('stacked bars stand on one another', () => {
  expect(stacked([[1, 2], [3, null]])).toEqual([[1, 2], [4, 2]])
})

test('a missing value is a gap in the line', () => {
  expect(linePath([1, null, 3, 4], (index) => index, (value) => value)).toBe('M0.0 1.0h0M2.0 3.0h0L3.0 4.0')
})
