import { expect, test } from 'vitest'
import { alignedTo } from './guides'

const box = { x: 0, y: 0, width: 100, height: 50 }

test('a box is drawn to the nearest line of another, and only within reach', () => {
  expect(alignedTo({ ...box, x: 203, y: 400 }, [{ ...box, x: 200 }], 6)).toEqual({ at: { x: 200, y: 400 }, x: 200, y: null })
  expect(alignedTo({ ...box, x: 207, y: 400 }, [{ ...box, x: 200 }], 6).at).toEqual({ x: 207, y: 400 })
})

test('middles line up too', () => expect(alignedTo({ x: 500, y: 22, width: 100, height: 10 }, [box], 6)).toEqual({ at: { x: 500, y: 20 }, x: null, y: 25 }))
