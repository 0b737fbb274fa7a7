import { useQueries, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import { event as eventQuery, type EventDetails } from '@/api/events'
import { latestRuns, run as runQuery, type RunDetails } from '@/api/runs'
import { stepsOf, typeOf } from '@/document/graph'
import { objectAt, type JsonObject } from '@/document/json'
import { scopeType } from '@/document/script-scope'
import type { Scope } from './code/completion'
import { leadsOf, recorded, stateOf, useSampleData } from './sample'
import { useDocument, useEditorState } from './store'

/** How many of the newest runs say what the types are, beside the one that is the sample. */
const looked = 5

/** Of one run's rounds through a loop the last ones. */
const rounds = 20

export interface ScriptTypes {
  /** Declaration of what the script sees. */
  scope: string
  /** How many recorded runs it was made of. */
  runs: number
}

/** What the script of a step sees, as a type: of recorded runs those that came to the step, else all, with the test case that is the sample; of its own sample alone where there is one. */
export function useScriptTypes(step: string, own: Scope | null): ScriptTypes {
  const id = useEditorState((state) => state.id)
  const catalog = useEditorState((state) => state.catalog)
  const { workflow } = useDeferredValue(useDocument()) // typing changes it too, where the script stands in it
  const sample = useSampleData()
  const test = sample.test === null ? null : sample.scopeOf(step)
  const ids = (useQuery(latestRuns(id, 20)).data ?? []).slice(0, looked).map((run) => run.id)
  const wanted = [...new Set([...(sample.run ? [sample.run.id] : []), ...ids])]
  const runs = useQueries({ queries: wanted.map((each) => runQuery(each)), combine: present<RunDetails> })
  const events = useQueries({ queries: runs.map((run) => eventQuery(run.eventId)), combine: present<EventDetails> })
  const states = useQueries({ queries: runs.filter((run) => run.key !== null).map((run) => stateOf(workflow, run)), combine: present<{ key: string; state: unknown }> })
  return useMemo(() => {
    if (own) return { scope: scopeType([own], workflow, step, catalog), runs: 0 }
    const reached = runs.filter((run) => run.steps.some((each) => each.step === step))
    const used = reached.length > 0 ? reached : runs
    const event = (run: RunDetails) => events.find((each) => each.id === run.eventId) ?? null
    const leads = leadsOf(workflow)
    const seen = used.flatMap((run) => {
      const own = run.steps.filter((each) => each.step === step).slice(-rounds)
      return (own.length > 0 ? own : [undefined]).map((each) => recorded(run, event(run), step, leads, states.find((state) => state.key === run.key)?.state, each))
    })
    if (test) seen.unshift(test)
    const gathered = gatheredBy(objectAt(stepsOf(workflow), step))
    return { scope: scopeType(seen.map((scope) => inScript(scope, gathered)), workflow, step, catalog), runs: used.length }
  }, [own, test, runs, events, states, workflow, step, catalog])
}

const present = <T,>(queries: readonly { data: T | null | undefined }[]): T[] => queries.flatMap(({ data }) => (data == null ? [] : [data]))

/** What the script of a window gets: values that are the step's input, or others. Null for other steps, whose script gets the input. */
export const gatheredBy = (config: JsonObject): 'input' | 'other' | null => (typeOf(config) !== 'window' ? null : config['value'] === undefined ? 'input' : 'other')

/** What a step's script sees, where a window gives it what was gathered. */
export function inScript(scope: Scope, gathered: ReturnType<typeof gatheredBy>): Scope {
  if (gathered === null) return scope
  const time = (scope['run'] as { startedAt?: string } | undefined)?.startedAt ?? ''
  return { ...scope, input: { items: gathered === 'input' ? [scope['input']] : [], start: time, end: time, reason: 'time' } }
}
