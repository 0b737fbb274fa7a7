import type { Overlay, StepOverlay } from '@/canvas/overlay'
import type { RunDetails } from '@/api/runs'
import { keyOf, step, trigger, type Graph } from '@/document/graph'
import { passagesOf, type StepTotals } from './trace'

/** A run as it is drawn over the workflow of its version: how each step fared, and how often each arrow was gone along. */
export function overlayOf(run: RunDetails, totals: ReadonlyMap<string, StepTotals>, graph: Pick<Graph, 'edges'>): Overlay {
  const passages = passagesOf(run.steps)
  const start = keyOf(trigger(run.trigger))
  const edges = new Map<string, number>()
  for (const edge of graph.edges) {
    const count = passages.filter((passage) => keyOf(step(passage.to)) === edge.to && (passage.from === null ? edge.from === start : edge.from === keyOf(step(passage.from)) && passage.outcome === edge.outcome)).reduce((sum, passage) => sum + passage.count, 0)
    if (count > 0) edges.set(edge.id, count)
  }
  const nodes = new Map<string, StepOverlay>([[start, { state: 'succeeded' }]])
  for (const [id, each] of totals) nodes.set(keyOf(step(id)), fared(run, each))
  // What is under way has no step run yet: it is behind an arrow of a step that ended, or is where the run begins.
  if (run.state === 'running' || run.state === 'cancelled') {
    for (const edge of graph.edges) {
      const from = edge.from === start ? 1 : (totals.get(edge.from.replace(/^step:/, ''))?.outcomes.get(edge.outcome) ?? 0)
      if (from > (edges.get(edge.id) ?? 0) && !nodes.has(edge.to)) nodes.set(edge.to, { state: run.state })
    }
  }
  // What ended the run from outside of the step, as its time or its size, has no step run that says so.
  if (run.state === 'failed' && run.failedStep !== null && run.error !== null) {
    const key = keyOf(step(run.failedStep))
    nodes.set(key, { ...nodes.get(key), state: 'failed', text: run.error.message })
  }
  for (const wait of run.waits) nodes.set(keyOf(step(wait.step)), { ...nodes.get(keyOf(step(wait.step))), state: 'waiting' })
  return { nodes, edges }
}

function fared(run: RunDetails, totals: StepTotals): StepOverlay {
  const failed = totals.failed > 0
  const error = failed ? run.steps[totals.shown]?.error : null
  return {
    state: failed ? 'failed' : 'succeeded',
    count: totals.count,
    attempts: Math.max(1, totals.attempts - totals.count + 1),
    durationMs: totals.totalMs,
    ...(error ? { text: totals.count > 1 ? `${totals.failed} of ${totals.count}: ${error.message}` : error.message } : {}),
  }
}
