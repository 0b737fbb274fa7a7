import { expect, test } from 'vitest'
import { noLayout, type Layout } from '@/document/document'
import { setValue } from '@/document/edit'
import { graphOf, step } from '@/document/graph'
import type { JsonObject } from '@/document/json'
import { placesOf } from '@/document/layout'
import { testCatalog } from '@/document/test-catalog'
import { draw, emptyDrawing, type Drawing } from './elements'
import type { Overlay } from './overlay'

const catalog = testCatalog()
const workflow: JsonObject = { triggers: { t: { type: 'manual' } }, steps: { loop: { type: 'forEach', items: '${input}', next: { item: 'one', done: 'end' } }, one: { type: 'set', next: 'two' }, two: { type: 'set' }, end: { type: 'stop' } } }

function drawn(of: JsonObject, last: Drawing = emptyDrawing, layout: Layout = noLayout, overlay: Overlay | null = null, selection: readonly string[] = []): Drawing {
  const graph = graphOf(of, catalog)
  return draw({ graph, places: placesOf(graph, layout), layout, catalog, selection: new Set(selection), problems: new Map(), overlay, plain: false }, last)
}

const keys = (drawing: Drawing) => drawing.nodes.map((node) => node.id)

test('what did not change is the same object, so that it is not drawn anew', () => {
  const first = drawn(workflow)
  const document = setValue({ workflow, layout: noLayout, scripts: {}, tests: null }, step('one'), ['values'], { a: 1 })
  const second = drawn(document.workflow, first)
  expect(second.nodes.filter((node, index) => node !== first.nodes[index]).map((node) => node.id)).toEqual(['step:one'])
  expect(second.edges.every((edge, index) => edge === first.edges[index])).toBe(true)
})

test('a collapsed loop hides its steps and their arrows', () => {
  expect(keys(drawn(workflow))).toEqual(['frame:loop', 'trigger:t', 'step:loop', 'step:one', 'step:two', 'step:end'])
  const collapsed = drawn(workflow, emptyDrawing, { ...noLayout, collapsed: ['loop'] })
  expect(keys(collapsed)).toEqual(['trigger:t', 'step:loop', 'step:end'])
  expect(collapsed.edges.map((edge) => edge.id)).toEqual(['trigger:t|start|step:loop', 'step:loop|done|step:end'])
})

test('a run is drawn over it: what it did not touch too', () => {
  const { nodes, edges } = drawn(workflow, emptyDrawing, noLayout, { nodes: new Map([['step:one', { state: 'failed' }]]), edges: new Map([['step:loop|item|step:one', 3]]) })
  const state = (key: string) => nodes.flatMap((node) => (node.id === key && node.type === 'step' ? [node.data.overlay?.state] : []))[0]
  expect([state('step:one'), state('step:two')]).toEqual(['failed', 'untouched'])
  expect(edges.map((edge) => edge.data?.count)).toEqual([0, 3, 0, 0])
})
