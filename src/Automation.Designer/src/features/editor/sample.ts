import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { createContext, useContext, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { secrets } from '@/api/access'
import { event as eventQuery, type EventDetails } from '@/api/events'
import { keyDetails } from '@/api/keys'
import { latestRuns, run as runQuery, type RunDetails, type RunSummary, type StepRun } from '@/api/runs'
import { nextOf, stepsOf } from '@/document/graph'
import { entriesOf, isObject, type JsonObject } from '@/document/json'
import { readTestCases, testScope, type TestCase } from '@/document/test-cases'
import { documentOf, useDocument, useEditorState } from './store'
import type { Scope } from './code/completion'

export interface Sample {
  /** Null also where a test case is the sample. */
  run: RunDetails | null
  /** The name of the test case that is the sample. */
  test: string | null
  /** Whether runs are still asked for. */
  isPending: boolean
  /** What a step sees, as the run recorded it or the test case has it; of a step that did not run, what is known. */
  scopeOf: (step: string | null) => Scope
  /** The newest runs to choose from. */
  runs: readonly RunSummary[]
  /** Names of the workflow's test cases. */
  tests: readonly string[]
  /** Takes a run by its id, or a test case by {@link testSample}. */
  choose: (sample: string) => void
}

export const SampleContext = createContext<Sample | null>(null)

export function useSampleData(): Sample {
  const sample = useContext(SampleContext)
  if (!sample) throw new Error('There is no sample around this.')
  return sample
}

const ofTest = 'test:'

/** What stands for a test case in the address. */
export const testSample = (name: string): string => ofTest + name

const noTests: ReadonlyMap<string, TestCase> = new Map()
const noState = {}

const nothing: Scope = { event: {}, input: null, steps: {}, vars: {}, run: {}, env: {} }

/** How many of the newest runs are looked at for the one that says most. */
const looked = 4

/** The run that went through the most steps, of several the newest: one that a filter ended has little to show. */
const fullest = (queries: readonly { data: RunDetails | undefined; isPending: boolean }[]) => {
  const steps = (run: RunDetails) => new Set(run.steps.map((each) => each.step)).size
  return { run: queries.reduce<RunDetails | null>((best, { data }) => (data && (!best || steps(data) > steps(best)) ? data : best), null), arePending: queries.some(({ isPending }) => isPending) }
}

/** The data of a run or a test case: of the one in the address (`?sample=`), else of the newest runs the one that says most. */
export function useSample(): Sample {
  const id = useEditorState((state) => state.id)
  const { workflow } = useDocument()
  const [parameters, setParameters] = useSearchParams()
  const { data: list, isPending: isListPending } = useQuery(latestRuns(id, 20))
  const wanted = parameters.get('sample')
  const testsText = useEditorState((state) => documentOf(state).tests)
  const cases = useMemo(() => (testsText === null ? noTests : readTestCases(testsText)), [testsText])
  const name = wanted?.startsWith(ofTest) ? wanted.slice(ofTest.length) : null
  const test = name === null ? undefined : cases.get(name)
  const { run: found, arePending } = useQueries({ queries: (wanted === null || name !== null ? (list ?? []).slice(0, looked).map((each) => each.id) : [wanted]).map((each) => runQuery(each)), combine: fullest })
  const run = test ? null : found
  const event = useQuery({ ...eventQuery(run?.eventId ?? ''), enabled: run !== null }).data ?? null
  const mayEdit = useEditorState((state) => state.readOnly === null)
  const secretNames = useInfiniteQuery({ ...secrets, enabled: mayEdit, retry: false }).data
  const kept = useQuery(stateOf(workflow, run)).data?.state
  const state = workflow['key'] === undefined ? undefined : (kept ?? noState)
  const arrows = JSON.stringify(leadsOf(workflow))
  return useMemo(() => {
    const leads = JSON.parse(arrows) as Leads
    const scopes = new Map<string | null, Scope>()
    const scopeOf = (step: string | null): Scope => {
      const scope = scopes.get(step) ?? { ...(test ? { ...nothing, ...testScope(test, step, leads), ...(state === undefined ? {} : { state }) } : run ? recorded(run, event, step, leads, state) : { ...nothing, ...(state === undefined ? {} : { state }) }), secret: hidden(secretNames) }
      scopes.set(step, scope)
      return scope
    }
    const choose = (next: string) =>
      setParameters(
        (old) => {
          old.set('sample', next)
          return old
        },
        { replace: true },
      )
    return { run, test: test ? name : null, isPending: !test && run === null && (isListPending || arePending), scopeOf, runs: list ?? [], tests: [...cases.keys()], choose }
  }, [run, test, name, cases, isListPending, arePending, event, list, arrows, state, secretNames, setParameters])
}

/** Names only: nobody reads a secret's value here. */
const hidden = (names: readonly { name: string }[] | undefined): Scope => Object.fromEntries((names ?? []).map(({ name }) => [name, '•••']))

/** The state of a run's key as it is now: what it was during the run is not kept. */
export const stateOf = (workflow: JsonObject, run: RunDetails | null) => ({ ...keyDetails(run?.workflow ?? '', run?.key ?? ''), enabled: workflow['key'] !== undefined && run !== null && run.key !== null, retry: false })

/** What each step leads to. */
type Leads = readonly (readonly [string, readonly string[]])[]

export const leadsOf = (workflow: JsonObject): Leads => entriesOf(stepsOf(workflow)).map(([step, config]) => [step, isObject(config) ? [...nextOf(config).values()].flat() : []] as const)

/**
 * What a step sees, as a run recorded it.
 * @param state Of the run's key; undefined where there is none.
 * @param own Which of the step's runs; the last when left out.
 */
export function recorded(run: RunDetails, event: EventDetails | null, step: string | null, leads: Leads, state: unknown, own = run.steps.findLast((each) => each.step === step)): Scope {
  const before = new Set(leads.filter(([, targets]) => step !== null && targets.includes(step)).map(([id]) => id))
  const last = run.steps.findLast((each) => before.has(each.step))
  const vars: Record<string, unknown> = {}
  for (const each of run.steps) if (each.type === 'set' && typeof each.output === 'object') Object.assign(vars, each.output)
  return {
    input: own ? own.input : last ? last.output : (event?.data ?? null),
    event: event ? { id: event.id, source: event.source, type: event.type, time: event.acceptedAt, subject: event.subject, data: event.data, ...(event.attributes as object) } : {},
    steps: Object.fromEntries(run.steps.map((each) => [each.step, { output: each.output, outcome: each.outcome }])),
    vars,
    ...roundOf(run, own),
    run: { id: run.id, workflow: run.workflow, version: run.version, startedAt: run.startedAt, ...(run.key === null ? {} : { key: run.key }) },
    ...(state === undefined ? {} : { state }),
  }
}

/** The item and its place, of a step in a loop: what the round's first step was given. */
function roundOf({ steps }: RunDetails, own: StepRun | undefined): { item?: unknown; index?: number } {
  const index = /\[(\d+)\][^[\]]*$/.exec(own?.iteration ?? '')?.[1]
  if (!own || index === undefined) return {}
  const round = steps.filter((each) => each.iteration === own.iteration)
  const first = round.find((each) => !round.some((other) => other.n === each.from))
  return { item: (first ?? own).input, index: Number(index) }
}
