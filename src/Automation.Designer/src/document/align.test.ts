import { expect, test } from 'vitest'
import { aligned, distributed } from './align'

const boxes = new Map([
  ['a', { x: 0, y: 0, width: 100, height: 40 }],
  ['b', { x: 30, y: 100, width: 200, height: 60 }],
  ['c', { x: 500, y: 310, width: 100, height: 40 }],
])

test('boxes share an edge or a middle of the box around them', () => {
  expect(aligned(boxes, 'left')).toEqual(new Map([['b', { x: 0, y: 100 }], ['c', { x: 0, y: 310 }]]))
  expect(aligned(boxes, 'right')).toEqual(new Map([['a', { x: 500, y: 0 }], ['b', { x: 400, y: 100 }]]))
  expect(aligned(boxes, 'center').get('b')).toEqual({ x: 200, y: 100 })
  expect(aligned(boxes, 'middle').get('c')).toEqual({ x: 500, y: 155 })
})

test('gaps are equal, and the outer boxes stay', () => {
  expect(distributed(boxes, 'x')).toEqual(new Map([['b', { x: 200, y: 100 }]]))
  expect(distributed(boxes, 'y')).toEqual(new Map([['b', { x: 30, y: 145 }]]))
})

test('there is nothing to distribute between two', () => expect(distributed(new Map([...boxes].slice(0, 2)), 'x').size).toBe(0))
