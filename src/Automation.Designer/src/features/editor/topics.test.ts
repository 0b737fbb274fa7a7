import { expect, test } from 'vitest'
import { namedLevels } from './topics'

test.each([
  ['plants/{plant}/rooms/+', 'plants/p1/rooms/kitchen', { plant: 'p1' }],
  ['a/#', 'a/b/c', {}],
  ['a/b', 'a/b/c', null],
  ['a/{x}', 'a', null],
  ['a/{x}', 'b/1', null],
])('%s and %s', (filter, topic, params) => expect(namedLevels(filter, topic)).toEqual(params))
