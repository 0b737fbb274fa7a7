import { expect, test } from 'vitest'
import type { JsonObject } from './json'
import { scopeType, type Seen } from './script-scope'
import { testCatalog } from './test-catalog'

const catalog = testCatalog()
const workflow: JsonObject = {
  triggers: { reading: { type: 'mqtt', topic: 'plants/{plant}/rooms/{room}/temperature' } },
  steps: {
    warm: { type: 'filter', condition: '${event.data.celsius > 8}', next: 'rooms' },
    rooms: { type: 'forEach', items: '${event.data.rooms}', next: { item: 'each', done: 'message' } },
    each: { type: 'script', code: 'return item' },
    message: { type: 'script', code: 'return 1', next: 'chat' },
    chat: { type: 'webhook.send', url: 'http://x' },
  },
}
const flat = (seen: readonly Seen[], id: string, from: JsonObject = workflow) => scopeType(seen, from, id, catalog).replaceAll(/\s+/g, ' ')
const run = (data: unknown, steps: Record<string, unknown> = {}): Seen => ({ event: { id: 'e', data }, input: data, steps })

test('what recorded runs gave is the type', () => {
  const text = flat([run({ celsius: 9 }, { warm: { output: { celsius: 9 }, outcome: 'done' } }), run({ celsius: null })], 'message')
  expect(text).toContain('event: { id: string data: { celsius: number | null } }')
  expect(text).toContain('input: { celsius: number | null }')
  expect(text).toContain('warm?: { output: { celsius: number }; outcome: "done" | "rejected" | "error" }')
})

test('without a run the triggers say what they can', () => {
  const text = flat([{ event: {}, input: null, steps: {} }], 'message')
  expect(text).toContain('data: any')
  expect(text).toContain('params: { plant: string; room: string }')
  expect(text).toContain('input: any')
})

test('steps are those that may come before', () => {
  const text = flat([], 'message')
  expect(text).toContain('warm: { output: any;')
  expect(text).toContain('rooms:')
  expect(text).not.toContain('chat:')
})

test('item and index are there in the body of a loop only', () => {
  expect(flat([{ item: { room: 'cold' }, index: 0 }], 'each')).toContain('item: { room: string } index: number')
  expect(flat([], 'message')).toContain('item: undefined index: undefined')
})

test('a state is there where the workflow has a key, and takes new members', () => {
  expect(flat([], 'message')).toContain('state: undefined')
  const keyed = flat([{ state: { count: 3 } }], 'message', { ...workflow, key: '${event.params.room}' })
  expect(keyed).toContain('state: { count?: number [name: string]: any }')
  expect(keyed).toContain('key: string')
})

test('variables are those that set steps set', () => {
  const set: JsonObject = { steps: { a: { type: 'set', values: { limit: 8, 'odd name': 1 }, next: 'b' }, b: { type: 'script', code: 'return 1' } } }
  expect(flat([{ vars: { limit: 8 } }], 'b', set)).toContain('vars: { limit: number "odd name": any }')
})

test('the links of waits are named', () => {
  const wait: JsonObject = { steps: { ask: { type: 'wait', callback: { outcomes: ['yes', 'no'] }, next: { yes: 'b' } }, b: { type: 'script', code: 'return 1' } } }
  expect(flat([], 'b', wait)).toContain('callbacks: { ask: string }')
})

test('the script of a window sees what was gathered', () => {
  const window: JsonObject = { steps: { w: { type: 'window', code: 'return input' } } }
  expect(flat([{ input: { celsius: 1 } }], 'w', window)).toContain('input: { items: any[] start: string end: string reason: string }')
})
