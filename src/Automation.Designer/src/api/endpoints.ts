import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf } from './pages'

export type Endpoint = Schemas['EndpointView']
export type EndpointConfig = Schemas['EndpointConfig']
export type EventType = Schemas['EventTypeView']

export const endpoints = pagesOf<Endpoint>(['endpoints'], '/api/endpoints?limit=100')

/** Mistakes in the files of endpoints and event types. */
export const endpointProblems = queryOptions({ queryKey: ['endpointProblems'], refetchInterval: 15_000, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/endpoint-problems', { signal })).items })

export const endpoint = (id: string) => queryOptions({ queryKey: ['endpoint', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/endpoints/{id}', { params: { path: { id } }, signal })) })

export async function putEndpoint(id: string, config: EndpointConfig, handshake: boolean): Promise<void> {
  await client.PUT('/api/endpoints/{id}', { params: { path: { id }, query: handshake ? { handshake: 'true' } : {} }, body: config })
}

export async function deleteEndpoint(id: string): Promise<void> {
  await client.DELETE('/api/endpoints/{id}', { params: { path: { id } } })
}

export async function setPaused(id: string, paused: boolean): Promise<void> {
  const params = { path: { id } }
  if (paused) await client.POST('/api/endpoints/{id}/pause', { params })
  else await client.POST('/api/endpoints/{id}/resume', { params })
}

/** @param overlap How long the older secret counts too, as `24h`. */
export async function rotateSecret(id: string, overlap: string) {
  return bodyOf(await client.POST('/api/endpoints/{id}/rotate', { params: { path: { id }, query: { overlap } } }))
}

export async function readSecret(id: string) {
  return bodyOf(await client.GET('/api/endpoints/{id}/secret', { params: { path: { id } } }))
}

/** Links to an endpoint's portal, where whoever runs the receiver sees its deliveries. */
export const portalLinks = (id: string) =>
  queryOptions({ queryKey: ['portalLinks', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/endpoints/{id}/portal', { params: { path: { id } }, signal })).items })

/** @param expiresIn For how long it opens, as `7d`. */
export async function makePortalLink(id: string, expiresIn: string) {
  return bodyOf(await client.POST('/api/endpoints/{id}/portal', { params: { path: { id } }, body: { expiresIn } }))
}

export async function endPortalLink(id: string, link: string): Promise<void> {
  await client.DELETE('/api/endpoints/{id}/portal/{link}', { params: { path: { id, link } } })
}

export const eventTypes = queryOptions({ queryKey: ['eventTypes'], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/event-types', { signal })).items })

export async function putEventType(name: string, description: string, example: unknown): Promise<void> {
  await client.PUT('/api/event-types/{name}', { params: { path: { name } }, body: { description, example: example as never } })
}

export async function deleteEventType(name: string): Promise<void> {
  await client.DELETE('/api/event-types/{name}', { params: { path: { name } } })
}

export async function emit(type: string, data: unknown) {
  return bodyOf(await client.POST('/api/emissions', { body: { type, data: data as never, key: null, id: null } }))
}
