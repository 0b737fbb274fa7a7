import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf, withQuery } from './pages'

export type EventSummary = Schemas['EventSummary']
export type EventDetails = Schemas['EventDetails']
export type EventState = Schemas['EventState']

export const eventStates: readonly EventState[] = ['accepted', 'done', 'failed', 'filtered', 'duplicate']

export interface EventFilter {
  workflow?: string
  trigger?: string
  state?: string
  type?: string
  since?: string
}

export const events = (filter: EventFilter) => pagesOf<EventSummary>(['events', filter], withQuery('/api/events', { ...filter, limit: 50 }))

export const event = (id: string) => queryOptions({ queryKey: ['event', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/events/{id}', { params: { path: { id } }, signal })) })

/** Address of an event's body as it came. */
export const eventBody = (id: string) => `/api/events/${encodeURIComponent(id)}/body`
