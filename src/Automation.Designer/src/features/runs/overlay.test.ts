import { expect, test } from 'vitest'
import type { RunDetails, StepRun } from '@/api/runs'
import { graphOf } from '@/document/graph'
import { overlayOf } from './overlay'
import { totalsOf } from './trace'

const catalog = { steps: new Map(), triggers: new Map(), schema: {} }
const workflow = {
  triggers: { hook: { type: 'webhook' }, timer: { type: 'schedule' } },
  steps: { check: { type: 'script', next: { done: 'send', error: 'tell' } }, send: { type: 'webhook.send' }, tell: { type: 'log' } },
}
const graph = graphOf(workflow, catalog)
const stepRun = (n: number, step: string, changes: Partial<StepRun> = {}): StepRun => ({ n, step, type: 'x', from: null, iteration: '', input: null, output: null, log: [], startedAt: '2026-11-22T05:00:00Z', durationMs: 2, attempts: 1, outcome: 'done', error: null, ...changes })
const drawn = (changes: Partial<RunDetails>) => {
  const run = { trigger: 'hook', state: 'succeeded', steps: [], waits: [], failedStep: null, error: null, ...changes } as unknown as RunDetails
  return overlayOf(run, totalsOf(run.steps), graph)
}
const edge = (from: string, to: string) => graph.edges.find((each) => each.from === from && each.to === to)?.id ?? 'none'

test('the path that was taken is drawn, and what was not is left grey', () => {
  const overlay = drawn({ steps: [stepRun(1, 'check'), stepRun(2, 'send', { from: 1 })] })
  expect(overlay.edges.get(edge('trigger:hook', 'step:check'))).toBe(1)
  expect(overlay.edges.get(edge('step:check', 'step:send'))).toBe(1)
  expect(overlay.edges.has(edge('step:check', 'step:tell'))).toBe(false)
  expect(overlay.nodes.get('step:send')).toMatchObject({ state: 'succeeded', count: 1, durationMs: 2 })
  expect(overlay.nodes.has('step:tell')).toBe(false)
  expect(overlay.nodes.has('trigger:timer')).toBe(false)
})

test('a step that failed says why', () => {
  const error = { code: 'x', message: 'No room', script: null, line: null, column: null, pointer: null, details: null }
  const overlay = drawn({ state: 'failed', failedStep: 'check', error, steps: [stepRun(1, 'check', { outcome: 'error', error, attempts: 3 })] })
  expect(overlay.nodes.get('step:check')).toMatchObject({ state: 'failed', attempts: 3, text: 'No room' })
})

test('what is under way is behind a step that ended', () => {
  expect(drawn({ state: 'running', steps: [stepRun(1, 'check')] }).nodes.get('step:send')).toEqual({ state: 'running' })
  expect(drawn({ state: 'running' }).nodes.get('step:check')).toEqual({ state: 'running' })
})

test('a step that waits is drawn so', () => {
  expect(drawn({ state: 'waiting', steps: [stepRun(1, 'check')], waits: [{ step: 'send', iteration: '', since: '', until: null, answers: null }] }).nodes.get('step:send')).toEqual({ state: 'waiting' })
})

test('a run that was ended from outside has its error at the step that it was at', () => {
  const error = { code: 'run_timeout', message: 'Too long', script: null, line: null, column: null, pointer: null, details: null }
  expect(drawn({ state: 'failed', failedStep: 'send', error, steps: [stepRun(1, 'check')] }).nodes.get('step:send')).toEqual({ state: 'failed', text: 'Too long' })
})
