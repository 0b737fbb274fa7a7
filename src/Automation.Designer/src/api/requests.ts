import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf, withQuery } from './pages'

export type WebhookRequest = Schemas['RequestSummary']

export interface RequestFilter {
  path?: string
  outcome?: string
  since?: string
}

export const requests = (filter: RequestFilter) => pagesOf<WebhookRequest>(['requests', filter], withQuery('/api/webhooks/requests', { ...filter, limit: 50 }))

export const request = (id: string) =>
  queryOptions({ queryKey: ['request', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/webhooks/requests/{id}', { params: { path: { id } }, signal })) })

export const requestBody = (id: string) => `/api/webhooks/requests/${encodeURIComponent(id)}/body`

/** Gives a kept request to the workflows that take its path now, without verification. */
export async function replayRequest(id: string) {
  return bodyOf(await client.POST('/api/webhooks/requests/{id}/replay', { params: { path: { id } } }))
}

export const captures = queryOptions({
  queryKey: ['captures'],
  queryFn: async ({ signal }) => bodyOf(await client.GET('/api/webhooks/captures', { signal })).items,
  refetchInterval: ({ state }) => (state.data && state.data.length > 0 ? 5_000 : false), // they end by themselves
})

export async function capture(path: string, duration: string): Promise<void> {
  await client.PUT('/api/webhooks/captures', { body: { path, for: duration } })
}

export async function release(path: string): Promise<void> {
  await client.DELETE('/api/webhooks/captures', { params: { query: { path } } })
}
