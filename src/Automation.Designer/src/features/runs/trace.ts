import type { StepRun } from '@/api/runs'

/**
 * For each step run whether it is the last word on its place in the run. It is not when a retry of the run began there again, and when it is the
 * beginning of a loop that has ended since.
 */
function standing(steps: readonly StepRun[]): boolean[] {
  const places = new Map<string, number>()
  const latest: number[] = []
  const placeOfRun = new Map<number, number>()
  steps.forEach((step, index) => {
    const key = JSON.stringify([step.from === null ? null : (placeOfRun.get(step.from) ?? null), step.step, step.iteration])
    const place = places.get(key) ?? places.size
    places.set(key, place)
    placeOfRun.set(step.n, place)
    latest[place] = index
  })
  return steps.map((step, index) => latest[placeOfRun.get(step.n) ?? -1] === index)
}

/** What the runs of one step come to. */
export interface StepTotals {
  count: number
  failed: number
  /** More than `count` when steps were tried again, or the run was retried. */
  attempts: number
  totalMs: number
  /** How often it ended with each outcome. */
  outcomes: Map<string, number>
  /** Index of the step run to show for the step: the last that failed, else the last. */
  shown: number
}

export function totalsOf(steps: readonly StepRun[]): Map<string, StepTotals> {
  const all = new Map<string, StepTotals>()
  const stands = standing(steps)
  steps.forEach((step, index) => {
    let totals = all.get(step.step)
    if (!totals) all.set(step.step, (totals = { count: 0, failed: 0, attempts: 0, totalMs: 0, outcomes: new Map(), shown: index }))
    totals.outcomes.set(step.outcome, (totals.outcomes.get(step.outcome) ?? 0) + 1)
    if (stands[index] || step.error) totals.attempts += step.attempts
    if (!stands[index]) return
    totals.count++
    totals.totalMs += step.durationMs
    if (step.error) totals.failed++
    if (step.error || totals.failed === 0) totals.shown = index
  })
  return all
}

/** Index of the step run where the error of another began: of a loop that an item failed it is the step that failed for the item. */
export function causeOf(steps: readonly StepRun[], index: number): number {
  const step = steps[index]
  if (step?.error?.code !== 'item_failed') return index
  const inside = `${step.iteration}.${step.step}[`
  const cause = steps.findLastIndex((each, place) => place < index && each.error !== null && each.iteration.startsWith(inside))
  return cause < 0 ? index : causeOf(steps, cause)
}

/** How often a run went from one step with an outcome to another; `from` is null for the event. */
export interface Passage {
  from: string | null
  outcome: string | null
  to: string
  count: number
}

export function passagesOf(steps: readonly StepRun[]): Passage[] {
  const byNumber = new Map(steps.map((step) => [step.n, step]))
  const all = new Map<string, Passage>()
  const stands = standing(steps)
  for (const step of steps.filter((_, index) => stands[index])) {
    const before = step.from === null ? undefined : byNumber.get(step.from)
    const passage = { from: before?.step ?? null, outcome: before?.outcome ?? null, to: step.step }
    const key = JSON.stringify(passage)
    const known = all.get(key)
    if (known) known.count++
    else all.set(key, { ...passage, count: 1 })
  }
  return [...all.values()]
}

export interface Timeline {
  /** For each step run the milliseconds from the first one's start. */
  starts: number[]
  /** Milliseconds from the first start to the last end. */
  total: number
}

export function timelineOf(steps: readonly StepRun[]): Timeline {
  const times = steps.map((step) => Date.parse(step.startedAt))
  const first = times.reduce((least, time) => Math.min(least, time), Infinity)
  const starts = times.map((time) => time - first)
  const total = steps.reduce((most, step, index) => Math.max(most, (starts[index] ?? 0) + step.durationMs), 0)
  return { starts, total }
}

/** A place in loops as people read it: `.each[3].inner[0]` is `each 3 · inner 0`. */
export const placeOf = (iteration: string): string => iteration.replace(/^\./, '').replaceAll('].', ' · ').replaceAll('[', ' ').replaceAll(']', '')

export interface StepFilter {
  step: string
  text: string
  onlyFailed: boolean
}

/** Indexes of the step runs that a filter lets through. */
export function filtered(steps: readonly StepRun[], { step, text, onlyFailed }: StepFilter): number[] {
  const wanted = text.toLowerCase()
  const found: number[] = []
  steps.forEach((each, index) => {
    if (step && each.step !== step) return
    if (onlyFailed && !each.error) return
    if (wanted && !`${each.step} ${each.type} ${each.outcome} ${placeOf(each.iteration)} ${each.error?.message ?? ''}`.toLowerCase().includes(wanted)) return
    found.push(index)
  })
  return found
}

interface Source {
  document: unknown
  files: Readonly<Record<string, string>>
}

/** The script that an error is in, where it is one of the version's files or the step's own code. */
export function scriptOf({ document, files }: Source, step: string, script: string | null): { title: string; text: string } | null {
  const text = script === null ? undefined : files[script]
  if (script !== null && text !== undefined) return { title: script, text }
  const code = (document as { steps?: Record<string, { code?: string | string[] }> } | null)?.steps?.[step]?.code
  if (code === undefined) return null
  return { title: `code of ${step}`, text: Array.isArray(code) ? code.join('\n') : code }
}
