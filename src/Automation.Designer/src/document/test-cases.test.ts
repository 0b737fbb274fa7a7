import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { JsonError } from './json-text'
import { readTestCases, refuseName, testCaseOf, testEvent, testScope, withTestCase } from './test-cases'

const run = {
  trigger: 'hook',
  state: 'succeeded',
  steps: [
    { step: 'check', type: 'script', iteration: '', outcome: 'done', output: { total: 3 } },
    { step: 'each', type: 'script', iteration: 'loop[0]', outcome: 'done', output: 1 },
    { step: 'send', type: 'webhook.send', iteration: '', outcome: 'done', output: { deliveryId: 'dlv_0f9k2m7q4x3aw' } },
  ],
}

describe('testEvent', () => {
  it('keeps nothing that let the sender in', () => {
    const attributes = {
      id: 'evt_0f9k2m7q4x3aw',
      type: 'webhook.received',
      headers: { authorization: 'Bearer abc', 'x-hub-signature-256': 'sha256=00', 'stripe-signature': 't=1,v1=00', 'x-api-key': '•••', cookie: 'a=b', 'content-type': 'application/json' },
      query: { token: 'abc', api_key: 'abc', page: '2' },
      verified: { scheme: 'github', secret: 'HOOK' },
    }
    expect(testEvent({ attributes, data: { a: 1 } })).toEqual({ type: 'webhook.received', headers: { 'content-type': 'application/json' }, query: { page: '2' }, data: { a: 1 } })
  })

  it('takes an event without attributes, and one without data', () => {
    expect(testEvent({ attributes: null, data: null })).toEqual({ data: null })
  })
})

describe('testCaseOf', () => {
  it('expects what the run did, outside of loops', () => {
    expect(testCaseOf(run, { attributes: {}, data: 1 }, false)).toEqual({ trigger: 'hook', event: { data: 1 }, expect: { state: 'succeeded', steps: { check: { outcome: 'done' }, send: { outcome: 'done' } } } })
  })

  it('expects outputs that can be the same again', () => {
    expect(testCaseOf(run, { attributes: {}, data: 1 }, true)['expect']).toEqual({ state: 'succeeded', steps: { check: { outcome: 'done', output: { total: 3 } }, send: { outcome: 'done' } } })
  })
})

describe('withTestCase', () => {
  it('begins a file with its schema, wherever the workflow is', () => {
    expect(withTestCase('order', undefined, 'large', { trigger: 'hook' })).toBe('{\n  "$schema": "./tests.schema.json",\n  "cases": {\n    "large": { "trigger": "hook" }\n  }\n}\n')
    expect(withTestCase('shop/order', undefined, 'large', {})).toContain('"../tests.schema.json"')
  })

  it('leaves what is there as it is', () => {
    const before = readFileSync('../../workflows/cold-room-alert.tests.json', 'utf8')
    const after = withTestCase('cold-room-alert', before, 'third', { trigger: 'reading', event: { data: 1 } })
    expect([...readTestCases(after).keys()]).toEqual([...readTestCases(before).keys(), 'third'])
    expect(after.startsWith(before.slice(0, before.lastIndexOf('\n  }\n}')))).toBe(true)
  })

  it('does not write over a file that is no JSON', () => {
    expect(() => withTestCase('order', '{ "cases": ', 'a', {})).toThrow(JsonError)
  })
})

describe('readTestCases', () => {
  it('has the event and what steps should do', () => {
    expect(readTestCases('{ "cases": { "a": { "trigger": "t", "event": { "data": 1 }, "expect": { "steps": { "s": { "outcome": "x" } } } }, "b": 5 } }')).toEqual(new Map([['a', { trigger: 't', event: { data: 1 }, steps: { s: { outcome: 'x', output: null } } }]]))
  })

  it.each([undefined, '', '[]', '{', '{ "cases": [] }', '{ "cases": { "a": null } }'])('has none of %j', (text) => {
    expect(readTestCases(text).size).toBe(0)
  })
})

describe('testScope', () => {
  const test = { trigger: 't', event: { data: { a: 1 } }, steps: { first: { outcome: 'done', output: 5 } } }
  const leads = [['first', ['second']], ['second', ['third']]] as const

  it('gives the first step the data, and later ones what was put out before them, where the case says it', () => {
    expect(testScope(test, 'first', leads)).toEqual({ event: test.event, input: { a: 1 }, steps: test.steps })
    expect(testScope(test, 'second', leads).input).toBe(5)
    expect(testScope(test, 'third', leads).input).toBeNull()
    expect(testScope(test, null, leads).input).toEqual({ a: 1 })
  })
})

describe('refuseName', () => {
  it('refuses names that are empty, long or taken', () => {
    expect(refuseName(' ', [])).toContain('name')
    expect(refuseName('n'.repeat(101), [])).toContain('100')
    expect(refuseName(' large ', ['large'])).toContain('already')
    expect(refuseName('Large', ['large'])).toBeNull()
  })
})
