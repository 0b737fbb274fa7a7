import { expect, test } from 'vitest'
import { mattersOf, type Known } from './attention'

const well: Known = {
  health: { status: 'ready', problems: [] },
  workflows: [{ id: 'a', name: 'A', problemCount: 0 }],
  errors: { items: [], looked: 0, lookedBackTo: null },
  dead: { count: 0, isMore: false, last: null },
  stopped: [],
  parked: { count: 0, isMore: false, key: null },
  waiting: { count: 0, isMore: false },
}

test('nothing needs attention when all is well', () => {
  expect(mattersOf(well)).toEqual([])
})

test('what is broken comes before what waits', () => {
  const matters = mattersOf({ ...well, waiting: { count: 2, isMore: false }, parked: { count: 1, isMore: false, key: 'pump-7' }, dead: { count: 50, isMore: true, last: 'x' }, health: { status: 'not ready', problems: [{ name: 'disk', problem: 'It is full.' }] } })
  expect(matters.map(({ to }) => to)).toEqual(['/settings/server', '/deliveries?state=dead&since=24h', '/state', '/runs?state=waiting'])
  expect(matters[1]?.count).toBe('50+')
})

test('failed runs are counted, and the most frequent error is told', () => {
  const group = { workflow: 'order', step: 's', code: 'c', message: 'No room for …', lastMessage: 'No room for 7', count: 7, firstAt: '', lastAt: '', lastRun: '' }
  expect(mattersOf({ ...well, errors: { items: [group, { ...group, count: 2 }], looked: 9, lookedBackTo: null } })[0]).toMatchObject({ count: '9', to: '/runs/errors', detail: 'Mostly order: No room for 7' })
  expect(mattersOf({ ...well, errors: { items: [group], looked: 7, lookedBackTo: '2026-11-22T00:00:00Z' } })[0]).toMatchObject({ count: '7+', detail: 'order: No room for 7' })
  expect(mattersOf({ ...well, errors: undefined })).toEqual([])
})
