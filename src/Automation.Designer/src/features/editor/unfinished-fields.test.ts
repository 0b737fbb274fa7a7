import { expect, test } from 'vitest'
import type { JsonObject } from '@/document/json'
import { isUnfinishedAt, problemsOfFields, stillOver, underNewId, withField } from './unfinished-fields'

const call = (body: string | null) => ({ steps: { 'a/b': body === null ? {} : { body } } })
const pointer = '/steps/a~1b/body'
const fields = withField({}, call('old'), pointer, '{ "a": ', 'half')

test('what cannot be read is kept while the value is the one it was typed over', () => {
  expect(stillOver(fields, call('old'))).toBe(fields)
  expect(stillOver(fields, call('new'))).toEqual({})
  expect(stillOver(fields, call(null))).toEqual({})
})

test('over a value that is not set it is kept until one is', () => {
  const unset = withField({}, call(null), pointer, '{ "a": ', 'half')
  expect(stillOver(unset, call(null))).toBe(unset)
  expect(stillOver(unset, call('new'))).toEqual({})
})

test('it is gone with what its field belongs to: the part, the type of the step, the scheme', () => {
  const hook = (verify: JsonObject | null, type = 'webhook'): JsonObject => ({ triggers: { hook: verify ? { type, verify } : { type } } })
  const typed = withField({}, hook({ scheme: 'stripe' }), '/triggers/hook/verify/toleranceSeconds', 'abc', 'no number')
  expect(stillOver(typed, hook({ scheme: 'stripe', secrets: ['A'] }))).toBe(typed)
  expect(stillOver(typed, hook({ scheme: 'github' }))).toEqual({})
  expect(stillOver(typed, hook(null))).toEqual({})
  expect(stillOver(typed, hook({ scheme: 'stripe' }, 'event'))).toEqual({})
})

test('it is gone with a text that can be read', () => {
  expect(withField(fields, call('old'), pointer, 'old', null)).toEqual({})
  expect(withField({}, call('old'), pointer, 'old', null)).toEqual({})
})

test('of a step that is deleted it waits, and is no problem meanwhile', () => {
  expect(stillOver(fields, { steps: {} })).toBe(fields)
  expect(problemsOfFields('w', fields, { steps: {} })).toEqual([])
  expect(problemsOfFields('w', fields, call('old'))).toEqual([{ file: 'w.json', pointer, message: 'half', line: null, column: null }])
})

test('it follows its step to a new id', () => {
  expect(Object.keys(underNewId(fields, ['steps', 'a/b'], ['steps', 'c']))).toEqual(['/steps/c/body'])
  expect(Object.keys(underNewId(fields, ['steps', 'a'], ['steps', 'c']))).toEqual([pointer])
})

test('a field is unfinished with one inside of it, not with one whose name begins alike', () => {
  expect(['a/b', 'a'].map((id) => isUnfinishedAt(fields, ['steps', id]))).toEqual([true, false])
  expect(isUnfinishedAt(fields, ['steps', 'a/b', 'bod'])).toBe(false)
})
