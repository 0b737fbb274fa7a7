import { expect, test } from 'vitest'
import { timingOf } from './timing'

test('the parts of an attempt follow one another up to its end', () => {
  const { segments, total } = timingOf({ durationMs: 100, timing: { dnsMs: 5, connectMs: 10, tlsMs: 20, firstByteMs: 90, totalMs: 100 } })
  expect(segments.map(({ name, from, length }) => [name, from, length])).toEqual([
    ['address', 0, 5],
    ['connection', 5, 10],
    ['TLS', 15, 20],
    ['answer', 35, 55],
    ['rest', 90, 10],
  ])
  expect(total).toBe(100)
})

test('an attempt on a connection that was open has no connecting in it', () => {
  expect(timingOf({ durationMs: 3, timing: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 3, totalMs: 3 } }).segments.map(({ name }) => name)).toEqual(['answer', 'rest'])
})

test('an attempt without timing is one span', () => {
  expect(timingOf({ durationMs: 40, timing: null })).toEqual({ segments: [{ name: 'all', from: 0, length: 40, tone: 'neutral' }], total: 40 })
})
