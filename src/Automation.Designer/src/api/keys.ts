import { queryOptions } from '@tanstack/react-query'
import { plainText } from '@/document/canonical'
import { objectAt, type JsonObject } from '@/document/json'
import { parseJson } from '@/document/json-text'
import { ApiError, bodyOf, client, type Schemas } from './client'
import { pagesOf, withQuery } from './pages'
import { retryQuery, type RetryKind } from './runs'

export type KeySummary = Schemas['KeySummary']

/** What is kept for a key; `stateText` has its numbers as they are stored, beyond those that JavaScript counts with too. */
export type KeyDetails = Schemas['KeyDetails'] & { stateText: string }

export const keysOf = (workflow: string, prefix: string, parked: boolean) =>
  pagesOf<KeySummary>(['keys', workflow, prefix, parked], withQuery(`/api/workflows/${encodeURIComponent(workflow)}/keys`, { prefix, parked: parked ? 'true' : null, limit: 100 }))

export const parkedKeys = pagesOf<KeySummary>(['keys', 'parked'], '/api/keys/parked?limit=100')

const path = (id: string, key: string) => ({ path: { id, key } })

/** What is kept for a key; null when that is nothing, or nothing any more. */
export const keyDetails = (workflow: string, key: string) =>
  queryOptions({
    queryKey: ['key', workflow, key],
    queryFn: async ({ signal }) => {
      try {
        const text = bodyOf(await client.GET('/api/workflows/{id}/keys/{key}', { params: path(workflow, key), signal, parseAs: 'text' }))
        const state = objectAt(parseJson(text).value as JsonObject, 'state')
        return { ...(JSON.parse(text) as Schemas['KeyDetails']), stateText: plainText(state).trimEnd() }
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
  })

/**
 * Gives a key another state: a JSON object, sent as it is written.
 * @param tag Only while it keeps the state of this `stateTag`, else ApiError 412; null for whatever it keeps.
 */
export async function setKeyState(workflow: string, key: string, state: string, tag: string | null): Promise<void> {
  const params = { ...path(workflow, key), ...(tag === null ? {} : { header: { 'If-Match': `"${tag}"` } }) }
  await client.PUT('/api/workflows/{id}/keys/{key}/state', { params, body: state as never, bodySerializer: (text) => text as unknown as string, headers: { 'Content-Type': 'application/json' } })
}

export async function resetKeyState(workflow: string, key: string): Promise<void> {
  await client.DELETE('/api/workflows/{id}/keys/{key}/state', { params: path(workflow, key) })
}

export async function forgetInStep(workflow: string, key: string, step: string): Promise<void> {
  await client.DELETE('/api/workflows/{id}/keys/{key}/steps/{step}', { params: { path: { id: workflow, key, step } } })
}

export async function skipParked(workflow: string, key: string): Promise<void> {
  await client.POST('/api/workflows/{id}/keys/{key}/skip', { params: path(workflow, key) })
}

export async function retryParked(workflow: string, key: string, kind: RetryKind) {
  return bodyOf(await client.POST('/api/workflows/{id}/keys/{key}/retry', { params: { ...path(workflow, key), query: retryQuery[kind] } }))
}

export async function drainKey(workflow: string, key: string): Promise<number> {
  return bodyOf(await client.POST('/api/workflows/{id}/keys/{key}/drain', { params: path(workflow, key) })).cancelled
}
