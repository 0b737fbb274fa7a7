import { expect, test } from 'vitest'
import { edited, historyOf, redone, remade, undone } from './history'

test('what others changed belongs to all states, so that undo does not take it back', () => {
  const history = undone(edited(edited(historyOf('a'), 'ab', 'Type b'), 'abc', 'Type c'))
  const all = remade(history, (state) => `${state}!`)
  expect([undone(all).present, all.present, redone(all).present]).toEqual(['a!', 'ab!', 'abc!'])
})

test('a burst ends with a pause of a second, and where another begins', () => {
  const first = edited(historyOf(0), 1, 'Move', 'move/a', 0)
  const second = edited(first, 2, 'Move', 'move/a', 900)
  expect(edited(second, 3, 'Move', 'move/a', 1_800).past).toHaveLength(1)
  expect(edited(second, 3, 'Move', 'move/a', 1_900).past).toHaveLength(2)
  expect(edited(second, 3, 'Move', 'move/b', 1_000).past).toHaveLength(2)
})
