import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, read, type Schemas } from './client'
import { pagesOf, pagesWith, restOf, withQuery, type Page } from './pages'
import { listen } from './stream'

export type RunSummary = Schemas['RunSummary']
export type RunDetails = Schemas['RunDetails']
export type RunState = Schemas['RunState']
export type StepRun = Schemas['StepRunView']
export type StepError = Schemas['StepError']
export type Version = Schemas['VersionDetails']

export const runStates: readonly RunState[] = ['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled']

export interface RunFilter {
  workflow?: string | null
  state?: string | null
  key?: string | null
  since?: string | null
  search?: string | null
}

export const runs = (filter: RunFilter) => pagesOf<RunSummary>(['runs', filter], withQuery('/api/runs', { ...filter, limit: 50 }))

/** Runs that a text is about, and how many were looked at for it. A search costs the server more than a list: it is not read anew when runs start or end. */
export const runSearch = (filter: RunFilter) =>
  pagesWith(['runSearch', filter], withQuery('/api/runs', { ...filter, limit: 50 }), (pages: readonly Schemas['RunPage'][]) => ({ items: pages.flatMap((page) => page.items), searched: pages.reduce((sum, page) => sum + (page.searched ?? 0), 0) }))

/** Where the newest runs of workflows are kept. @param workflow Of one; of all when left out. */
export const latestRunsKey = (workflow?: string) => ['runs', 'latest', ...(workflow === undefined ? [] : [workflow])]

/** The newest runs of a workflow. */
export const latestRuns = (workflow: string, limit: number) =>
  queryOptions({ queryKey: [...latestRunsKey(workflow), limit], staleTime: 15_000, queryFn: async ({ signal }) => (await read<Page<RunSummary>>(withQuery('/api/runs', { workflow, limit }), signal)).items })

export const run = (id: string) =>
  queryOptions({ queryKey: ['run', id], structuralSharing: false, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/runs/{id}', { params: { path: { id } }, signal })) })

/** A version never changes. */
export const version = (workflow: string, hash: string) =>
  queryOptions({
    queryKey: ['version', workflow, hash],
    staleTime: Infinity,
    queryFn: async ({ signal }) => bodyOf(await client.GET('/api/workflows/{id}/versions/{hash}', { params: { path: { id: workflow, hash } }, signal })),
  })

export type ErrorGroup = Schemas['ErrorGroup']

/** Failed runs by where and how they failed, the most frequent first; `lookedBackTo` when there may be older ones that were not looked at. */
export const runErrors = (since: string) =>
  pagesWith(['runErrors', since], withQuery('/api/runs/errors', { since }), (pages: readonly Schemas['ErrorGroups'][]) => ({ items: pages.flatMap((page) => page.items), looked: pages[0]?.looked ?? 0, lookedBackTo: pages[0]?.lookedBackTo ?? null }))

/** Where a retry begins, and in which version. */
export type RetryKind = 'failedStep' | 'failedStepNewest' | 'start' | 'newest'

/** What a kind of retry is in the API's query. */
export const retryQuery: Readonly<Record<RetryKind, { from?: 'start' | 'failedStep'; version?: 'newest' }>> = {
  failedStep: {},
  failedStepNewest: { from: 'failedStep', version: 'newest' },
  start: { from: 'start' },
  newest: { from: 'start', version: 'newest' },
}

export async function retryRun(id: string, kind: RetryKind) {
  return bodyOf(await client.POST('/api/runs/{id}/retry', { params: { path: { id }, query: retryQuery[kind] } }))
}

export async function cancelRun(id: string): Promise<void> {
  await client.POST('/api/runs/{id}/cancel', { params: { path: { id } } })
}

export interface RetryFilter {
  workflow?: string
  key?: string
  failedStep?: string
  errorCode?: string
  /** As a group of errors has it. */
  message?: string
  since?: string
}

export async function previewRetries(filter: RetryFilter) {
  return bodyOf(await client.POST('/api/runs/retry', { params: { query: { ...filter, dryRun: 'true', limit: 1 } } }))
}

/** Retries all failed runs of a filter, a page at a time, until it is told to stop; `progress` hears how many are done. */
export async function retryRuns(filter: RetryFilter, kind: RetryKind, progress: (done: number) => void, stop: AbortSignal): Promise<{ retried: number; refused: Schemas['RefusedRetry'][] }> {
  let retried = 0
  const refused: Schemas['RefusedRetry'][] = []
  let rest: { after?: string; until?: string } = {}
  do {
    const part = bodyOf(await client.POST('/api/runs/retry', { params: { query: { ...filter, ...retryQuery[kind], limit: 100, ...rest } } }))
    retried += part.runs.length
    refused.push(...part.refused)
    progress(retried + refused.length)
    rest = restOf(part.next)
  } while (rest.after && !stop.aborted)
  return { retried, refused }
}

export type Wait = Schemas['WaitView']

/** Answers what a run waits for; `outcome` is null where there is nothing to choose. */
export async function answerWait(id: string, { step, iteration }: Pick<Wait, 'step' | 'iteration'>, outcome: string | null, data: unknown): Promise<void> {
  await client.POST('/api/runs/{id}/answer', { params: { path: { id } }, body: { step, iteration, outcome, data: data as never } })
}

/** Tells of each run that starts or ends, and when some were not told. */
export function watchRuns(changed: (run: { id: string; workflow: string; state: RunState }) => void, missed: () => void, status?: (connected: boolean) => void): () => void {
  return listen('/api/runs/stream', { events: { run: (data) => changed(data as { id: string; workflow: string; state: RunState }) }, missed, ...(status ? { status } : {}) })
}
