import { expect, test } from 'vitest'
import type { StatsPoint } from '@/api/stats'
import { slotsOf } from './slots'

const now = Date.parse('2026-11-22T05:30:20Z')
const point = (at: string, accepted: number) => ({ at, accepted }) as StatsPoint

test('a stretch in which nothing happened is there too', () => {
  const slots = slotsOf({ server: 'one', since: '2026-01-01T00:00:00Z', step: 60, points: [point('2026-11-22T05:28:00Z', 7), point('2026-11-22T05:30:00Z', 2)] }, '1h', now)
  expect(slots).toHaveLength(60)
  expect(slots.slice(-4).map(({ accepted }) => accepted)).toEqual([0, 7, 0, 2])
  expect(slots[56]).toMatchObject({ at: '2026-11-22T05:27:00.000Z', lagMs: null })
})

test('a server whose clock is ahead is shown to its end', () => {
  expect(slotsOf({ server: 'one', since: '2026-01-01T00:00:00Z', step: 900, points: [point('2026-11-22T06:00:00Z', 3)] }, '24h', now).at(-1)?.accepted).toBe(3)
})
