import { expect, test } from 'vitest'
import { openingView } from './opening-view'

const frame = { width: 800, height: 600 }

test('what fits is shown in the middle, never enlarged', () => {
  expect(openingView({ x: 100, y: 0, width: 400, height: 200 }, frame)).toEqual({ x: 100, y: 200, zoom: 1 })
  expect(openingView({ x: 0, y: 0, width: 920, height: 200 }, frame)).toEqual({ x: 32, y: 220, zoom: 0.8 })
})

test('what could not be read as a whole begins at the left', () => {
  expect(openingView({ x: 10, y: 0, width: 4000, height: 100 }, frame)).toEqual({ x: 25, y: 265, zoom: 0.7 })
  expect(openingView({ x: 0, y: 0, width: 4000, height: 4000 }, frame)).toEqual({ x: 32, y: 32, zoom: 0.7 })
})
