import { expect, test } from 'vitest'
import { windowOf } from './window'

test('only what is seen is in the page, however long the list is', () => {
  expect(windowOf(10_000, 20, 40_000, 400)).toEqual({ first: 1994, last: 2026 })
})

test('the window stays within the list', () => {
  expect(windowOf(3, 20, 0, 400)).toEqual({ first: 0, last: 3 })
  expect(windowOf(0, 20, 0, 400)).toEqual({ first: 0, last: 0 })
  expect(windowOf(5, 20, 9_000, 400)).toEqual({ first: 5, last: 5 })
})
