import { expect, test } from 'vitest'
import { entriesProblem, entryValue } from './entries'

test('rows with names of their own are a map, and so are rows that nothing is in yet', () => {
  expect(entriesProblem([['id', '7'], ['', ''], ['idNew', '${vars.id}'], ['', '']], false)).toBeNull()
})

test('a name that another row has makes no map: one of both would be gone', () => {
  expect(entriesProblem([['id', '7'], ['id', '']], false)).toBe('id: There is an entry of this name already.')
  expect(entriesProblem([['id', 'a'], ['id', 'b']], true)).toBe('id: There is an entry of this name already.')
})

test('a value without a name is not left out silently', () => {
  expect(entriesProblem([['', 'typed first']], true)).toBe('An entry needs a name.')
})

test('half an object is a mistake, but not where only texts stand', () => {
  expect(entriesProblem([['body', '{ "a": ']], false)).toMatch(/^body: /)
  expect(entriesProblem([['body', '{ "a": ']], true)).toBeNull()
})

test('an entry that is null stays null', () => {
  expect(['null', '', '7', 'text'].map(entryValue)).toEqual([null, '', 7, 'text'])
})
