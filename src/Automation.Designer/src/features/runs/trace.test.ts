import { expect, test } from 'vitest'
import type { StepRun } from '@/api/runs'
import { causeOf, filtered, passagesOf, placeOf, scriptOf, timelineOf, totalsOf } from './trace'

const stepRun = (n: number, step: string, changes: Partial<StepRun> = {}): StepRun => ({
  n,
  step,
  type: 'set',
  from: null,
  iteration: '',
  input: null,
  output: null,
  log: [],
  startedAt: '2026-11-22T05:00:00.000+00:00',
  durationMs: 1,
  attempts: 1,
  outcome: 'done',
  error: null,
  ...changes,
})
const error = { code: 'x', message: 'No room', script: null, line: null, column: null, pointer: null, details: null }
const loop = [
  stepRun(1, 'rows'),
  stepRun(2, 'each', { from: 1, outcome: 'item' }),
  stepRun(3, 'check', { from: 2, iteration: '.each[0]', durationMs: 4 }),
  stepRun(4, 'check', { from: 2, iteration: '.each[1]', outcome: 'error', error, attempts: 3 }),
  stepRun(5, 'check', { from: 2, iteration: '.each[2]' }),
]

test('a step in a loop is counted, and the round that failed is shown', () => {
  const check = totalsOf(loop).get('check')
  expect(check).toMatchObject({ count: 3, failed: 1, attempts: 5, totalMs: 6, shown: 3 })
  expect(check?.outcomes.get('done')).toBe(2)
})

test('the path that a run took has how often it was taken', () => {
  expect(passagesOf(loop)).toEqual([
    { from: null, outcome: null, to: 'rows', count: 1 },
    { from: 'rows', outcome: 'done', to: 'each', count: 1 },
    { from: 'each', outcome: 'item', to: 'check', count: 3 },
  ])
})

test('times are counted from the first start', () => {
  const steps = [stepRun(1, 'a', { startedAt: '2026-11-22T05:00:00.100+00:00', durationMs: 50 }), stepRun(2, 'b', { startedAt: '2026-11-22T05:00:00.000+00:00', durationMs: 20 })]
  expect(timelineOf(steps)).toEqual({ starts: [100, 0], total: 150 })
  expect(timelineOf([])).toEqual({ starts: [], total: 0 })
})

test('a place in loops is readable', () => {
  expect(placeOf('.each[3].inner[0]')).toBe('each 3 · inner 0')
  expect(placeOf('')).toBe('')
})

test('step runs are found by step, text and failure', () => {
  expect(filtered(loop, { step: 'check', text: '', onlyFailed: false })).toEqual([2, 3, 4])
  expect(filtered(loop, { step: '', text: 'no room', onlyFailed: false })).toEqual([3])
  expect(filtered(loop, { step: '', text: '', onlyFailed: true })).toEqual([3])
})

test('a script is found in the files of the version, or in the step', () => {
  const source = { document: { steps: { a: { code: ['const x = 1', 'return x'] } } }, files: { 'b.ts': 'export default () => 1' } }
  expect(scriptOf(source, 'b', 'b.ts')).toEqual({ title: 'b.ts', text: 'export default () => 1' })
  expect(scriptOf(source, 'a', null)).toEqual({ title: 'code of a', text: 'const x = 1\nreturn x' })
  expect(scriptOf(source, 'c', null)).toBeNull()
})

test('what a retry of the run did again counts once, as it ended', () => {
  const retried = [stepRun(1, 'rows', { outcome: 'error', error, durationMs: 9 }), stepRun(2, 'rows'), stepRun(3, 'send', { from: 2 })]
  expect(totalsOf(retried).get('rows')).toMatchObject({ count: 1, failed: 0, attempts: 2, totalMs: 1, shown: 1 })
  expect(passagesOf(retried)).toEqual([
    { from: null, outcome: null, to: 'rows', count: 1 },
    { from: 'rows', outcome: 'done', to: 'send', count: 1 },
  ])
  // Also where it went on behind what was done again.
  expect(totalsOf([...retried.slice(0, 1), stepRun(2, 'send', { from: 1 }), stepRun(3, 'rows'), stepRun(4, 'send', { from: 3 })]).get('send')).toMatchObject({ count: 1 })
})

test('a loop counts once, though it has a step run when it begins and one when it ends', () => {
  const ended = [...loop, stepRun(6, 'each', { from: 1, durationMs: 20 })]
  expect(totalsOf(ended).get('each')).toMatchObject({ count: 1, attempts: 1, totalMs: 20, shown: 5 })
  expect(passagesOf(ended).find(({ to }) => to === 'each')?.count).toBe(1)
})

test('two branches into one step are two runs of it', () => {
  expect(totalsOf([stepRun(1, 'a'), stepRun(2, 'b'), stepRun(3, 'log', { from: 1 }), stepRun(4, 'log', { from: 2 })]).get('log')?.count).toBe(2)
})

test('the error of a loop began at the step that failed for the item', () => {
  const failed = [...loop, stepRun(6, 'each', { from: 1, outcome: 'error', error: { ...error, code: 'item_failed' } })]
  expect(causeOf(failed, 5)).toBe(3)
  expect(causeOf(failed, 3)).toBe(3)
})
