import { expect, test } from 'vitest'
import type { Message } from '@/api/mqtt'
import { inOneLine, payloadOf, topicProblem, withNewest } from './messages'

const message = (topic: string) => ({ topic }) as Message

test('the newest message is on top, and the list has an end', () => {
  const list = withNewest([{ n: 1, message: message('a') }], [{ n: 2, message: message('b') }, { n: 3, message: message('c') }])
  expect(list.map(({ n }) => n)).toEqual([3, 2, 1])
  expect(withNewest(list, Array.from({ length: 2_000 }, (_, n) => ({ n, message: message('x') })))).toHaveLength(500)
})

test('a payload is one line, whatever it is', () => {
  expect(inOneLine({ celsius: 4 })).toBe('{"celsius":4}')
  expect(inOneLine('on')).toBe('on')
  expect(inOneLine({ base64: 'AAE=' })).toBe('bytes: AAE=')
})

test('what is typed is JSON where it can be', () => {
  expect(payloadOf('{"a":1}')).toEqual({ a: 1 })
  expect(payloadOf('on')).toBe('on')
})

test('a message does not go to a filter', () => {
  expect(topicProblem('plants/+/x')).not.toBeNull()
  expect(topicProblem('')).not.toBeNull()
  expect(topicProblem('plants/lyon')).toBeNull()
})
