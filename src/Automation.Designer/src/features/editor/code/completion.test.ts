import { CompletionContext } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { expect, test } from 'vitest'
import { inExpressions, pathAt, sourceOf, valueAt } from './completion'

const scope = { event: { data: { celsius: 9.5, 'odd name': 'x', rooms: [{ name: 'cold' }] } }, steps: { 'ask-it': { output: 1 } }, secret: { TOKEN: '•••' } }

/** What is offered at the bar, with what stands beside it. */
function offered(text: string, { explicit = false, ids = [] as readonly string[] } = {}): Record<string, string | undefined> | null {
  const at = text.indexOf('|')
  const state = EditorState.create({ doc: text.replace('|', '') })
  const found = sourceOf(scope, inExpressions, ids)(new CompletionContext(state, at, explicit))
  return found && Object.fromEntries(found.options.map(({ label, detail }) => [label, detail]))
}

test('members come from the recorded data, with their values', () => {
  expect(offered('${event.data.|}')).toMatchObject({ celsius: '9.5', 'odd name': '"x"', rooms: 'list of 1' })
  expect(offered('at ${event.data.rooms[0].na|} now')).toEqual({ name: '"cold"' })
  expect(offered('${event.data.rooms[|}')).toMatchObject({ 0: 'object' })
  expect(offered('${steps["ask-it"].|}')).toEqual({ output: '1' })
  expect(offered('Bearer ${secret.|}')).toEqual({ TOKEN: '"•••"' })
})

test('an empty expression offers what there is', () => expect(Object.keys(offered('${|}') ?? {})).toEqual(['event', 'steps', 'secret']))

test('plain text offers expressions only when asked', () => {
  expect(offered('Room |')).toBeNull()
  expect(Object.keys(offered('Room |', { explicit: true }) ?? {})).toEqual(['event', 'steps', 'secret'])
})

test('where an id stands ids are offered', () => {
  expect(Object.keys(offered('|', { ids: ['price', 'shop/order'] }) ?? {})).toEqual(['price', 'shop/order'])
  expect(Object.keys(offered('${|}', { ids: ['price'] }) ?? {})).toContain('event')
})

test('a path ends where the code does', () => {
  expect(pathAt('1 + event.data["odd name"]')).toBe('event.data["odd name"]')
  expect(pathAt('f(event?.data?.rooms[0].name')).toBe('event?.data?.rooms[0].name')
  expect(pathAt('f().data')).toBeNull()
  expect(pathAt('1 + ')).toBeNull()
})

test('a path leads to what was recorded', () => {
  expect(valueAt(scope, 'event.data["odd name"]')).toBe('x')
  expect(valueAt(scope, 'event?.data?.rooms[0].name')).toBe('cold')
  expect(valueAt(scope, 'event.data.toString')).toBeUndefined()
})
