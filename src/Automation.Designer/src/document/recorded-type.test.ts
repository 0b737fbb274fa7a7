import { expect, test } from 'vitest'
import { recordedType } from './recorded-type'

const flat = (...values: unknown[]) => recordedType(values).replaceAll(/\s+/g, ' ')

test('values give their type', () => {
  expect(flat(21.5)).toBe('number')
  expect(flat('a', 3, true)).toBe('boolean | number | string')
  expect(flat({ celsius: 21.5, room: 'cold' })).toBe('{ celsius: number room: string }')
})

test('what says nothing is any', () => {
  expect(flat()).toBe('any')
  expect(flat(null)).toBe('any')
  expect(flat(undefined)).toBe('any')
  expect(flat([])).toBe('any[]')
  expect(flat({})).toBe('{ [name: string]: any }')
})

test('null beside a value may be either', () => expect(flat({ room: null }, { room: 'cold' })).toBe('{ room: string | null }'))

test('a member that some had and others not may be missing', () => expect(flat({ a: 1, b: 1 }, { a: 2 })).toBe('{ a: number b?: number }'))

test('items of a list are one type', () => {
  expect(flat([{ sku: 'x', price: 1 }, { sku: 'y' }])).toBe('{ sku: string price?: number }[]')
  expect(flat([1, 'a', null])).toBe('(number | string | null)[]')
})

test('names that are no identifiers are quoted', () => expect(flat({ 'content-type': 'x', 'a"b': 1, __proto: 1 })).toBe('{ "content-type": string "a\\"b": number __proto: number }'))

test('what is too deep or too wide is any', () => {
  const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 1)
  expect(flat(deep)).toContain('any')
  const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`n${index}`, index]))
  expect(flat(wide)).toContain('[name: string]: any')
  expect(flat(wide)).not.toContain('n200')
})
