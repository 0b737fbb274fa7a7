import { describe, expect, test } from 'vitest'
import { copy, paste } from './clipboard'
import { noLayout, type WorkflowDocument } from './document'
import { add, addAfter, connect, disconnect, insertOnEdge, lead, newId, remove, rename, setDisabled, tidyStart } from './edit'
import { graphOf, startOf, step, trigger, waysOf } from './graph'
import { edited, historyOf, redone, undone } from './history'
import type { Json, JsonObject } from './json'
import { apart, arranged, placesOf, roomOn } from './layout'
import { partsOf } from './references'
import { testCatalog } from './test-catalog'

const catalog = testCatalog()
const documentOf = (steps: JsonObject, more: JsonObject = {}): WorkflowDocument => ({ workflow: { triggers: { t: { type: 'manual' } }, steps, ...more }, layout: noLayout, scripts: {}, tests: null })
const steps = (document: WorkflowDocument) => document.workflow['steps'] as Record<string, Record<string, Json>>
const line = documentOf({ a: { type: 'set', next: 'b' }, b: { type: 'set', next: 'c' }, c: { type: 'log', message: '${steps.b.output.x} ${steps.bb.output} steps.b' } })

describe('graph', () => {
  test('knows triggers, outcomes in each form, and loops', () => {
    const graph = graphOf(documentOf({ loop: { type: 'forEach', next: { item: 'one', done: ['x', 'y'], error: 'x' } }, one: { type: 'set', next: 'two' }, two: { type: 'set' }, x: { type: 'set' }, y: { type: 'stop' } }).workflow, catalog)
    expect(graph.edges.map((edge) => edge.id)).toEqual(['trigger:t|start|step:loop', 'step:loop|item|step:one', 'step:loop|done|step:x', 'step:loop|done|step:y', 'step:loop|error|step:x', 'step:one|done|step:two'])
    expect(graph.bodies.get('loop')).toEqual(new Set(['one', 'two']))
  })

  test('gives a switch its cases and a wait its choices', () => {
    const graph = graphOf(documentOf({ s: { type: 'switch', cases: { '10': 1, b: 2 }, next: { b: 'w' } }, w: { type: 'wait', callback: { outcomes: ['yes', 'no'] } } }).workflow, catalog)
    expect(graph.nodes.map((node) => node.outcomes)).toEqual([['start'], ['10', 'b', 'default'], ['yes', 'no', 'timeout']])
  })

  test('does not take the handler of errors for the beginning', () => expect(startOf(documentOf({ a: { type: 'set' }, oops: { type: 'log' } }, { onError: 'oops' }).workflow)).toBe('a'))
})

describe('edits', () => {
  test('a step is added behind an outcome', () => {
    const { document, ref } = addAfter(line, step('c'), 'done', 'webhook.send', null)
    expect(ref.id).toBe('send')
    expect(steps(document)['c']?.['next']).toBe('send')
    expect(document.workflow['start']).toBeUndefined()
  })

  test('an outcome is led elsewhere in its place, to one more, and no more', () => {
    const both = documentOf({ a: { type: 'if', next: { true: ['b', 'c'], error: 'c' } }, b: { type: 'set' }, c: { type: 'set' }, d: { type: 'set' } }, { start: 'a' })
    const next = (document: WorkflowDocument) => steps(document)['a']?.['next']
    expect(next(lead(both, step('a'), 'true', 'b', 'd'))).toEqual({ true: ['d', 'c'], error: 'c' })
    expect(next(lead(both, step('a'), 'false', null, 'd'))).toEqual({ true: ['b', 'c'], error: 'c', false: 'd' })
    expect(next(lead(both, step('a'), 'error', 'c', null))).toEqual({ true: ['b', 'c'] })
    expect(lead(both, step('a'), 'true', 'b', 'c')).toBe(both)
    expect(lead(both, step('a'), 'true', 'b', 'a')).toBe(both)
    expect((lead(both, trigger('t'), 'start', null, 'c').workflow['triggers'] as JsonObject)['t']).toEqual({ type: 'manual', start: 'c' })
  })

  test('every way on is known, of whatever kind', () => {
    expect(waysOf('step', { type: 'switch', cases: { cold: 'x' } }, catalog)).toEqual(['cold', 'default', 'error'])
    expect(waysOf('step', { type: 'stop' }, catalog)).toEqual([])
    expect(waysOf('trigger', { type: 'manual' }, catalog)).toEqual(['start'])
  })

  test('a loose step leaves the beginning where it was', () => expect(add(line, 'step', 'log', null).document.workflow['start']).toBe('a'))

  test('a beginning that a loose step made necessary goes when it is connected, unless the file had it', () => {
    const loose = add(line, 'step', 'log', null).document
    const connected = connect(loose, step('c'), 'done', 'log')
    expect(connected.workflow['start']).toBe('a')
    expect(tidyStart(line, connected).workflow['start']).toBeUndefined()
    expect(tidyStart(connected, connected)).toBe(connected)
    expect(tidyStart(line, loose).workflow['start']).toBe('a')
  })

  test('connecting makes a list, then an object when another outcome has arrows', () => {
    const one = documentOf({ a: { type: 'filter' }, b: { type: 'set' }, c: { type: 'set' } })
    const two = connect(connect(one, step('a'), 'done', 'b'), step('a'), 'done', 'c')
    expect(steps(two)['a']?.['next']).toEqual(['b', 'c'])
    expect(steps(connect(two, step('a'), 'rejected', 'b'))['a']?.['next']).toEqual({ done: ['b', 'c'], rejected: 'b' })
  })

  test('disconnecting takes out next with its last arrow', () => expect(steps(disconnect(line, [{ from: 'step:b', outcome: 'done', to: 'step:c' }]))['b']).toEqual({ type: 'set' }))

  test('a step is put on an edge', () => {
    const { document } = insertOnEdge(line, { from: 'step:a', outcome: 'done', to: 'step:b' }, 'if', catalog)
    expect(steps(document)['a']?.['next']).toBe('if')
    expect(steps(document)['if']?.['next']).toEqual({ true: 'b' })
  })

  test('a step is put between a trigger and the first step', () => {
    const { document } = insertOnEdge(line, { from: 'trigger:t', outcome: 'start', to: 'step:a' }, 'filter', catalog)
    expect(startOf(document.workflow)).toBe('filter')
    expect(document.workflow['start']).toBeUndefined()
  })

  test('deleting leads past what is gone', () => {
    const after = remove(line, ['step:a', 'step:b'], catalog)
    expect(Object.keys(steps(after))).toEqual(['c'])
    expect(steps(remove(line, ['step:b'], catalog))['a']?.['next']).toBe('c')
    expect(startOf(remove(line, ['step:a'], catalog).workflow)).toBe('b')
  })

  test('deleting the named beginning names the next one', () => expect(remove(documentOf({ a: { type: 'set', next: 'b' }, b: { type: 'set' }, c: { type: 'set' } }, { start: 'a' }), ['step:a'], catalog).workflow['start']).toBe('b'))

  test('renaming reaches arrows, start, expressions and code, but not other words', () => {
    const document: WorkflowDocument = { ...documentOf({ a: { type: 'set', next: { done: 'b', error: ['b', 'c'] } }, b: { type: 'set', next: 'c' }, c: { type: 'script', code: ['return steps.b.output + steps["b"].x + mysteps.b'], x: '${steps.b.output} ${steps.bb} steps.b' } }, { start: 'b', onError: { step: 'b' } }), scripts: { 'x.js': 'steps.b.output' } }
    const after = rename(document, step('b'), 'new-b')
    expect(after.workflow).toEqual({
      triggers: { t: { type: 'manual' } },
      steps: { a: { type: 'set', next: { done: 'new-b', error: ['new-b', 'c'] } }, 'new-b': { type: 'set', next: 'c' }, c: { type: 'script', code: ['return steps["new-b"].output + steps["new-b"].x + mysteps.b'], x: '${steps["new-b"].output} ${steps.bb} steps.b' } },
      start: 'new-b',
      onError: { step: 'new-b' },
    })
    expect(after.scripts['x.js']).toBe('steps["new-b"].output')
  })

  test('pasting gives new ids and keeps the arrows among what was copied', () => {
    const clip = JSON.parse(copy(line, ['step:b', 'step:c'], new Map([['step:b', { x: 10, y: 10 }]]))) as JsonObject
    const pasted = paste(line, clip, { x: 100, y: 50 })
    expect(pasted?.keys).toEqual(['step:b2', 'step:c2'])
    const after = pasted?.document ?? line
    expect(steps(after)['b2']).toEqual({ type: 'set', next: 'c2' })
    expect(steps(after)['c2']?.['message']).toBe('${steps.b2.output.x} ${steps.bb.output} steps.b')
    expect(after.layout.steps['b2']).toEqual({ x: 100, y: 50 })
    expect(startOf(after.workflow)).toBe('a')
    expect(paste(line, { a: 1 }, { x: 0, y: 0 })).toBeNull()
  })

  test('disabling twice leaves nothing behind', () => expect(setDisabled(setDisabled(line, ['a'], true), ['a'], false).workflow).toEqual(line.workflow))

  test('triggers lead to one step', () => {
    expect(connect(line, trigger('t'), 'start', 'b').workflow['triggers']).toEqual({ t: { type: 'manual', start: 'b' } })
    expect(connect(connect(line, trigger('t'), 'start', 'b'), trigger('t'), 'start', 'a').workflow['triggers']).toEqual({ t: { type: 'manual' } })
  })

  test('ids are made of what people write', () => expect([newId('Send Wärme!', []), newId('42', ['step42']), newId('a', ['a', 'a2'])]).toEqual(['sendWaRme', 'step422', 'a3']))
})

describe('history', () => {
  test('goes back and forth without limit, and takes a burst at once', () => {
    let history = historyOf(0)
    for (let at = 1; at <= 1000; at++) history = edited(history, at, `${at}`)
    history = edited(edited(history, 2000, 'type', 'field'), 2001, 'type', 'field')
    history = undone(history)
    expect(history.present).toBe(1000)
    for (let at = 0; at < 1000; at++) history = undone(history)
    expect(history.present).toBe(0)
    for (let at = 0; at < 2000; at++) history = redone(history)
    expect(history.present).toBe(2001)
  })
})

describe('layout', () => {
  const graph = graphOf(line.workflow, catalog)

  test('goes from left to right and is the same each time', () => {
    const places = arranged(graph)
    const x = ['trigger:t', 'step:a', 'step:b', 'step:c'].map((key) => places.get(key)?.x ?? 0)
    expect(x).toEqual([...x].sort((a, b) => a - b))
    expect(arranged(graph)).toEqual(places)
  })

  test('puts what has no place beside its neighbour, and on nothing', () => {
    const places = placesOf(graph, { ...noLayout, steps: { b: { x: 1000, y: 500 } } })
    expect(places.get('step:b')).toEqual({ x: 1000, y: 500 })
    expect(places.get('step:c')?.x).toBeGreaterThan(1200)
    expect(new Set([...places.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(4)
  })
})

test('expressions end where the server ends them', () => {
  expect(partsOf('a ${ {a: "}"}.a } $${no} ${x}').map((part) => [part.expression, part.text])).toEqual([
    [false, 'a '],
    [true, ' {a: "}"}.a '],
    [false, ' $${no} '],
    [true, 'x'],
  ])
})

describe('room on an edge', () => {
  const graph = graphOf(documentOf({ a: { type: 'set', next: 'b' }, b: { type: 'set', next: ['c', 'a'] }, c: { type: 'set' }, d: { type: 'set' } }).workflow, catalog)
  const places = new Map([['trigger:t', { x: -apart, y: 0 }], ['step:a', { x: 0, y: 0 }], ['step:b', { x: apart, y: 40 }], ['step:c', { x: 2 * apart, y: 0 }], ['step:d', { x: 2 * apart, y: 200 }]])

  test('what follows moves on by what is missing', () => {
    const { at, moved } = roomOn({ from: 'step:a', to: 'step:b' }, graph, places)
    expect(at).toEqual({ x: apart, y: 40 })
    expect([...moved]).toEqual([['step:b', { x: 2 * apart, y: 40 }], ['step:c', { x: 3 * apart, y: 0 }]])
  })

  test('nothing moves where there is room already, or the edge leads back', () => {
    expect(roomOn({ from: 'step:a', to: 'step:c' }, graph, new Map([...places, ['step:b', { x: apart, y: 300 }]]))).toEqual({ at: { x: apart, y: 0 }, moved: new Map() })
    expect(roomOn({ from: 'step:b', to: 'step:a' }, graph, places).moved.size).toBe(0)
  })
})
