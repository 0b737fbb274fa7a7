import { expect, test } from 'vitest'
import { expressionsIn, filled, isSecret } from './template'

const results = new Map<string, unknown>([['event.data.celsius', 9.5], ['room', 'cold'], ['nothing', null], ['list', [1, 'a']]])

test('expressions are found wherever a text stands', () => {
  expect(expressionsIn('Room ${room} is at ${event.data.celsius}')).toEqual(['room', 'event.data.celsius'])
  expect(expressionsIn({ a: ['${room}', 3], b: { c: '${room}${x}' } })).toEqual(['room', 'x'])
  expect(expressionsIn('costs $${price}')).toEqual([])
  expect(expressionsIn(undefined)).toEqual([])
})

test('a text that is one expression keeps the type', () => {
  expect(filled('${event.data.celsius}', results)).toBe(9.5)
  expect(filled('${list}', results)).toEqual([1, 'a'])
  expect(filled('${unknown}', results)).toBeNull()
})

test('in a text values are written: nothing for null, JSON for lists', () => {
  expect(filled('${room}: ${event.data.celsius} °C ${nothing}${list}', results)).toBe('cold: 9.5 °C [1,"a"]')
  expect(filled('$${room}', results)).toBe('${room}')
})

test('a value of any kind is filled in its texts', () => expect(filled({ room: '${room}', n: [1, '${event.data.celsius}'] }, results)).toEqual({ room: 'cold', n: [1, 9.5] }))

test('secrets are told from code', () => {
  expect(isSecret(' secret.TOKEN ')).toBe(true)
  expect(isSecret('secret.TOKEN + 1')).toBe(false)
  expect(isSecret('event.secret')).toBe(false)
})
