import { queryOptions } from '@tanstack/react-query'
import type { Schemas } from './client'
import { allPages } from './pages'

const ids = <T>(name: string, address: string, idOf: (item: T) => string) =>
  queryOptions({ queryKey: ['ids', name], staleTime: 30_000, retry: false, queryFn: async ({ signal }) => (await allPages<T>(address, signal)).map(idOf) })

/** Names that workflows may use, to choose from. */
export const idQueries = {
  workflows: ids<Schemas['WorkflowSummary']>('workflows', '/api/workflows', (workflow) => workflow.id),
  eventTypes: ids<Schemas['EventTypeView']>('eventTypes', '/api/event-types', (type) => type.name),
  brokers: ids<Schemas['MqttConnectionView']>('brokers', '/api/mqtt/connections', (connection) => connection.name),
  accounts: ids<Schemas['ConnectionView']>('accounts', '/api/connections', ({ connector, connection }) => `${connector}/${connection}`),
  secrets: ids<Schemas['SecretView']>('secrets', '/api/secrets', (secret) => secret.name),
}
