import { queryOptions } from '@tanstack/react-query'
import { ApiError, bodyOf, client, read, type Schemas } from './client'
import { pagesOf } from './pages'

export type Health = Schemas['Health']
export type Schedule = Schemas['ScheduleView']
export type Connector = Schemas['ConnectorView']

/** Whether the server can take work; it answers 503 with the same document when it cannot. */
export const health = queryOptions({
  queryKey: ['health'],
  refetchInterval: 15_000,
  queryFn: async ({ signal }): Promise<Health> => {
    const response = await fetch('/health/ready', { signal })
    if (!response.ok && response.status !== 503) throw await ApiError.of(response)
    return (await response.json()) as Health
  },
})

export const apiVersion = queryOptions({ queryKey: ['apiVersion'], staleTime: Infinity, queryFn: ({ signal }) => read<{ info: { title: string; version: string } }>('/openapi/v1.json', signal) })

export const schedules = pagesOf<Schedule>(['schedules'], '/api/schedules?limit=100')

export type Connection = Schemas['ConnectionView']

/** Accounts of connectors that workflows use. */
export const connections = pagesOf<Connection>(['connections'], '/api/connections')

/** Begins to connect an account; the address is to be opened in this browser. */
export async function connect(connector: string, connection: string) {
  return bodyOf(await client.POST('/api/connections/{connector}/{connection}/connect', { params: { path: { connector, connection } } }))
}

/** Deletes a connection's tokens. */
export async function disconnect(connector: string, connection: string): Promise<void> {
  await client.DELETE('/api/connections/{connector}/{connection}', { params: { path: { connector, connection } } })
}

export const connectors = queryOptions({ queryKey: ['connectors'], staleTime: 60_000, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/connectors', { signal })).items })
